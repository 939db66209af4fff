"""Bad input and a bad world: a clear sentence with a remedy, the right exit code, nothing changed at AWS.

The tables are the specification: what is broken, then exit code and words of the sentence and the remedy.
What the local AWS cannot do is done by the fault proxy; half an hour passes by test/drivers/nudge.c, which moves the
program's clock. docs/failures.md lists all of them.
"""
import contextlib
import importlib
import json
import operator
import os
import re
import shutil
import sqlite3
import subprocess
import threading
import time
import unittest

import fault_proxy
import lab
import todo


WAITS = re.compile(r"\b(clock_sleep_ms|deployer_pause|deployer_sleep|model_pause|p?poll|pthread_cond_(timed)?wait|nanosleep|usleep|waitpid|waitid|"
                   r"sqlite3_busy_timeout|curl_multi_poll|epoll_wait|select)\(")


class Paper(unittest.TestCase):
    def there(self, cell, line):
        """Each name in a cell is a test, or a file of tests."""
        names = re.findall(r"`([^`]+)`", cell)
        self.assertTrue(names, f"no test: {line}")
        for name in names:
            module, _, test = name.partition(".")
            if ".c:" in name:  # a test of cmocka
                path, _, unit = name.partition(":")
                run = (lab.ROOT / path).read_text().rpartition("int main(")[2]
                self.assertTrue(re.search(rf"\w+\({unit}\b", run), f"{name} is not run")
                continue
            if name.endswith((".py", ".c")):
                self.assertTrue((lab.ROOT / name).exists(), name)
                continue
            self.assertTrue(callable(operator.attrgetter(test)(importlib.import_module(module))), name)

    def test_each_line_of_the_table_names_tests_that_exist(self):
        lines = [line for line in (lab.ROOT / "docs/failures.md").read_text().splitlines() if re.match(r"\| (?!-|bad input|shown by)", line)]
        self.assertGreater(len(lines), 50)
        for line in lines:
            self.there(line.rsplit("|", 2)[1], line)

    def test_each_place_that_waits_is_in_the_paper_with_what_ends_it(self):
        text = (lab.ROOT / "docs/durability.md").read_text().partition("## Waits")[2]
        rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| `")]
        told = {name for row in rows for name in re.findall(r"`([^`]+)`", row[0])}
        source = lab.ROOT / "src"
        code = {path: re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S) for path in source.rglob("*.c") if not path.name.endswith("_test.c")}
        waits = {str(path.relative_to(source)) for path, text in code.items()
                 if any(not re.search(r"^(static )?\w+ \**$", text[:m.start()].rpartition("\n")[2]) and text[m.start() - 1] not in "_.>"
                        for m in WAITS.finditer(text))}
        self.assertEqual(waits - {"base/clock.c"}, told)
        for row in rows:
            self.assertTrue(all(row), row)
            if not row[4].startswith(("none", "the same")):
                self.there(row[4], row)


class Broken(todo.TodoCase):
    """In an account of its own, bootstrapped; nothing is ever executed in it."""

    def setUp(self):
        super().setUp()
        self.own_account()
        self.todo()

    def fails(self, code, error, *words):
        run = self.go("deploy", *self.CONFIRMED)
        self.ended(run, code)
        self.says(run, *words, error=error)
        self.nothing_at_aws()


class Credentials(Broken):
    def setUp(self):
        super().setUp()
        self.bootstrapped()

    def test_no_credentials(self):
        self.keys = {}
        self.fails(3, "credentials", "no AWS credentials|no usable AWS credentials", "aws (login|configure|sso)")

    def test_expired_credentials(self):
        proxy = self.proxy()
        self.endpoint = proxy.url
        proxy.rule(".*", ".*", error={"status": 403, "code": "ExpiredToken",
                                      "message": "The security token included in the request is expired"})
        self.fails(3, "credentials", "expired", "sign in again|aws login")

    def test_another_account(self):
        run = self.go("deploy", "--non-interactive", "--trust-repository", "--account", "111111111111", "--region", self.region)
        self.ended(run, 3, "failed")
        self.says(run, self.account, "111111111111", error="wrong_account")
        self.nothing_at_aws()

    def test_a_wrong_secret(self):
        keys = dict(self.keys)
        keys["AWS_SECRET_ACCESS_KEY"] = "x" * 40
        self.keys = keys
        self.fails(3, "credentials", "secret access key does not belong", "check the secret access key")

    def test_an_unknown_key(self):
        self.keys = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "x" * 40}
        self.fails(3, "credentials", "does not know this access key", "check the access key id")

    def test_a_missing_permission(self):
        self.keys = self.aws.user("powerless", {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "sts:GetCallerIdentity", "Resource": "*"}]}, account=self.account)
        self.fails(3, "access_denied", "denies|not authorized", "DescribeStacks", "doctor|policy|permission|administrator|right")

    def test_a_missing_capability(self):
        # The program always acknowledges what the plan says; the proxy takes the acknowledgement away.
        proxy = self.proxy()
        self.endpoint = proxy.url
        proxy.rule("cloudformation", "CreateChangeSet", error={
            "status": 400, "code": "InsufficientCapabilitiesException", "message": "Requires capabilities : [CAPABILITY_IAM]"})
        self.fails(3, "access_denied", "capability", "CAPABILITY_IAM")

    def test_a_clock_ten_minutes_off_is_corrected_and_one_that_cannot_be_is_said(self):
        proxy = self.proxy(keys={self.keys["AWS_ACCESS_KEY_ID"]: self.keys["AWS_SECRET_ACCESS_KEY"]})
        self.endpoint = proxy.url
        proxy.rule(".*", ".*", clock_s=600)
        run = self.plan()  # the difference is learned from the answer
        self.assertGreater(proxy.count(".*", ".*", status=403), 0)
        self.approve(run, 5, "reject")
        proxy.clear()
        proxy.rule(".*", ".*", error={"status": 403, "code": "SignatureDoesNotMatch",
                                      "message": "Signature expired: 20261124T090000Z is now earlier than 20261124T090500Z"})
        self.fails(3, "clock_skew", "clock", "timedatectl")


class Configuration(Broken):
    def test_no_region(self):
        (self.repo / "aws-copilot.yml").write_text((self.repo / "aws-copilot.yml").read_text().replace(
            f"    region: {self.region}\n", ""))
        run = self.go("deploy", "--non-interactive", "--trust-repository")
        self.ended(run, 2)
        self.says(run, "Which AWS region", "aws-copilot.yml", error="missing_answer")

    def test_an_account_without_bootstrap(self):
        self.keys = self.aws.user("ada", account=self.account)
        self.fails(2, "missing_answer", "bootstrap", "aws-copilot bootstrap")

    def test_usage(self):
        for words, code, what in ((("deplyo",), 2, "deploy"), (("deploy", "--regoin", "x"), 2, "region"), (("status", "x"), 2, "word")):
            run = self.run_program(*words, "--json", env=self.todo_env(), cwd=self.repo)
            self.ended(run, code)
            self.says(run, what)

    def test_an_endpoint_that_refuses(self):
        self.endpoint = f"http://127.0.0.1:{lab.local_aws.free_port()}"
        self.keys = {"AWS_ACCESS_KEY_ID": self.account, "AWS_SECRET_ACCESS_KEY": "x"}
        self.fails(1, "unreachable", "127.0.0.1", "endpoint")

    def test_unknown_ids(self):
        for verb in ("approve", "reject", "attach", "audit", "approvals"):
            with self.subTest(verb):
                run = self.run_program(verb, "d261124-aaaaaaaa", "--json", env=self.todo_env(), cwd=self.repo)
                self.ended(run, 6)
                self.says(run, "no session d261124-aaaaaaaa", "history|approvals")
        run = self.go("deploy", "--plan", "d261124-aaaaaaaa")
        self.ended(run, 6)

    def test_a_state_file_that_is_corrupt(self):
        self.keys = self.aws.user("ada", account=self.account)
        self.ended(self.go("history"), 0)
        state = self.home / ".local/state/aws-copilot"
        for file in state.glob("*.db*"):
            file.write_bytes(b"not a database, and longer than a header" * 100)
        for words in (("history",), ("deploy", *self.CONFIRMED)):
            run = self.go(*words)
            self.ended(run, 1, "failed")
            self.says(run, "is damaged", r"move \S+/store.db\* to another folder", error="corrupt")
        self.nothing_at_aws()

    def test_a_disk_that_is_full(self):
        state = self.dir / "small"
        state.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(state)], capture_output=True).returncode:
            self.skipTest("a small file system cannot be mounted here")
        self.addCleanup(subprocess.run, ["umount", str(state)], check=True)
        self.bootstrapped()
        run = self.go("deploy", *self.CONFIRMED, XDG_STATE_HOME=str(state))
        self.ended(run, 1)
        self.says(run, "is full", "make room", error="disk_full")
        self.assertIsNone(self.stack_status())


class Repositories(Broken):
    """A project that cannot be built never reaches AWS."""

    def setUp(self):
        super().setUp()
        self.bootstrapped()

    def test_without_any_application(self):
        for half in ("backend", "frontend"):
            shutil.rmtree(self.repo / half)
        (self.repo / "aws-copilot.yml").write_text("version: 1\napp: { name: todo }\nenvironments: { dev: { region: eu-west-1 } }\n")
        run = self.go("deploy", *self.CONFIRMED)
        self.ended(run, 5, "refused")
        self.says(run, "neither|no back end|nothing|no application|FastAPI|Vite")
        self.nothing_at_aws()

    def test_without_a_lock_file(self):
        for file in ("backend/uv.lock", "frontend/pnpm-lock.yaml"):
            with self.subTest(file):
                text = (self.repo / file).read_bytes()
                os.unlink(self.repo / file)
                run = self.go("deploy", *self.CONFIRMED)
                self.ended(run, 2, "failed")
                self.says(run, r"accept\.NO_(NODE_)?LOCK", r"aws-copilot\.yml", error="missing_answer")
                self.assertRegex(json.dumps(run.of_type("question")), f"{file.split('/')[0]}/.* has no lock file")
                (self.repo / file).write_bytes(text)
        self.nothing_at_aws()

    def test_a_front_end_with_a_type_error(self):
        self.edit("frontend/src/api.ts", "export", "const wrong: number = 'text';\nexport")
        self.fails(1, "build_failed", "api.ts.*TS2322|TS2322", "build|correct|run")

    def test_a_back_end_that_cannot_be_imported(self):
        self.edit("backend/app/main.py", 'VERSION = "1.0.0"', 'VERSION = "1.0.0"\nraise OSError("no table")')
        self.fails(1, "import_failed", "no table", "correct|import|run")

    def test_a_back_end_that_imports_what_nothing_gives(self):
        self.edit("backend/app/main.py", "from fastapi import FastAPI", "import nothere\nfrom fastapi import FastAPI")
        self.fails(2, "missing_answer", r"accept\.DEPENDENCY_MISSING", "aws-copilot.yml")

    def test_a_missing_variable_and_its_value_in_the_file(self):
        self.edit("backend/app/settings.py", 'log_level: Literal', 'greeting: str\n    log_level: Literal')
        self.fails(2, "missing_answer", "GREETING", "aws-copilot.yml")
        self.write_yml("    variables: { LOG_LEVEL: info, GREETING: hello }\n")
        run = self.plan()
        self.approve(run, 5, "reject")

    def test_a_package_over_the_limit(self):
        data = self.repo / "backend/app/data"
        data.mkdir()
        for n in range(9):
            with open(data / f"{n}.bin", "wb") as f:
                f.truncate(31 << 20)
        run = self.go("deploy", *self.CONFIRMED)
        self.ended(run, 1, "failed")
        self.says(run, "250|large|limit|bytes|MiB|MB", error="too_large")
        self.nothing_at_aws()


# Status of the stack, exit code, words. Stacks at rest and unlocked take a change set and are not in the table.
STATES = (
    ("CREATE_IN_PROGRESS", 1, "being created", "wait"),
    ("UPDATE_IN_PROGRESS", 1, "being updated", "wait"),
    ("IMPORT_IN_PROGRESS", 1, "imported", "wait"),
    ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", 1, "old resources", "wait"),
    ("ROLLBACK_IN_PROGRESS", 1, "being undone", "wait"),
    ("UPDATE_ROLLBACK_IN_PROGRESS", 1, "being undone", "wait"),
    ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", 1, "undone", "wait"),
    ("IMPORT_ROLLBACK_IN_PROGRESS", 1, "being undone", "wait"),
    ("DELETE_IN_PROGRESS", 1, "being deleted", "wait"),
    ("ROLLBACK_COMPLETE", 1, "cannot be updated", "recover"),
    ("ROLLBACK_FAILED", 1, "could not be removed", "recover"),
    ("CREATE_FAILED", 1, "creation failed", "recover.*--no-rollback"),
    ("DELETE_FAILED", 1, "could not be deleted", "recover"),
    ("UPDATE_FAILED", 1, "rollback switched off", "recover.*--no-rollback"),
    ("UPDATE_ROLLBACK_FAILED", 1, "undoing it failed", "recover"),
    ("IMPORT_ROLLBACK_FAILED", 1, "undoing it failed", "CloudFormation"),
    ("NEVER_HEARD_OF", 1, "does not know", "update aws-copilot"),
)


class World(Broken):
    """AWS is not as it should be."""

    def setUp(self):
        super().setUp()
        self.bootstrapped()
        self.through_faults()

    def test_a_stack_in_each_status_that_takes_no_change(self):
        rows = STATES
        for status, code, sentence, remedy in rows:
            with self.subTest(status):
                self.fault.clear()
                self.fault.rule("cloudformation", "DescribeStacks", contains=self.stack, result=fault_proxy.stack(self.stack, status))
                # A new state folder each time: the limits of calls per minute are not the subject.
                run = self.go("deploy", *self.CONFIRMED, XDG_STATE_HOME=str(self.dir / status))
                self.ended(run, code, "failed")
                self.says(run, sentence, remedy, self.stack, error="conflict")
        self.assertEqual(self.fault.count("cloudformation", "CreateChangeSet|ExecuteChangeSet|DeleteStack"), 0)
        self.nothing_at_aws()

    def test_a_template_that_early_validation_rejects(self):
        self.fault.rule("cloudformation", "DescribeChangeSet", times=1, rewrite=[
            ["<Status>CREATE_COMPLETE</Status>", "<Status>FAILED</Status><StatusReason>" + fault_proxy.EARLY_VALIDATION_REASON +
             "</StatusReason>"],
            ["<ExecutionStatus>AVAILABLE<", "<ExecutionStatus>UNAVAILABLE<"]])
        self.fault.rule("cloudformation", "DescribeEvents", result=fault_proxy.events(
            fault_proxy.early_validation("Backend", "AWS::Lambda::Function", "#/MemorySize: 1 is less than the minimum of 128")))
        run = self.go("deploy", *self.CONFIRMED)
        self.ended(run, 1, "failed")
        self.says(run, "early validation.*Backend.*MemorySize", "aws-copilot.yml", error="template_rejected")
        self.assertEqual(self.fault.count("cloudformation", "ExecuteChangeSet"), 0)
        self.nothing_at_aws()

    def test_a_change_set_that_another_execution_overtook(self):
        run = self.plan()
        self.fault.rule("cloudformation", "DescribeChangeSet", times=1, rewrite=[[
            "<ExecutionStatus>AVAILABLE</ExecutionStatus>", "<ExecutionStatus>OBSOLETE</ExecutionStatus>"]])
        again = self.go("approve", run.result["session"])
        self.ended(again, 10, "waiting")  # planned anew: the yes was for something else
        self.assertNotEqual(again.result["digest"], run.result["digest"])
        self.assertEqual(self.fault.count("cloudformation", "ExecuteChangeSet"), 0)

    def test_a_change_set_that_was_deleted(self):
        run = self.plan()
        row = self.change_sets()[0]
        self.cfn().delete_change_set(StackName=row["StackId"], ChangeSetName=row["ChangeSetId"])
        again = self.go("approve", run.result["session"])
        self.ended(again, 10, "waiting")
        self.assertNotEqual(again.result["digest"], run.result["digest"])
        self.assertEqual(self.fault.count("cloudformation", "ExecuteChangeSet"), 0)

    def test_a_second_plan_while_one_waits_is_refused_by_name(self):
        first = self.plan()
        second = self.go("deploy", *self.CONFIRMED)
        self.ended(second, 1, "failed")
        self.says(second, "waits for a yes", first.result["session"], "approv", error="locked")
        self.assertEqual(len(self.change_sets()), 1)

    def test_a_set_of_a_run_that_has_ended_keeps_nobody_away(self):
        self.fault.rule("cloudformation", "DeleteChangeSet", error={"status": 403, "code": "AccessDenied", "message": "no"})
        first = self.plan()
        self.ended(self.go("reject", first.result["session"]), 5)
        left = [row["ChangeSetId"] for row in self.change_sets()]
        self.assertEqual(len(left), 1)  # it could not be taken away
        self.fault.clear()
        self.plan()
        self.assertEqual([row["ChangeSetId"] in left for row in self.change_sets()], [False])

    def test_two_runs_at_once_on_one_stack(self):
        held, go = threading.Event(), threading.Event()

        def hold(request):
            held.set()
            go.wait(60)

        self.fault.rule("cloudformation", "CreateChangeSet", times=1, call=hold)
        first = self.spawn("deploy", *self.CONFIRMED)
        self.assertTrue(held.wait(60), "the first run never made its change set")
        try:
            second = self.go("deploy", *self.CONFIRMED, XDG_STATE_HOME=str(self.dir / "second"))
        finally:
            go.set()
        self.ended(second, 1, "failed")
        self.says(second, f"{self.stack} is being changed by run", "attach", error="locked")
        self.ended(todo.run_of(first), 10)

    def test_a_session_that_no_machine_knows_is_not_approved(self):
        self.plan()
        other = self.go("approve", "d261130-k7m2q9x4", XDG_STATE_HOME=str(self.dir / "elsewhere"))
        self.ended(other, 6)
        self.says(other, "no session")
        self.assertEqual(self.fault.count("cloudformation", "ExecuteChangeSet"), 0)

    def test_an_endpoint_that_hangs(self):
        self.fault.rule("sts", ".*", hang=True)
        run = self.go("deploy", *self.CONFIRMED, AWS_MAX_ATTEMPTS="1")  # else three times 30 s
        self.ended(run, 9)
        self.says(run, "STS GetCallerIdentity: .* did not answer within 30 s", "check the network and the endpoint", error="timeout")
        self.nothing_at_aws()

    def test_throttling_is_waited_out(self):
        self.fault.rule("cloudformation", ".*", times=2, throttle=True)
        self.plan()


class Deciding(todo.FaultCase):
    """A yes is for one paper, once, in its time. A back end alone, in the account whose stacks are executed."""

    LATE = property(lambda self: lab.nudge(ahead_s=31 * 60))

    def executed(self):
        return self.fault.count("cloudformation", "ExecuteChangeSet")

    def question(self, session, **env):
        return self.go("approvals", session, **env).of_type("approval")[0]

    def test_a_question_that_expired_takes_no_yes_and_is_asked_again_for_the_same_change_set(self):
        run = self.plan()
        session, first = run.result["session"], self.question(run.result["session"])
        late = self.go("approve", session, **self.LATE)
        self.ended(late, 1, "failed")
        self.says(late, "has expired", f"deploy --plan {session}")
        self.assertEqual(late.result["error"]["code"], "expired")
        waits = self.go("deploy", "--plan", session, "--non-interactive", **self.LATE)
        self.ended(waits, 10, "waiting")
        again = self.question(session, **self.LATE)
        self.assertGreater(again["expires_ms"], first["expires_ms"] + 30 * 60 * 1000)
        self.assertNotEqual(again["digest"], first["digest"], "the time is part of what is approved")
        self.assertEqual((len(self.change_sets()), self.executed()), (1, 0))
        self.assertEqual(self.fault.count("cloudformation", "CreateChangeSet"), 1, "the same change set")
        self.approve(run, **self.LATE)
        self.assertEqual(self.executed(), 1)

    def test_a_yes_that_expired_before_its_execution_executes_nothing(self):
        session = self.plan("plan").result["session"]
        self.ended(self.go("approve", session), 0)  # on record: a plan executes nothing
        waits = self.go("deploy", "--plan", session, "--non-interactive", **self.LATE)
        self.ended(waits, 10, "waiting")
        self.assertEqual((len(self.change_sets()), self.executed()), (1, 0))
        self.assertEqual(self.stack_status(), "REVIEW_IN_PROGRESS")

    def test_a_yes_serves_once(self):
        run = self.plan()
        session = run.result["session"]
        self.approve(run)
        for words, sentence, remedy in ((("approve", session), "decided already: yes", f"audit {session}"),
                                        (("reject", session), "decided already: yes", f"audit {session}"),
                                        (("deploy", "--plan", session, "--non-interactive"), r"has ended \(success\)", "deploy")):
            with self.subTest(words[0]):
                again = self.go(*words)
                self.ended(again, 1, "failed")
                self.says(again, sentence, remedy)
                self.assertEqual(again.result["error"]["code"], "already_used")
        self.assertEqual(self.executed(), 1)

    def test_a_yes_to_another_digest_is_asked_again(self):
        session = self.plan().result["session"]
        with contextlib.closing(sqlite3.connect(self.home / ".local/state/aws-copilot/store.db")) as db, db:
            for digest in ("0" * 64, self.question(session)["digest"][:-1]):
                message = {"type": "approve", "digest": digest, "actor": "arn:aws:iam::123456789012:user/mallory,terminal"}
                db.execute("insert into inbox (session, ts_ms, body) values (?, ?, ?)",
                           (session, int(time.time() * 1000), b"\0" + json.dumps(message).encode()))
        waits = self.go("attach", session)
        self.ended(waits, 10, "waiting")
        self.assertEqual([row["code"] for row in waits.of_type("warning") if row["code"] == "other_digest"], ["other_digest"] * 2)
        self.assertEqual(self.executed(), 0)
        self.ended(self.go("reject", session), 5)

    def test_a_change_set_that_is_not_the_one_that_was_shown_is_not_executed(self):
        run = self.plan()
        self.fault.rule("cloudformation", "DescribeChangeSet", times=1, rewrite=[[
            "<LogicalResourceId>Backend</LogicalResourceId>", "<LogicalResourceId>Backdoor</LogicalResourceId>"]])
        again = self.go("approve", run.result["session"])
        self.ended(again, 10, "waiting")
        self.assertNotEqual(again.result["digest"], run.result["digest"])
        self.assertEqual(self.executed(), 0)

    def test_what_was_shown_is_executed_and_not_what_the_repository_has_become(self):
        run = self.plan()
        self.edit("backend/app/main.py", 'VERSION = "1.0.0"', 'VERSION = "6.6.6"')
        done = self.approve(run)
        _, headers, body = self.get(done.result["url"], "/api/health")
        self.assertEqual((headers["x-aws-copilot-build"], json.loads(body)["version"]), (run.of_type("plan")[0]["build_id"], "1.0.0"))

    def test_a_record_that_was_changed_executes_nothing(self):
        session = self.plan().result["session"]
        with contextlib.closing(sqlite3.connect(self.home / ".local/state/aws-copilot/store.db")) as db, db:
            row, head = db.execute("select k, head from records where k >> 24 = (select sid from sessions where id = ?)"
                                   " order by k desc limit 1", (session,)).fetchone()
            db.execute("update records set head = ? where k = ?", (head[:-1] + bytes([head[-1] ^ 1]), row))
        again = self.go("approve", session)
        self.ended(again, 1, "failed")
        self.says(again, session, ".")
        self.assertEqual((again.result["error"]["code"], self.executed()), ("corrupt", 0))


class Unhealthy(todo.TodoCase):
    """The new version does not answer as it should: what was approved for that case is done."""

    ILL = {"AWSCOPILOT_PROBE_WAIT": "5s"}  # for a probe that is to fail; the proxy answers it at once

    def setUp(self):
        super().setUp()
        self.halves = ("backend",)
        self.todo()
        self.bootstrapped()
        self.through_faults()

    def front(self, **do):
        """A rule for what the probe sees: the public address, not the hop behind it."""
        return self.fault.rule("data", ".*", host="cloudfront", path="^/api/health", **do)

    def test_a_first_deployment_is_left_with_its_way_out(self):
        self.front(answer={"status": 500, "body": "broken"})
        done = self.deploy(4, **self.ILL)
        self.assertEqual(done.result["status"], "failed")
        self.says(done, "/api/health answers 500", "aws-copilot logs", error="unhealthy")
        self.assertEqual(self.stack_status(), "CREATE_COMPLETE")
        self.assertIn("aws-copilot destroy", json.dumps(done.of_type("warning")))
        self.assertEqual(self.go("history").of_type("release"), [])

    def test_an_update_goes_back_to_the_release_before(self):
        before = self.deploy()
        build = before.of_type("probe")[0]["hops"][0]["got"]
        rows = (  # three: the gate lets a user plan four times a minute
            ("answers with the old build", {"answer": {"status": 200, "body": "{}", "headers": {"x-aws-copilot-build": build}}},
             "answers with build " + build),
            ("never answers", {"cut": "before"}, "."),
            ("has no code", {"answer": {"status": 200, "body": "Mock response - no code deployed"}}, "mock response"),
        )
        for n, (what, fault, sentence) in enumerate(rows):
            with self.subTest(what):
                self.edit("backend/app/main.py", f'title="Todo{n or ""}"', f'title="Todo{n + 1}"')
                run = self.plan(**self.ILL)
                self.fault.clear()
                # Until the way back: it begins with the alias.
                rule = self.front(**fault)
                self.fault.rule("lambda", "PUT", call=lambda request, rule=rule: setattr(rule, "times", 0))
                done = self.approve(run, 4)
                self.assertEqual(done.result["status"], "rolled_back", str(done))
                self.says(done, sentence, error="unhealthy")
                self.assertEqual(self.get(before.result["url"], "/api/health")[1]["x-aws-copilot-build"], build)
                self.assertTrue(done.of_type("probe")[-1]["passed"])
                told = [e for e in done.events if "previous version answers" in str((e.get("sentence"), e.get("text")))]
                self.assertEqual([(e["type"], e["sentence"]) for e in told], [("probe", "the previous version answers")])  # said once
        self.assertEqual(len(self.go("history").of_type("release")), 1)
        verified = self.go("audit", "verify").of_type("verified")[0]
        self.assertTrue(verified["ok"])
