"""The local AWS judges for real, keeps accounts apart, and ends when told or when its time is over."""
import datetime
import json
import os
import subprocess
import time
import unittest

import botocore.auth
import lab
from botocore.exceptions import ClientError


class Judging(lab.Case):
    def refusal(self, call):
        with self.assertRaises(ClientError) as raised:
            call()
        error = raised.exception.response["Error"]
        return error["Code"], error["Message"]

    def test_a_wrong_secret_is_refused(self):
        keys = self.aws.user("ada", account=self.account)
        sts = self.aws.client("sts", account=self.account, keys={**keys, "AWS_SECRET_ACCESS_KEY": "x" * 40})
        self.assertEqual(self.refusal(sts.get_caller_identity)[0], "SignatureDoesNotMatch")

    def test_a_user_is_who_it_is_in_an_account_of_its_own(self):
        keys = self.aws.user("ada", account=self.account)
        identity = self.aws.client("sts", account=self.account, keys=keys).get_caller_identity()
        self.assertEqual(identity["Arn"], f"arn:aws:iam::{self.account}:user/ada")
        self.assertEqual(identity["Account"], self.account)

    def test_a_date_is_refused_beyond_what_its_service_allows(self):
        keys = self.aws.user("ada", account=self.account)
        real = botocore.auth.get_current_datetime
        self.addCleanup(setattr, botocore.auth, "get_current_datetime", real)
        cfn = self.aws.client("cloudformation", account=self.account, keys=keys)
        sts = self.aws.client("sts", account=self.account, keys=keys)
        # CloudFormation allows five minutes, STS and S3 fifteen: ten minutes off is not the same everywhere.
        for call, minutes, refused in ((cfn.describe_stacks, 10, True), (cfn.describe_stacks, 4, False),
                                       (sts.get_caller_identity, 10, False), (sts.get_caller_identity, 20, True)):
            with self.subTest(minutes=minutes, refused=refused):
                botocore.auth.get_current_datetime = \
                    lambda *a, **k: real(*a, **k) - datetime.timedelta(minutes=minutes)
                if refused:
                    code, message = self.refusal(call)
                    self.assertEqual(code, "SignatureDoesNotMatch")
                    self.assertIn("Signature expired", message)
                else:
                    call()

    def test_a_permission_that_is_missing_is_refused(self):
        nobody = {"Version": "2012-10-17",
                  "Statement": [{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}]}
        keys = self.aws.user("eve", nobody, account=self.account)
        cfn = self.aws.client("cloudformation", account=self.account, keys=keys)
        self.assertEqual(self.refusal(lambda: cfn.describe_stacks(StackName="depl-x"))[0], "AccessDenied")

    def test_the_deployer_reaches_its_own_stacks_and_bucket_and_nothing_else(self):
        outputs = self.aws.bootstrap(account=self.account)
        keys = self.aws.deployer(account=self.account)
        cfn, s3, iam = (self.aws.client(s, account=self.account, keys=keys) for s in ("cloudformation", "s3", "iam"))
        s3.put_object(Bucket=outputs["Artifacts"], Key="backend/x.zip", Body=b"x", IfNoneMatch="*")
        self.assertEqual(self.refusal(lambda: cfn.describe_stacks(StackName="depl-none"))[0], "ValidationError")
        template = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
        made = cfn.create_change_set(StackName="depl-a-dev", ChangeSetName="d-1", ChangeSetType="CREATE",
                                     TemplateBody=template, RoleARN=outputs["ExecutionRole"])
        self.assertEqual(cfn.describe_change_set(ChangeSetName=made["Id"])["Status"], "CREATE_COMPLETE")
        for what, call in {
            "another stack": lambda: cfn.create_change_set(StackName="other", ChangeSetName="d-1", ChangeSetType="CREATE",
                                                           TemplateBody=template, RoleARN=outputs["ExecutionRole"]),
            "the bootstrap stack": lambda: cfn.delete_stack(StackName="bootstrap-depl"),
            "an artefact": lambda: s3.delete_object(Bucket=outputs["Artifacts"], Key="backend/x.zip"),
            "a user": lambda: iam.create_user(UserName="mallory"),
        }.items():
            with self.subTest(what):
                self.assertEqual(self.refusal(call)[0], "AccessDenied")

    def test_an_account_without_bootstrap_has_no_deployer(self):
        with self.assertRaisesRegex(lab.LabError, "bootstrap it first"):
            self.aws.deployer(account=self.account)


class Life(unittest.TestCase):
    """scripts/local-aws as a developer calls it."""

    def setUp(self):
        self.port = str(lab.local_aws.free_port())
        self.addCleanup(self.call, "stop")

    def call(self, *args):
        done = subprocess.run([str(lab.ROOT / "scripts/local-aws"), *args, "--port", self.port],
                              capture_output=True, text=True, timeout=180)
        return done.returncode, done.stdout + done.stderr

    def test_it_starts_once_gives_keys_and_stops(self):
        self.assertEqual(self.call("status"), (1, f"no local AWS runs on port {self.port}\n"))
        self.assertEqual(self.call("start", "--auth")[0], 0)
        self.assertIn("ran already", self.call("start", "--auth")[1])
        self.assertIn("with auth", self.call("status")[1])
        code, text = self.call("start")
        self.assertEqual(code, 1)
        self.assertIn("stop it first", text)
        code, text = self.call("env")
        self.assertEqual(code, 1)
        self.assertIn("bootstrap it first", text)
        code, text = self.call("env", "--bootstrap")
        self.assertEqual(code, 0, text)
        self.assertIn(f"export AWS_ENDPOINT_URL='http://127.0.0.1:{self.port}'", text)
        self.assertEqual(self.call("env")[1], text)  # the same keys again
        self.assertNotEqual(self.call("env", "--as", "administrator")[1], text)
        self.assertEqual(self.call("stop"), (0, "stopped\n"))
        self.assertEqual(self.call("status")[0], 1)

    def test_it_ends_by_itself(self):
        self.assertEqual(self.call("start", "--hours", str(20 / 3600))[0], 0)  # it must have begun before
        aws = lab.LocalAws(int(self.port))
        deadline = time.monotonic() + 60
        while aws.healthy() and time.monotonic() < deadline:
            time.sleep(0.1)
        self.assertFalse(aws.healthy())

    def test_a_port_of_another_program_is_left_alone(self):
        import socket
        with socket.socket() as other:
            other.bind(("127.0.0.1", int(self.port)))
            other.listen()
            code, text = self.call("start")
        self.assertEqual(code, 1)
        self.assertIn("in use by another program", text)

    def test_stop_kills_no_stranger_that_got_the_pid(self):
        stranger = subprocess.Popen(["sleep", "60"])
        self.addCleanup(stranger.wait)
        self.addCleanup(stranger.kill)
        aws = lab.LocalAws(int(self.port))
        aws.dir.mkdir(parents=True)
        (aws.dir / "process.json").write_text(json.dumps({"pid": stranger.pid, "started": "1", "auth": False}))
        self.assertFalse(aws.stop())
        self.assertIsNone(stranger.poll())

    def test_its_functions_see_nothing_of_the_caller(self):
        os.environ["AWS_PROFILE"] = "prod"
        try:
            self.assertEqual(self.call("start")[0], 0)
        finally:
            del os.environ["AWS_PROFILE"]
        pid = lab.LocalAws(int(self.port)).record()["pid"]
        with open(f"/proc/{pid}/environ") as f:
            self.assertNotIn("AWS_PROFILE", f.read())


if __name__ == "__main__":
    unittest.main()
