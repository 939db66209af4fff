"""The operations of aws_deployer one by one, on the local AWS as the deployer user and through faults.

The driver build/src/tool/deployer_probe (test/drivers/deployer_probe.c) runs one operation without the gate.
"""
import base64
import concurrent.futures
import datetime
import hashlib
import http.server
import json
import os
import socket
import subprocess
import threading
import time
from pathlib import Path

import botocore.session
import fault_proxy
import lab
import local_aws

STATUSES = botocore.session.Session().get_service_model("cloudformation").shape_for("StackStatus").enum
FIT = {"REVIEW_IN_PROGRESS", "DELETE_COMPLETE", "CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE",
       "UPDATE_ROLLBACK_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"}  # CloudFormation User Guide, "Stack status codes"
HASH = "0123456789abcdef"
STACK = "depl-shop-dev"


def template(**resources):
    return {"Resources": resources}


TOPIC = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "one"}}
TOPIC2 = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "two"}}
HANDLE = {"Type": "AWS::CloudFormation::WaitConditionHandle"}
WAIT = {"Type": "AWS::CloudFormation::WaitCondition", "Properties": {"Handle": {"Ref": "Handle"}, "Timeout": "1"}}


class Case(lab.Case):
    """A test with a bootstrapped account and its deployer."""

    bootstrapped = True

    def setUp(self):
        super().setUp()
        self.client = lambda service: self.aws.client(service, account=self.account)
        self.cfn = self.client("cloudformation")
        self.admin = self.aws.user("admin", account=self.account)
        self.keys = self.admin
        if self.bootstrapped:
            outputs = self.aws.bootstrap(account=self.account)
            self.bucket, self.role = outputs["Artifacts"], outputs["ExecutionRole"]
            self.keys = self.aws.deployer(account=self.account)

    def op(self, name, args, keys=None, endpoint=None, env=None, **how):
        path = os.environ.get("AWSCOPILOT_DEPLOYER_PROBE") or str(Path(lab.program()).parent / "tool/deployer_probe")
        run = subprocess.run([path, name, json.dumps(args), json.dumps(how)], capture_output=True, text=True, timeout=110,
                             env=self.env(self.keys if keys is None else keys, endpoint, **(env or {})), cwd=self.dir)
        self.assertEqual(run.stderr, "")
        *self.said, end = [json.loads(line) for line in run.stdout.splitlines()]
        self.assertEqual(end["type"], "end")
        self.assertEqual(run.returncode == 0, end["code"] == "none")
        return end

    def good(self, name, args, **how):
        end = self.op(name, args, **how)
        self.assertEqual(end["code"], "none", end)
        return end["out"]

    def bad(self, code, words, name, args, status=None, remedy="", **how):
        end = self.op(name, args, **how)
        self.assertEqual(end["code"], code, end)
        for word in [words] if isinstance(words, str) else words:
            self.assertIn(word, end["text"])
        self.assertIn(remedy, end["remedy"])
        self.assertFalse(end["text"].endswith("."), end["text"])
        if status is not None:
            self.assertEqual(end["exit"], status)
        return end

    def cure(self, action, status, approval, **more):
        """What destroy and recover are told to do, and the approval that covers it."""
        cure = {"action": action, "status": status} | {k: [] for k in ("sets", "skip", "retain", "empty", "purge", "secrets")} | more
        text = json.dumps(cure, sort_keys=True, separators=(",", ":"))
        return {"cure": cure}, approval | {"parameters_sha256": hashlib.sha256(text.encode()).hexdigest()}

    def events_said(self):
        return [(e["logical_id"], e["status"]) for e in self.said if e["type"] == "event"]

    # --- arguments ---

    def preview_args(self, release=HASH, stack=STACK, **more):
        inputs = {"kind": "static", "profile": "ministack", "parameters": {"ReleasePath": f"/releases/{release}"}}
        return {"kind": "deploy", "stack": stack, "bucket": self.bucket, "template": inputs,
                "template_sha256": self.good("template", inputs)["sha256"], "parameters": dict(inputs["parameters"]),
                "role_arn": self.role, "tags": {"app": "shop", "env": "dev"}, "description": "aws-copilot s1",
                "capabilities": ["CAPABILITY_IAM"], "artefacts": []} | more

    def approved(self, set_, **changes):
        """The arguments of apply for a previewed set, and the approval that covers them."""
        args = {"approval": "0" * 64, "arn": set_["arn"], "stack_id": set_["stack_id"], "stack": set_["stack"],
                "template_sha256": "t" * 64, "parameters_sha256": set_.get("parameters_sha256", "p" * 64),
                "account": self.account}
        args["set_sha256"] = self.good("digest", {k: args[k] for k in ("arn", "stack", "template_sha256", "parameters_sha256")},
                                       keys=self.admin)["sha256"]
        approval = {"account": self.account, "change_set": args["arn"], "stack_id": args["stack_id"],
                    "template_sha256": args["template_sha256"], "parameters_sha256": args["parameters_sha256"],
                    "expires_ms": int(time.time() * 1000) + 60000}
        return args, approval | changes

    def set_of(self, document, name, kind="UPDATE", stack=STACK):
        """A change set made by the administrator; waits until it is there."""
        made = self.cfn.create_change_set(StackName=stack, ChangeSetName=name, ChangeSetType=kind,
                                          TemplateBody=json.dumps(document), Capabilities=["CAPABILITY_IAM"])
        return {"arn": made["Id"], "stack_id": made["StackId"], "stack": stack}

    def stack_of(self, document, stack=STACK, **more):
        made = self.cfn.create_stack(StackName=stack, TemplateBody=json.dumps(document), **more)
        self.wait_for(made["StackId"], "CREATE_COMPLETE")
        return made["StackId"]

    def wait_for(self, stack, status):
        deadline = time.monotonic() + 20
        while self.cfn.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"] != status:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)

    def sets(self, stack=STACK):
        return {s["ChangeSetName"] for s in self.cfn.list_change_sets(StackName=stack)["Summaries"]}


class Preview(Case):
    def test_a_site_is_previewed_applied_previewed_again_and_destroyed_as_the_deployer(self):
        args = self.preview_args()
        made = self.good("preview", args)
        self.assertEqual((made["type"], made["no_change"], made["name"]), ("CREATE", False, "d-s1-1"))
        self.assertIn("Distribution", [c["logical_id"] for c in made["changes"]])
        apply, approval = self.approved(made)
        done = self.good("apply", apply, approval=approval)
        self.assertEqual((done["status"], done["ok"], done["root_cause"]), ("CREATE_COMPLETE", True, None))
        self.assertIn("Url", done["outputs"])
        said = self.events_said()
        self.assertEqual((said[0], said[-1]), ((STACK, "CREATE_IN_PROGRESS"), (STACK, "CREATE_COMPLETE")))
        self.assertEqual(len(said), len(set(said)))

        same = self.good("preview", args, key="s1-2")
        self.assertEqual((same["no_change"], same["arn"]), (True, ""))
        self.assertNotIn("d-s1-2", self.sets())
        other = self.good("preview", self.preview_args("f" * 16), key="s1-3")
        self.assertEqual(other["type"], "UPDATE")
        self.assertIn("Distribution", [c["logical_id"] for c in other["changes"]])

        inventory = self.good("inventory", {"stack": STACK})["resources"]
        bucket = [r for r in inventory if r["retained"]]
        self.assertEqual([r["type"] for r in bucket], ["AWS::S3::Bucket"])
        cure, approval = self.cure("delete", "CREATE_COMPLETE", approval)
        destroy = {"approval": "0" * 64, "stack": STACK, "stack_id": made["stack_id"], "account": self.account} | cure
        gone = self.good("destroy", destroy, approval=approval, key="s1-4")
        self.assertEqual((gone["status"], gone["ok"]), ("DELETE_COMPLETE", True))
        self.assertEqual([(r["type"], r["name"]) for r in gone["left_behind"]],
                         [("AWS::S3::Bucket", bucket[0]["physical_id"])])
        again = self.op("destroy", destroy, approval=approval, key="s1-4", reconcile=True)
        self.assertEqual((again["reconciled"], again["out"]["ok"]), (True, True))

    def test_each_status_is_refused_with_its_sentence_or_goes_on(self):
        args = self.preview_args()
        proxy = self.proxy()
        for status in STATUSES + ["MIGRATE_IN_PROGRESS", "MIGRATE_FAILED", "ODD"]:
            with self.subTest(status):
                proxy.clear()
                proxy.rule("cloudformation", "DescribeStacks", result=fault_proxy.stack(STACK, status))
                proxy.rule("cloudformation", "CreateChangeSet", error={"status": 400, "code": "ValidationError", "message": "m"})
                before = proxy.count("cloudformation", "CreateChangeSet")
                end = self.op("preview", args, endpoint=proxy.url)
                sent = proxy.count("cloudformation", "CreateChangeSet") - before
                if status in FIT:
                    self.assertEqual((end["code"], sent), ("template_rejected", 1), end)
                else:
                    self.assertEqual((end["code"], end["exit"], sent), ("conflict", 1, 0), end)
                    self.assertIn(f"stack {STACK}: ", end["text"])
                    self.assertTrue(end["remedy"])
                    self.assertEqual("does not know" in end["text"], status not in STATUSES)  # a row for each of botocore's
                    seen = self.good("stack_status", {"stack": STACK}, endpoint=proxy.url)
                    self.assertEqual((seen["status"], seen["can_update"], seen["remedy"]), (status, False, end["remedy"]))

    def test_leftovers_of_a_creation_that_nobody_executed_are_deleted(self):
        args = self.preview_args()
        self.set_of(template(T=TOPIC), "d-other-1", "CREATE")
        self.set_of(template(T=TOPIC), "by-hand", "CREATE")
        end = self.bad("locked", "d-other-1", "preview", args, status=1, remedy="aws-copilot approve")
        self.assertIn("waits for a yes", end["text"])
        old = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=31)
        proxy = self.proxy()
        proxy.rule("cloudformation", "ListChangeSets",
                   rewrite=[[r"<CreationTime>[^<]*", "<CreationTime>" + old.strftime("%Y-%m-%dT%H:%M:%S.000Z")]])
        made = self.good("preview", args, endpoint=proxy.url)
        self.assertEqual((made["type"], self.sets()), ("CREATE", {"d-s1-1"}))
        # An earlier set of the same run gives way to the next one.
        made = self.good("preview", args, key="s1-2")
        self.assertEqual(self.sets(), {"d-s1-2"})
        dropped = self.good("discard", {k: made[k] for k in ("arn", "stack_id", "stack")})
        self.assertEqual(dropped, {"deleted": True, "stack_deleted": True})

    def test_what_others_made_or_executed_on_a_living_stack_stays(self):
        self.stack_of(template(T=TOPIC))
        executed = self.set_of(template(T=TOPIC2), "d-other-1")
        self.cfn.execute_change_set(ChangeSetName=executed["arn"])
        self.wait_for(STACK, "UPDATE_COMPLETE")
        self.set_of(template(T=TOPIC), "by-hand")
        kept = self.sets()
        self.good("preview", self.preview_args())
        self.assertEqual(self.sets(), kept | {"d-s1-1"})

    def test_an_artefact_must_be_there_with_its_bytes(self):
        self.client("s3").put_object(Bucket=self.bucket, Key="backend/x.zip", Body=b"zip", ChecksumAlgorithm="SHA256",
                                     IfNoneMatch="*")
        self.client("s3").put_object(Bucket=self.bucket, Key="backend/plain.zip", Body=b"zip", Metadata={"sha256": "0" * 64})
        proxy = self.proxy()
        for key, code, words in (("backend/none.zip", "stale", "is not in the bucket"),
                                 ("backend/x.zip", "conflict", "has other content than its name says"),
                                 ("backend/plain.zip", "conflict", "has other content than its name says")):
            self.bad(code, [key, words], "preview", endpoint=proxy.url,
                     args=self.preview_args(artefacts=[{"bucket": self.bucket, "key": key, "sha256": "0" * 64}]))
        self.assertEqual(proxy.count("cloudformation", "CreateChangeSet"), 0)
        self.good("preview", self.preview_args(artefacts=[
            {"bucket": self.bucket, "key": "backend/x.zip", "sha256": hashlib.sha256(b"zip").hexdigest()}]))

    def test_another_template_than_the_planned_one_is_not_sent(self):
        self.bad("stale", "not the one that was planned", "preview", self.preview_args(template_sha256="0" * 64))

    def test_a_refused_template_has_amazons_words(self):
        proxy = self.proxy()
        for message, code, words in (("Template format error: X", "template_rejected", "does not accept the template: Template"),
                                     (f"Stack:x is in UPDATE_IN_PROGRESS state and can not be updated.", "stale", "changed meanwhile")):
            proxy.clear()
            proxy.rule("cloudformation", "CreateChangeSet", error={"status": 400, "code": "ValidationError", "message": message})
            self.bad(code, words, "preview", self.preview_args(), status=1, endpoint=proxy.url)

    def test_a_missing_capability_has_its_own_sentence(self):
        inputs = {"kind": "bootstrap", "profile": "ministack", "parameters": {"Qualifier": "depl"}}
        args = self.preview_args(stack="bootstrap-two", capabilities=[], template=inputs, parameters=inputs["parameters"],
                                 template_sha256=self.good("template", inputs)["sha256"], role_arn="")
        self.bad("access_denied", "asks for a capability that was not given", "preview", args, keys=self.admin, status=3)

    def test_early_validation_explains_a_failure_and_leaves_nothing(self):
        proxy = self.proxy()
        proxy.rule("cloudformation", "DescribeChangeSet", times=1, rewrite=[
            ["<Status>CREATE_COMPLETE</Status>", "<Status>FAILED</Status>"],
            ["<StatusReason></StatusReason>|<StatusReason/>", ""],
            ["<ExecutionStatus>", f"<StatusReason>{fault_proxy.EARLY_VALIDATION_REASON}</StatusReason><ExecutionStatus>"]])
        proxy.rule("cloudformation", "DescribeEvents", result=fault_proxy.events(
            fault_proxy.early_validation("Oac", "AWS::X", "a warning", mode="WARN"),
            fault_proxy.early_validation("SiteBucket", "AWS::S3::Bucket", "the name is taken", name="NAME_CONFLICT", n=2)))
        end = self.bad("template_rejected", ["early validation (NAME_CONFLICT)", "/Resources/SiteBucket", "the name is taken"],
                       "preview", self.preview_args(), status=1, endpoint=proxy.url)
        self.assertNotIn("a warning", end["text"])
        with self.assertRaises(self.cfn.exceptions.ClientError):
            self.cfn.describe_stacks(StackName=STACK)

    def test_warnings_of_early_validation_are_passed_on(self):
        proxy = self.proxy()
        proxy.rule("cloudformation", "DescribeEvents", result=fault_proxy.events(
            fault_proxy.early_validation("SiteBucket", "AWS::S3::Bucket", "the quota is near", mode="WARN")))
        made = self.good("preview", self.preview_args(), endpoint=proxy.url)
        self.assertEqual(made["warnings"], ["SiteBucket at /Resources/SiteBucket: the quota is near"])
        proxy.clear()
        proxy.rule("cloudformation", "DescribeEvents", error={"status": 403, "code": "AccessDenied", "message": "no"})
        made = self.good("preview", self.preview_args(), key="s1-2", endpoint=proxy.url)
        self.assertIn("the warnings of early validation cannot be read", made["warnings"][0])

    def test_no_change_is_believed_only_when_the_wanted_is_deployed(self):
        made = self.good("preview", self.preview_args())
        self.cfn.execute_change_set(ChangeSetName=made["arn"])
        self.wait_for(STACK, "CREATE_COMPLETE")
        proxy = self.proxy()
        empty = [["<Status>CREATE_COMPLETE</Status>", "<Status>FAILED</Status>"],
                 ["<ExecutionStatus>", "<StatusReason>The submitted information didn&#x27;t contain changes.</StatusReason><ExecutionStatus>"],
                 ["<StatusReason></StatusReason>|<StatusReason/>", ""]]
        proxy.rule("cloudformation", "DescribeChangeSet", times=1, rewrite=empty)
        self.bad("conflict", "sees no change, yet", "preview", self.preview_args("e" * 16), key="s1-2", endpoint=proxy.url)
        self.assertNotIn("d-s1-2", self.sets())
        proxy.clear()
        proxy.rule("cloudformation", "GetTemplate", rewrite=[["DistributionId", "Renamed"]])
        self.bad("conflict", "outputs differ", "preview", self.preview_args(), key="s1-3", endpoint=proxy.url)
        self.assertTrue(self.good("preview", self.preview_args(), key="s1-4")["no_change"])

    def test_an_interrupted_preview_finds_its_set_again(self):
        args = self.preview_args()
        self.assertFalse(self.op("preview", args, reconcile=True)["reconciled"])
        made = self.good("preview", args)
        again = self.op("preview", args, reconcile=True)
        self.assertTrue(again["reconciled"])
        self.assertEqual(again["out"], made)
        self.assertEqual(self.good("preview", args), made)  # running it again makes no second one
        self.assertEqual(self.sets(), {"d-s1-1"})


class Apply(Case):
    bootstrapped = False

    def update(self, name="d-s1-1", document=None):
        self.stack_id = self.stack_of(template(T=TOPIC))
        return self.approved(self.set_of(document or template(T=TOPIC2), name))

    def starts(self):
        """How many operations the stack's own events tell of."""
        return sum(1 for e in self.cfn.describe_stack_events(StackName=STACK)["StackEvents"]
                   if e["PhysicalResourceId"] == e["StackId"] and e["ResourceStatus"] in ("UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS"))

    def test_nothing_is_executed_that_is_not_exactly_what_was_approved(self):
        args, approval = self.update()
        now = int(time.time() * 1000)
        proxy = self.proxy()
        for code, words, change_args, change_approval, rewrite in (
                ("expired", "the approval has expired", {}, {"expires_ms": now - 1}, None),
                ("wrong_account", "approved was 123456789012", {}, {"account": "123456789012"}, None),
                ("stale", "the template_sha256 is not", {}, {"template_sha256": "x"}, None),
                ("stale", "the parameters_sha256 is not", {}, {"parameters_sha256": "x"}, None),
                ("stale", "the stack_id is not", {}, {"stack_id": "x"}, None),
                ("stale", "the arn is not", {}, {"change_set": "x"}, None),
                ("stale", "not the one that was approved", {"set_sha256": "x" * 64}, {}, None),
                ("stale", "not the one that was approved", {}, {}, ["<Action>Modify", "<Action>Remove"]),
                ("stale", "cannot be executed any more (OBSOLETE)", {}, {}, ["AVAILABLE", "OBSOLETE"]),
                ("locked", "does not hold the lock", {"lock": {"bucket": "b" + self.account, "epoch": 1}}, {}, None)):
            with self.subTest(words):
                proxy.clear()
                if "lock" in change_args:
                    self.client("s3").create_bucket(Bucket="b" + self.account,
                                                    CreateBucketConfiguration={"LocationConstraint": self.region})
                if rewrite:
                    proxy.rule("cloudformation", "DescribeChangeSet", rewrite=[rewrite])
                self.bad(code, words, "apply", args | change_args, approval=approval | change_approval, endpoint=proxy.url)
        self.bad("defect", "no approval", "apply", args, endpoint=proxy.url)
        self.assertEqual(proxy.count("cloudformation", "ExecuteChangeSet"), 0)
        self.cfn.delete_change_set(ChangeSetName=args["arn"])
        self.bad("stale", "is gone", "apply", args, approval=approval)

    def test_a_lost_answer_is_one_execution(self):
        for times in (1, 9):  # of the first try; of all
            with self.subTest(times=times):
                stack = self.stack_of(template(T=TOPIC), f"{STACK}{times}")
                args, approval = self.approved(self.set_of(template(T=TOPIC2), "d-s1-1", stack=f"{STACK}{times}"))
                proxy = self.proxy()
                proxy.rule("cloudformation", "ExecuteChangeSet", times=times, cut="after")
                done = self.good("apply", args, approval=approval, endpoint=proxy.url)
                self.assertEqual((done["status"], done["ok"]), ("UPDATE_COMPLETE", True))
                starts = [e for e in self.cfn.describe_stack_events(StackName=stack)["StackEvents"]
                          if e["ResourceStatus"] == "UPDATE_IN_PROGRESS" and e["PhysicalResourceId"] == stack]
                self.assertEqual([e["ClientRequestToken"] for e in starts], ["exec-s1-1"])

    def test_an_interrupted_apply_is_followed_and_not_repeated(self):
        args, approval = self.update()
        self.assertFalse(self.op("apply", args, approval=approval, reconcile=True)["reconciled"])
        done = self.good("apply", args, approval=approval)
        proxy = self.proxy()
        again = self.op("apply", args, approval=approval | {"expires_ms": 1}, reconcile=True, endpoint=proxy.url)
        self.assertEqual((again["reconciled"], again["out"]), (True, done))
        self.assertEqual(proxy.count("cloudformation", "ExecuteChangeSet"), 0)

    def test_throttling_and_breakdowns_are_survived(self):
        args, approval = self.update()
        proxy = self.proxy()
        down = {"status": 503, "code": "ServiceUnavailable", "message": "m"}
        proxy.rule("cloudformation", "ExecuteChangeSet", times=1, throttle=True)
        proxy.rule("cloudformation", "DescribeStacks", times=2, error=down)
        proxy.rule("cloudformation", "DescribeStackEvents", times=1, cut="before")
        self.assertTrue(self.good("apply", args, approval=approval, endpoint=proxy.url)["ok"])

    def test_events_of_one_millisecond_come_once_and_in_order(self):
        args, approval = self.update(document=template(**{f"T{i}": TOPIC for i in range(60)}))
        proxy = self.proxy()
        proxy.rule("cloudformation", "DescribeStackEvents", rewrite=[[r"<Timestamp>[^<]*", "<Timestamp>2099-01-01T00:00:00.000Z"]])
        proxy.rule("cloudformation", "DescribeStacks", times=4, result=fault_proxy.stack(STACK, "UPDATE_IN_PROGRESS", stack_id=self.stack_id))
        self.assertTrue(self.good("apply", args, approval=approval, endpoint=proxy.url)["ok"])
        pages = self.cfn.get_paginator("describe_stack_events").paginate(StackName=STACK)
        want = [(e["LogicalResourceId"], e["ResourceStatus"]) for page in pages for e in page["StackEvents"]
                if e.get("ClientRequestToken") == "exec-s1-1"][::-1]
        self.assertGreater(len(want), 100)
        self.assertEqual(self.events_said(), want)

    def test_a_stale_read_after_the_start_is_not_the_end(self):
        args, approval = self.update()
        proxy = self.proxy()
        proxy.rule("cloudformation", "DescribeStacks", times=4, result=fault_proxy.stack(STACK, "CREATE_COMPLETE", stack_id=self.stack_id))
        done = self.good("apply", args, approval=approval, endpoint=proxy.url)
        self.assertEqual((done["status"], proxy.count("cloudformation", "DescribeStacks")), ("UPDATE_COMPLETE", 5))

    def test_an_end_without_any_event_of_ours_is_no_success(self):
        args, approval = self.update()
        proxy = self.proxy()
        proxy.rule("cloudformation", "DescribeStackEvents", rewrite=[["exec-s1-1", "exec-of-another"]])
        self.bad("service", "shows nothing of it", "apply", args, approval=approval, endpoint=proxy.url, remedy="status")

    def test_a_failed_creation_names_its_cause(self):
        args, approval = self.approved(self.set_of(template(Handle=HANDLE, Wait=WAIT, T=TOPIC), "d-s1-1", "CREATE"))
        done = self.good("apply", args, approval=approval)
        self.assertEqual((done["status"], done["ok"]), ("ROLLBACK_COMPLETE", False))
        self.assertEqual((done["root_cause"]["logical_id"], done["root_cause"]["status"]), ("Wait", "CREATE_FAILED"))
        self.assertIn("timed out", done["root_cause"]["reason"])

    def test_a_failed_update_goes_back_and_names_its_cause(self):
        args, approval = self.update(document=template(T=TOPIC2, Handle=HANDLE, Wait=WAIT))
        done = self.good("apply", args, approval=approval)
        self.assertEqual((done["status"], done["ok"], done["root_cause"]["logical_id"]), ("UPDATE_ROLLBACK_COMPLETE", False, "Wait"))

    def test_a_failure_that_is_to_be_kept_is_left_as_it_is(self):
        args, approval = self.update(document=template(T=TOPIC2, Handle=HANDLE, Wait=WAIT))
        done = self.good("apply", args, approval=approval | {"on_failure": "keep"})
        self.assertEqual((done["status"], done["ok"], done["root_cause"]["logical_id"]), ("UPDATE_FAILED", False, "Wait"))

    def test_the_cause_is_looked_for_in_nested_stacks(self):
        args, approval = self.update()
        nested = [f"arn:aws:cloudformation:eu-west-1:{self.account}:stack/{name}/1" for name in ("inner", "innermost")]

        def events(*rows):  # oldest first
            return {"StackEvents": [{"EventId": f"{row[1]}{i}", "StackId": row[0], "StackName": "s", "LogicalResourceId": row[1],
                                     "PhysicalResourceId": row[2], "ResourceType": row[3], "ResourceStatus": row[4],
                                     "ResourceStatusReason": row[5], "Timestamp": "2099-01-01T00:00:00.000Z",
                                     "ClientRequestToken": "exec-s1-1"} for i, row in enumerate(rows)][::-1]}

        kind = "AWS::CloudFormation::Stack"
        proxy = self.proxy()
        proxy.rule("cloudformation", "DescribeStackEvents", contains="innermost", result=events(
            (nested[1], "Queue", "", "AWS::SQS::Queue", "CREATE_FAILED", "Resource creation cancelled"),
            (nested[1], "Table", "t", "AWS::DynamoDB::Table", "CREATE_FAILED", "the name is taken")))
        proxy.rule("cloudformation", "DescribeStackEvents", contains="inner", result=events(
            (nested[0], "Deep", nested[1], kind, "CREATE_FAILED", "Embedded stack was not successfully created"),
            (nested[0], "inner", nested[0], kind, "CREATE_FAILED", "The following resource(s) failed")))
        proxy.rule("cloudformation", "DescribeStackEvents", result=events(
            (self.stack_id, "Data", nested[0], kind, "CREATE_FAILED", "Embedded stack was not successfully created"),
            (self.stack_id, STACK, self.stack_id, kind, "UPDATE_ROLLBACK_COMPLETE", "")))
        proxy.rule("cloudformation", "DescribeStacks", result=fault_proxy.stack(STACK, "UPDATE_ROLLBACK_COMPLETE", stack_id=self.stack_id))
        done = self.good("apply", args, approval=approval, endpoint=proxy.url)
        self.assertEqual((done["root_cause"]["logical_id"], done["root_cause"]["type"], done["root_cause"]["reason"]),
                         ("Table", "AWS::DynamoDB::Table", "the name is taken"))

    def test_the_first_failure_that_is_no_consequence_is_the_cause_and_is_told_at_once(self):
        args, approval = self.update()
        rows = [  # oldest first
            (STACK, "UPDATE_IN_PROGRESS", "User Initiated"), ("A", "UPDATE_FAILED", "Resource update cancelled"),
            ("B", "CREATE_FAILED", "certificate request was cancelled by the owner"), ("C", "CREATE_FAILED", "Resource creation cancelled"),
            ("D", "UPDATE_FAILED", "later"), (STACK, "UPDATE_ROLLBACK_FAILED", "The following resource(s) failed: [A, B]")]
        events = [{"EventId": str(i), "StackId": self.stack_id, "StackName": STACK, "LogicalResourceId": name,
                   "PhysicalResourceId": self.stack_id if name == STACK else name, "ResourceType": "AWS::X", "ResourceStatus": status,
                   "ResourceStatusReason": reason, "Timestamp": "2099-01-01T00:00:00.000Z", "ClientRequestToken": "exec-s1-1"}
                  for i, (name, status, reason) in enumerate(rows)]
        proxy = self.proxy()
        proxy.rule("cloudformation", "DescribeStackEvents", result={"StackEvents": events[::-1]})
        proxy.rule("cloudformation", "DescribeStacks", times=1, result=fault_proxy.stack(STACK, "UPDATE_ROLLBACK_IN_PROGRESS", stack_id=self.stack_id))
        proxy.rule("cloudformation", "DescribeStacks", result=fault_proxy.stack(STACK, "UPDATE_ROLLBACK_FAILED", stack_id=self.stack_id))
        done = self.good("apply", args, approval=approval, endpoint=proxy.url)
        self.assertEqual((done["ok"], done["cancelled"], done["root_cause"]["logical_id"]), (False, 2, "B"))
        told = [e["text"] for e in self.said if e["type"] == "progress"]
        self.assertEqual(told, ["B failed: certificate request was cancelled by the owner; CloudFormation goes back"])

    def test_destroy_deletes_the_approved_stack_and_no_other(self):
        args, approval = self.update()
        self.assertTrue(self.good("apply", args, approval=approval)["ok"])
        cure, approval = self.cure("delete", "UPDATE_COMPLETE", approval)
        destroy = {"approval": "0" * 64, "stack": STACK, "stack_id": self.stack_id, "account": self.account} | cure
        proxy = self.proxy()
        self.bad("stale", "stack_id", "destroy", destroy, approval=approval | {"stack_id": "x"}, endpoint=proxy.url)
        self.cfn.update_termination_protection(StackName=STACK, EnableTerminationProtection=True)
        self.bad("conflict", "protected against termination", "destroy", destroy, approval=approval, endpoint=proxy.url, remedy="--no-enable-termination-protection")
        self.cfn.update_termination_protection(StackName=STACK, EnableTerminationProtection=False)
        self.assertEqual(proxy.count("cloudformation", "DeleteStack"), 0)
        proxy.rule("cloudformation", "DeleteStack", times=1, error={"status": 403, "code": "AccessDenied", "message": "explicit deny"})
        self.bad("access_denied", "explicit deny", "destroy", destroy, approval=approval, endpoint=proxy.url, remedy="by an administrator")
        # Right after another operation: its end is not the end of the deletion.
        proxy.rule("cloudformation", "DescribeStacks", skip=2, times=3, result=fault_proxy.stack(STACK, "UPDATE_COMPLETE", stack_id=self.stack_id))
        gone = self.good("destroy", destroy, approval=approval, endpoint=proxy.url)
        self.assertEqual((gone["status"], gone["ok"]), ("DELETE_COMPLETE", True))
        more = destroy | {"cure": destroy["cure"] | {"purge": ["a-bucket-of-others"]}}
        self.bad("stale", "not what was approved", "destroy", more, approval=approval, key="s1-8")  # nothing rides on a stack that is gone
        self.assertTrue(self.good("destroy", destroy, approval=approval, key="s1-9")["ok"])  # somebody was faster

    def test_a_deletion_that_fails_names_what_stands_in_its_way(self):
        self.stack_id = self.stack_of(template(T=TOPIC))
        _, approval = self.approved(self.set_of(template(T=TOPIC2), "d-s1-1"))
        cure, approval = self.cure("delete", "CREATE_COMPLETE", approval)
        destroy = {"approval": "0" * 64, "stack": STACK, "stack_id": self.stack_id, "account": self.account} | cure
        row = {"StackId": self.stack_id, "StackName": STACK, "ResourceType": "AWS::S3::Bucket", "ClientRequestToken": "del-s1-1",
               "Timestamp": "2099-01-01T00:00:00.000Z"}
        proxy = self.proxy()
        proxy.rule("cloudformation", "DescribeStacks", skip=2, result=fault_proxy.stack(STACK, "DELETE_FAILED", stack_id=self.stack_id))
        proxy.rule("cloudformation", "DescribeStackEvents", result={"StackEvents": [
            row | {"EventId": "2", "LogicalResourceId": STACK, "PhysicalResourceId": self.stack_id, "ResourceStatus": "DELETE_FAILED"},
            row | {"EventId": "1", "LogicalResourceId": "SiteBucket", "ResourceStatus": "DELETE_FAILED",
                   "ResourceStatusReason": "The bucket you tried to delete is not empty"}]})
        gone = self.good("destroy", destroy, approval=approval, endpoint=proxy.url)
        self.assertEqual((gone["ok"], gone["status"], gone["root_cause"]["logical_id"]), (False, "DELETE_FAILED", "SiteBucket"))


class Rollback(Case):
    def setUp(self):
        super().setUp()
        self.old, self.new = json.dumps(template(T=TOPIC), sort_keys=True), json.dumps(template(T=TOPIC2), sort_keys=True)
        self.stack_id = self.stack_of(json.loads(self.new))
        (self.dir / "artefacts").mkdir()
        self.sha = hashlib.sha256(self.old.encode()).hexdigest()
        (self.dir / f"artefacts/{self.sha}.json").write_text(self.old)
        self.args = {"release": "r1", "stack": STACK, "stack_id": self.stack_id, "function": "", "alias_version": "",
                     "template_sha256": self.sha, "parameters": {}, "tags": {}, "bucket": self.bucket}

    def function(self):
        zips = []
        for text in ("1", "2"):
            path = self.dir / "f.zip"
            with __import__("zipfile").ZipFile(path, "w") as z:
                z.writestr("f.py", f"def h(e, c): return {text}")
            zips.append(path.read_bytes())
        trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
                                                         "Principal": {"Service": "lambda.amazonaws.com"}}]}
        self.client("iam").create_role(RoleName="depl-x", AssumeRolePolicyDocument=json.dumps(trust))
        lam = self.client("lambda")
        lam.create_function(FunctionName="depl-f", Runtime="python3.11", Handler="f.h", Code={"ZipFile": zips[0]},
                            Role=f"arn:aws:iam::{self.account}:role/depl-x")
        lam.publish_version(FunctionName="depl-f")
        lam.update_function_code(FunctionName="depl-f", ZipFile=zips[1])
        lam.publish_version(FunctionName="depl-f")
        lam.create_alias(FunctionName="depl-f", Name="live", FunctionVersion="2")
        self.code = base64.b64encode(hashlib.sha256(zips[0]).digest()).decode()
        return lam

    def test_alias_and_stack_go_back_and_a_second_time_there_is_nothing_to_do(self):
        lam = self.function()
        args = self.args | {"function": "depl-f", "alias_version": "1"}
        done = self.good("rollback", args)
        self.assertEqual((done["alias_moved"], done["ok"], done["status"]), (True, True, "UPDATE_COMPLETE"))
        self.assertEqual(lam.get_alias(FunctionName="depl-f", Name="live")["FunctionVersion"], "1")
        self.assertEqual(self.good("rollback", args), done | {"alias_moved": False})  # interrupted and run again
        proxy = self.proxy()
        again = self.good("rollback", args, key="s1-2", endpoint=proxy.url)
        self.assertEqual((again["alias_moved"], again["ok"]), (False, True))
        self.assertEqual(proxy.count("cloudformation", "ExecuteChangeSet"), 0)

    def test_after_cloudformation_went_back_by_itself_there_is_nothing_to_do(self):
        failing = self.set_of(template(T=TOPIC, Handle=HANDLE, Wait=WAIT), "by-hand")
        self.cfn.execute_change_set(ChangeSetName=failing["arn"])
        (self.dir / "artefacts" / (hashlib.sha256(self.new.encode()).hexdigest() + ".json")).write_text(self.new)
        done = self.good("rollback", self.args | {"template_sha256": hashlib.sha256(self.new.encode()).hexdigest()})
        self.assertEqual((done["ok"], done["status"]), (True, "UPDATE_ROLLBACK_COMPLETE"))  # it waited for the end

    def test_a_version_that_cannot_be_taken_is_told_and_the_stack_goes_back(self):
        """It is gone, has other code, or AWS refuses: the change set publishes that code again."""
        lam, fault = self.function(), self.proxy()
        args = self.args | {"function": "depl-f", "alias_version": "1", "parameters": {"BackendSha256B64": "other"}}
        fault.rule("lambda", "PUT", error={"status": 403, "code": "AccessDenied", "message": "not today"})
        for n, (more, words) in enumerate((({}, "has other code than the release"), ({"alias_version": "9"}, "version 9 of the function is gone"),
                                           ({"parameters": {}}, "AWS denies this call"))):
            if n > 0:  # the next try begins where the first did
                self.cfn.update_stack(StackName=STACK, TemplateBody=self.new)
                self.wait_for(self.stack_id, "UPDATE_COMPLETE")
            done = self.good("rollback", args | more, key=f"s1-{n}", endpoint=fault.url)
            self.assertEqual((done["alias_moved"], done["ok"], done["status"]), (False, True, "UPDATE_COMPLETE"))
            self.assertIn(words, json.dumps(self.said))
            self.assertEqual(self.cfn.get_template(StackName=STACK)["TemplateBody"], json.loads(self.old))
        self.assertEqual(lam.get_alias(FunctionName="depl-f", Name="live")["FunctionVersion"], "2")

    def test_another_account_or_a_damaged_template_stops_it(self):
        self.bad("wrong_account", "approved was 123456789012", "rollback",
                 self.args | {"stack_id": self.stack_id.replace(self.account, "123456789012")})
        (self.dir / f"artefacts/{self.sha}.json").write_text("{}")
        self.bad("corrupt", "holds other bytes", "rollback", self.args)
        (self.dir / f"artefacts/{self.sha}.json").unlink()
        self.bad("not_found", self.sha, "rollback", self.args, remedy="deploy the old commit again")
        self.client("s3").put_object(Bucket=self.bucket, Key=f"templates/{self.sha}.json", Body=self.old.encode(), IfNoneMatch="*")
        self.assertTrue(self.good("rollback", self.args)["ok"])


class Lock(Case):
    def lock(self, action, session="s1", **more):
        return self.op("lock", {"bucket": self.bucket, "stack": STACK, "action": action} | more, session=session)

    def body(self, epoch):
        got = self.client("s3").get_object(Bucket=self.bucket, Key=f"locks/{STACK}/{epoch:012d}")
        return json.loads(got["Body"].read())

    def write(self, epoch, body, suffix=""):
        self.client("s3").put_object(Bucket=self.bucket, Key=f"locks/{STACK}/{epoch:012d}{suffix}",
                                     Body=json.dumps(body).encode(), IfNoneMatch="*")

    def test_a_living_owner_is_named_and_a_dead_expired_or_released_one_stepped_over(self):
        first = self.lock("acquire")
        self.assertEqual(first["out"], {"held": True, "epoch": 1})
        self.assertEqual(self.lock("acquire", "s2")["out"]["epoch"], 2)  # the first process is dead
        body = self.body(2)
        self.assertEqual((body["run"], body["host"].split("/")[0]), ("s2", socket.gethostname()))
        me = body | {"run": "s3", "pid": os.getpid(), "user": "ada",
                     "start": int(open("/proc/self/stat").read().rsplit(")", 1)[1].split()[19])}
        self.write(3, me)
        end = self.lock("acquire", "s4")
        self.assertEqual((end["code"], end["exit"]), ("locked", 1), end)
        for word in (STACK, "run s3", f"ada on {socket.gethostname()}", f"process {os.getpid()}", "since 20"):
            self.assertIn(word, end["text"])
        self.assertIn("aws-copilot attach s3", end["remedy"])
        self.assertEqual(self.lock("acquire", "s3")["out"]["epoch"], 4)  # its own run, from before an interruption
        self.write(5, me | {"host": "elsewhere/x/y"})
        self.assertIn("ada on elsewhere,", self.lock("acquire", "s4")["text"])
        self.write(6, me | {"host": "elsewhere/x/y", "expires_ms": 1})
        self.assertEqual(self.lock("acquire", "s4")["out"]["epoch"], 7)
        self.write(8, me)
        self.assertEqual(self.lock("release", "s3", epoch=8)["out"], {"held": False, "epoch": 8})
        self.assertEqual(self.lock("acquire", "s4")["out"]["epoch"], 9)

    def test_a_process_that_slept_past_its_lease_does_not_take_the_lock_from_the_one_that_went_on(self):
        def as_owner(lease):
            return self.op("lock", {"bucket": self.bucket, "stack": STACK, "action": "acquire"}, session="s1", epoch=lease)

        self.assertEqual(as_owner(2)["out"]["epoch"], 1)
        self.assertEqual(as_owner(1)["code"], "locked")
        self.assertEqual(as_owner(2)["out"]["epoch"], 2)
        self.assertEqual(as_owner(3)["out"]["epoch"], 3)

    def test_the_effect_itself_looks_whether_the_lock_is_still_held(self):
        epoch = self.lock("acquire")["out"]["epoch"]
        self.assertEqual(self.lock("acquire", "s2")["out"]["epoch"], epoch + 1)
        args = {"release": "r", "stack": STACK, "stack_id": f"arn:aws:cloudformation:{self.region}:{self.account}:stack/x/y",
                "function": "", "alias_version": "", "template_sha256": "0" * 64, "parameters": {}, "tags": {},
                "lock": {"bucket": self.bucket, "epoch": epoch}}
        self.bad("locked", "does not hold the lock", "rollback", args)
        stack = self.stack_of(template(T=TOPIC))
        self.bad("not_found", "the template", "rollback",
                 args | {"stack_id": stack, "lock": {"bucket": self.bucket, "epoch": epoch + 1}})
        self.lock("release", "s2", epoch=epoch + 1)
        self.bad("locked", "does not hold the lock", "rollback",
                 args | {"stack_id": stack, "lock": {"bucket": self.bucket, "epoch": epoch + 1}})

    def test_a_living_owners_lock_is_not_given_back_as_a_dead_ones(self):
        self.lock("acquire")
        self.write(2, self.body(1) | {"run": "s9", "pid": os.getpid(), "start": int(
            open("/proc/self/stat").read().rsplit(")", 1)[1].split()[19])})
        args = {"bucket": self.bucket, "stack": STACK, "account": self.account, "epoch": 2, "is_stale": True}
        self.bad("locked", "not known to be dead", "unlock", args)
        self.bad("stale", "changed hands", "unlock", args | {"epoch": 1})
        self.assertEqual(self.good("unlock", args | {"is_stale": False}), {"held": False, "epoch": 2})

    def test_racing_runs_never_share_an_epoch(self):
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            ends = list(pool.map(lambda i: self.lock("acquire", f"r{i}"), range(6)))
        epochs = [e["out"]["epoch"] for e in ends if e["code"] == "none"]
        self.assertTrue(epochs)
        self.assertEqual(len(epochs), len(set(epochs)))
        self.assertEqual({e["code"] for e in ends} - {"none", "locked"}, set())

    def test_of_two_that_write_the_same_epoch_at_once_one_has_it(self):
        both = threading.Barrier(2, timeout=60)
        fault = self.proxy()
        fault.rule("s3", "PutObject", path="locks/.*1$", times=2, call=lambda request: both.wait())
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            ends = list(pool.map(lambda run: self.op("lock", {"bucket": self.bucket, "stack": STACK, "action": "acquire"}, session=run,
                                                     endpoint=fault.url), ("r1", "r2")))
        self.assertEqual([end["out"]["epoch"] for end in ends if end["code"] == "none"].count(1), 1, ends)

    def test_a_damaged_lock_and_a_wrong_word_have_their_sentences(self):
        self.client("s3").put_object(Bucket=self.bucket, Key=f"locks/{STACK}/000000000001", Body=b"{", IfNoneMatch="*")
        end = self.lock("acquire")
        self.assertEqual((end["code"], "cannot be read" in end["text"]), ("corrupt", True), end)
        self.assertEqual(self.lock("borrow")["code"], "invalid")
        self.assertEqual(self.lock("release")["code"], "invalid")


class Upload(Case):
    def file(self, name, data, key, **more):
        (self.dir / name).write_bytes(data)
        return {"path": name, "key": key, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data),
                "content_type": "text/plain"} | more

    def send(self, *files, endpoint=None):
        return self.op("upload", {"bucket": self.bucket, "base": str(self.dir), "files": list(files)}, endpoint=endpoint)

    def test_what_is_there_is_skipped_and_a_large_file_goes_in_parts(self):
        large = self.file("large", os.urandom(1 << 20) * 17, "backend/large.zip")
        small = [self.file(f"f{i}", b"%d" % i, f"shared/assets/f{i}.js", cache_control="no-cache") for i in range(40)]
        proxy = self.proxy()
        end = self.send(large, *small, endpoint=proxy.url)
        self.assertEqual(end["out"], {"uploaded": 41, "skipped": 0, "bytes": (17 << 20) + sum(f["bytes"] for f in small)}, end)
        self.assertEqual(proxy.count("s3", "UploadPart"), 3)
        self.assertEqual(self.said[-1] | {"done": 41, "of": 41}, self.said[-1])
        got = self.client("s3").head_object(Bucket=self.bucket, Key="shared/assets/f1.js")
        self.assertEqual((got["ContentType"], got["CacheControl"]), ("text/plain", "no-cache"))
        self.assertEqual(self.send(large, *small)["out"], {"uploaded": 0, "skipped": 41, "bytes": 0})

    def test_one_name_with_other_bytes_is_a_conflict_that_names_it(self):
        self.send(self.file("a", b"one", "shared/assets/app.js"))
        for data in (b"two", b"three"):
            end = self.send(self.file("a", data, "shared/assets/app.js"))
            self.assertEqual((end["code"], end["text"]), ("conflict", "shared/assets/app.js is there with other content"))
            self.assertIn("hash", end["remedy"])

    def test_a_file_that_is_gone_or_changed_stops_the_upload(self):
        file = self.file("a", b"one", "releases/1/a")
        (self.dir / "a").write_bytes(b"two")
        self.assertNotEqual(self.send(file)["code"], "none")
        (self.dir / "a").unlink()
        self.assertEqual(self.send(file)["code"], "not_found")


class Plane(http.server.BaseHTTPRequestHandler):
    """The data plane of the probe's tests: `script` answers (status, headers, body) for path and count."""

    def do_GET(self):
        self.server.hosts.append((self.headers["Host"], self.headers["X-Forwarded-Proto"]))
        n = self.server.counts[self.path] = self.server.counts.get(self.path, 0) + 1
        status, headers, body = self.server.script(self.path, n)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Probe(Case):
    bootstrapped = False
    NEW = {"x-aws-copilot-build": "new"}

    def setUp(self):
        super().setUp()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Plane)
        self.server.counts, self.server.hosts = {}, []
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)

    def look(self, script, deadline_ms=1200, known="", **args):
        self.server.script = script
        return self.good("probe", {"url": "https://d1.cloudfront.net", "health_path": "/api/health", "build_id": "new",
                                   "deadline_ms": deadline_ms} | args, known=known,
                         endpoint=f"http://127.0.0.1:{self.server.server_port}")

    def site(self, path, n):
        return {"/api/health": (200, self.NEW, b"{}"), "/": (200, {}, b"<html>"), "/assets/a.js": (200, {}, b"js")}[path]

    FILES = {"index_sha256": hashlib.sha256(b"<html>").hexdigest(),
             "asset": {"path": "assets/a.js", "sha256": hashlib.sha256(b"js").hexdigest()}}

    def test_three_right_rounds_through_the_public_name_pass(self):
        got = self.look(self.site, **self.FILES)
        self.assertEqual((got["passed"], got["in_row"], got["attempts"], got["failed_hop"]), (True, 3, 3, ""))
        self.assertEqual([h["name"] for h in got["hops"]], ["health", "index", "asset"])
        self.assertEqual(set(self.server.hosts), {("d1.cloudfront.net", "https")})

    def test_each_failure_has_its_sentence_and_its_hop(self):
        rows = (
            ("health", ["build old", "the new one is new"], lambda p, n: (200, {"x-aws-copilot-build": "old"}, b"{}")),
            ("health", ["of the new build answers 500"], lambda p, n: (500, self.NEW, b"{}")),
            ("health", ["no code", "mock response"], lambda p, n: (200, {}, b"Mock response - no code deployed")),
            ("health", ["200 without our build header"], lambda p, n: (200, {}, b"{}")),
            ("health", ["403 without our build header: Forbidden"], lambda p, n: (403, {}, b'{"message": "Forbidden"}')),
            ("health", ["500 without our build header: Internal"], lambda p, n: (500, {}, b'{"message":"Internal Server Error"}')),
            ("health", ["does not start", "502: Worker init failed: No module named 'x' ***"], lambda p, n: (
                502, {}, b'{"errorMessage": "Worker init failed: No module\\nnamed \'x\' hush-hush-word"}')),
            ("health", ["502 without our build header"], lambda p, n: (502, {}, b"<html>CloudFront</html>")),
        )
        for hop, words, script in rows:
            with self.subTest(words):
                got = self.look(script, deadline_ms=300, known="hush-hush-word", **self.FILES)
                self.assertEqual((got["passed"], got["failed_hop"]), (False, hop), got)
                for word in words:
                    self.assertIn(word, got["sentence"])
                self.assertNotIn("hush", json.dumps(got))
                self.assertNotIn("\n", got["sentence"])
        for path, hop in (("/", "index"), ("/assets/a.js", "asset")):
            got = self.look(lambda p, n: (200, {}, b"other") if p == path else self.site(p, n), deadline_ms=300, **self.FILES)
            self.assertEqual((got["failed_hop"], got["sentence"]), (hop, f"{path} is not the file of this release"))

    def test_nobody_there_is_an_answer_and_not_an_error(self):
        self.server.shutdown()
        self.server.server_close()
        got = self.look(None, deadline_ms=300)
        self.assertEqual((got["passed"], got["hops"][0]["status"]), (False, 0))
        self.assertIn("127.0.0.1", got["sentence"])

    def test_a_late_start_and_one_502_are_waited_for(self):
        late = lambda p, n: (502, {}, b'{"errorMessage": "Worker process exited immediately"}') if n == 1 else self.site(p, n)
        self.assertTrue(self.look(late, deadline_ms=5000)["passed"])
        self.server.counts.clear()
        one = lambda p, n: (502, {}, b"") if n == 3 else self.site(p, n)
        got = self.look(one, deadline_ms=5000)
        self.assertEqual((got["passed"], got["attempts"]), (True, 6))  # the row begins again

    def test_a_row_that_has_begun_is_finished_after_the_deadline(self):
        def slow(p, n):
            time.sleep(0.4)
            return self.site(p, n)
        self.assertTrue(self.look(slow, deadline_ms=300)["passed"])

    def test_a_function_that_cannot_start_is_given_up_early(self):
        got = self.look(lambda p, n: (502, {}, b'{"errorMessage": "Worker init failed: no"}'), deadline_ms=300000)
        self.assertFalse(got["passed"])
        self.assertTrue(20000 <= got["elapsed_ms"] < 300000, got)
        self.assertLessEqual(len(self.said), 4)  # the same sentence is not told every half second


class Identity(Case):
    bootstrapped = False

    def test_who_and_where(self):
        got = self.good("identity", {})
        self.assertEqual((got["account"], got["region"], got["endpoint"], got["profile"]), (self.account, self.region, self.aws.url, "ministack"))
        self.assertEqual(got["arn"], f"arn:aws:iam::{self.account}:user/admin")

    def test_each_trouble_with_credentials_has_its_sentence_and_ends_with_3(self):
        proxy = self.proxy()
        proxy.rule("sts", "GetCallerIdentity", error={"status": 403, "code": "ExpiredToken", "message": "The security token included in the request is expired"})
        wrong = self.keys | {"AWS_SECRET_ACCESS_KEY": "wrong/secret+key/of/forty/characters/xxx="}
        for code, words, more in (("credentials", "credentials", {"keys": {}}), ("credentials", "expired", {"endpoint": proxy.url}),
                                  ("credentials", "secret access key does not belong", {"keys": wrong}),
                                  ("wrong_account", f"belong to account {self.account}", {"account": "123456789012"})):
            with self.subTest(words):
                self.assertTrue(self.bad(code, words, "identity", {}, status=3, **more)["remedy"])

    def test_a_clock_that_is_off_is_corrected_and_told_or_has_its_sentence(self):
        proxy = self.proxy(keys={self.keys["AWS_ACCESS_KEY_ID"]: self.keys["AWS_SECRET_ACCESS_KEY"]})
        proxy.rule(clock_s=600)
        got = self.good("identity", {}, endpoint=proxy.url)
        self.assertIn("seconds behind AWS's", got["warnings"][-1])
        proxy.clear()
        proxy.rule(clock_s=600, headers={"Age": "5"})
        self.bad("clock_skew", "clock", "identity", {}, status=3, endpoint=proxy.url)

    def test_a_missing_permission_is_named(self):
        nobody = self.aws.user("nobody", policy=None, account=self.account)
        self.bad("access_denied", "denies", "stack_status", {"stack": STACK}, status=3, keys=nobody, remedy="cloudformation:DescribeStacks")


class Reads(Case):
    bootstrapped = False

    def test_an_absent_stack_is_an_answer_or_named(self):
        self.assertEqual(self.good("stack_status", {"stack": STACK})["exists"], False)
        for name in ("outputs", "inventory", "logs"):
            self.bad("not_found", STACK, name, {"stack": STACK}, status=6)

    def test_logs_of_several_groups_are_one_story_that_can_be_read_on(self):
        self.stack_of(template(A={"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "ga"}},
                               B={"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "gb"}}))
        logs, now = self.client("logs"), int(time.time() * 1000)
        for group, times in (("ga", (0, 2, 4)), ("gb", (1, 3, 4))):
            logs.create_log_stream(logGroupName=group, logStreamName="s")
            logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=[
                {"timestamp": now + 10 * t, "message": f"{group}{t}\n"} for t in times])
        args = {"stack": STACK, "since_ms": now - 1000, "until_ms": now + 1000}
        read = lambda **more: self.good("logs", args | more)
        self.assertEqual([l["text"] for l in read()["lines"]], ["ga0", "gb1", "ga2", "gb3", "ga4", "gb4"])
        first = read(limit=5)  # the lines of one millisecond stay together
        self.assertEqual(([l["text"] for l in first["lines"]], first["next_ms"]), (["ga0", "gb1", "ga2", "gb3"], now + 40))
        self.assertEqual([l["text"] for l in read(limit=5, since_ms=first["next_ms"])["lines"]], ["ga4", "gb4"])
        self.bad("invalid", "lines", "logs", args | {"limit": 0})

    def test_parameters_never_come_with_values(self):
        ssm = self.client("ssm")
        for i in range(12):
            ssm.put_parameter(Name=f"/depl/shop/dev/K{i:02d}", Value=f"hush{i}", Type="SecureString" if i % 2 else "String")
        got = self.good("parameters", {"path": "/depl/shop/dev"})
        self.assertEqual([p["name"][-3:] for p in got["parameters"]], [f"K{i:02d}" for i in range(12)])
        self.assertNotIn("hush", json.dumps(got))
