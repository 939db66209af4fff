"""kill -9 at any place, then attach: the deployment ends correctly, with one change set, executed once."""
import contextlib
import itertools
import json
import signal
import sqlite3
import threading
import time

import fault_proxy
import lab
import todo


class Killing(todo.FaultCase):
    """A back end alone: its build is small, so each place costs seconds."""

    def one_set_was_executed_once(self, session):
        self.assertEqual(self.fault.count("cloudformation", "CreateChangeSet", status=200), 1)
        self.assertEqual(self.fault.count("cloudformation", "ExecuteChangeSet", status=200), 1)
        self.assertEqual(self.stack_status(), "CREATE_COMPLETE")
        verified = self.go("audit", "verify", session).of_type("verified")[0]
        self.assertTrue(verified["ok"], verified)

    def killed_at(self, service, action, words, after=False, path=None, number=signal.SIGKILL, lost=False, late=False):
        """Runs these words and ends the process where that request is at the proxy, before or after its effect.

        `lost`: the request never reaches AWS; `late`: when the test sets self.late.
        """
        at, go = threading.Event(), threading.Event()

        def hold(request):
            at.set()
            go.wait(90)
            if lost:
                raise fault_proxy.Cut

        self.fault.rule(service, action, path=path, times=1, **{"then" if after else "call": hold})
        process = self.spawn(*words)
        self.assertTrue(at.wait(90), f"{action} never came: {process.out.read_text()[-2000:]}")
        process.send_signal(number)
        if number != signal.SIGKILL:
            go.set()
        process.wait(90)
        if late:
            self.late = go
            self.addCleanup(go.set)
        else:
            go.set()
        return todo.run_of(process)


class Killed(Killing):
    def session_of(self, run):
        return run.of_type("phase")[0]["session_id"]

    def goes_on_to_the_yes(self, killed):
        session = self.session_of(killed)
        waiting = self.go("attach", session)
        self.ended(waiting, 10, "waiting")
        self.assertEqual(len(self.change_sets()), 1)
        self.approve(waiting)
        self.one_set_was_executed_once(session)

    def test_while_it_uploads(self):
        self.goes_on_to_the_yes(self.killed_at("s3", "PutObject", ("deploy", *self.CONFIRMED), path="backend/"))

    def test_after_the_change_set_was_created(self):
        self.goes_on_to_the_yes(self.killed_at("cloudformation", "CreateChangeSet", ("deploy", *self.CONFIRMED), after=True))

    def test_before_the_change_set_was_created_and_the_request_is_lost(self):
        self.goes_on_to_the_yes(self.killed_at("cloudformation", "CreateChangeSet", ("deploy", *self.CONFIRMED), lost=True))

    def test_before_the_change_set_was_created_and_the_request_comes_late(self):
        killed = self.killed_at("cloudformation", "CreateChangeSet", ("deploy", *self.CONFIRMED), late=True)
        session = self.session_of(killed)
        waiting = self.go("attach", session)
        self.ended(waiting, 10, "waiting")
        self.late.set()  # the dead process's request reaches AWS now
        self.wait_for(lambda: self.fault.count("cloudformation", "CreateChangeSet", status=400) == 1, "the late request")
        self.assertEqual(len(self.change_sets()), 1)
        self.approve(waiting)
        self.one_set_was_executed_once(session)

    def test_before_the_change_set_is_described(self):
        self.goes_on_to_the_yes(self.killed_at("cloudformation", "DescribeChangeSet", ("deploy", *self.CONFIRMED)))

    def goes_on_to_the_end(self, session):
        done = self.go("attach", session)
        self.ended(done, 0, "success")
        self.one_set_was_executed_once(session)

    def test_after_the_execution_was_accepted(self):
        session = self.plan().result["session"]
        self.killed_at("cloudformation", "ExecuteChangeSet", ("approve", session), after=True)
        self.goes_on_to_the_end(session)

    def test_while_the_stack_is_watched(self):
        session = self.plan().result["session"]
        self.killed_at("cloudformation", "DescribeStackEvents", ("approve", session))
        self.goes_on_to_the_end(session)

    def test_a_destruction_before_and_after_its_deletion(self):
        for after in (False, True):
            with self.subTest(after=after):
                self.cfn().create_stack(StackName=self.stack, TemplateBody='{"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}')
                before = self.fault.count("cloudformation", "DeleteStack", status=200)
                session = self.plan("destroy").result["session"]
                self.killed_at("cloudformation", "DeleteStack", ("approve", session, self.stack), after=after, lost=not after)
                done = self.go("attach", session)
                self.ended(done, 0, "success")
                self.assertIsNone(self.stack_status())
                self.assertEqual(self.fault.count("cloudformation", "DeleteStack", status=200) - before, 1)
                self.assertTrue(self.go("audit", "verify", session).of_type("verified")[0]["ok"])

    def test_while_it_probes(self):
        session = self.plan().result["session"]
        self.killed_at("data", ".*", ("approve", session), path="^/api/health")
        self.goes_on_to_the_end(session)

    def test_ctrl_c_while_the_change_set_is_made(self):
        stopped = self.killed_at("cloudformation", "CreateChangeSet", ("deploy", *self.CONFIRMED), number=signal.SIGINT)
        self.ended(stopped, 130, "cancelled")
        self.goes_on_to_the_yes(stopped)

    def test_ctrl_c_while_aws_works_leaves_aws_working(self):
        for n, (service, action, path) in enumerate((("cloudformation", "DescribeStackEvents", None), ("data", ".*", "^/api/health"))):
            if n == 0:
                session = self.plan().result["session"]
                words = ("approve", session)
            else:
                words = ("attach", session)
            stopped = self.killed_at(service, action, words, path=path, number=signal.SIGINT)
            self.ended(stopped, 130)
            self.says(stopped, ".", f"attach {session}")
        self.goes_on_to_the_end(session)

    def test_a_yes_of_another_process_wakes_the_one_that_waits(self):
        with self.talk("deploy", "--app", self.app, "--account", self.account, "--region", self.region, "--trust-repository",
                       env=self.todo_env(), cwd=self.repo) as talk:
            talk.expect(r"\[yes / no / why\]")
            session = self.go("approvals").of_type("approval")[0]["session"]
            said = self.go("approve", session)
            self.ended(said, 0)
            talk.expect("came from elsewhere")
            self.assertEqual(talk.wait(), 0)
        self.one_set_was_executed_once(session)


    def test_a_lock_that_is_got_after_the_session_was_lost_is_given_back(self):
        at, go = threading.Event(), threading.Event()

        def hold(request):
            at.set()
            go.wait(90)

        self.fault.rule("s3", "PutObject", path="locks/", times=1, call=hold)
        process = self.spawn("deploy", *self.CONFIRMED)
        self.assertTrue(at.wait(90), process.out.read_text()[-2000:])
        [file] = self.dir.rglob("store.db")
        with sqlite3.connect(file) as store:  # as another process does that finds the lease expired
            store.execute("UPDATE leases SET epoch = epoch + 1 WHERE name NOT IN (SELECT id FROM sessions WHERE kind = 'query')")
        store.close()
        go.set()
        run = todo.run_of(process)
        self.ended(run, 1)
        self.says(run, "another process has taken over session", error="stale")
        rows = self.aws.client("s3", account=self.account).list_objects_v2(
            Bucket=self.aws.bootstrap_outputs(account=self.account)["Artifacts"], Prefix=f"locks/{self.stack}/")["Contents"]
        self.assertEqual([row["Key"].split("/")[-1] for row in rows], [f"{1:012d}", f"{1:012d}.released"])


class Once(Killing):
    """A yes is used once: by one of two processes that take it up at the same moment, and over a kill between its use and its effect."""

    def at_once(self, session, *verbs):
        """Each verb's process has looked that nobody decided before the first of them says anything: [Run], in their order."""
        looked = threading.Barrier(len(verbs), timeout=60)
        self.fault.rule("sts", "GetCallerIdentity", times=len(verbs), call=lambda request: looked.wait())
        return [todo.run_of(process) for process in [self.spawn(verb, session) for verb in verbs]]

    def test_two_processes_say_yes_at_once(self):
        session = self.plan().result["session"]
        runs = self.at_once(session, "approve", "approve")
        [goes_on] = [run for run in runs if "release" in run.result]
        self.ended(goes_on, 0, "success")
        runs.remove(goes_on)
        if runs[0].code != 0:  # it looked when the other had said it already; else it says who goes on
            self.says(runs[0], "it was decided already", session, error="already_used")
        self.one_set_was_executed_once(session)

    def test_a_yes_and_a_no_at_once(self):
        session = self.plan().result["session"]
        runs = dict(zip(("yes", "no"), self.at_once(session, "approve", "reject")))
        [counts] = [row["outcome"] for row in self.go("audit", session).of_type("decision") if row["record"] == "approval"]
        self.says(runs.pop("yes" if counts == "no" else "no"), "it was decided already", session, error="already_used")
        if counts == "yes":
            self.one_set_was_executed_once(session)
        else:
            self.ended(runs["no"], 5, "refused")
            self.assertEqual(self.fault.count("cloudformation", "ExecuteChangeSet"), 0)
            self.nothing_at_aws()

    def test_two_processes_take_up_at_once_what_died_before_its_effect(self):
        session = self.plan().result["session"]
        self.killed_at("cloudformation", "ExecuteChangeSet", ("approve", session), lost=True)
        for run in self.at_once(session, "attach", "attach"):
            self.ended(run, 0, "success")
        self.one_set_was_executed_once(session)
        self.assertEqual(self.fault.count("cloudformation", "ExecuteChangeSet"), 2, "the lost one and the one that was made")

    def test_killed_before_the_effect_and_the_request_comes_late(self):
        session = self.plan().result["session"]
        self.killed_at("cloudformation", "ExecuteChangeSet", ("approve", session), late=True)
        self.ended(self.go("attach", session), 0, "success")
        self.late.set()
        self.wait_for(lambda: self.fault.count("cloudformation", "ExecuteChangeSet", status=400) == 1, "AWS's answer to the late request")
        self.one_set_was_executed_once(session)

    def test_killed_before_the_effect_and_taken_up_when_the_yes_is_over(self):
        session = self.plan().result["session"]
        self.killed_at("cloudformation", "ExecuteChangeSet", ("approve", session), lost=True)
        late = lab.nudge(ahead_s=3600)
        waiting = self.go("attach", session, **late)
        self.ended(waiting, 10, "waiting")
        self.assertEqual((len(self.change_sets()), self.fault.count("cloudformation", "ExecuteChangeSet", status=200)), (1, 0))
        self.approve(waiting, **late)  # a new yes for the same change set
        self.one_set_was_executed_once(session)
        said = [row for row in self.go("audit", session).of_type("decision") if row["record"] == "approval"]
        self.assertEqual(len({row["digest"] for row in said}), 2)


class History(todo.TodoCase):
    """Two machines: each has a state folder of its own, both the same application."""

    halves = ("backend",)

    def test_a_release_of_one_machine_is_the_way_back_of_another(self):
        self.todo()
        self.bootstrapped()
        first = self.deploy()
        s3 = self.aws.client("s3", account=self.account)
        bucket = self.aws.bootstrap_outputs(account=self.account)["Artifacts"]
        rows = {name: s3.list_objects_v2(Bucket=bucket, Prefix=f"{name}/{self.stack}/").get("Contents", [])
                for name in ("releases", "seals")}
        self.assertEqual({name: len(found) for name, found in rows.items()}, {"releases": 1, "seals": 1})
        release = json.loads(s3.get_object(Bucket=bucket, Key=rows["releases"][0]["Key"])["Body"].read())
        self.assertEqual((release["session"], release["stack"]), (first.result["session"], self.stack))
        build = release["build_id"]
        head = lab.git(self.repo, "rev-parse", "HEAD").strip()
        self.assertEqual((release["schema"], release["commit"], release["dirty"], release["by"], release["probe"]["passed"]),
                         (1, head, False, f"arn:aws:iam::{self.account}:user/{self.app}", True))
        self.assertEqual(release["author"], lab.git(self.repo, "log", "-1", "--format=%an").strip())

        other = {"XDG_STATE_HOME": str(self.dir / "other")}
        self.assertEqual(self.go("history", **other).of_type("release"), [])
        self.edit("backend/app/main.py", "HEALTHY = True", "HEALTHY = False")
        done = self.deploy(code=4, AWSCOPILOT_PROBE_WAIT="5s", **other)
        self.assertEqual(done.result["status"], "rolled_back")
        self.assertEqual(self.get(first.result["url"], "/api/health")[1]["x-aws-copilot-build"], build)
        self.assertEqual([r["session"] for r in self.go("history", **other).of_type("release")], [first.result["session"]])

    def test_a_machine_whose_clock_is_an_hour_ahead_does_not_choose_the_way_back(self):
        self.todo()
        self.bootstrapped()
        self.deploy(**lab.nudge(ahead_s=3600))
        self.edit("backend/app/main.py", 'VERSION = "1.0.0"', 'VERSION = "1.0.1"')
        second = self.deploy()
        build = self.get(second.result["url"], "/api/health")[1]["x-aws-copilot-build"]
        self.edit("backend/app/main.py", "HEALTHY = True", "HEALTHY = False")
        self.assertEqual(self.deploy(code=4, AWSCOPILOT_PROBE_WAIT="5s").result["status"], "rolled_back")
        self.assertEqual(self.get(second.result["url"], "/api/health")[1]["x-aws-copilot-build"], build)
        self.assertEqual(self.go("history").of_type("release")[0]["session"], second.result["session"])


class Second(todo.TodoCase):
    """An environment where two people have to agree."""

    halves = ("backend",)

    def test_the_yes_of_who_asked_is_none_and_that_of_somebody_else_serves(self):
        self.todo(more="    variables: { LOG_LEVEL: info }\n    second_approver: true\n")
        mine = self.bootstrapped()
        session = self.plan("deploy", "--yes").result["session"]
        own = self.go("approve", session)
        self.ended(own, 5, "refused")
        self.says(own, "second approver", "somebody else", error="policy")
        self.assertEqual(self.go("approvals").of_type("approval")[0]["session"], session, "it waits on")
        with self.talk("attach", session, "--app", self.app, env=self.todo_env(), cwd=self.repo) as talk:
            talk.expect(r"\[yes / no / why\]")
            talk.send_line("yes")  # typed, and not carried by the verb
            talk.expect(r"What a yes means")
            talk.expect(r"\[yes / no / why\]")
            self.assertIn("does not count", talk.transcript)
            talk.interrupt()
            self.assertEqual(talk.wait(), 130)
        self.assertEqual(self.go("approvals").of_type("approval")[0]["session"], session, "it waits on")
        self.keys = self.aws.deployer(f"{self.app}-second", account=self.account)
        self.ended(self.go("approve", session), 0)
        self.assertIsNone(self.stack_status() if self.stack_status() != "REVIEW_IN_PROGRESS" else None)
        self.keys = mine
        self.ended(self.go("attach", session), 0, "success")
        said = [row for row in self.go("audit", session).of_type("decision") if row["record"] == "approval"]
        self.assertEqual([(row["outcome"], row["actor"]) for row in said],
                         [("yes", f"arn:aws:iam::{self.account}:user/{self.app}-second,terminal")])


class OnMachines(todo.TodoCase):
    """Machines share nothing but the account: each has a state folder and an identity of its own."""

    halves = ("backend",)

    def setUp(self):
        super().setUp()
        self.todo()
        self.mine = self.bootstrapped()
        self.other = self.aws.deployer(f"{self.app}-b", account=self.account)
        self.through_faults()

    def at(self, machine, *words, keys=None, code=0, **env):
        self.keys = keys or (self.mine if machine == "a" else self.other)
        run = self.go(*words, XDG_STATE_HOME=str(self.dir / machine), **env)
        self.ended(run, code)
        return run

    def waits_on_a(self, *more):
        self.keys = self.mine
        run = self.plan("deploy", *more, XDG_STATE_HOME=str(self.dir / "a"))
        self.assertEqual([w for w in run.of_type("warning") if w["code"] == "unshared"], [])
        return run.result["session"]

    def one_effect(self, session, machines="ab"):
        self.assertEqual(self.fault.count("cloudformation", "ExecuteChangeSet", status=200), 1)
        for machine in machines:
            verified = self.at(machine, "audit", "verify").of_type("verified")[0]
            self.assertTrue(verified["ok"], (machine, verified))
        journals = [[{**row, "time": None} for row in self.at(machine, "audit", session).of_type("decision")] for machine in machines]
        self.assertEqual(journals[0], journals[-1], "both machines hold the same record")

    def arn(self, name):
        return f"arn:aws:iam::{self.account}:user/{self.app}{name}"

    def decided(self, session, machine="a"):
        return [(row["outcome"], row["actor"]) for row in self.at(machine, "audit", session).of_type("decision")
                if row["record"] == "approval"]


class Machines(OnMachines):
    """One session on several machines."""

    def test_the_yes_of_another_machine_deploys_there_and_is_the_end_here(self):
        session = self.waits_on_a()
        asked = self.at("b", "approvals").of_type("approval")
        self.assertEqual([(row["session"], row["asked_by"], row["here"], row["next"]) for row in asked],
                         [(session, self.arn(""), False, f"aws-copilot approve {session}")])
        own = self.at("a", "approvals").of_type("approval")
        self.assertEqual([{**row, "here": False, "time": 0} for row in own], [{**row, "time": 0} for row in asked], "the same on both")
        self.assertEqual([(row["session"], row["status"]) for row in self.at("b", "history").of_type("session")], [(session, "waiting")])
        done = self.at("b", "approve", session)
        self.assertEqual(done.result["status"], "success")
        self.assertEqual([self.at(machine, "approvals").of_type("approval") for machine in "ab"], [[], []])
        here = [row for row in self.at("a", "history").of_type("session") if row["session"] == session]
        self.assertEqual([(row["status"], row["continued_by"]["actor"]) for row in here], [("success", self.arn("-b"))])
        self.ended(self.at("a", "attach", session), 0, "success")
        self.one_effect(session)
        self.assertEqual(self.decided(session), [("yes", self.arn("-b") + ",terminal")])
        again = self.at("b", "approve", session, code=1)
        self.says(again, "decided already: yes", error="already_used")

    def test_the_no_of_another_machine(self):
        session = self.waits_on_a()
        self.ended(self.at("b", "reject", session, code=5), 5, "refused")
        self.says(self.at("a", "approve", session, code=1), "decided already: no", error="already_used")
        self.ended(self.at("a", "attach", session, code=5), 5, "refused")
        self.assertEqual(self.decided(session), [("no", self.arn("-b") + ",terminal")])
        self.assertEqual(self.fault.count("cloudformation", "ExecuteChangeSet"), 0)
        self.nothing_at_aws()

    def test_an_approver_with_the_printed_policy_approves_and_can_do_nothing_else(self):
        """IAM keeps the rule: the policy of `permissions approve`, and a deployer whom a statement forbids approvals."""
        self.write_yml(more="    variables: { LOG_LEVEL: info }\n    second_approver: true\n")
        self.commit("second approver")
        session = self.waits_on_a()
        self.keys = self.mine
        printed = json.loads(self.go("permissions", "approve", XDG_STATE_HOME=str(self.dir / "a")).stdout)
        self.assertEqual(printed["bucket_statement"]["Effect"], "Deny")
        forbidden = {key: printed["bucket_statement"][key] for key in ("Sid", "Effect", "Action", "Resource")}
        bound = self.aws.user(f"{self.app}-d", {"Version": "2012-10-17", "Statement": [forbidden]},
                              [self.aws.bootstrap_outputs(account=self.account)["DeployerPolicy"]], account=self.account)
        denied = self.at("b", "approve", session, keys=bound, code=3)
        self.says(denied, "could not be written", "permissions approve", error="access_denied")
        policy = json.loads(json.dumps(printed["policy"]).replace("${aws:userid}", "*"))  # the local AWS fills in no variables
        approver = self.aws.user(f"{self.app}-q", policy, [], account=self.account)
        self.assertEqual([row["session"] for row in self.at("c", "approvals", keys=approver).of_type("approval")], [session])
        self.at("c", "approve", session, keys=approver)
        self.assertEqual(self.at("b", "approvals").of_type("approval"), [], "it was answered")
        self.says(self.at("c", "attach", session, keys=approver, code=3), ".", error="access_denied")
        self.assertEqual(self.at("a", "attach", session).result["status"], "success")
        self.assertEqual(self.decided(session), [("yes", self.arn("-q") + ",bucket")])

    def test_two_machines_say_yes_at_once(self):
        session = self.waits_on_a()
        third = self.aws.deployer(f"{self.app}-c", account=self.account)
        said, took = threading.Barrier(2, timeout=60), threading.Barrier(2, timeout=60)
        self.fault.rule("s3", "PutObject", path="approvals/", times=2, call=lambda request: said.wait())
        self.fault.rule("s3", "PutObject", path="take-000001.json", times=2, call=lambda request: took.wait())
        runs = {}
        for machine, keys in (("b", self.other), ("c", third)):
            self.keys = keys
            runs[machine] = self.spawn("approve", session, XDG_STATE_HOME=str(self.dir / machine))
        ends = {machine: (process.wait(200), todo.run_of(process)) for machine, process in runs.items()}
        winner, loser = sorted(ends, key=lambda machine: ends[machine][0])
        self.assertEqual([ends[winner][0], ends[loser][0]], [0, 1], f"{ends[winner][1]}\n{ends[loser][1]}")
        self.says(ends[loser][1], f"session {session} is run by|another machine has gone on", "attach")
        self.assertEqual(self.at("a", "attach", session).result["status"], "success")
        self.keys = third
        self.ended(self.at(loser, "attach", session, keys=third), 0, "success")
        self.one_effect(session, "abc")

    def killed_on_b(self, session, action, after):
        at, go = threading.Event(), threading.Event()

        def hold(request):
            at.set()
            go.wait(90)

        self.fault.rule("cloudformation", action, times=1, **{"then" if after else "call": hold})
        self.keys = self.other
        process = self.spawn("approve", session, XDG_STATE_HOME=str(self.dir / "b"))
        self.assertTrue(at.wait(90), process.out.read_text()[-2000:])
        self.says(self.at("c", "approve", session, code=1), "session .* is run by|decided already", error="already_used")
        process.kill()
        process.wait(30)
        go.set()

    def test_a_third_machine_goes_on_when_the_second_one_dies(self):
        session = self.waits_on_a()
        self.killed_on_b(session, "ExecuteChangeSet", after=True)
        self.ended(self.at("c", "attach", session), 0, "success")
        self.ended(self.at("a", "attach", session), 0, "success")
        self.one_effect(session, "ac")
        late = self.at("b", "attach", session, code=1)
        self.says(late, "went on differently after record", error="conflict")

    def test_unlock_gives_back_the_turn_of_a_machine_that_is_gone(self):
        """Take and lock of a machine that nobody here can ask; its lock is over, its turn is not."""
        session = self.waits_on_a()
        s3, bucket = self.aws.client("s3", account=self.account), self.aws.bootstrap_outputs(account=self.account)["Artifacts"]
        now = int(time.time() * 1000)
        gone = {"run": session, "session": session, "actor": self.arn("-z"), "user": "ada", "host": "elsewhere/x/y", "install": "f" * 64,
                "pid": 7, "start": 1, "take": 1, "since_ms": now, "expires_ms": now + 3600000}
        turn = f"sessions/{self.stack}/{session}/take-000001"
        for key, body in ((turn + ".json", gone), (f"locks/{self.stack}/{2:012d}", gone | {"expires_ms": 1})):
            s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(body).encode(), IfNoneMatch="*")
        self.says(self.at("a", "approve", session, code=1), "is run by .*-z on elsewhere", error="already_used")
        self.at("a", "unlock", "--yes")
        s3.head_object(Bucket=bucket, Key=turn + ".rest")
        self.ended(self.at("a", "approve", session), 0, "success")
        self.one_effect(session, "a")

    def test_the_first_machine_goes_on_when_the_second_one_dies_before_the_effect(self):
        session = self.waits_on_a()
        self.killed_on_b(session, "DescribeStackEvents", after=False)
        self.ended(self.at("a", "attach", session), 0, "success")
        self.assertEqual(self.decided(session), [("yes", self.arn("-b") + ",terminal")])
        self.one_effect(session, "a")


    def test_without_aws_the_own_sessions_are_listed_and_one_sentence_says_so(self):
        session = self.waits_on_a()
        self.endpoint = "http://127.0.0.1:9"
        run = self.at("a", "approvals")
        self.assertEqual([row["session"] for row in run.of_type("approval")], [session])
        self.assertEqual([row["code"] for row in run.of_type("warning")], ["others_not_asked"])
        shown = self.go("approvals", json=False, XDG_STATE_HOME=str(self.dir / "a"))
        self.assertRegex(shown.stderr, r"what other machines ask is not known: .*127\.0\.0\.1")
        self.assertRegex(shown.stdout, rf"(?s){session} .*asked by {self.arn('')} at [-0-9: ]+; aws-copilot approve {session}")


class Site(OnMachines):
    """A site, whose files one machine built and another one puts into place."""

    halves = ("frontend",)

    def title(self, url):
        status, _, body = self.get(url)
        return status, body.decode().split("<title>")[1].split("<")[0]

    def moves_to_b(self):
        """Nothing of the first machine is left: another clone at another path, another home, other credentials."""
        clone, home = self.dir / "elsewhere/copy", self.dir / "home-b"
        lab.git(self.dir, "clone", "-q", self.repo, clone)
        (home / "tmp").mkdir(parents=True)
        for path in (self.repo, self.dir / "a", self.dir / "cache-a", self.home):
            path.rename(path.with_name(path.name + "-gone"))
        self.repo = clone
        return {"HOME": home, "XDG_CONFIG_HOME": home / ".config", "XDG_CACHE_HOME": home / ".cache", "TMPDIR": home / "tmp"}

    def test_another_machine_ends_what_the_first_one_died_in_and_goes_back_from_there(self):
        a = {"XDG_STATE_HOME": str(self.dir / "a"), "XDG_CACHE_HOME": str(self.dir / "cache-a")}
        (self.dir / "cache-a").symlink_to(self.todo_env()["XDG_CACHE_HOME"])  # builds are made once for all tests
        self.keys = self.mine
        url = self.deploy(**a).result["url"]
        self.assertEqual(self.title(url), (200, "Todo"))
        self.edit("frontend/index.html", "<title>Todo</title>", "<title>Todo two</title>")
        session = self.plan(**a).result["session"]
        at, go = threading.Event(), threading.Event()

        def hold(request):
            at.set()
            go.wait(90)
            raise fault_proxy.Cut

        self.fault.rule("s3", "PutObject", path="/releases/.*/index.html", times=1, call=hold)
        process = self.spawn("approve", session, **a)
        self.assertTrue(at.wait(90), process.out.read_text()[-2000:])
        process.kill()  # files of the new release are there, but for its page
        process.wait(30)
        go.set()
        b = self.moves_to_b()
        done = self.at("b", "attach", session, **b)
        self.assertEqual((done.result["status"], done.result["url"]), ("success", url))
        self.assertEqual(self.title(url), (200, "Todo two"))
        self.assertEqual(self.fault.count("cloudformation", "ExecuteChangeSet", status=200), 2, "once for each release")
        puts = [row["target"] for row in self.fault.seen if row["action"] == "PutObject" and "/releases/" in row["target"] and row["status"] == 200]
        self.assertTrue([target for target in puts if "index.html" in target], puts)
        self.assertEqual(sorted(puts), sorted(set(puts)), "each file of a release was put once")

        back = self.at("b", "rollback", *self.CONFIRMED, code=10, **b)
        self.assertEqual(self.at("b", "approve", back.result["session"], **b).result["status"], "success")
        self.assertEqual(self.title(url), (200, "Todo"))
        verified = self.at("b", "audit", "verify", **b).of_type("verified")[0]
        self.assertTrue(verified["ok"], verified)


class Waiting(OnMachines):
    """A process waits at its question while the answer is given on another machine."""

    def sits_at_a(self):
        self.keys = self.mine
        return self.talk("deploy", "--app", self.app, "--account", self.account, "--region", todo.REGION, "--trust-repository",
                         env=self.todo_env(XDG_STATE_HOME=str(self.dir / "a")), cwd=self.repo)

    def asked(self, talk):
        talk.expect(r"\[yes / no / why\]")
        return self.at("a", "approvals").of_type("approval")[0]["session"]

    def looks_without_a_record(self, n):
        """Waits for so many looks at the bucket that see nothing new: the first is on record, and that it is looked on."""
        def looks():
            return sum("approvals" in row["target"] and row["method"] == "GET" for row in list(self.fault.seen))

        before = looks()
        self.wait_for(lambda: looks() >= before + n, f"{n} looks")
        with contextlib.closing(sqlite3.connect(self.dir / "a/aws-copilot/store.db")) as store:
            [(query,)] = store.execute("SELECT id FROM sessions WHERE kind = 'query' AND status = 'running'").fetchall()
        rows = self.at("a", "audit", query).of_type("decision")
        self.assertEqual([row["record"] for row in rows if row.get("op") == "join"], ["intent"] * 2, rows)

    def test_it_says_who_approved_where_and_shows_the_end(self):
        with self.sits_at_a() as talk:
            session = self.asked(talk)
            self.assertEqual(self.at("b", "approve", session).result["status"], "success")
            talk.expect(rf"approved by {self.arn('-b')} on \S+ at [-0-9T:.]+Z; it (goes|went) on there")
            talk.expect("approved by .*-b,terminal")
            self.assertEqual(talk.wait(), 0, talk.transcript)
        self.one_effect(session)

    def test_it_says_who_rejected_and_ends_as_that(self):
        with self.sits_at_a() as talk:
            session = self.asked(talk)
            self.looks_without_a_record(3)
            self.at("b", "reject", session, code=5)
            talk.expect(rf"rejected by {self.arn('-b')} on \S+ at [-0-9T:.]+Z; it (goes|went) on there")
            talk.expect(r"Refused: .* said no")
            self.assertNotIn("asked:", talk.transcript, "it was answered")
            self.assertEqual(talk.wait(), 5)
        self.nothing_at_aws()

    def overtaken(self, is_begun):
        """The run begins (or has begun) and ends on b while the list of objects that a reads is on its way."""
        session = self.waits_on_a()
        lists = itertools.count()
        asked, ended = threading.Event(), threading.Event()

        def late(request):
            if request.key_id == self.mine["AWS_ACCESS_KEY_ID"] and next(lists) == 1:  # the first one is whether it exists
                asked.set()
                ended.wait(90)

        def approves():
            self.keys = self.other
            return self.spawn("approve", session, XDG_STATE_HOME=str(self.dir / "b"))

        self.fault.rule("cloudformation", "ExecuteChangeSet", times=1, call=lambda request: asked.wait(90))
        self.fault.rule("s3", "ListObjectsV2", path="prefix=sessions", then=late)
        run = approves() if is_begun else None
        self.wait_for(lambda: not is_begun or self.fault.count("cloudformation", "ExecuteChangeSet"), "its effect")
        self.keys = self.mine
        watch = self.spawn("attach", session, XDG_STATE_HOME=str(self.dir / "a"))
        self.assertTrue(asked.wait(90))
        run = run or approves()
        run.wait(200)
        self.ended(todo.run_of(run), 0, "success")
        ended.set()
        watch.wait(90)
        self.ended(todo.run_of(watch), 0, "success")
        self.one_effect(session)

    def test_a_look_that_the_end_overtakes_shows_that_end(self):
        self.overtaken(is_begun=True)

    def test_a_look_that_a_whole_run_overtakes_shows_its_end(self):
        self.overtaken(is_begun=False)

    def test_a_background_run_goes_on_with_a_yes_that_nobody_acts_on(self):
        self.write_yml(more="    variables: { LOG_LEVEL: info }\n    second_approver: true\n")
        self.commit("second approver")
        self.keys = self.mine
        session = self.at("a", "deploy", *self.CONFIRMED, "--detach").result["session"]
        self.wait_for(lambda: self.at("a", "approvals").of_type("approval"), "the question")
        self.at("b", "approve", session)
        self.wait_for(lambda: ("success", session) in [(row["status"], row["session"]) for row in self.at("a", "history").of_type("session")],
                      "its end, with nobody's help")
        self.assertEqual(self.decided(session), [("yes", self.arn("-b") + ",bucket")])
        self.one_effect(session, "a")


class Kept(OnMachines):
    """The state file is kept, and put back when AWS has gone on since."""

    def put_back(self, session):
        kept = self.dir / "kept.db"
        self.at("a", "backup", kept)
        self.assertEqual(kept.stat().st_mode & 0o777, 0o600)
        self.says(self.at("a", "backup", kept, code=1), "is there already", error="conflict")
        self.at("a", "approve", session)
        refused = self.at("a", "restore", kept, "--non-interactive", code=2)
        self.assertEqual([row["session"] for row in refused.of_type("lost")], [session])
        self.says(refused, "replaces the state file", error="missing_answer")
        self.at("a", "restore", kept, "--yes")
        verified = self.at("a", "audit", "verify").of_type("verified")[0]
        self.assertTrue(verified["ok"], verified)

    def test_a_session_that_went_on_since_is_taken_up_from_the_bucket(self):
        session = self.waits_on_a()
        self.put_back(session)
        self.assertEqual(self.at("a", "attach", session).result["status"], "success")
        self.one_effect(session, "a")

    def test_a_session_that_went_on_since_repeats_no_effect_without_the_bucket(self):
        session = self.waits_on_a()
        self.put_back(session)
        s3 = self.aws.client("s3", account=self.account)
        bucket = self.aws.bootstrap_outputs(account=self.account)["Artifacts"]
        for name in ("sessions", "approvals"):
            for row in s3.list_objects_v2(Bucket=bucket, Prefix=f"{name}/{self.stack}/").get("Contents", []):
                s3.delete_object(Bucket=bucket, Key=row["Key"])
        again = self.at("a", "approve", session)
        self.assertEqual(again.result["status"], "success", "AWS was asked whether it had happened")
        self.one_effect(session, "a")

    def test_a_damaged_state_file_gives_way_to_a_backup(self):
        kept = self.dir / "kept.db"
        session = self.waits_on_a()
        self.at("a", "backup", kept)
        file = self.dir / "a/aws-copilot/store.db"
        file.write_bytes(b"no database, and longer than a header" * 100)
        self.says(self.at("a", "history", code=1), "is damaged", "restore FILE", error="corrupt")
        torn = self.dir / "torn.db"
        torn.write_bytes(kept.read_bytes()[:9000])
        self.says(self.at("a", "restore", torn, "--yes", code=1), "nothing was changed", error="corrupt")
        self.at("a", "restore", kept, "--yes")
        self.assertEqual(self.at("a", "approvals").of_type("approval")[0]["session"], session)
