"""The fault proxy makes each fault, in the shape that botocore, which we did not write, understands."""
import http.client
import json
import time
import unittest
import urllib.request

import botocore.session
import fault_proxy
import lab
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError, ResponseStreamingError

STACK_STATUSES = botocore.session.Session().get_service_model("cloudformation").shape_for("StackStatus").enum


class Faults(lab.Case):
    def setUp(self):
        super().setUp()
        self.keys = self.aws.user("ada", account=self.account)
        self.p = self.proxy(keys={self.keys["AWS_ACCESS_KEY_ID"]: self.keys["AWS_SECRET_ACCESS_KEY"]})

    def client(self, service, attempts=1, read_s=20):
        return botocore.session.Session().create_client(
            service, region_name=lab.REGION, endpoint_url=self.p.url, aws_access_key_id=self.keys["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.keys["AWS_SECRET_ACCESS_KEY"],
            config=Config(retries={"total_max_attempts": attempts, "mode": "standard"}, read_timeout=read_s,
                          s3={"addressing_style": "path"}))

    def refusal(self, call):
        with self.assertRaises(ClientError) as raised:
            call()
        return raised.exception.response["Error"]["Code"], raised.exception.response["ResponseMetadata"]["HTTPStatusCode"]

    def test_without_a_rule_signed_requests_pass_untouched(self):
        self.assertEqual(self.client("sts").get_caller_identity()["Account"], self.account)
        s3 = self.client("s3")
        s3.create_bucket(Bucket=f"b-{self.account}", CreateBucketConfiguration={"LocationConstraint": lab.REGION})
        body = bytes(range(256)) * 8192
        s3.put_object(Bucket=f"b-{self.account}", Key="a b/c+d=é.bin", Body=body)
        self.assertEqual(s3.get_object(Bucket=f"b-{self.account}", Key="a b/c+d=é.bin")["Body"].read(), body)
        self.assertEqual(s3.head_object(Bucket=f"b-{self.account}", Key="a b/c+d=é.bin")["ContentLength"], len(body))
        self.assertEqual(self.p.count("s3", "HeadObject"), 1)
        self.assertEqual(self.p.count("s3", "PutObject", status=200), 1)

    def test_throttling_has_each_services_own_shape_and_stops_after_n(self):
        for service, call, code, status in (
            ("cloudformation", lambda c: c.describe_stacks(), "Throttling", 400),
            ("sts", lambda c: c.get_caller_identity(), "Throttling", 400),
            ("s3", lambda c: c.list_buckets(), "SlowDown", 503),
            ("ssm", lambda c: c.get_parameters_by_path(Path="/x"), "ThrottlingException", 400),
            ("logs", lambda c: c.describe_log_groups(), "ThrottlingException", 400),
            ("lambda", lambda c: c.get_account_settings(), "TooManyRequestsException", 429),
        ):
            with self.subTest(service):
                self.p.clear()
                self.p.rule(service, times=2, throttle=True)
                client = self.client(service)
                self.assertEqual(self.refusal(lambda: call(client)), (code, status))
                self.assertEqual(self.refusal(lambda: call(client)), (code, status))
                call(client)  # the third passes

    def test_botocore_rides_out_two_server_errors(self):
        self.p.rule("sts", times=2, error={"status": 503, "code": "ServiceUnavailable"})
        self.client("sts", attempts=3).get_caller_identity()
        self.assertEqual(self.p.count("sts", status=503), 2)

    def test_skip_lets_the_first_requests_pass(self):
        self.p.rule("sts", "GetCallerIdentity", skip=1, times=1, throttle=True)
        sts = self.client("sts")
        sts.get_caller_identity()
        self.assertEqual(self.refusal(sts.get_caller_identity)[0], "Throttling")
        sts.get_caller_identity()

    def test_a_cut_before_has_no_effect_and_a_cut_after_has_one(self):
        s3 = self.client("s3")
        bucket = f"b-{self.account}"
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": lab.REGION})
        self.p.rule("s3", "PutObject", path="before", cut="before")
        self.p.rule("s3", "PutObject", path="after", cut="after")
        for key in ("before", "after"):
            with self.assertRaises(ConnectionClosedError):
                s3.put_object(Bucket=bucket, Key=key, Body=b"x")
        self.assertEqual([o["Key"] for o in s3.list_objects_v2(Bucket=bucket)["Contents"]], ["after"])
        self.assertEqual(self.p.count("s3", "PutObject", status="cut"), 2)

    def test_a_cut_body_is_shorter_than_it_says(self):
        s3 = self.client("s3")
        bucket = f"b-{self.account}"
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": lab.REGION})
        s3.put_object(Bucket=bucket, Key="k", Body=b"x" * 1000)
        self.p.rule("s3", "GetObject", truncate=100)
        with self.assertRaises((ResponseStreamingError, http.client.IncompleteRead)):
            s3.get_object(Bucket=bucket, Key="k")["Body"].read()

    def test_slow_and_silent_servers(self):
        self.p.rule("sts", times=1, delay_s=0.5)
        began = time.monotonic()
        self.client("sts").get_caller_identity()
        self.assertGreaterEqual(time.monotonic() - began, 0.5)
        self.p.rule("sts", hang=True)
        with self.assertRaises(ReadTimeoutError):
            self.client("sts", read_s=1).get_caller_identity()

    def test_every_stack_status_reads_as_botocores_model_says(self):
        cfn = self.client("cloudformation")
        for status in STACK_STATUSES:
            with self.subTest(status):
                self.p.clear()
                self.p.rule("cloudformation", "DescribeStacks", result=fault_proxy.stack(
                    "depl-a-dev", status, "it's <so>", Outputs=[{"OutputKey": "Url", "OutputValue": "https://x"}]))
                got = cfn.describe_stacks(StackName="depl-a-dev")["Stacks"][0]
                self.assertEqual((got["StackStatus"], got["StackStatusReason"], got["Outputs"][0]["OutputKey"]),
                                 (status, "it's <so>", "Url"))

    def test_an_obsolete_change_set_and_early_validation(self):
        cfn = self.client("cloudformation")
        self.p.rule("cloudformation", "DescribeChangeSet", times=1, result=fault_proxy.change_set(
            "depl-a-dev", "d-1", execution="OBSOLETE",
            changes=[{"Action": "Modify", "LogicalResourceId": "Fn", "ResourceType": "AWS::Lambda::Function",
                      "Replacement": "False", "Scope": ["Properties"]}]))
        got = cfn.describe_change_set(ChangeSetName="d-1", StackName="depl-a-dev")
        self.assertEqual((got["Status"], got["ExecutionStatus"]), ("CREATE_COMPLETE", "OBSOLETE"))
        self.assertEqual(got["Changes"][0]["ResourceChange"]["Scope"], ["Properties"])
        self.p.rule("cloudformation", "DescribeChangeSet", result=fault_proxy.change_set(
            "depl-a-dev", "d-1", "FAILED", "UNAVAILABLE", fault_proxy.EARLY_VALIDATION_REASON))
        self.p.rule("cloudformation", "DescribeEvents", result=fault_proxy.events(
            fault_proxy.early_validation("Site", "AWS::S3::Bucket", "the bucket exists already", "NAME_CONFLICT_VALIDATION")))
        self.assertIn("AWS::EarlyValidation", cfn.describe_change_set(ChangeSetName="d-1", StackName="a")["StatusReason"])
        row = cfn.describe_events(ChangeSetName="d-1", StackName="a")["OperationEvents"][0]
        self.assertEqual((row["EventType"], row["ValidationFailureMode"], row["ValidationPath"]),
                         ("VALIDATION_ERROR", "FAIL", "/Resources/Site"))

    def test_an_answer_can_be_rewritten_and_replaced(self):
        self.p.rule("sts", times=1, rewrite=[[r"<Account>\d+<", "<Account>999999999999<"]])
        sts = self.client("sts")
        self.assertEqual(sts.get_caller_identity()["Account"], "999999999999")
        self.p.rule("data", "GET", path="^/hello", answer={"status": 418, "headers": {"x-a": "b"}, "body": "tea"})
        with self.assertRaises(urllib.error.HTTPError) as raised:
            urllib.request.urlopen(self.p.url + "/hello")
        with raised.exception as answer:
            self.assertEqual((answer.code, answer.headers["x-a"], answer.headers["x-fault-proxy"], answer.read()),
                             (418, "b", "fake", b"tea"))

    def test_a_client_that_corrects_its_clock_gets_through_a_skewed_one(self):
        self.p.rule("sts", clock_s=600)
        code, status = self.refusal(self.client("sts").get_caller_identity)
        self.assertEqual((code, status), ("SignatureDoesNotMatch", 403))
        self.p.clear()
        self.p.rule("s3", clock_s=-600)
        with self.assertRaises(ClientError) as raised:
            self.client("s3").list_buckets()
        self.assertIn("not yet current", raised.exception.response["Error"]["Message"])
        # botocore signs by its own clock: set it as the server says, and the real local AWS behind must agree.
        import botocore.auth
        import datetime
        real = botocore.auth.get_current_datetime
        botocore.auth.get_current_datetime = lambda *a, **k: real(*a, **k) - datetime.timedelta(seconds=600)
        try:
            s3 = self.client("s3")
            self.assertEqual(s3.list_buckets()["Buckets"], [])
            s3.create_bucket(Bucket=f"b-{self.account}", CreateBucketConfiguration={"LocationConstraint": lab.REGION})
            s3.put_object(Bucket=f"b-{self.account}", Key="a b+c", Body=b"x")
            self.keys["AWS_SECRET_ACCESS_KEY"] = "wrong"
            self.assertEqual(self.refusal(self.client("s3").list_buckets)[0], "SignatureDoesNotMatch")
        finally:
            botocore.auth.get_current_datetime = real

    def test_a_test_can_act_before_and_after_the_effect(self):
        steps = []
        self.p.rule("sts", call=lambda r: steps.append(("before", r.action)), then=lambda r: steps.append(("after", r.action)))
        self.client("sts").get_caller_identity()
        self.assertEqual(steps, [("before", "GetCallerIdentity"), ("after", "GetCallerIdentity")])

    def test_the_control_path_takes_rules_and_tells_what_was_seen(self):
        def control(method, path, body=None):
            request = urllib.request.Request(self.p.url + path, method=method, data=json.dumps(body).encode() if body else None)
            with urllib.request.urlopen(request) as answer:
                return json.load(answer)

        control("PUT", "/_fault/rules", [{"service": "sts", "times": 1, "throttle": True}])
        sts = self.client("sts")
        self.assertEqual(self.refusal(sts.get_caller_identity)[0], "Throttling")
        told = control("GET", "/_fault/rules")
        self.assertIn("not AWS", told["fake"])
        self.assertEqual(told["rules"][0]["served"], 1)
        self.assertEqual([(r["action"], r["fault"]) for r in control("GET", "/_fault/seen")],
                         [("GetCallerIdentity", ["throttle"])])
        self.assertEqual(control("DELETE", "/_fault/rules")["rules"], [])
        with self.assertRaises(urllib.error.HTTPError) as raised:
            control("POST", "/_fault/rules", {"service": "sts", "explode": True})
        with raised.exception as answer:
            self.assertEqual(answer.code, 400)

    def test_a_rule_that_does_nothing_or_the_unknown_is_refused(self):
        for args in ({}, {"explode": True}, {"cut": "sometime"}):
            with self.subTest(args), self.assertRaises(ValueError):
                self.p.rule("sts", **args)


if __name__ == "__main__":
    unittest.main()
