"""The exact policy of whoever deploys: a user with it and nothing else deploys, and with a statement less does not.

The local AWS judges signatures and policies (AUTH=true); what it judges otherwise than AWS does is in
test/lab/ministack-relaxations.json and given to these users as well.
"""
import json
import os
import re
from fnmatch import fnmatchcase
from pathlib import Path
from urllib.parse import unquote

import lab
import local_aws
import todo

ROOT = Path(__file__).resolve().parents[2]
# What a request that is not called as its action is judged by. Source: Service Authorization Reference.
ACTIONS = {("s3", "HeadObject"): "s3:GetObject", ("s3", "HeadBucket"): "s3:ListBucket", ("s3", "ListObjectsV2"): "s3:ListBucket",
           ("s3", "ListObjectVersions"): "s3:ListBucketVersions", ("s3", "DeleteObjects"): "s3:DeleteObject",
           ("s3", "CreateMultipartUpload"): "s3:PutObject", ("s3", "UploadPart"): "s3:PutObject",
           ("s3", "CompleteMultipartUpload"): "s3:PutObject"}
# Needs no right; is asked where the caller may, and the run goes on where not.
FREE = {"sts:GetCallerIdentity", "iam:SimulatePrincipalPolicy", "iam:ListUserPolicies", "iam:ListRolePolicies"}  # asked, and done without
LAMBDA = ((r"/aliases/", {"GET": "lambda:GetAlias", "PUT": "lambda:UpdateAlias"}), (r"/versions", {"GET": "lambda:ListVersionsByFunction"}))
# Rights that no call of a run that goes well asks for, and what does; behind a blank, a part of their resource.
NOT_CALLED = {
    "iam:PassRole": "CloudFormation asks for it in CreateChangeSet, which names the role",
    "cloudformation:TagResource": "CloudFormation asks for it in CreateChangeSet, which has tags",
    "cloudformation:UntagResource": "the same, when a tag goes",
    "s3:AbortMultipartUpload": "an artefact above the size of one part whose upload fails",
    "s3:DeleteObject": "locks of earlier runs, and those of a run that died",
    "lambda:GetAlias": "a version that does not answer, and rollback",
    "s3:DeleteObjectVersion": "the lock of a run that died; versions of files",
    "cloudformation:DeleteStack": "a creation that is given up, and destroy",
    "cloudformation:DeleteChangeSet": "a change set that is not executed",
    "cloudformation:ListChangeSets": "a stack that holds one already",
    "cloudformation:DescribeEvents": "a change set that fails its early validation",
    "lambda:UpdateAlias": "a version that does not answer, and rollback",
    "lambda:ListVersionsByFunction": "rollback",
    "logs:FilterLogEvents": "a version that does not answer",
    "ssm:AddTagsToResource": "Parameter Store asks for it in PutParameter, which has tags",
    "s3:GetObject /templates/": "CloudFormation asks for it in CreateChangeSet, which has the template's address",
    "s3:GetObject /sites/": "the site that another machine built",
    "s3:GetObject /locks/": "a lock that somebody holds",
    "s3:GetObject /releases/": "releases of another machine",
    "s3:GetObject /seals/": "seals of another machine",
    "s3:ListBucket -sitebucket-": "without it S3 says 403, not 404, of a file that is not there yet",
}
# One action of one statement less: what a first deployment comes to, where it is not refused with nothing left at AWS.
LESS = {
    ("SiteFiles", "s3:PutObject"): "late",  # the site's bucket is only there when the stack is
    ("Shared", "s3:GetObject"): "waits",  # who said yes cannot be looked up; the set waits for that
    ("History", "s3:PutObject"): "warns",  # the release is not kept for other machines
    ("Shared", "s3:PutObject"): "warns",  # other machines do not see what is asked
    ("Reasons", "cloudformation:DescribeEvents"): "goes on",  # AWS's reasons are not said
}
SAMPLE = (("Execute", "cloudformation:DescribeChangeSet"), ("Execute", "cloudformation:ExecuteChangeSet"),
          ("Read", "cloudformation:DescribeStackEvents"))
READ = {"Sid": "Own", "Effect": "Allow", "Action": ["iam:Get*", "iam:List*"], "Resource": "*"}
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

    def user_with(self, name, policy, without=(), more=(), lacking=""):
        """Keys of a user with this policy, without the statements of these Sids, and with what the local AWS needs, but for one action."""
        role = self.aws.bootstrap_outputs(account=self.account)["ExecutionRole"]
        relaxed = local_aws.relaxations(local_aws.REGION, self.account, "depl", role)["Statement"]
        actions = [[a for a in ([row["Action"]] if isinstance(row["Action"], str) else row["Action"]) if a != lacking] for row in relaxed]
        relaxed = [{**row, "Action": rest} for row, rest in zip(relaxed, actions) if rest]
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

    def called(self, seen):
        """What these requests are judged by: (action, ARN of the object or bucket; "" for what is not S3's)."""
        out = set()
        for row in seen:
            service, action = row["service"], row["action"]
            if service == "lambda":
                action = next((names.get(row["method"], "") for pattern, names in LAMBDA if re.search(pattern, row["target"])), "")
                action = action.partition(":")[2] or f"{row['method']} {row['target']}"
            arn = "arn:aws:s3:::" + unquote(row["target"].partition("?")[0]).strip("/") if service == "s3" else ""
            arn += "/any" if action == "DeleteObjects" else ""  # its keys are in the body
            if service != "data":  # the probe's requests are nobody's
                out.add((ACTIONS.get((service, action), f"{service}:{action}"), arn))
        return {pair for pair in out if pair[0] not in FREE}

    def not_called(self, action, resource):
        rows = [key.partition(" ") for key in NOT_CALLED]
        return any(action == name and part in resource for name, _, part in rows)

    def during(self, proxy, *steps):
        proxy.seen.clear()
        for step in steps:
            step()
        return self.called(proxy.seen)

    def secrets(self, *words, **more):
        return self.go("secrets", *words, "-y", "--non-interactive", "--account", self.account, "--region", local_aws.REGION, "--env", "dev",
                       XDG_STATE_HOME=str(self.dir / "secrets"), **more)

    def test_every_call_has_its_action_and_every_action_its_call(self):
        """So without an action AWS denies the call that asks for it, or what NOT_CALLED says."""
        proxy = self.proxy()
        self.endpoint = proxy.url
        rights = {kind: [(action, arn) for row in self.policy(kind)["policy"]["Statement"]
                         for action in row["Action"] for arn in row["Resource"]] for kind in ("deploy", "destroy", "rollback", "secrets")}
        calls = {"deploy": self.during(proxy, self.deploy, lambda: self.edit("backend/app/main.py", "FastAPI(", "FastAPI(description='other', "),
                                       self.deploy)}
        calls["rollback"] = self.during(proxy, lambda: self.approve(self.plan("rollback")))
        yml = self.repo / "aws-copilot.yml"
        yml.write_text(yml.read_text().replace("any-change", "broadening"))
        calls["secrets"] = self.during(proxy, *(lambda name=name: self.secrets("set", name, stdin="value") for name in ("ONE", "TWO")),
                                       lambda: self.secrets("ls"), lambda: self.approve(self.secrets("rm", "ONE"), XDG_STATE_HOME=str(self.dir / "secrets")))
        calls["destroy"] = self.during(proxy, lambda: self.destroy("--purge", XDG_STATE_HOME=str(self.dir / "destroy")))
        for kind, seen in calls.items():
            fits = {pair: [right for right in rights[kind] if right[0] == pair[0] and (not pair[1] or fnmatchcase(pair[1], right[1]))]
                    for pair in seen}
            self.assertEqual([pair for pair, fit in fits.items() if not fit], [], f"{kind} calls what its policy does not give")
            used = {right for fit in fits.values() for right in fit}
            self.assertEqual([right for right in rights[kind] if right not in used and not self.not_called(*right)], [],
                             f"the policy of {kind} gives what nothing calls")

    def test_a_right_that_is_taken_away_is_named(self):
        """AWS's own words for a denied call, one service at a time: the run ends with the action in its sentence."""
        proxy = self.proxy()
        self.endpoint = proxy.url
        for service, action, right in (("ssm", "GetParametersByPath", "ssm:GetParametersByPath"),
                                       ("cloudformation", "CreateChangeSet", "cloudformation:CreateChangeSet"),
                                       ("cloudformation", "CreateChangeSet", "iam:PassRole"),
                                       ("cloudformation", "CreateChangeSet", "cloudformation:TagResource"),
                                       ("s3", "PutObject", "s3:PutObject")):
            proxy.clear()
            proxy.rule(service, action, error={"status": 403, "code": "AccessDenied", "message":
                       f"User: arn:aws:iam::{self.account}:user/x is not authorized to perform: {right}"})
            run = self.go("deploy", *self.CONFIRMED, XDG_STATE_HOME=str(self.dir / right.replace(":", "-")))
            self.ended(run, 3)
            self.says(run, right, error="access_denied")

    def less(self, policy, sid, action):
        """The policy with one action taken out of one statement."""
        rows = [{**row, "Action": [a for a in row["Action"] if (row["Sid"], a) != (sid, action)]} for row in policy["Statement"]]
        return {**policy, "Statement": [row for row in rows if row["Action"]]}

    def without(self, policy, sid, action, name):
        """A first deployment without this action comes to what LESS says, and the sentence names it; returns the session's id."""
        self.keys = self.user_with(name, self.less(policy, sid, action), lacking=action)
        state = {"XDG_STATE_HOME": str(self.dir / name)}  # the plans of a minute are counted in it
        run = self.go("deploy", *self.CONFIRMED, **state)
        session = run.result.get("session")
        run = self.go("approve", session, **state) if run.code == 10 else run
        comes_to = LESS.get((sid, action), "refused")
        code = {"late": 4, "warns": 0, "goes on": 0}.get(comes_to, 3)
        self.assertEqual(run.code, code, f"{sid} {action}: {run}")
        if comes_to == "warns":
            self.assertTrue(any(action in e["text"] + e["remedy"] for e in run.events if e["type"] == "warning"), f"{sid} {action}: {run}")
        elif code:
            self.says(run, action, error="access_denied")
            self.assertIn("needs the permission " + action, run.result["error"]["remedy"])
        if comes_to == "refused":
            self.nothing_at_aws()
        return session

    def test_one_action_less_is_named_and_leaves_nothing_half_done(self):
        """By default a few; with AWSCOPILOT_TEST_ALL=1 each that a first deployment with the whole policy asks for."""
        policy, deployer = self.policy()["policy"], self.keys
        pairs = SAMPLE
        if os.environ.get("AWSCOPILOT_TEST_ALL"):
            proxy = self.proxy()
            self.endpoint = proxy.url
            self.keys = self.user_with("whole", policy)
            calls = self.during(proxy, self.deploy)
            pairs = sorted({(row["Sid"], action) for row in policy["Statement"] for action in row["Action"] for call, arn in calls
                            if call == action and (not arn or any(fnmatchcase(arn, right) for right in row["Resource"]))})
            self.assertEqual([pair for pair in (*SAMPLE, *LESS) if pair not in pairs], [])
        for n, (sid, action) in enumerate(pairs):
            self.keys = deployer
            if self.stack_status():
                self.destroy("--purge", XDG_STATE_HOME=str(self.dir / f"destroy{n}"))
            with self.subTest(sid=sid, action=action):
                session = self.without(policy, sid, action, f"less{n}")
                if LESS.get((sid, action)) == "waits":  # the same session goes on when the right is there
                    self.keys = deployer
                    self.ended(self.go("approve", session, XDG_STATE_HOME=str(self.dir / f"less{n}")), 0)

    test_one_action_less_is_named_and_leaves_nothing_half_done.deadline_s = 2400

    def test_iam_names_what_one_action_less_takes_away(self):
        policy = self.policy()["policy"]
        bare = {"Statement": [{k: v for k, v in row.items() if k != "Condition"} for row in policy["Statement"]]}
        pairs = [(row["Sid"], action) for row in policy["Statement"] for action in row["Action"]]
        pairs = pairs if os.environ.get("AWSCOPILOT_TEST_ALL") else pairs[::12]
        for n, (sid, action) in enumerate(pairs):
            self.keys = self.user_with(f"asks{n}", self.less(bare, sid, action), more=[SIMULATE], lacking=action)
            told = self.go("permissions", "deploy", "--account", self.account, "--region", local_aws.REGION)
            with self.subTest(sid=sid, action=action):
                self.assertEqual(told.code, 1, str(told))
                missing = {row["action"] for row in json.loads(told.stdout)["missing"]}
                if action == "cloudformation:DescribeStacks":  # nor is then known what the bucket and the role are called
                    self.assertIn(action, missing)
                else:
                    self.assertEqual(missing, {action})

    test_iam_names_what_one_action_less_takes_away.deadline_s = 1200

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
        self.assertIn("3 of what a deployment here needs are missing, first s3:", doctor.stdout)

    def test_without_simulation_its_own_policies_are_read_or_it_is_said_that_nothing_is_known(self):
        policy = self.policy()["policy"]
        bare = {"Statement": [{k: v for k, v in row.items() if k != "Condition"} for row in policy["Statement"]]}
        self.keys = self.user_with("reads", bare, ["SiteFiles"], [READ])
        run = self.plan(code=3)
        self.says(run, "may not do what this deployment needs", "s3:PutObject on arn:aws:s3", "sitebucket", error="access_denied")
        self.nothing_at_aws()
        told = json.loads(self.go("permissions", "--account", self.account, "--region", local_aws.REGION).stdout)
        self.assertEqual({(row["action"], row["resource"].endswith("/*")) for row in told["missing"]},
                         {(f"s3:{name}", True) for name in ("PutObject", "GetObject", "AbortMultipartUpload")})
        self.keys = self.user_with("silent", policy, ["SiteFiles"])
        run = self.plan()
        for words in ("neither ask IAM nor read its own policies", "s3:PutObject on arn:aws:s3:::", "aws-copilot permissions prints"):
            self.assertIn(words, run.stdout, str(run))

    def test_the_deployer_policy_of_the_bootstrap_stack_gives_all_of_it(self):
        for kind in ("deploy", "destroy", "rollback", "secrets"):
            told = self.policy(kind)
            self.assertEqual(told["beyond_deployer_policy"], [], kind)
            self.assertIsNone(told["missing"])  # a deployer may not ask IAM
            for row in told["policy"]["Statement"]:
                self.assertNotIn("*", "".join(row["Action"]))
        self.assertEqual(self.go("permissions", "bootstrap").code, 2)
