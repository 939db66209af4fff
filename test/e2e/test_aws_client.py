"""The AWS client against judges that nobody here wrote: MiniStack with AUTH=true and moto with authentication.

The driver build/src/aws/aws_probe (test/drivers/aws_probe.c) makes single calls with the program's own client.
What the local AWS cannot do, the fault proxy does: throttling, 5xx, cut connections, a wrong clock.
"""
import contextlib
import hashlib
import http.server
import json
import os
import socket
import ssl
import subprocess
import threading
import time
import unittest
from pathlib import Path

import lab

WRONG = {"AWS_SECRET_ACCESS_KEY": "wrong/secret+key/of/forty/characters/xxx="}


def probe_path():
    return os.environ.get("AWSCOPILOT_PROBE") or str(Path(lab.program()).parent / "aws/aws_probe")


class Case(lab.Case):
    """A test with an administrator of its own account."""

    def setUp(self):
        super().setUp()
        self.keys = self.aws.user("admin", account=self.account)
        self.client = lambda service: self.aws.client(service, account=self.account)

    def probe(self, *args, keys=None, endpoint=None, timeout_s=60, **more):
        env = self.env(self.keys if keys is None else keys, endpoint, **more)
        run = subprocess.run([probe_path(), *map(str, args)], env=env, capture_output=True, text=True, timeout=timeout_s,
                             cwd=self.dir)
        self.assertEqual(run.stderr, "")
        row = json.loads(run.stdout)
        self.assertEqual(run.returncode == 0, row["code_of_call"] == "none")
        return row

    def good(self, *args, **more):
        row = self.probe(*args, **more)
        self.assertEqual(row["code_of_call"], "none", row)
        return row

    def bad(self, code, text, *args, remedy=None, **more):
        row = self.probe(*args, **more)
        self.assertEqual(row["code_of_call"], code, row)
        self.assertIn(text, row["text"])
        self.assertFalse(row["text"].endswith("."), row["text"])
        if remedy:
            self.assertIn(remedy, row["remedy"])
        return row


class Golden(unittest.TestCase):
    """The golden files say what botocore says today."""

    def test_signatures_retries_and_endpoints_are_botocores(self):
        for script in ("make-sigv4-golden.py", "make-retry-golden.py", "make-endpoints-golden.py",
                       "make-regions-golden.py"):
            with self.subTest(script):
                run = subprocess.run([lab.tools()["JUDGE_PYTHON"], lab.ROOT / "scripts" / script, "--check"],
                                     capture_output=True, text=True)
                self.assertEqual((run.returncode, run.stderr), (0, ""), run.stdout)


class Signatures(Case):
    """Right keys are accepted in many shapes of request, wrong ones are refused with their own sentence."""

    def test_the_right_key_is_known(self):
        row = self.good("whoami")
        self.assertEqual((row["account"], row["arn"]), (self.account, f"arn:aws:iam::{self.account}:user/admin"))
        self.assertLess(abs(row["clock_offset_ms"]), 5000)

    def test_query_forms_with_every_kind_of_character(self):
        for text in ("plain", "a b+c=d&e%f", "grün 東京 🚀", "~-._", "line\nbreak", "'\"<>"):
            with self.subTest(text):
                self.good("call", "cloudformation", "ValidateTemplate", "-", "-", "-", "-",
                          'TemplateBody={"Description":%s,"Resources":{"A":{"Type":"AWS::S3::Bucket"}}}' % json.dumps(text))

    def test_json_bodies_and_targets(self):
        self.good("call", "ssm", "PutParameter", "-", "-", '{"Name":"/depl/t/x","Value":"grün 東京","Type":"SecureString"}')
        row = self.good("call", "ssm", "GetParametersByPath", "-", "-", '{"Path":"/depl/t","WithDecryption":true}')
        self.assertEqual(json.loads(row["body"])["Parameters"][0]["Value"], "grün 東京")
        self.good("call", "logs", "DescribeLogGroups")

    def test_rest_paths_with_an_encoded_arn(self):
        arn = f"arn%3Aaws%3Alambda%3Aeu-west-1%3A{self.account}%3Afunction%3Anone"
        for path in (f"/2015-03-31/functions/{arn}", "/2015-03-31/functions/none/aliases/live"):
            row = self.good("call", "lambda", "GetFunction", "GET", path, "-", "ResourceNotFoundException")
            self.assertEqual((row["answered"], row["status"]), ("ResourceNotFoundException", 404))
            self.assertTrue(row["request_id"])
        self.good("call", "lambda", "ListFunctions", "GET", "/2015-03-31/functions", "-", "-", "MaxItems=5", "FunctionVersion=ALL")
        self.good("call", "cloudfront", "ListDistributions", "GET", "/2020-05-31/distribution", "-", "-", "MaxItems=5")

    def test_a_wrong_secret_is_told_from_a_wrong_key(self):
        for call in (["whoami"], ["call", "cloudformation", "DescribeStacks"], ["call", "ssm", "DescribeParameters"],
                     ["call", "lambda", "ListFunctions", "GET", "/2015-03-31/functions"], ["get", "bucket", "key"]):
            with self.subTest(call):
                self.bad("credentials", "the secret access key does not belong to the access key id", *call,
                         keys=self.keys | WRONG, remedy="check the secret access key")
        self.bad("credentials", "AWS does not know this access key", "whoami",
                 keys=self.keys | {"AWS_ACCESS_KEY_ID": "AKIAUNKNOWNUNKNOWN00"})

    def test_a_missing_permission_is_named(self):
        keys = self.aws.user("reader", account=self.account, policy={
            "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}]})
        self.bad("access_denied", "CloudFormation DescribeStacks: AWS denies this call", "call", "cloudformation",
                 "DescribeStacks", keys=keys, remedy="the caller needs the permission cloudformation:DescribeStacks")
        self.client("s3").create_bucket(Bucket="b" + self.account, CreateBucketConfiguration={"LocationConstraint": self.region})
        self.bad("access_denied", "S3 GetObject", "head", "b" + self.account, "k", keys=keys, remedy="s3:GetObject")
        row = self.good("bucket", "b" + self.account, keys=keys)
        self.assertEqual(row["bucket"], "denied")

    def test_a_missing_capability_has_its_own_sentence(self):
        template = {"Resources": {"R": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {
            "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"},
                                                    "Action": "sts:AssumeRole"}]}}}}}
        self.bad("access_denied", "creates roles or policies", "call", "cloudformation", "CreateChangeSet", "-", "-", "-", "-",
                 "StackName=depl-x", "ChangeSetName=d-1", "ChangeSetType=CREATE", "TemplateBody=" + json.dumps(template))

    def test_another_account_than_the_pinned_one_is_refused(self):
        self.good("whoami", PROBE_ACCOUNT=self.account)
        self.bad("wrong_account", f"belong to account {self.account}", "whoami", PROBE_ACCOUNT="123456789012",
                 remedy="the profile of account 123456789012")

    def test_keys_go_only_where_they_belong(self):
        self.bad("credentials", "is one for a local emulator", "whoami", endpoint="",
                 keys={"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"})
        (self.home / ".aws").mkdir()
        (self.home / ".aws/config").write_text(f"[default]\nendpoint_url = {self.aws.url}\n")
        self.bad("credentials", "which is not AWS", "whoami", endpoint="", remedy="--endpoint-url or AWS_ENDPOINT_URL")
        self.good("whoami")

    def test_no_region_is_never_guessed(self):
        self.bad("config", "no AWS region is configured", "whoami", region=False, remedy="AWS_REGION")


class Clock(Case):
    """The clock: a skewed one is corrected once, by the Date of the refusal."""

    def skewed(self, seconds):
        proxy = self.proxy(keys={self.keys["AWS_ACCESS_KEY_ID"]: self.keys["AWS_SECRET_ACCESS_KEY"]})
        return proxy, lambda **more: proxy.rule(clock_s=seconds, **more)

    def test_ten_minutes_either_way_are_healed(self):
        for seconds in (-600, 600, -7200):
            with self.subTest(seconds=seconds):
                proxy, rule = self.skewed(seconds)
                rule()
                row = self.good("whoami", endpoint=proxy.url)
                self.assertLess(abs(row["clock_offset_ms"] - seconds * 1000), 5000)
                self.assertEqual(proxy.count("sts", "GetCallerIdentity"), 2)
                self.good("call", "ssm", "DescribeParameters", endpoint=proxy.url)
                self.good("call", "lambda", "ListFunctions", "GET", "/2015-03-31/functions", endpoint=proxy.url)

    def test_the_answer_to_head_tells_by_its_date(self):
        self.client("s3").create_bucket(Bucket="b" + self.account, CreateBucketConfiguration={"LocationConstraint": self.region})
        proxy, rule = self.skewed(600)
        rule()
        self.assertFalse(self.good("head", "b" + self.account, "none", endpoint=proxy.url)["is_there"])

    def test_a_cached_answer_does_not_correct_and_has_its_own_sentence(self):
        proxy, rule = self.skewed(600)
        rule(headers={"Age": "5"})
        self.bad("clock_skew", "this machine's clock differs from AWS's", "whoami", endpoint=proxy.url, remedy="check the clock")
        self.assertEqual(proxy.count("sts", "GetCallerIdentity"), 1)

    def test_a_wrong_secret_stays_a_wrong_secret(self):
        proxy, rule = self.skewed(600)
        rule()
        self.bad("credentials", "the secret access key", "whoami", endpoint=proxy.url, keys=self.keys | WRONG)


class Faults(Case):
    """Retries as the standard mode of the SDKs makes them."""

    def test_throttling_and_breakdowns_are_tried_three_times(self):
        for how in ({"throttle": True}, {"error": {"status": 503, "code": "ServiceUnavailable", "message": "m"}},
                    {"error": {"status": 500, "code": "InternalFailure", "message": "m"}}, {"cut": "before"}, {"cut": "after"},
                    {"answer": {"status": 502, "headers": {}, "body": "<html>bad gateway</html>"}}):
            with self.subTest(how=how):
                proxy = self.proxy()
                proxy.rule("sts", "GetCallerIdentity", times=2, **how)
                self.good("whoami", endpoint=proxy.url)
                self.assertEqual(proxy.count("sts", "GetCallerIdentity"), 3)

    def test_what_lasts_ends_with_a_sentence(self):
        for how, code, text in (
                ({"throttle": True}, "throttled", "AWS asks for fewer calls (Throttling)"),
                ({"error": {"status": 503, "code": "ServiceUnavailable", "message": "m"}}, "service", "out of order"),
                ({"answer": {"status": 200, "headers": {}, "body": "<html>login</html>"}}, "protocol", "names no account"),
                ({"answer": {"status": 302, "headers": {"Location": "/x"}, "body": ""}}, "protocol", "not understood (302)"),
                ({"cut": "before"}, "protocol", "closed the connection"),
                ({"truncate": 20}, "protocol", "in the middle of its answer")):
            with self.subTest(how=how):
                proxy = self.proxy()
                proxy.rule("sts", "GetCallerIdentity", **how)
                self.bad(code, text, "whoami", endpoint=proxy.url)

    def test_what_is_wrong_is_not_tried_again(self):
        proxy = self.proxy()
        proxy.rule("cloudformation", ".*", error={"status": 400, "code": "ValidationError", "message": "Stack x does not exist"})
        row = self.good("call", "cloudformation", "DescribeStacks", "-", "-", "-", "ValidationError", "StackName=x", endpoint=proxy.url)
        self.assertEqual(row["answered"], "ValidationError")
        self.bad("invalid", "Stack x does not exist", "call", "cloudformation", "DescribeStacks", endpoint=proxy.url)
        self.assertEqual(proxy.count("cloudformation", "DescribeStacks"), 2)

    def test_a_quota_of_cloudformation_is_no_throttling(self):
        proxy = self.proxy()
        proxy.rule("cloudformation", ".*", error={"status": 400, "code": "LimitExceededException", "message": "stacks"})
        self.bad("service", "a quota of the account is used up", "call", "cloudformation", "CreateChangeSet", endpoint=proxy.url)
        self.assertEqual(proxy.count("cloudformation", "CreateChangeSet"), 1)

    def test_the_server_may_ask_for_more_time(self):
        proxy = self.proxy()
        proxy.rule("sts", ".*", times=1, answer={"status": 503, "headers": {"x-amz-retry-after": "1500"}, "body": ""})
        began = time.monotonic()
        self.good("whoami", endpoint=proxy.url)
        self.assertGreaterEqual(time.monotonic() - began, 1.5)

    def test_attempts_can_be_set(self):
        proxy = self.proxy()
        proxy.rule("sts", ".*", error={"status": 500, "code": "x", "message": "m"})
        self.bad("service", "out of order", "whoami", endpoint=proxy.url, AWS_MAX_ATTEMPTS="1")
        self.assertEqual(proxy.count("sts", "GetCallerIdentity"), 1)

    def test_a_closed_port_and_an_unknown_name_are_named(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        self.bad("unreachable", f"127.0.0.1:{port} does not take the connection", "whoami", endpoint=f"http://127.0.0.1:{port}",
                 remedy="check the network")
        self.bad("unreachable", "no-such-host.invalid:443 is not a known host name", "whoami",
                 endpoint="https://no-such-host.invalid", HTTPS_PROXY=None, https_proxy=None)


class Tls(Case):
    """Certificates are checked, and a company's own can be named."""

    ANSWER = ("<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>a</Arn><UserId>u</UserId><Account>123456789012</Account>"
              "</GetCallerIdentityResult></GetCallerIdentityResponse>")

    def setUp(self):
        super().setUp()
        self.certificate = self.dir / "certificate.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=DNS:localhost", "-keyout", self.dir / "key.pem", "-out", self.certificate],
                       check=True, capture_output=True)
        case = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(200)
                self.send_header("Content-Length", str(len(case.ANSWER)))
                self.end_headers()
                self.wfile.write(case.ANSWER.encode())

            def log_message(self, *args):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.dir / "key.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *args: None  # a client that does not trust us hangs up
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.url = f"https://localhost:{server.server_port}"

    def test_an_unknown_certificate_is_refused_until_its_bundle_is_named(self):
        self.bad("unreachable", "shows a certificate that is not trusted", "whoami", endpoint=self.url, remedy="AWS_CA_BUNDLE")
        self.assertEqual(self.good("whoami", endpoint=self.url, AWS_CA_BUNDLE=self.certificate)["account"], "123456789012")
        self.bad("config", "the CA bundle is not readable", "whoami", endpoint=self.url, AWS_CA_BUNDLE="/none.pem")
        self.bad("unreachable", "shows a certificate", "whoami", endpoint=self.url.replace("localhost", "127.0.0.1"),
                 AWS_CA_BUNDLE=self.certificate)


class Objects(Case):
    """S3: put once, parts, lists, deletes."""

    def setUp(self):
        super().setUp()
        self.s3 = self.client("s3")
        self.bucket = "b" + self.account
        self.s3.create_bucket(Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": self.region})

    def file(self, content, name="file"):
        path = self.dir / name
        path.write_bytes(content)
        return path

    def test_keys_of_every_kind_come_back_as_they_went(self):
        keys = ["plain", "a/b/c.zip", "with blank", "plus+equals=", "percent%20", "grün/東京.html", "a/../b", "!*'();:@&$,[]~", "q?a=b&c#d"]
        path = self.file(b"content")
        for key in keys:
            with self.subTest(key):
                self.assertFalse(self.good("put", self.bucket, key, path, "any", "text/plain")["was_there"])
                self.assertEqual(self.good("get", self.bucket, key)["body"], "content")
        self.assertEqual(sorted(keys), sorted(r["Key"] for r in self.s3.list_objects_v2(Bucket=self.bucket)["Contents"]))
        rows = self.good("list", self.bucket, "", "1000")["rows"]
        self.assertEqual(sorted(keys), sorted(r["key"] for r in rows))

    def test_an_object_is_written_once_with_its_headers(self):
        path, other = self.file(b"first"), self.file(b"second", "other")
        self.assertFalse(self.good("put", self.bucket, "k", path, "new", "application/zip")["was_there"])
        self.assertTrue(self.good("put", self.bucket, "k", other, "new")["was_there"])
        self.assertEqual(self.s3.get_object(Bucket=self.bucket, Key="k")["Body"].read(), b"first")
        row = self.good("head", self.bucket, "k")
        self.assertEqual((row["is_there"], row["bytes"], row["sha256"]), (True, 5, hashlib.sha256(b"first").hexdigest()))
        self.assertLess(abs(row["modified_ms"] / 1000 - time.time()), 60)
        self.assertEqual(self.s3.head_object(Bucket=self.bucket, Key="k")["ContentType"], "application/zip")
        self.assertFalse(self.good("head", self.bucket, "none")["is_there"])
        self.good("put", self.bucket, "empty", self.file(b"", "empty"), "new")
        self.assertEqual(self.good("head", self.bucket, "empty")["bytes"], 0)

    def test_large_files_go_up_in_parts(self):
        content = os.urandom(1 << 20) * 20 + b"rest"
        path = self.file(content)
        proxy = self.proxy()
        self.assertFalse(self.good("put", self.bucket, "large", path, "new", endpoint=proxy.url)["was_there"])
        self.assertEqual(proxy.count("s3", "UploadPart"), 3)
        got = self.dir / "got"
        self.good("get", self.bucket, "large", got)
        self.assertEqual(got.read_bytes(), content)
        row = self.good("head", self.bucket, "large")
        self.assertEqual((row["bytes"], row["sha256"]), (len(content), hashlib.sha256(content).hexdigest()))
        self.assertTrue(self.good("put", self.bucket, "large", path, "new", endpoint=proxy.url)["was_there"])
        self.assertEqual(self.s3.list_multipart_uploads(Bucket=self.bucket).get("Uploads", []), [])

    def test_a_failed_upload_leaves_no_parts(self):
        proxy = self.proxy()
        proxy.rule("s3", "UploadPart", skip=1, error={"status": 403, "code": "AccessDenied", "message": "no"})
        self.bad("access_denied", "S3 PutObject", "put", self.bucket, "large", self.file(b"x" * (17 << 20)), "new", endpoint=proxy.url)
        self.assertEqual(proxy.count("s3", "AbortMultipartUpload"), 1)
        self.assertEqual(self.s3.list_multipart_uploads(Bucket=self.bucket).get("Uploads", []), [])

    def test_an_error_inside_a_200_is_an_error(self):
        body = "<?xml version=\"1.0\"?>\n<Error><Code>InternalError</Code><Message>again</Message></Error>"
        proxy = self.proxy()
        proxy.rule("s3", "CompleteMultipartUpload", times=1, answer={"status": 200, "headers": {}, "body": body})
        self.good("put", self.bucket, "large", self.file(b"y" * (17 << 20)), "new", endpoint=proxy.url)
        self.assertEqual(proxy.count("s3", "CompleteMultipartUpload"), 2)

    def test_damaged_bytes_are_found_by_s3_and_two_writers_wait(self):
        proxy = self.proxy()
        proxy.rule("s3", "PutObject", times=1, error={"status": 409, "code": "ConditionalRequestConflict", "message": "m"})
        proxy.rule("s3", "PutObject", times=1, error={"status": 400, "code": "BadDigest", "message": "m"})
        self.good("put", self.bucket, "k", self.file(b"x"), "new", endpoint=proxy.url)
        self.assertEqual(proxy.count("s3", "PutObject"), 3)

    def test_a_download_that_is_cut_starts_over_and_a_failed_one_leaves_no_file(self):
        self.s3.put_object(Bucket=self.bucket, Key="k", Body=b"z" * 300000)
        proxy = self.proxy()
        proxy.rule("s3", "GetObject", times=1, truncate=100000)
        self.good("get", self.bucket, "k", self.dir / "got", endpoint=proxy.url)
        self.assertEqual((self.dir / "got").read_bytes(), b"z" * 300000)
        self.bad("not_found", "there is no such object", "get", self.bucket, "none", self.dir / "none")
        self.assertFalse((self.dir / "none").exists())
        self.bad("not_found", "there is no such bucket", "get", "none" + self.account, "k")

    def test_lists_have_pages_and_ends(self):
        for i in range(25):
            self.s3.put_object(Bucket=self.bucket, Key=f"p/{i:03}", Body=b"x" * i)
        self.s3.put_object(Bucket=self.bucket, Key="other", Body=b"")
        row = self.good("list", self.bucket, "p/", "1000")
        self.assertEqual([(r["key"], r["bytes"]) for r in row["rows"]], [(f"p/{i:03}", i) for i in range(25)])
        self.assertFalse(row["is_cut"])
        row = self.good("list", self.bucket, "p/", "10")
        self.assertEqual((len(row["rows"]), row["is_cut"]), (10, True))
        for i in range(1100):  # S3 gives a thousand a page
            self.s3.put_object(Bucket=self.bucket, Key=f"q/{i:04}", Body=b"")
        row = self.good("list", self.bucket, "q/", "5000")
        self.assertEqual([r["key"] for r in row["rows"]], [f"q/{i:04}" for i in range(1100)])
        self.good("empty", self.bucket, "q/", "5000")
        self.assertEqual(self.good("list", self.bucket, "q/", "5000")["rows"], [])

    def test_versions_and_markers_are_listed_and_emptied(self):
        self.s3.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"})
        for i in range(3):
            self.s3.put_object(Bucket=self.bucket, Key="a&b <c>", Body=b"x" * i)
        self.s3.delete_object(Bucket=self.bucket, Key="a&b <c>")
        self.s3.put_object(Bucket=self.bucket, Key="other", Body=b"y")
        rows = self.good("versions", self.bucket, "", "1000")["rows"]
        self.assertEqual(len(rows), 5)
        self.assertEqual(sum(r["is_delete_marker"] for r in rows), 1)
        one = next(r for r in rows if r["key"] == "other")
        self.good("delete", self.bucket, "other", one["version"])
        self.assertEqual(len(self.good("versions", self.bucket, "", "1000")["rows"]), 4)
        self.good("empty", self.bucket, "", "1000")
        self.assertEqual(self.good("versions", self.bucket, "", "1000")["rows"], [])
        self.good("delete", self.bucket, "never-there")

    def test_a_key_that_is_not_deleted_is_named(self):
        self.s3.put_object(Bucket=self.bucket, Key="kept", Body=b"")
        proxy = self.proxy()
        proxy.rule("s3", "DeleteObjects", answer={"status": 200, "headers": {}, "body":
                   "<DeleteResult><Error><Key>kept</Key><Code>AccessDenied</Code><Message>no</Message></Error></DeleteResult>"})
        self.bad("access_denied", "kept was not deleted (AccessDenied): no", "empty", self.bucket, "", "100", endpoint=proxy.url)

    def test_buckets_are_ours_or_not(self):
        self.assertEqual(self.good("bucket", self.bucket)["bucket"], "ours")
        self.assertEqual(self.good("bucket", "none" + self.account)["bucket"], "none")


class Sources(Case):
    """Each source of credentials, in the order of the SDKs."""

    def setUp(self):
        super().setUp()
        (self.home / ".aws").mkdir()

    def write(self, name, text):
        (self.home / ".aws" / name).write_text(text)

    def tool(self, name, text):
        path = self.dir / name
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)
        return path

    def answer(self, token="SessionToken", **more):
        return json.dumps({"Version": 1, "AccessKeyId": self.keys["AWS_ACCESS_KEY_ID"],
                           "SecretAccessKey": self.keys["AWS_SECRET_ACCESS_KEY"], **more})

    def source(self, **more):
        row = self.good("credentials", keys=more.pop("keys", {}), **more)
        self.good("whoami", keys=more.get("as_keys", {}), **more)
        return row["source"]

    def file_keys(self):
        return (f"aws_access_key_id = {self.keys['AWS_ACCESS_KEY_ID']}\n"
                f"aws_secret_access_key = {self.keys['AWS_SECRET_ACCESS_KEY']}\n")

    def test_nothing_is_said_with_its_remedy(self):
        self.bad("credentials", "there are no AWS credentials for profile default", "whoami", keys={}, remedy="aws login")

    def test_files_and_profiles(self):
        self.write("credentials", "[default]\n" + self.file_keys() + "[other]\naws_access_key_id = AKIAOTHEROTHEROTHER0\n")
        self.write("config", "[profile here]\n" + self.file_keys())
        self.assertEqual(self.source(), "profile default, shared credentials file")
        self.assertEqual(self.source(AWS_PROFILE="here"), "profile here, config file")
        self.bad("credentials", "missing or malformed", "whoami", keys={}, AWS_PROFILE="other")
        self.bad("config", "the AWS profile 'none' does not exist", "whoami", keys={}, AWS_PROFILE="none")

    def test_the_environment_beats_the_profile_and_a_flag_beats_both(self):
        self.write("credentials", "[p]\n" + self.file_keys())
        row = self.good("credentials", AWS_PROFILE="p")
        self.assertEqual(row["source"], "the environment")
        self.assertIn("AWS_ACCESS_KEY_ID and AWS_PROFILE are both set", row["warnings"])
        row = self.good("credentials", keys={"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y"}, PROBE_PROFILE="p")
        self.assertEqual(row["source"], "profile p, shared credentials file")

    def test_long_lived_keys_are_warned_of(self):
        keys = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "x" * 40}
        self.assertIn("AKIA...MPLE is a long-lived key", self.good("credentials", keys=keys)["warnings"])

    def test_credential_process(self):
        tool = self.tool("my tool", f"[ \"$1\" = 'a b' ] && [ -n \"$HOME\" ] && echo '{self.answer()}'\n")
        self.write("config", f"[default]\ncredential_process = \"{tool}\" 'a b' c\\ d\n")
        self.assertEqual(self.source(), "profile default, credential_process")

    def test_a_credential_process_that_fails_never_shows_its_output(self):
        for script, text in (("echo SECRET; exit 3", "the program exited with status 3"), ("echo SECRET", "not a JSON object"),
                             ("echo '{\"Version\":1}'", "missing or malformed"), ("sleep 30", "10"),
                             ("echo '%s'" % self.answer(Expiration="2020-01-01T00:00:00Z"), "the credentials expired at 2020-01-01")):
            with self.subTest(script=script):
                tool = self.tool("tool", script + "\n")
                self.write("config", f"[default]\ncredential_process = {tool}\n")
                row = self.bad("credentials", "" if script == "sleep 30" else text, "whoami", keys={})
                self.assertNotIn("SECRET", row["text"])
        self.write("config", "[default]\ncredential_process = /no/such/tool\n")
        self.bad("credentials", "there is no program '/no/such/tool'", "whoami", keys={})

    def test_sso_and_login_ask_the_aws_cli(self):
        for setting, words in (("sso_session = s", "IAM Identity Center"), ("login_session = x", "aws login")):
            with self.subTest(setting):
                self.write("config", f"[profile w]\n{setting}\n[sso-session s]\nsso_start_url = https://x\n")
                folder = self.dir / "bin"
                folder.mkdir(exist_ok=True)
                tool = folder / "aws"
                tool.write_text("#!/bin/sh\n[ \"$*\" = 'configure export-credentials --profile w --format process' ] || exit 9\n"
                                f"[ \"$AWSCOPILOT_CREDENTIALS_FOR\" = w ] && echo '{self.answer()}'\n")
                tool.chmod(0o755)
                path = f"{folder}:/usr/bin:/bin"
                self.assertEqual(self.source(AWS_PROFILE="w", PATH=path), f"profile w, {words}")
                tool.write_text("#!/bin/sh\necho the token is TOKEN >&2; exit 255\n")
                row = self.bad("credentials", "exited with status 255", "whoami", keys={}, AWS_PROFILE="w", PATH=path, remedy="sign in with")
                self.assertNotIn("TOKEN", row["text"])
                self.bad("credentials", "asks us while we ask it", "whoami", keys={}, AWS_PROFILE="w", PATH=path,
                         AWSCOPILOT_CREDENTIALS_FOR="w")
                self.bad("credentials", "needs the AWS CLI, which is not installed", "whoami", keys={}, AWS_PROFILE="w", PATH="/nowhere")

    def role(self, name="deploy"):
        arn = f"arn:aws:iam::{self.account}:role/{name}"
        self.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({
            "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}))
        self.client("iam").put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps({
            "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}))
        return arn

    def test_roles_are_assumed_through_chains_of_profiles(self):
        arn = self.role()
        self.write("credentials", "[base]\n" + self.file_keys())
        self.write("config", f"[profile middle]\nrole_arn = {arn}\nsource_profile = base\nrole_session_name = mid\nexternal_id = x y\n"
                   f"duration_seconds = 900\n[profile top]\nrole_arn = {arn}\nsource_profile = middle\n"
                   f"[profile env]\nrole_arn = {arn}\ncredential_source = Environment\n")
        self.assertEqual(self.source(AWS_PROFILE="middle"), f"profile middle, role {arn}")
        who = self.good("whoami", keys={}, AWS_PROFILE="middle")["arn"]
        self.assertIn("assumed-role/deploy/mid", who)
        self.assertEqual(self.source(AWS_PROFILE="top"), f"profile top, role {arn}")
        self.assertEqual(self.good("credentials", PROBE_PROFILE="env")["source"], f"profile env, role {arn}")

    def test_what_is_wrong_with_a_role_is_said(self):
        arn = self.role()
        self.write("config", f"[profile a]\nrole_arn = {arn}\nsource_profile = b\n[profile b]\nrole_arn = {arn}\nsource_profile = a\n"
                   f"[profile m]\nrole_arn = {arn}\nsource_profile = a\nmfa_serial = arn:aws:iam::1:mfa/x\n"
                   f"[profile n]\nrole_arn = {arn}\n[profile g]\nrole_arn = {arn}\nsource_profile = gone\n"
                   f"[profile d]\nrole_arn = {arn}\nsource_profile = a\nduration_seconds = 5\n"
                   f"[profile e]\nrole_arn = {arn}\nsource_profile = e\n")
        for profile, code, text in (("a", "credentials", "go in a circle"), ("m", "credentials", "asks for an MFA code"),
                                    ("n", "credentials", "no usable source"), ("g", "credentials", "'gone' that does not exist"),
                                    ("d", "config", "duration_seconds"), ("e", "credentials", "its source has no credentials")):
            with self.subTest(profile):
                self.bad(code, text, "whoami", keys={}, AWS_PROFILE=profile)

    def test_web_identity_is_unsigned(self):
        arn = self.role("web")
        token = self.dir / "token"
        token.write_text("eyJ.web.token\n")
        proxy = self.proxy()
        env = {"AWS_ROLE_ARN": arn, "AWS_WEB_IDENTITY_TOKEN_FILE": str(token), "AWS_ROLE_SESSION_NAME": "ci"}
        xml = ("<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"
               f"<AccessKeyId>{self.keys['AWS_ACCESS_KEY_ID']}</AccessKeyId><SecretAccessKey>{self.keys['AWS_SECRET_ACCESS_KEY']}"
               "</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2040-01-01T00:00:00Z</Expiration></Credentials>"
               "</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>")
        proxy.rule("data", "AssumeRoleWithWebIdentity", answer={"status": 200, "headers": {}, "body": xml})
        row = self.good("credentials", keys=env, endpoint=proxy.url)
        self.assertEqual(row["source"], f"web identity, role {arn}")
        self.assertEqual(proxy.count("data", "AssumeRoleWithWebIdentity"), 1)
        self.bad("credentials", "the web identity token", "credentials", keys=env | {"AWS_WEB_IDENTITY_TOKEN_FILE": "/none"})
        self.bad("credentials", "AWS_ROLE_ARN", "credentials", keys={"AWS_WEB_IDENTITY_TOKEN_FILE": str(token)})

    @contextlib.contextmanager
    def metadata(self, answer):
        """A loopback server for metadata; `answer(method, path, headers)` gives (status, body)."""
        seen = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_any(self):
                seen.append((self.command, self.path, dict(self.headers)))
                status, body = answer(self.command, self.path, self.headers)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            do_GET = do_PUT = do_any

            def log_message(self, *args):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", seen
        finally:
            server.shutdown()
            server.server_close()

    def metadata_answer(self):
        return json.dumps({"Code": "Success", "AccessKeyId": self.keys["AWS_ACCESS_KEY_ID"],
                           "SecretAccessKey": self.keys["AWS_SECRET_ACCESS_KEY"], "Expiration": "2040-01-01T00:00:00Z"})

    def test_the_container_gives_keys_for_its_token(self):
        token = self.dir / "token"
        token.write_text("Bearer abc")
        with self.metadata(lambda m, p, h: (200, self.metadata_answer()) if h["Authorization"] == "Bearer abc" else (403, "")) as (url, seen):
            env = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": url + "/creds?a=b", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(token)}
            self.assertEqual(self.good("credentials", keys=env)["source"], "the container")
            self.assertEqual(seen[0][1], "/creds?a=b")
            token.write_text("a\r\nX-Evil: b")
            self.bad("credentials", "has a line break in it", "credentials", keys=env)
            token.write_text("wrong")
            self.bad("credentials", "the container", "credentials", keys=env)
        for url in ("http://10.0.0.1/x", "http://localhost.example.com/x", "http://127.0.0.1@example.com/", "ftp://127.0.0.1/"):
            with self.subTest(url):
                self.bad("credentials", "neither https nor an address of this machine", "credentials",
                         keys={"AWS_CONTAINER_CREDENTIALS_FULL_URI": url})

    def test_the_instance_gives_keys_and_region_by_version_two(self):
        def answer(method, path, headers):
            if (method, path) == ("PUT", "/latest/api/token"):
                return (200, "the-token") if headers["X-aws-ec2-metadata-token-ttl-seconds"] == "21600" else (400, "")
            if headers.get("X-aws-ec2-metadata-token") != "the-token":
                return 401, ""
            return {"/latest/meta-data/iam/security-credentials/": (200, "my-role"),
                    "/latest/meta-data/iam/security-credentials/my-role": (200, self.metadata_answer()),
                    "/latest/meta-data/placement/region": (200, "eu-west-1")}.get(path, (404, ""))

        with self.metadata(answer) as (url, seen):
            env = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": url + "/", "AWS_EC2_METADATA_DISABLED": "false"}
            self.assertEqual(self.good("credentials", keys=env)["source"], "the instance, role my-role")
            self.good("whoami", keys=env, region=False)
            self.bad("credentials", "there are no AWS credentials", "credentials", keys=env | {"AWS_EC2_METADATA_DISABLED": "true"})
        self.assertIn("PUT", [m for m, _, _ in seen])


class SecondJudge(lab.Case):
    """moto with authentication on: another implementation of signatures and permissions."""

    def setUp(self):
        super().setUp()
        moto = self.enterContext(lab.Moto({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": ["s3:*", "ssm:*", "lambda:*", "cloudformation:DescribeStacks", "sts:*"], "Resource": "*"}]}))
        self.url, self.keys = moto.url, moto.keys

    probe, good, bad = Case.probe, Case.good, Case.bad

    def test_shapes_are_accepted_and_wrong_keys_refused(self):
        at = {"endpoint": self.url, "region": "us-east-1"}
        self.good("whoami", **at)
        self.good("call", "cloudformation", "DescribeStacks", **at)
        self.good("call", "ssm", "PutParameter", "-", "-", '{"Name":"/a/b","Value":"grün","Type":"String"}', **at)
        # Lambda is left out: moto 5.2 refuses even the signatures that botocore makes for it.
        self.good("call", "s3", "CreateBucket", "PUT", "/bucket", **at)
        path = self.dir / "f"
        path.write_bytes(b"moto")
        for key in ("a b", "plus+=%", "grün/東京"):
            self.good("put", "bucket", key, path, "any", **at)
            self.assertEqual(self.good("get", "bucket", key, **at)["body"], "moto")
        self.assertEqual(len(self.good("list", "bucket", "", "100", **at)["rows"]), 3)
        self.bad("credentials", "the secret access key does not belong", "whoami", **(at | {"keys": self.keys | WRONG}))
        self.bad("credentials", "the secret access key does not belong", "get", "bucket", "k", **(at | {"keys": self.keys | WRONG}))
        self.bad("credentials", "does not know this access key", "whoami",
                 **(at | {"keys": self.keys | {"AWS_ACCESS_KEY_ID": "AKIAUNKNOWNUNKNOWN00"}}))
        self.bad("access_denied", "AWS denies this call", "call", "cloudformation", "ListStacks", **at)
