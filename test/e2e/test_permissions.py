"""The exact policy of whoever deploys: a user with it and nothing else deploys, and with a statement less does not.

The local AWS judges signatures and policies (AUTH=true); what it judges otherwise than AWS does is in
test/lab/ministack-relaxations.json and given to these users as well.
"""
import json
from pathlib import Path

import lab
import local_aws
import todo

ROOT = Path(__file__).resolve().parents[2]
SIMULATE = {"Sid": "Ask", "Effect": "Allow", "Action": "iam:SimulatePrincipalPolicy", "Resource": "*"}


class Permissions(todo.TodoCase):
    def setUp(self):
        super().setUp()
        self.bootstrapped()
        self.todo()

    def policy(self, kind="deploy"):
        run = self.go("permissions", kind, "--account", self.account, "--region", local_aws.REGION)
        self.assertEqual(run.code, 0, str(run))
        return json.loads(run.stdout)

    def user_with(self, name, policy, without=(), more=()):
        """Keys of a user with this policy, without the statements of these Sids, and with what the local AWS needs."""
        role = self.aws.bootstrap_outputs(account=self.account)["ExecutionRole"]
        relaxed = local_aws.relaxations(local_aws.REGION, self.account, "depl", role)["Statement"]
        kept = [row for row in policy["Statement"] if row["Sid"] not in without]
        self.assertEqual(len(policy["Statement"]) - len(kept), len(without))
        return self.aws.user(f"{self.app}-{name}", {"Version": "2012-10-17", "Statement": kept + relaxed + list(more)},
                             account=self.account)

    def test_a_user_with_exactly_this_policy_deploys_and_with_less_does_not(self):
        policy = self.policy()["policy"]
        self.keys = self.user_with("exact", policy)
        self.deploy()
        self.edit("backend/app/main.py", "FastAPI(", "FastAPI(description='other', ")
        for sid, says in (("Stack", "DescribeStacks"), ("Artefacts", "S3 HeadObject|S3 PutObject")):
            self.keys = self.user_with("less-" + sid.lower(), policy, [sid])
            run = self.go("plan", *self.CONFIRMED)
            self.assertEqual(run.code, 3, (sid, str(run)))
            self.assertEqual(run.result["error"]["code"], "access_denied")
            self.assertRegex(run.result["error"]["message"], says)

    def test_what_is_missing_is_named_before_anything_is_made(self):
        policy = self.policy()["policy"]
        # Its simulation knows no condition keys of the request, so the statements come without them here.
        bare = {"Statement": [{k: v for k, v in row.items() if k != "Condition"} for row in policy["Statement"]]}
        self.keys = self.user_with("asks", bare, ["Artefacts"], [SIMULATE])
        run = self.plan(code=3)
        self.says(run, "may not do what this deployment needs", "s3:PutObject on arn:aws:s3", error="access_denied")
        self.nothing_at_aws()
        told = self.go("permissions", "--account", self.account, "--region", local_aws.REGION, json=False)
        self.assertEqual(told.code, 1, str(told))
        self.assertIn("s3:GetObject on arn:aws:s3:::", told.stderr)
        doctor = self.go("doctor", "--account", self.account, "--region", local_aws.REGION, json=False)
        self.assertIn("of what a deployment here needs are missing, first s3:", doctor.stdout)

    def test_the_deployer_policy_of_the_bootstrap_stack_gives_all_of_it(self):
        for kind in ("deploy", "destroy", "rollback", "secrets"):
            told = self.policy(kind)
            self.assertEqual(told["beyond_deployer_policy"], [], kind)
            self.assertIsNone(told["missing"])  # a deployer may not ask IAM
            for row in told["policy"]["Statement"]:
                self.assertNotIn("*", "".join(row["Action"]))
        self.assertEqual(self.go("permissions", "bootstrap").code, 2)
