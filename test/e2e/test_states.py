"""Every status of a stack, and the verbs that only look, go on or take back; the table is docs/tables/stack-verbs.md.

The stack is deployed, and a change of it waits for its yes; what its status then is, the fault proxy says (a fake that
refuses what AWS refuses in that status). deploy, recover, rollback and destroy meet every status in src/flow/flow_test.c.
"""
import json
import os
import shutil
import urllib.parse

import fault_proxy
import todo
from test_deployer import TOPIC, template
from test_recover import ENUMS, table

VERBS = ("status", "deploy", "approve", "attach", "recover", "rollback", "destroy", "drift", "cancel", "unlock")
TOLD = {row[0]: dict(zip(VERBS, row[1:])) for row in table("stack-verbs")}
# One of each class, all with AWSCOPILOT_TEST_ALL=1 (make torture).
STATUSES = list({row[0 if "AWSCOPILOT_TEST_ALL" in os.environ else 1]: row[0] for row in table("stack-states")}.values())
CAN_UPDATE = {row[0] for row in table("stack-states") if row[3] == "yes"}


class Waiting(todo.TodoCase):
    """A stack that runs, and a change of it that waits for its yes."""

    halves = ("backend",)
    deadline_s = 600

    def setUp(self):
        super().setUp()
        self.todo()
        self.bootstrapped()
        self.deploy()
        self.there = self.cfn().describe_stacks(StackName=self.stack)["Stacks"][0]
        self.write_yml(more="    variables: { LOG_LEVEL: debug }\n")
        self.commit("another value")
        self.through_faults()
        self.session = self.plan().result["session"]

    def stack_in(self, status):
        outputs = [{k: o[k] for k in ("OutputKey", "OutputValue")} for o in self.there["Outputs"]]
        return fault_proxy.stack(self.stack, status, stack_id=self.there["StackId"], Outputs=outputs)

    def sent(self, action):
        return self.fault.count("cloudformation", action)


def answer(action, result):
    return fault_proxy.Answer(200, [("Content-Type", "text/xml")], fault_proxy.query_xml(action, result))


class States(Waiting):
    def setUp(self):
        super().setUp()
        self.state = self.home / ".local/state"
        shutil.copytree(self.state, self.dir / "kept")
        self.bucket = self.aws.bootstrap_outputs(account=self.account)["Artifacts"]
        self.objects = self.shared()

    def shared(self):
        """What the machines of this stack tell each other by the artifact bucket."""
        rows = self.aws.client("s3", account=self.account).get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        return {row["Key"] for row in rows.build_full_result().get("Contents", []) if self.stack in row["Key"]}

    def becomes(self, status):
        """The stack is in that status, machine and bucket as they were after the plan, and nothing was sent yet."""
        shutil.rmtree(self.state)
        shutil.copytree(self.dir / "kept", self.state)
        for key in self.shared() - self.objects:
            self.aws.client("s3", account=self.account).delete_object(Bucket=self.bucket, Key=key)
        self.fault.clear()
        self.fault.seen.clear()
        deleted = []
        rule = self.fault.rule
        if status == "(absent)":
            rule("cloudformation", "DescribeStacks", contains=self.stack, error={
                "status": 400, "code": "ValidationError", "message": f"Stack with id {self.stack} does not exist"})
        else:
            rule("cloudformation", "DescribeStacks", contains=self.stack, result=self.stack_in(status))

        def delete(request):
            deleted.append(request)
            return answer("DeleteChangeSet", {})

        rule("cloudformation", "DeleteChangeSet", call=delete)
        rule("cloudformation", "DescribeChangeSet", call=lambda request: fault_proxy.error_answer(
            "cloudformation", 404, "ChangeSetNotFound", "it does not exist") if deleted else None)
        rule("cloudformation", "ListChangeSets", call=lambda request: answer("ListChangeSets", {"Summaries": []}) if deleted else None)
        rule("cloudformation", "DeleteStack", answer={"body": fault_proxy.query_xml("DeleteStack", {})})
        rule("cloudformation", "ExecuteChangeSet", error={
            "status": 403, "code": "AccessDenied", "message": "far enough"} if status in CAN_UPDATE else {
            "status": 400, "code": "ValidationError", "message": f"Stack:{self.stack} is in {status} state and can not be updated."})

    def each(self, judge, verb, *words):
        """Calls judge(status, what the table says, the Run) for the statuses, and for no stack."""
        for status in STATUSES:
            with self.subTest(verb=verb, status=status):
                self.becomes(status)
                judge(status, TOLD[status][verb], self.go(verb, *words))

    def judge_status(self, status, told, run):
        self.ended(run, {"shows": 0, "absent": 6}[told])
        if told == "shows":
            self.assertEqual(run.of_type("status")[0]["status"], status)

    def judge_drift(self, status, told, run):
        self.ended(run, {"compares": 0, "refuses": 1, "absent": 6}[told])
        self.assertEqual(self.sent("DetectStackDrift"), int(told == "compares"))
        if told == "refuses":
            self.says(run, "cannot be compared now", error="conflict")

    def judge_unlock(self, status, told, run):
        self.ended(run, {"gives back": 0}[told])

    def judge_attach(self, status, told, run):
        self.ended(run, {"asks": 10}[told], "waiting")
        self.assertEqual(self.sent("ExecuteChangeSet|DeleteChangeSet|DeleteStack"), 0)

    def judge_cancel(self, status, told, run):
        self.ended(run, {"takes back": 8}[told], "cancelled")
        self.assertEqual((self.sent("DeleteChangeSet"), self.sent("ExecuteChangeSet")), (1, 0))
        self.assertEqual(self.sent("DeleteStack"), int(status == "REVIEW_IN_PROGRESS"))  # it was never created

    def judge_approve(self, status, told, run):
        if status in CAN_UPDATE:
            self.assertEqual((told, self.sent("ExecuteChangeSet")), ("executes", 1))
            self.ended(run, 3)  # refused by the proxy, so nothing has begun
        elif told == "refuses":
            self.ended(run, 1)
            self.says(run, self.stack, error="conflict")
            self.assertEqual(self.sent("CreateChangeSet|DeleteStack"), 0)
        else:  # absent, or as if: the change was one of a stack that was there
            self.ended(run, 1)
            self.says(run, "is gone", "deploy makes it anew", error="conflict")

    def test_each_verb_does_in_each_status_what_the_table_says(self):
        self.assertEqual(set(TOLD) - {"(absent)"}, ENUMS["StackStatus"])
        for verb in ("status", "drift", "unlock"):
            self.each(getattr(self, f"judge_{verb}"), verb)
        for verb in ("attach", "cancel", "approve"):
            self.each(getattr(self, f"judge_{verb}"), verb, self.session)


class Cancelled(Waiting):
    """`cancel` from another terminal while AWS works. The proxy plays the stack: the local AWS is done in milliseconds."""

    def setUp(self):
        super().setUp()
        self.now, self.ends, self.tokens = None, None, []
        for action in ("ExecuteChangeSet", "CancelUpdateStack", "DescribeStacks", "DescribeStackEvents"):
            self.fault.rule("cloudformation", action, call=getattr(self, action), contains=self.stack)

    def ExecuteChangeSet(self, request):  # the names are CloudFormation's
        if self.now is not None:
            return None
        self.tokens.append(dict(urllib.parse.parse_qsl(request.body.decode()))["ClientRequestToken"])
        self.now = self.works
        return answer("ExecuteChangeSet", {})

    def CancelUpdateStack(self, request):
        self.tokens.append(dict(urllib.parse.parse_qsl(request.body.decode()))["ClientRequestToken"])
        self.now = self.ends = "UPDATE_ROLLBACK_COMPLETE"
        return answer("CancelUpdateStack", {})

    def DescribeStacks(self, request):
        return None if self.now is None else answer("DescribeStacks", self.stack_in(self.now))

    def DescribeStackEvents(self, request):
        if self.now is None:
            return None
        rows = [{"EventId": f"{n}-{status}", "StackName": self.stack, "StackId": self.there["StackId"], "LogicalResourceId": self.stack,
                 "PhysicalResourceId": self.there["StackId"], "ResourceType": "AWS::CloudFormation::Stack", "ResourceStatus": status,
                 "ClientRequestToken": self.tokens[min(n, len(self.tokens) - 1)], "Timestamp": f"2099-01-01T00:00:0{n}.000Z"}
                for n, status in enumerate(["UPDATE_IN_PROGRESS", self.now])]
        return answer("DescribeStackEvents", {"StackEvents": rows[::-1]})

    def cancelled_while(self, status):
        """Both processes' Runs: the one that executed, and the one that cancelled."""
        self.works = status
        first = self.spawn("approve", self.session)
        self.wait_for(lambda: self.sent("DescribeStackEvents") > 2, "it is watched")
        second = self.spawn("cancel", self.session)
        if status != "UPDATE_IN_PROGRESS":  # AWS cannot stop that: it ends by itself
            self.wait_for(lambda: b"cannot stop" in first.out.read_bytes(), "it is told so")
            self.now = self.ends
        runs = todo.run_of(first), todo.run_of(second)
        for run in runs:
            self.ended(run, 8, "cancelled")
        self.assertEqual(self.go("history").of_type("session")[0]["status"], "cancelled")
        return runs

    def test_an_update_under_way_is_told_to_go_back_once(self):
        first, _ = self.cancelled_while("UPDATE_IN_PROGRESS")
        self.assertEqual(self.sent("CancelUpdateStack"), 1)
        self.assertIn("CloudFormation puts the version before back", first.stdout)

    def test_a_way_back_under_way_is_waited_for(self):
        self.ends = "UPDATE_ROLLBACK_COMPLETE"
        self.cancelled_while("UPDATE_ROLLBACK_IN_PROGRESS")
        self.assertEqual(self.sent("CancelUpdateStack"), 0)

    def test_a_clean_up_under_way_is_waited_for_and_then_it_goes_back(self):
        self.ends = "UPDATE_COMPLETE"
        first, _ = self.cancelled_while("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        self.assertEqual(self.sent("CancelUpdateStack"), 0)
        self.assertIn('"phase":"rollback"', first.stdout)


class Behind(Waiting):
    """What somebody else does between the plan and the yes."""

    def test_a_stack_that_was_deleted_behind_our_back_is_not_made_by_a_change_of_it(self):
        self.cfn().delete_stack(StackName=self.stack)
        self.wait_for(lambda: self.stack_status() is None, "it is gone")
        run = self.go("approve", self.session)
        self.ended(run, 1)
        self.says(run, f"{self.stack} is gone", "deploy makes it anew", error="conflict")
        self.assertIsNone(self.stack_status())
        self.assertEqual(self.sent("ExecuteChangeSet"), 0)
        self.deploy()
        self.assertEqual(self.stack_status(), "CREATE_COMPLETE")

    def test_a_stack_that_somebody_made_anew_gets_no_change_that_was_planned_for_the_one_before(self):
        self.cfn().delete_stack(StackName=self.stack)
        self.wait_for(lambda: self.stack_status() is None, "it is gone")
        self.cfn().create_stack(StackName=self.stack, TemplateBody=json.dumps(template(T=TOPIC)))
        self.wait_for(lambda: self.stack_status() == "CREATE_COMPLETE", "another one is there")
        run = self.go("approve", self.session)
        self.ended(run, 1)
        self.says(run, f"{self.stack} is another one now", "aws-copilot status", error="conflict")
        self.assertEqual((self.sent("ExecuteChangeSet"), self.sent("CreateChangeSet"), self.change_sets()), (0, 1, []))
