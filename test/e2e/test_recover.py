"""Out of every state a stack can be in: the operations on the local AWS as the deployer user, and the verbs.

What the local AWS can reach is real; what it cannot, the fault proxy says (a fake).
"""
import json
import re
import socket
import time
import urllib.parse
import zipfile
from pathlib import Path

import botocore.session
import fault_proxy
import lab
import test_deployer
import todo
from test_deployer import HANDLE, STACK, TOPIC, TOPIC2, WAIT, template

MODEL = botocore.session.Session().get_service_model("cloudformation")
ENUMS = {name: set(MODEL.shape_for(name).enum) for name in ("StackStatus", "ChangeSetStatus", "ExecutionStatus")}
# A custom resource that says no to some requests: the only thing that makes the local AWS fail to go back or to delete.
STUBBORN = '''import json, urllib.request
def h(event, context):
    body = json.dumps({"Status": "FAILED" if event["RequestType"] in %r else "SUCCESS", "Reason": "it says no",
                       "PhysicalResourceId": "x", "StackId": event["StackId"], "RequestId": event["RequestId"],
                       "LogicalResourceId": event["LogicalResourceId"], "Data": {}}).encode()
    urllib.request.urlopen(urllib.request.Request(event["ResponseURL"], data=body, method="PUT"))
'''


def table(name):
    """The rows of a printed table, as lists of words."""
    lines = (lab.ROOT / f"docs/tables/{name}.md").read_text().splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")][1:]


class Tables(lab.Case):
    def test_no_status_of_botocore_is_missing_and_none_is_made_up(self):
        self.assertEqual({row[0] for row in table("stack-states")} - {"(absent)"}, ENUMS["StackStatus"])
        rows = table("set-states")
        self.assertEqual({row[0] for row in rows}, ENUMS["ChangeSetStatus"])
        self.assertEqual({row[1] for row in rows if row[0] == "CREATE_COMPLETE"}, ENUMS["ExecutionStatus"])


class Case(test_deployer.Case):
    def setUp(self):
        super().setUp()
        self.stack_id = None

    def failing(self, kind, **more):
        """A stack whose creation (or update, of one that is there) fails at a wait condition."""
        document = json.dumps(template(T=TOPIC2, Handle=HANDLE, Wait=WAIT))
        if kind == "create":
            self.stack_id = self.cfn.create_stack(StackName=STACK, TemplateBody=document, **more)["StackId"]
        else:
            self.cfn.update_stack(StackName=STACK, TemplateBody=document, **more)

    def stubborn(self, *requests):
        """The ARN of a function behind a custom resource."""
        path = self.dir / "stubborn.zip"
        with zipfile.ZipFile(path, "w") as z:
            z.writestr("f.py", STUBBORN % (requests,))
        trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
                                                         "Principal": {"Service": "lambda.amazonaws.com"}}]}
        self.client("iam").create_role(RoleName="depl-x", AssumeRolePolicyDocument=json.dumps(trust))
        made = self.client("lambda").create_function(FunctionName="depl-stubborn", Runtime="python3.11", Handler="f.h", Timeout=10,
                                                     Code={"ZipFile": path.read_bytes()}, Role=f"arn:aws:iam::{self.account}:role/depl-x")
        return {"Type": "AWS::CloudFormation::CustomResource",
                "Properties": {"ServiceToken": made["FunctionArn"], "Version": "1"}}

    def status(self):
        return self.cfn.describe_stacks(StackName=self.stack_id)["Stacks"][0]["StackStatus"]

    def args(self, action, status, **more):
        cure, approval = self.cure(action, status, {"account": self.account, "stack_id": self.stack_id,
                                                    "expires_ms": int(time.time() * 1000) + 60000}, **more)
        return {"approval": "0" * 64, "stack": STACK, "stack_id": self.stack_id, "account": self.account} | cure, approval

    def recover(self, action, status, key="s1-1", endpoint=None, **more):
        args, approval = self.args(action, status, **more)
        return self.good("recover", args, approval=approval, key=key, endpoint=endpoint)

    def diagnosis(self, **how):
        return self.good("diagnose", {"stack": STACK}, **how)


class Real(Case):
    """States that the local AWS reaches."""

    def test_a_creation_that_was_undone_is_deleted(self):
        self.failing("create")
        self.wait_for(self.stack_id, "ROLLBACK_COMPLETE")
        seen = self.diagnosis()
        self.assertEqual((seen["cure"], seen["is_empty"], seen["failed"]), ("delete", True, []))
        done = self.recover("delete", "ROLLBACK_COMPLETE")
        self.assertEqual((done["ok"], done["status"]), (True, "DELETE_COMPLETE"))
        again = self.op("recover", self.args("delete", "ROLLBACK_COMPLETE")[0], approval={}, reconcile=True)
        self.assertTrue(again["reconciled"], again)

    def test_a_creation_that_was_kept_is_deleted(self):
        self.failing("create", DisableRollback=True)
        self.wait_for(self.stack_id, "CREATE_FAILED")
        self.assertEqual(self.diagnosis()["cure"], "delete")
        self.assertTrue(self.recover("delete", "CREATE_FAILED")["ok"])

    def test_an_update_that_was_kept_goes_back(self):
        self.stack_id = self.stack_of(template(T=TOPIC))
        self.failing("update", DisableRollback=True)
        self.wait_for(self.stack_id, "UPDATE_FAILED")
        self.assertEqual(self.diagnosis()["cure"], "rollback")
        done = self.recover("rollback", "UPDATE_FAILED")
        self.assertEqual((done["ok"], done["status"]), (True, "UPDATE_ROLLBACK_COMPLETE"))
        self.assertIn((STACK, "UPDATE_ROLLBACK_COMPLETE"), self.events_said())
        args, approval = self.args("rollback", "UPDATE_FAILED")
        again = self.op("recover", args, approval=approval, reconcile=True)
        self.assertEqual((again["reconciled"], again["out"]["ok"]), (True, True))
        self.assertFalse(self.op("recover", args, approval=approval, reconcile=True, key="s1-7")["reconciled"])
        self.bad("stale", ["UPDATE_ROLLBACK_COMPLETE now", "it was in UPDATE_FAILED"], "recover", args, approval=approval, key="s1-7")

    def test_a_rollback_that_failed_fails_again_and_goes_on_without_what_stands_in_its_way(self):
        stubborn = self.stubborn("Update")
        self.stack_id = self.stack_of(template(T=TOPIC, C=stubborn))
        changed = stubborn | {"Properties": stubborn["Properties"] | {"Version": "2"}}
        self.cfn.update_stack(StackName=STACK, TemplateBody=json.dumps(template(T=TOPIC2, C=changed)))
        self.wait_for(self.stack_id, "UPDATE_ROLLBACK_FAILED")
        seen = self.diagnosis()
        self.assertEqual((seen["cure"], [(f["logical_id"], f["skippable"]) for f in seen["failed"]]), ("continue", [("C", True)]))
        once = self.recover("continue", "UPDATE_ROLLBACK_FAILED")
        self.assertEqual((once["ok"], once["status"], once["root_cause"]["logical_id"]), (False, "UPDATE_ROLLBACK_FAILED", "C"))
        done = self.recover("continue", "UPDATE_ROLLBACK_FAILED", key="s1-2", skip=["C"])
        self.assertEqual((done["ok"], done["status"]), (True, "UPDATE_ROLLBACK_COMPLETE"))

    def test_a_deletion_that_failed_gives_up_what_cannot_be_deleted_and_names_it(self):
        self.stack_id = self.stack_of(template(T=TOPIC, C=self.stubborn("Delete")))
        self.cfn.delete_stack(StackName=STACK)
        self.wait_for(self.stack_id, "DELETE_FAILED")
        seen = self.diagnosis()
        self.assertEqual((seen["cure"], [(f["logical_id"], f["retainable"]) for f in seen["failed"]]), ("delete", [("C", True)]))
        once = self.recover("delete", "DELETE_FAILED")
        self.assertEqual((once["ok"], once["root_cause"]["logical_id"]), (False, "C"))
        done = self.recover("delete", "DELETE_FAILED", key="s1-2", retain=["C"])
        self.assertEqual((done["ok"], [r["logical_id"] for r in done["left_behind"]]), (True, ["C"]))

    def test_leftovers_go_and_what_waits_for_a_yes_stays(self):
        made = self.set_of(template(T=TOPIC), "by-hand", "CREATE")
        self.stack_id = made["stack_id"]
        young = self.diagnosis()
        self.assertEqual([(s["name"], s["class"], s["leftover"]) for s in young["sets"]], [("by-hand", "ready", False)])
        proxy = self.proxy()
        proxy.rule("cloudformation", "ListChangeSets", rewrite=[[r"<CreationTime>[^<]*", "<CreationTime>2026-01-01T00:00:00.000Z"]])
        old = self.diagnosis(endpoint=proxy.url)
        self.assertEqual((old["cure"], old["sets"][0]["leftover"]), ("discard", True))
        done = self.recover("discard", "REVIEW_IN_PROGRESS", sets=[old["sets"][0]["arn"]])
        self.assertTrue(done["ok"])
        self.assertFalse(self.diagnosis()["exists"])

    def test_on_a_living_stack_only_the_programs_own_leftovers_go(self):
        self.stack_id = self.stack_of(template(T=TOPIC))
        for name in ("d-old-1", "by-hand"):
            self.set_of(template(T=TOPIC2), name)
        proxy = self.proxy()
        proxy.rule("cloudformation", "ListChangeSets", rewrite=[[r"<CreationTime>[^<]*", "<CreationTime>2026-01-01T00:00:00.000Z"]])
        left = [s["arn"] for s in self.diagnosis(endpoint=proxy.url)["sets"] if s["leftover"]]
        self.assertEqual(len(left), 1)
        done = self.recover("discard", "CREATE_COMPLETE", sets=left)
        self.assertEqual((done["ok"], done["status"], self.sets()), (True, "CREATE_COMPLETE", {"by-hand"}))

    def test_a_bucket_that_goes_with_its_stack_is_emptied_and_no_other(self):
        bucket = {"Type": "AWS::S3::Bucket", "Properties": {"VersioningConfiguration": {"Status": "Enabled"},
                                                            "BucketName": f"{STACK}-sitebucket-{self.account}"}}
        self.stack_id = self.stack_of(template(SiteBucket=bucket))
        name, s3 = bucket["Properties"]["BucketName"], self.client("s3")
        for text in (b"one", b"two"):
            s3.put_object(Bucket=name, Key="a", Body=text)
        s3.delete_object(Bucket=name, Key="a")
        rows = self.good("inventory", {"stack": STACK})["resources"]
        self.assertEqual([(r["objects"], r["bytes"], r["retained"]) for r in rows], [(3, 6, False)])
        self.bad("policy", "not one that stack", "recover", *[], **self.covered("delete", "CREATE_COMPLETE", empty=[self.bucket]))
        done = self.recover("delete", "CREATE_COMPLETE", empty=[name])
        self.assertEqual((done["ok"], done["left_behind"]), (True, []))
        self.assertIn("3 object versions deleted", json.dumps(self.said))
        self.assertNotIn(name, [b["Name"] for b in s3.list_buckets()["Buckets"]])

    def covered(self, action, status, **more):
        args, approval = self.args(action, status, **more)
        return {"args": args, "approval": approval}

    def test_nothing_is_done_that_is_not_exactly_what_was_approved(self):
        self.stack_id = self.stack_of(template(T=TOPIC))
        args, approval = self.args("delete", "CREATE_COMPLETE")
        self.bad("stale", "not what was approved", "recover", args | {"cure": args["cure"] | {"empty": [self.bucket]}}, approval=approval)
        self.bad("expired", "expired", "recover", args, approval=approval | {"expires_ms": 1})
        self.bad("defect", "nothing that is done", "recover", **self.covered("heal", "CREATE_COMPLETE"))
        self.assertEqual(self.status(), "CREATE_COMPLETE")

    def test_a_set_is_executed_only_in_the_state_that_waits_for_a_yes(self):
        self.stack_id = self.stack_of(template(T=TOPIC))
        args, approval = self.approved(self.set_of(template(T=TOPIC2), "d-s1-1"))
        proxy = self.proxy()
        for status, execution, kind, *_ in table("set-states"):
            with self.subTest(status=status, execution=execution):
                proxy.clear()
                now = "AVAILABLE" if execution == "(any)" else execution
                proxy.rule("cloudformation", "DescribeChangeSet", rewrite=[
                    ["<Status>CREATE_COMPLETE<", f"<Status>{status}<"], ["<ExecutionStatus>AVAILABLE<", f"<ExecutionStatus>{now}<"]])
                proxy.rule("cloudformation", "ExecuteChangeSet", error={"status": 403, "code": "AccessDenied", "message": "far enough"})
                before = proxy.count("cloudformation", "ExecuteChangeSet")
                if kind == "ready":
                    self.assertIn("far enough", self.good("apply", args, approval=approval, endpoint=proxy.url)["refused"])
                else:
                    self.bad("stale", "cannot be executed any more", "apply", args, approval=approval, endpoint=proxy.url)
                self.assertEqual(proxy.count("cloudformation", "ExecuteChangeSet") - before, int(kind == "ready"))

    def test_another_actors_work_is_waited_for(self):
        self.stack_id = self.stack_of(template(T=TOPIC))
        self.failing("update")
        self.assertEqual(self.diagnosis()["cure"], "wait")
        self.assertEqual(self.good("wait", {"stack_id": self.stack_id})["status"], "UPDATE_ROLLBACK_COMPLETE")


class Refused(Case):
    """What AWS says no to, and what is in the way: words and statuses are the proxy's (a fake)."""

    KIND = "AWS::CloudFormation::Stack"

    def setUp(self):
        super().setUp()
        self.stack_id = self.stack_of(template(T=TOPIC))
        self.fault = self.proxy()

    def nested_id(self, name):
        return f"arn:aws:cloudformation:eu-west-1:{self.account}:stack/{name}/1"

    def tells(self, stack_id, *rows, token="x"):
        """Events of a stack, oldest first, each (logical id, physical id, type, status, reason); and the resources as they are then."""
        events = [{"EventId": f"{n}-{row[0]}", "StackId": stack_id, "StackName": "s", "LogicalResourceId": row[0], "PhysicalResourceId": row[1],
                   "ResourceType": row[2], "ResourceStatus": row[3], "ResourceStatusReason": row[4], "ClientRequestToken": token,
                   "Timestamp": f"2099-01-01T00:00:{n:02}.000Z"} for n, row in enumerate(rows)]
        last = {e["LogicalResourceId"]: e for e in events if e["PhysicalResourceId"] != stack_id}
        name = urllib.parse.quote(stack_id, safe="")
        self.fault.rule("cloudformation", "DescribeStackEvents", contains=name, result={"StackEvents": events[::-1]})
        self.fault.rule("cloudformation", "DescribeStackResources", contains=name, result={"StackResources": list(last.values())})

    def test_the_resources_of_a_nested_stack_are_named_as_cloudformation_skips_them(self):
        kid, grandkid = self.nested_id("shop-Kid-1X"), self.nested_id("shop-Kid-1X-Deep-2Y")
        self.tells(grandkid, ("shop-Kid-1X-Deep-2Y", grandkid, self.KIND, "UPDATE_ROLLBACK_IN_PROGRESS", ""),
                   ("Queue", "q", "AWS::SQS::Queue", "UPDATE_FAILED", "it is gone"))
        self.tells(kid, ("shop-Kid-1X", kid, self.KIND, "UPDATE_IN_PROGRESS", ""), ("Table", "t", "AWS::DynamoDB::Table", "UPDATE_FAILED", "no"),
                   ("shop-Kid-1X", kid, self.KIND, "UPDATE_ROLLBACK_IN_PROGRESS", ""),
                   ("Deep", grandkid, self.KIND, "UPDATE_FAILED", "failed below"),
                   ("Late", "l", "AWS::SNS::Topic", "UPDATE_FAILED", "Resource update cancelled"))
        self.tells(self.stack_id, (STACK, self.stack_id, self.KIND, "UPDATE_IN_PROGRESS", ""),
                   ("New", "", "AWS::SNS::Topic", "CREATE_FAILED", "Resource creation cancelled"),
                   ("Other", "", "AWS::SQS::Queue", "CREATE_FAILED", "the name is taken"),
                   (STACK, self.stack_id, self.KIND, "UPDATE_ROLLBACK_IN_PROGRESS", ""),
                   ("T", "t", "AWS::SNS::Topic", "UPDATE_FAILED", "denied"), ("Kid", kid, self.KIND, "UPDATE_FAILED", "failed below"))
        self.fault.rule("cloudformation", "DescribeStacks", result=fault_proxy.stack(STACK, "UPDATE_ROLLBACK_FAILED", stack_id=self.stack_id))
        seen = self.diagnosis(endpoint=self.fault.url)
        self.assertEqual({f["logical_id"]: f["skippable"] for f in seen["failed"]},
                         {"T": True, "Kid": False, "Other": False, "shop-Kid-1X.Deep": False, "shop-Kid-1X.Table": False,
                          "shop-Kid-1X-Deep-2Y.Queue": True})
        self.assertEqual((seen["cause"]["logical_id"], seen["cause"]["reason"]), ("Other", "the name is taken"))

    def test_what_a_deletion_may_leave_is_the_stacks_own(self):
        kid = self.nested_id("shop-Kid-1X")
        self.tells(kid, ("shop-Kid-1X", kid, self.KIND, "DELETE_IN_PROGRESS", ""), ("Bucket", "b", "AWS::S3::Bucket", "DELETE_FAILED", "not empty"))
        self.tells(self.stack_id, (STACK, self.stack_id, self.KIND, "DELETE_IN_PROGRESS", ""),
                   ("T", "t", "AWS::SNS::Topic", "DELETE_COMPLETE", ""), ("Kid", kid, self.KIND, "DELETE_FAILED", "failed below"))
        self.fault.rule("cloudformation", "DescribeStacks", result=fault_proxy.stack(STACK, "DELETE_FAILED", stack_id=self.stack_id))
        seen = self.diagnosis(endpoint=self.fault.url)
        self.assertEqual({f["logical_id"]: (f["retainable"], f["reason"]) for f in seen["failed"]},
                         {"Kid": (True, "failed below"), "shop-Kid-1X.Bucket": (False, "not empty")})

    def refused(self, words, error="ValidationError"):
        self.fault.clear()
        self.fault.rule("cloudformation", "DeleteStack", error={"status": 400, "code": error, "message": words})

    def test_a_refusal_has_its_own_sentence_and_remedy(self):
        args, approval = self.args("delete", "CREATE_COMPLETE")
        for words, code, text, remedy in (
                ("Export shop-x cannot be deleted as it is in use by other", "conflict", "in use by other", "take the import out"),
                (f"Role arn:aws:iam::{self.account}:role/gone is invalid or cannot be assumed", "conflict", "role/gone", "--role-arn"),
                (f"Stack [{STACK}] cannot be deleted while TerminationProtection is enabled", "conflict", "protected", "termination protection")):
            self.refused(words)
            self.bad(code, text, "recover", args, approval=approval, remedy=remedy, endpoint=self.fault.url)
        self.assertEqual(self.status(), "CREATE_COMPLETE")

    def test_the_role_that_a_person_names_is_acted_as(self):
        sent = []
        self.fault.rule("cloudformation", "DeleteStack", call=lambda request: sent.append(dict(urllib.parse.parse_qsl(request.body.decode()))))
        args, approval = self.args("delete", "CREATE_COMPLETE")
        self.good("recover", args | {"role_arn": self.role}, approval=approval, endpoint=self.fault.url)
        self.assertEqual([form.get("RoleARN") for form in sent], [self.role])

    def test_a_deletion_that_is_given_up_says_why(self):
        """Where another stack imports a value, AWS takes the call and leaves the stack as it was; only the stack's own event says why."""
        self.fault.rule("cloudformation", "DeleteStack", answer={"body": fault_proxy.query_xml("DeleteStack", {})})
        self.tells(self.stack_id, (STACK, self.stack_id, self.KIND, "DELETE_IN_PROGRESS", "User Initiated"),
                   (STACK, self.stack_id, self.KIND, "CREATE_COMPLETE", "Export shop-x cannot be deleted as it is in use by other"), token="del-s1-1")
        done = self.recover("delete", "CREATE_COMPLETE", endpoint=self.fault.url)
        self.assertEqual((done["ok"], done["status"]), (False, "CREATE_COMPLETE"))
        self.assertIn("in use by other", done["root_cause"]["reason"])


class Verbs(todo.TodoCase):
    """In an account of its own; the stack is somebody else's work."""

    halves = ("backend",)

    def setUp(self):
        super().setUp()
        self.own_account()
        self.todo()
        self.bootstrapped()

    def stack_of(self, **resources):
        return self.cfn().create_stack(StackName=self.stack, TemplateBody=json.dumps(template(**resources)))["StackId"]

    def stuck(self):
        self.stack_of(T=TOPIC, Handle=HANDLE, Wait=WAIT)
        self.wait_for(lambda: self.stack_status() == "ROLLBACK_COMPLETE", "the creation fails")

    def test_recover_shows_asks_does_and_looks(self):
        self.stuck()
        run = self.plan("recover")
        shown = run.of_type("changeset")[0]
        self.assertEqual((shown["set_type"], shown["cure"], [c["action"] for c in shown["changes"]]), ("RECOVER", "delete", ["Remove"]))
        self.assertIn("gone already", shown["loses"])
        self.assertEqual(self.stack_status(), "ROLLBACK_COMPLETE")
        no = self.approve(run, 5, "reject")
        self.assertEqual((no.result["status"], self.stack_status()), ("refused", "ROLLBACK_COMPLETE"))
        done = self.approve(self.plan("recover"))
        self.assertEqual((done.result["status"], self.stack_status()), ("success", None))
        self.assertIn("aws-copilot deploy", done.result["next"])
        gone = self.go("recover", *self.CONFIRMED)
        self.ended(gone, 6, "failed")
        self.says(gone, f"no stack {self.stack}", "aws-copilot deploy")

    def test_a_stack_that_can_take_changes_is_left_alone(self):
        self.stack_of(T=TOPIC)
        run = self.go("recover", *self.CONFIRMED)
        self.ended(run, 0, "no_change")
        self.assertIn("nothing to recover", json.dumps(run.of_type("say")))

    def test_a_destruction_wants_the_name_of_its_stack(self):
        self.stack_of(T=TOPIC)
        run = self.plan("destroy")
        for name, code, words in (((), 2, "with the name of its stack"), (("depl-other-dev",), 2, "is not the stack")):
            no = self.go("approve", run.result["session"], *name)
            self.ended(no, code)
            self.says(no, words, self.stack)
        self.assertEqual(self.stack_status(), "CREATE_COMPLETE")
        self.ended(self.go("approve", run.result["session"], self.stack), 0, "success")
        self.assertIsNone(self.stack_status())

    def test_a_stack_that_somebody_deployed_by_hand_in_yaml_is_destroyed_with_what_it_keeps(self):
        self.cfn().create_stack(StackName=self.stack, TemplateBody="Resources:\n  T: {Type: AWS::SNS::Topic}\n"
                                "  Kept:\n    Type: AWS::SNS::Topic\n    DeletionPolicy: Retain\n    Properties: {DisplayName: !Ref AWS::Region}\n")
        session = self.plan("destroy").result["session"]
        paper = self.go("approvals", session, json=False).stderr
        for member in ("change set", "template"):
            self.assertRegex(paper, rf"(?m)^{member} +none: neither deletions nor secrets have one$")
        done = self.go("approve", session, self.stack)
        self.ended(done, 0, "success")
        self.assertIsNone(self.stack_status())
        self.assertIn("Kept", json.dumps(done.result))

    def test_a_protected_stack_is_not_destroyed_and_the_way_is_told(self):
        self.stack_of(T=TOPIC)
        self.cfn().update_termination_protection(StackName=self.stack, EnableTerminationProtection=True)
        run = self.go("destroy", *self.CONFIRMED)
        self.ended(run, 1, "failed")
        self.says(run, "protected against termination", "update-termination-protection", error="conflict")

    def test_what_another_stack_imports_is_not_deleted_and_the_way_is_told(self):
        document = template(T=TOPIC) | {"Outputs": {"X": {"Value": "1", "Export": {"Name": "shop-x"}}}}
        self.cfn().create_stack(StackName=self.stack, TemplateBody=json.dumps(document))
        importing = {"T": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Fn::ImportValue": "shop-x"}}}}
        self.cfn().create_stack(StackName="importer", TemplateBody=json.dumps(template(**importing)))
        self.wait_for(lambda: self.stack_status("importer") == "CREATE_COMPLETE", "the importer is there")
        began, session = time.time() * 1000, self.plan("destroy").result["session"]
        done = self.go("approve", session, self.stack, json=False)
        self.assertEqual(done.code, 4, str(done))
        said = " ".join(done.stderr.split())
        self.assertIn("✗ A person is needed: another stack uses a value of this one: Export shop-x is imported by stack importer → delete that "
                      "stack, or take the import out of its template; then run this again → aws-copilot audit shows every step; what to do next "
                      "is in the runbook named above", said)
        self.assertEqual(self.stack_status(), "CREATE_COMPLETE")
        self.is_on_record(session, began, re.search(r"whoever takes over: (\S+)/index\.html", said)[1])
        self.cfn().delete_stack(StackName="importer")
        self.wait_for(lambda: self.stack_status("importer") is None, "the importer is gone")
        self.assertEqual(self.destroy().result["status"], "success")

    def is_on_record(self, session, began, folder):
        """That a person takes over is a verdict of the journal: when, who, why; and the runbook has it."""
        [row] = [row for row in self.go("audit", session).of_type("decision") if row.get("outcome") == "escalate"]
        self.assertEqual([row[name] for name in ("record", "agent", "phase", "subject", "reason")],
                         ["verdict", "orchestrator", "escalated", "run", "conflict"])
        self.assertTrue(began < row["time_ms"] <= time.time() * 1000, row)
        [kept] = [row for row in json.loads((Path(folder) / "verdicts.json").read_text()) if row["outcome"] == "escalate"]
        [finding] = kept["findings"]
        self.assertIn("imported by stack importer", finding["text"])
        self.assertIn("take the import out", finding["remedy"])

    def test_a_bucket_of_another_name_is_not_emptied_and_that_is_said_before_the_yes(self):
        bucket, s3 = f"other-{self.account}", self.aws.client("s3", account=self.account)
        self.stack_of(B={"Type": "AWS::S3::Bucket", "Properties": {"BucketName": bucket}})
        self.wait_for(lambda: self.stack_status() == "CREATE_COMPLETE", "it is there")
        s3.put_object(Bucket=bucket, Key="a", Body=b"x")
        self.assertIn(f"Bucket {bucket} is not named after the stack", json.dumps(self.plan("destroy").of_type("say")))  # unseen
        self.keys = self.aws.user("admin", account=self.account)
        run = self.go("destroy", *self.CONFIRMED)
        self.ended(run, 1, "failed")
        self.says(run, bucket, "empty it yourself", error="conflict")
        s3.delete_object(Bucket=bucket, Key="a")
        self.destroy()
        self.assertIsNone(self.stack_status())

    def test_what_waits_for_a_yes_is_told_and_goes_only_with_a_destruction_that_shows_it(self):
        self.cfn().create_change_set(StackName=self.stack, ChangeSetName="by-hand", ChangeSetType="CREATE",
                                     TemplateBody=json.dumps(template(T=TOPIC)))
        run = self.go("recover", *self.CONFIRMED)
        self.ended(run, 0, "no_change")
        self.assertIn("Change set by-hand waits for a yes, and stays", json.dumps(run.of_type("say")))
        shown = self.plan("destroy").of_type("changeset")[0]["changes"]
        self.assertEqual([(c["action"], c["logical_id"]) for c in shown], [("Remove", self.stack), ("Remove", "by-hand")])

    def test_a_drift_that_was_not_looked_for_everywhere_is_not_taken_for_none(self):
        self.stack_of(T=TOPIC)
        self.ended(self.go("drift"), 0)
        fault = self.proxy()
        self.endpoint = fault.url
        fault.rule("cloudformation", "DescribeStackDriftDetectionStatus", rewrite=[
            ["DETECTION_COMPLETE", "DETECTION_FAILED"],
            ["</DetectionStatus>", "</DetectionStatus><DetectionStatusReason>Failed at [T]</DetectionStatusReason>"]])
        run = self.go("drift")
        self.ended(run, 1)
        self.says(run, "not everything could be compared: Failed at", error="service")
        fault.clear()
        for status, code in (("UNKNOWN", 1), ("UNSUPPORTED", 0), ("NOT_CHECKED", 0)):
            fault.clear()
            fault.rule("cloudformation", "DescribeStackResourceDrifts", rewrite=[
                ["<StackResourceDriftStatus>IN_SYNC", f"<StackResourceDriftStatus>{status}"]])
            run = self.go("drift")
            self.ended(run, code)
            self.assertEqual([row["logical_id"] for row in run.of_type("drift")[0]["unknown" if code else "unsupported"]], ["T"])
        fault.clear()
        fault.rule("cloudformation", "DetectStackDrift", times=2, error={"status": 400, "code": "ValidationError",
                                                                         "message": "Drift detection is already in progress for stack"})
        self.ended(self.go("drift"), 0)
        self.assertEqual(fault.count("cloudformation", "DetectStackDrift"), 4 + 2 + 1)


class Back(todo.TodoCase):
    """Two releases of one application, a way back, a change by hand, and an end that leaves nothing."""

    def setUp(self):
        super().setUp()
        self.todo()
        self.bootstrapped()

    def answers(self, version):
        url = self.go("outputs").of_type("outputs")[0]["outputs"]["Url"]
        _, headers, body = self.get(url, "/api/health")
        self.assertEqual(json.loads(body)["version"], version)
        return headers["x-aws-copilot-build"]

    def function(self):
        return self.cfn().describe_stack_resource(StackName=self.stack, LogicalResourceId="Backend")["StackResourceDetail"]["PhysicalResourceId"]

    def repaired(self, difference):
        """`drift --repair`, its yes, and what CloudFormation then does. The local AWS knows no set that reverts drift: it would
        see no change in it. So the proxy plays that set, its execution and its events; what it does is done for real."""
        proxy, form = self.proxy(), {}
        self.endpoint = proxy.url
        there = self.cfn().describe_stacks(StackName=self.stack)["Stacks"][0]
        change = {"Action": "Modify", "LogicalResourceId": "Backend", "PhysicalResourceId": self.function(), "Replacement": "False",
                  "ResourceType": "AWS::Lambda::Function", "Scope": ["Properties"], "Details": [{
                      "Target": {"Attribute": "Properties", "Name": "Timeout", "RequiresRecreation": "Never"},
                      "Evaluation": "Static", "ChangeSource": "DirectModification"}]}

        def answer(action, result):
            return fault_proxy.Answer(200, [("Content-Type", "text/xml")], fault_proxy.query_xml(action, result))

        def create(request):
            form.update(urllib.parse.parse_qsl(request.body.decode()))

        def execute(request):
            form["token"] = dict(urllib.parse.parse_qsl(request.body.decode()))["ClientRequestToken"]
            self.aws.client("lambda", account=self.account).update_function_configuration(
                FunctionName=self.function(), Timeout=int(difference["expected"]))
            return answer("ExecuteChangeSet", {})

        def events(request):
            return answer("DescribeStackEvents", {"StackEvents": [
                {"EventId": status, "StackName": self.stack, "StackId": there["StackId"], "LogicalResourceId": self.stack,
                 "PhysicalResourceId": there["StackId"], "ResourceType": "AWS::CloudFormation::Stack", "ResourceStatus": status,
                 "ClientRequestToken": form["token"], "Timestamp": f"2099-01-01T00:00:0{n}.000Z"}
                for n, status in ((2, "UPDATE_COMPLETE"), (1, "UPDATE_IN_PROGRESS"))]})

        proxy.rule("cloudformation", "CreateChangeSet", call=create)
        proxy.rule("cloudformation", "DescribeChangeSet", call=lambda request: answer("DescribeChangeSet", fault_proxy.change_set(
            self.stack, form["ChangeSetName"], changes=[change], StackId=there["StackId"])))
        proxy.rule("cloudformation", "ExecuteChangeSet", call=execute)
        proxy.rule("cloudformation", "DescribeStackEvents", call=events)
        run = self.plan("drift", "--repair")
        self.assertEqual(form["DeploymentMode"], "REVERT_DRIFT")
        self.assertEqual([c["logical_id"] for c in run.of_type("changeset")[0]["changes"]], ["Backend"])
        self.assertNotIn("token", form)  # nothing before the yes
        self.assertEqual(self.approve(run).result["status"], "success")
        self.endpoint = None

    def test_back_to_an_earlier_release_then_drift_then_nothing_of_ours(self):
        self.deploy()
        old = self.answers("1.0.0")
        self.write_yml(more="    variables: { LOG_LEVEL: info, LATER: x }\n")
        self.edit("backend/app/main.py", 'VERSION = "1.0.0"', 'VERSION = "1.1.0"')
        self.deploy()
        self.assertNotEqual(self.answers("1.1.0"), old)

        run = self.plan("rollback")
        plan, releases = run.of_type("plan")[0], self.go("history").of_type("release")
        self.assertEqual((plan["build_id"], list(plan["variables"])), (old, ["LOG_LEVEL"]))  # as that release had them
        for release in releases:
            self.assertIn(f"release {release['id']}", plan["steps"][0]["text"])
            self.assertIn(f"(build {release['build_id']}, commit {release['commit'][:12]})", plan["steps"][0]["text"])
        self.assertEqual({row["verdict"] for row in run.of_type("verdict")}, {"allow"})
        self.answers("1.1.0")
        done = self.approve(run)
        self.assertEqual((done.result["status"], self.answers("1.0.0")), ("success", old))
        self.assertEqual([(row["passed"], row["sentence"]) for row in done.of_type("probe")], [(True, "that release answers")])
        self.assertIn("; that release was asked and answered", done.result["summary"]["done"])
        releases = self.go("history").of_type("release")
        self.assertEqual((len(releases), releases[0]["restores"], releases[0]["build_id"]), (3, releases[2]["id"], old))
        unknown = self.go("rollback", "d000000-nonesuch", *self.CONFIRMED)
        self.ended(unknown, 6, "failed")
        self.says(unknown, "no release d000000-nonesuch", "history")

        self.ended(self.go("drift"), 0)
        self.aws.client("lambda", account=self.account).update_function_configuration(FunctionName=self.function(), Timeout=7)
        found = self.go("drift")
        self.ended(found, 1, "failed")
        rows = found.of_type("drift")[0]["resources"]
        self.assertEqual([(r["logical_id"], r["differences"][0]["path"], r["differences"][0]["actual"]) for r in rows],
                         [("Backend", "/Timeout", "7")])
        self.says(found, "differs from its template", "--repair")
        self.repaired(rows[0]["differences"][0])
        self.ended(self.go("drift"), 0)

        other = {"XDG_STATE_HOME": str(self.dir / "other")}  # the gate lets a user plan four times a minute
        run = self.plan("destroy", "--purge", **other)
        kept = [c["type"] for c in run.of_type("changeset")[0]["changes"] if c["action"] == "Retain"]
        self.assertEqual(kept, [])
        gone = self.go("approve", run.result["session"], self.stack, **other)
        self.ended(gone, 0, "success")
        self.assertIsNone(self.stack_status())
        shared = self.aws.bootstrap_outputs(account=self.account)["Artifacts"]
        self.assertEqual([(row["name"], row["shared"]) for row in gone.result["left_behind"]], [(shared, True)])
        self.assertNotIn("left_cost", gone.result)  # of this application nothing is left that costs
        buckets = [b["Name"] for b in self.aws.client("s3", account=self.account).list_buckets()["Buckets"]]
        self.assertEqual([b for b in buckets if b.startswith(self.stack)], [])


class Elsewhere(todo.TodoCase):
    """What another terminal does: cancel a run, take a lock away. A back end alone, never executed."""

    halves = ("backend",)

    def setUp(self):
        super().setUp()
        self.own_account()
        self.todo()
        self.bootstrapped()

    def test_cancel_takes_the_change_set_away_and_says_what_cannot_be_cancelled(self):
        run = self.plan()
        self.assertEqual(self.stack_status(), "REVIEW_IN_PROGRESS")
        done = self.go("cancel", run.result["session"])
        self.ended(done, 8, "cancelled")
        self.nothing_at_aws()
        again = self.go("cancel", run.result["session"])
        self.ended(again, 1, "failed")
        self.says(again, "has ended", "rollback", error="already_used")
        unknown = self.go("cancel", "d000000-nonesuch")
        self.ended(unknown, 6, "failed")

    def test_unlock_names_whose_it_is_and_takes_only_a_dead_ones_without_a_person(self):
        self.assertEqual(self.go("unlock").of_type("lock")[0]["held"], False)
        bucket = self.aws.bootstrap_outputs(account=self.account)["Artifacts"]
        s3, here = self.aws.client("s3", account=self.account), f"{socket.gethostname()}"
        body = {"run": "d1-other", "user": "ada", "host": f"elsewhere/{here}/x", "pid": 7, "start": 1, "since_ms": int(time.time() * 1000),
                "expires_ms": int(time.time() * 1000) + 3600000}
        put = lambda epoch, body: s3.put_object(Bucket=bucket, Key=f"locks/{self.stack}/{epoch:012d}", Body=json.dumps(body).encode(),
                                                IfNoneMatch="*")
        put(1, body)
        held = self.go("unlock", "--yes")
        self.ended(held, 5, "refused")
        self.says(held, "may be alive", "cancel")
        lock = held.of_type("lock")[0]
        self.assertEqual((lock["held"], lock["stale"], lock["run"], lock["user"], lock["host"], lock["pid"]),
                         (True, False, "d1-other", "ada", "elsewhere", 7))
        put(2, body | {"expires_ms": 1})
        self.ended(self.go("unlock"), 5, "refused")  # nobody was asked
        self.ended(self.go("unlock", "--yes"), 0)
        self.assertEqual(self.go("unlock").of_type("lock")[0]["held"], False)
