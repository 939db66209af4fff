"""How long a person waits for the root cause of a deployment that fails: from the moment that AWS says so to the line.

The stack is real, the failure is not: the proxy holds the update, and at a moment of its own it begins to say that a
resource failed and that CloudFormation goes back. The moment is one that the program cannot know; what it takes to
see it is compared with the pause between its looks at that time.
"""
import itertools
import json
import random
import subprocess
import time

from deploying import ACCOUNT, REGION, STACK, BenchError, Ours
from fault_proxy import Answer, FaultProxy, query_xml, stack

CAUSE = "the quota of functions is used up"


class Failure:
    """An update that is under way for `hold_s` seconds, and has failed from then on."""

    def __init__(self, aws, proxy, hold_s):
        self.there = aws.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
        self.hold_s, self.token, self.began, self.proxy = hold_s, None, None, proxy
        proxy.clear()
        for action, answer in (("ExecuteChangeSet", self.execute), ("DescribeStacks", self.status), ("DescribeStackEvents", self.events)):
            proxy.rule("cloudformation", action, contains=None if action == "ExecuteChangeSet" else STACK, call=answer)

    @property
    def failed_at(self):
        return self.began + self.hold_s

    def execute(self, request):
        self.token = request.body.decode().split("ClientRequestToken=")[1].split("&")[0]
        self.began = time.time()
        return self.answer("ExecuteChangeSet", {})

    def answer(self, action, result):
        return Answer(200, [("Content-Type", "text/xml")], query_xml(action, result))

    def is_failed(self):
        return self.began is not None and time.time() >= self.failed_at

    def status(self, request):
        if self.began is None:
            return None
        outputs = [{k: o[k] for k in ("OutputKey", "OutputValue")} for o in self.there["Outputs"]]
        word = "UPDATE_ROLLBACK_COMPLETE" if time.time() > self.failed_at + 3 else "UPDATE_ROLLBACK_IN_PROGRESS" if self.is_failed() \
            else "UPDATE_IN_PROGRESS"
        return self.answer("DescribeStacks", stack(STACK, word, stack_id=self.there["StackId"], Outputs=outputs))

    def events(self, request):
        if self.began is None:
            return None
        rows = [self.event(1, STACK, "UPDATE_IN_PROGRESS", self.began)]
        if self.is_failed():
            rows += [self.event(2, "Backend", "UPDATE_FAILED", self.failed_at, CAUSE), self.event(3, STACK, "UPDATE_ROLLBACK_IN_PROGRESS", self.failed_at)]
        if time.time() > self.failed_at + 3:
            rows.append(self.event(4, STACK, "UPDATE_ROLLBACK_COMPLETE", self.failed_at + 3))
        return self.answer("DescribeStackEvents", {"StackEvents": rows[::-1]})

    def event(self, n, logical_id, status, at, reason=None):
        own = logical_id == STACK
        return {"StackId": self.there["StackId"], "EventId": f"event-{n}", "StackName": STACK, "LogicalResourceId": logical_id,
                "PhysicalResourceId": self.there["StackId"] if own else "function", "ResourceStatus": status, "ResourceStatusReason": reason,
                "ResourceType": "AWS::CloudFormation::Stack" if own else "AWS::Lambda::Function", "ClientRequestToken": self.token,
                "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at)) + f".{int(at % 1 * 1000):03d}Z"}

    def pause_s(self):
        """Between the looks before and after the failure began."""
        looks = [row["at"] for row in self.proxy.seen if row["action"] == "DescribeStacks" and row["at"] > self.began]
        return next((b - a for a, b in itertools.pairwise(looks) if b >= self.failed_at), None)


def measure(runner, aws, folder, keys):
    """Rows of {"cause_ms", "pause_ms"}, one a failed deployment."""
    rows, draw = [], random.Random(1)
    with FaultProxy(aws.url) as proxy:
        ours = Ours(runner, runner.program, folder, aws, keys, "state")
        ours.env["AWS_ENDPOINT_URL"] = proxy.url
        ours.prepare()
        ours.deploy("success")
        for n in range(runner.runs):
            ours.set_version(n + 1)
            ours.build()
            failure = Failure(aws, proxy, draw.uniform(1, 9))
            argv = [ours.program, "-C", str(ours.todo), "deploy", "--yes", "--json", "--non-interactive", "--trust-repository",
                    "--account", ACCOUNT, "--region", REGION, "--app", "todo", "--env", "dev"]
            process = subprocess.Popen(argv, env=ours.env, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
            shown, last = None, {}
            for line in process.stdout:
                last = json.loads(line)
                if shown is None and last["type"] == "progress" and CAUSE in last.get("text", ""):
                    shown = time.time()
            if process.wait() != 4 or shown is None or failure.pause_s() is None:
                raise BenchError(f"the deployment that was to fail ended with {process.returncode}: {json.dumps(last)[:800]}")
            rows.append({"cause_ms": (shown - failure.failed_at) * 1000, "pause_ms": failure.pause_s() * 1000})
    return rows
