"""The example as a user has it: locked, in a repository of its own, deployed by a user with the deployer policy.

The lock is made once per version of examples/todo and kept in the cache, and so are the builds (XDG_CACHE_HOME of
lab.Case.env), so a test that changes one line builds one half. MiniStack's data plane (CloudFront, execute-api)
knows one account only: tests that probe deploy in it, each under an application name of its own.
"""
import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import lab
from local_aws import ACCOUNT, LabError, REGION

PROBED = ACCOUNT
# The same bytes for every test, so that builds are shared: application and account are said by the command line.
YML = """version: 1
app:
  name: todo
  {halves}
environments:
  dev:
    region: {region}
    approve: any-change
{more}"""
WITHOUT_APP = {"backup", "restore", "audit", "version", "help", "inspect"}
BACKEND = 'backend: {{ dir: backend, asgi: "app.main:app"{health} }}'
FRONTEND = "frontend: { dir: frontend, build: build, out: dist }"


def _locked(name):
    """A file that processes of one run take turns on."""
    path = Path(lab.tools()["AWSCOPILOT_DEV_CACHE"]) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    file = open(path, "w")
    fcntl.flock(file, fcntl.LOCK_EX)
    return file


def locked_example():
    """examples/todo with backend/uv.lock, made by uv itself once; nobody writes to it."""
    source = lab.ROOT / "examples/todo"
    names = sorted(p for p in subprocess.run(["git", "-C", str(source), "ls-files"], check=True, capture_output=True,
                                             text=True).stdout.split() if not p.endswith("README.md"))
    digest = hashlib.sha256(b"".join(n.encode() + (source / n).read_bytes() for n in names)).hexdigest()[:12]
    made = Path(lab.tools()["AWSCOPILOT_DEV_CACHE"]) / "test-todo" / digest
    with _locked("test-todo/lock"):
        if not made.exists():
            draft = made.with_name(digest + ".draft")
            shutil.rmtree(draft, ignore_errors=True)
            for name in names:
                (draft / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source / name, draft / name)
            lab.uv("lock", "--quiet", cwd=draft / "backend")
            draft.rename(made)
    return made


def name_of(test):
    """An application name of the test's own, the same in every run: at most 18 characters."""
    return "t" + hashlib.sha256(test.encode()).hexdigest()[:9]


class TodoCase(lab.Case):
    """A person at a machine: `repo`, `keys` of a deployer, and `go()`, the program there."""

    probe_wait = "90s"  # for a probe that is to pass: it ends as soon as it does
    halves = ("backend", "frontend")

    def setUp(self):
        super().setUp()
        self.account = PROBED
        self.app = name_of(self.id())
        self.stack = f"depl-{self.app}-dev"
        self.endpoint = None

    # --- who ---

    def own_account(self):
        """For tests that do not probe: an account without anything in it."""
        self.account = str(300000000000 + int(hashlib.sha256(self.id().encode()).hexdigest()[:8], 16))

    def bootstrapped(self):
        """Makes the account's bootstrap stack when it is not there, and a user with the deployer policy."""
        with _locked(f"test-todo/bootstrap-{self.account}"):
            try:
                self.aws.bootstrap_outputs(account=self.account, wait_s=10)
            except LabError:
                self.aws.bootstrap(account=self.account)
        self.keys = self.aws.deployer(self.app, account=self.account)
        return self.keys

    # --- what ---

    def todo(self, more="    variables: { LOG_LEVEL: info }\n", health=", health: /api/health", name="repo"):
        """A copy of the locked example as a git repository, with an aws-copilot.yml."""
        self.repo = self.dir / name
        shutil.copytree(locked_example(), self.repo)
        for half in ("backend", "frontend"):
            if half not in self.halves:
                shutil.rmtree(self.repo / half)
        self.write_yml(more, health)
        lab.git(self.repo, "init", "-q", "-b", "main")
        self.commit("first")
        return self.repo

    def write_yml(self, more="    variables: { LOG_LEVEL: info }\n", health=", health: /api/health"):
        rows = [row for half, row in (("backend", BACKEND.format(health=health)), ("frontend", FRONTEND)) if half in self.halves]
        (self.repo / "aws-copilot.yml").write_text(YML.format(
            region=REGION, halves="\n  ".join(rows), more=more))

    def commit(self, words):
        lab.git(self.repo, "add", "-A")
        lab.git(self.repo, "commit", "-q", "-m", words)

    def edit(self, file, before, after):
        path = self.repo / file
        text = path.read_text()
        self.assertIn(before, text)
        path.write_text(text.replace(before, after))
        self.commit(f"{file} changes")

    # --- faults ---

    def through_faults(self):
        """From here on the program reaches AWS by a proxy of its own: self.fault."""
        self.fault = self.proxy()
        self.endpoint = self.fault.url

    def function_cannot_be_created(self, reason="the quota of functions is used up"):
        """CloudFormation fails at the function and goes back: the reason and the statuses are the proxy's words."""
        self.through_faults()
        self.fault.rule("cloudformation", "DescribeStacks", contains=self.stack, rewrite=[["CREATE_COMPLETE", "ROLLBACK_COMPLETE"]])
        self.fault.rule("cloudformation", "DescribeStackEvents", rewrite=[
            [r"(?s)<StackEvents><member>(.*?)<ResourceStatus>CREATE_COMPLETE</ResourceStatus>",
             r"<StackEvents><member>\1<ResourceStatus>ROLLBACK_COMPLETE</ResourceStatus>"],
            [r"(<LogicalResourceId>Backend</LogicalResourceId>(?:(?!</member>)[\s\S])*?<ResourceStatus>)CREATE_COMPLETE</ResourceStatus>",
             r"\1CREATE_FAILED</ResourceStatus><ResourceStatusReason>" + reason + "</ResourceStatusReason>"]])

    # --- the program ---

    def todo_env(self, **more):
        tools = lab.tools()
        more = {"AWSCOPILOT_ENDPOINT_PROFILE": "ministack", "AWSCOPILOT_UV": tools["UV"], "AWSCOPILOT_PNPM": tools["PNPM"],
                "AWSCOPILOT_NODE": tools["NODE22"] + "/node", "AWSCOPILOT_PROBE_WAIT": self.probe_wait} | more
        return self.env(**({"keys": getattr(self, "keys", None), "endpoint": self.endpoint, "region": False} | more))

    def go(self, *args, json=True, timeout_s=lab.RUN_S, stdin="", **env):
        """Runs a verb in the repository, with --json unless told otherwise; returns the Run."""
        words = [*map(str, args)] + (["--json"] if json else []) + ([] if args[0] in WITHOUT_APP else ["--app", self.app])
        return self.run_program(*words, env=self.todo_env(**env), cwd=self.repo, timeout_s=timeout_s, stdin=stdin)

    CONFIRMED = property(lambda self: ("--non-interactive", "--trust-repository", "--account", self.account, "--region", REGION))

    def rested(self, **env):
        """As after a minute without a plan: what the pace of planning has counted is forgotten (gate_test judges it)."""
        file = Path(self.todo_env(**env)["XDG_STATE_HOME"]) / "aws-copilot/store.db"
        if file.exists():
            with contextlib.closing(sqlite3.connect(file, timeout=30)) as store, store:
                store.execute("DELETE FROM cells WHERE name = 'plan_cycles'")

    def plan(self, verb="deploy", *more, code=10, **env):
        """The verb without a person, up to the yes; returns the Run, which must end with this code."""
        self.rested(**env)
        run = self.go(verb, *self.CONFIRMED, *more, **env)
        self.ended(run, code)
        return run

    def approve(self, run, code=0, verb="approve", **env):
        after = self.go(verb, run.result["session"], **env)
        self.ended(after, code)
        return after

    def deploy(self, code=0, **env):
        """plan() and approve()."""
        return self.approve(self.plan(**env), code, **env)

    def destroy(self, *more, code=0, **env):
        """plan() and approve() of a destruction, with the name typed back."""
        run = self.plan("destroy", *more, **env)
        self.assertEqual(run.of_type("plan")[0]["on_failure"], "leave")  # a deletion has no way back
        after = self.go("approve", run.result["session"], self.stack, **env)
        self.ended(after, code)
        if code == 0:
            self.assertEqual((after.result["summary"]["done"], after.result.get("url")), ("the stack is deleted", None))
        return after

    def ended(self, run, code, status=None):
        self.assertEqual(run.code, code, str(run))
        if run.stdout:
            self.assertEqual(run.result["exit"], code, str(run))
        if status is not None:
            self.assertEqual(run.result["status"], status, str(run))

    def says(self, run, *words, error=None):
        """Each word is in the sentence or the remedy of the error with which the run ended; `error` is its code."""
        code, error = error, run.result.get("error") or {}
        if code is not None:
            self.assertEqual(error.get("code"), code, str(run))
        text = f"{error.get('message', '')} | {error.get('remedy', '')}"
        for word in words:
            self.assertRegex(text, word, str(run))
        self.assertTrue(error.get("message"), str(run))
        self.assertTrue(error.get("remedy"), f"no remedy: {run}")

    # --- AWS ---

    def cfn(self):
        return self.aws.client("cloudformation", account=self.account)

    def stack_status(self, name=None):
        """What CloudFormation says of the stack; None when there is none."""
        cfn = self.cfn()
        try:
            return cfn.describe_stacks(StackName=name or self.stack)["Stacks"][0]["StackStatus"]
        except cfn.exceptions.ClientError as e:
            self.assertIn("does not exist", str(e))
            return None

    def change_sets(self):
        """Those that wait; AWS lists the one that was executed last as well."""
        cfn = self.cfn()
        try:
            rows = cfn.list_change_sets(StackName=self.stack)["Summaries"]
            return [row for row in rows if row["ExecutionStatus"] != "EXECUTE_COMPLETE"]
        except cfn.exceptions.ClientError:
            return []

    def nothing_at_aws(self):
        """No stack of the application, no change set, no lock."""
        self.assertIsNone(self.stack_status())
        self.assertEqual(self.change_sets(), [])

    def get(self, url, path="/"):
        """What the public address answers, by the local data plane: (status, headers, body)."""
        request = urllib.request.Request(self.aws.url + path, headers={"Host": url.split("://")[1].split("/")[0],
                                                                      "X-Forwarded-Proto": "https"})
        for _ in range(2):  # a worker that was just replaced answers 502 once
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    return answer.status, answer.headers, answer.read()
            except urllib.error.HTTPError as e:
                found = e.code, e.headers, e.read()
                if e.code != 502:
                    break
                time.sleep(0.5)
        return found

    # --- processes ---

    def spawn(self, *args, **env):
        """The program in the background, in a process group of its own, with its stdout in a file; killed at the end."""
        out = self.dir / f"out-{time.monotonic_ns()}"
        with open(out, "wb") as stdout, open(f"{out}.err", "wb") as stderr:
            process = subprocess.Popen([lab.program(), *map(str, args), "--json", "--app", self.app], env=self.todo_env(**env), cwd=self.repo,
                                       stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, start_new_session=True)
        process.out = out

        def end():
            if process.poll() is None:
                process.kill()
            process.wait()

        self.addCleanup(end)
        return process

    def wait_for(self, holds, what, timeout_s=90):
        deadline = time.monotonic() + timeout_s
        while not holds():
            if time.monotonic() > deadline:
                self.fail(f"{what}: not within {timeout_s} s")
            time.sleep(0.03)


class FaultCase(TodoCase):
    """A back end alone, whose build is small, in a bootstrapped account; AWS is reached by the proxy of faults."""

    halves = ("backend",)

    def setUp(self):
        super().setUp()
        self.todo()
        self.bootstrapped()
        self.through_faults()


def run_of(process):
    """The Run of a process of spawn() that has ended."""
    code = process.wait()
    return lab.Run(code if code >= 0 else 128 - code, process.out.read_text(), Path(f"{process.out}.err").read_text(), 0)


__all__ = ["PROBED", "TodoCase", "json", "locked_example", "name_of", "os", "run_of"]
