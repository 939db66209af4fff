"""Ctrl-C and kill -9 in each phase: exit 130 (or a dead process), nothing is repeated, and attach goes on.

test/drivers/nudge.c sends SIGINT to the program's process group, as a terminal does, at the line that says that a
phase began. At the question itself: test_talk. Where a request is on its way: test_resume.
"""
import os
import signal
from pathlib import Path

import lab
import todo

PHASES = ("intake", "context", "ask", "preflight", "plan", "review", "dry_run", "review_set", "wait", "execute", "validate",
          "rollback", "closure")


def at(phase):
    """Presses Ctrl-C when this phase begins."""
    return lab.nudge(interrupt_at=f'"phase":"{phase}","')


def phases_of(run):
    return [row["phase"] for row in run.of_type("phase")]


class Stopped(todo.TodoCase):
    halves = ("backend",)

    def stopped(self, run):
        """The session of a run that Ctrl-C ended."""
        self.ended(run, 130, "cancelled")
        session = run.of_type("phase")[-1]["session_id"]
        self.assertEqual(run.result["session"], session)
        self.says(run, "stopped by Ctrl-C", f"attach {session}")
        return session

    def calls(self, action):
        return self.fault.count("cloudformation", action, status=200)


class BeforeTheYes(Stopped):
    def test_each_phase_is_gone_on_with_and_makes_one_change_set(self):
        self.own_account()
        self.todo()
        self.bootstrapped()
        for phase in PHASES[:PHASES.index("wait")]:
            with self.subTest(phase):
                self.through_faults()
                state = {"XDG_STATE_HOME": str(self.dir / phase)}  # the gate lets a user plan four times a minute
                run = self.go("deploy", *self.CONFIRMED, **state, **at(phase))
                session = self.stopped(run)
                self.assertEqual(phases_of(run), list(PHASES[:len(phases_of(run))]))
                self.assertIn(phase, phases_of(run))
                after = self.go("attach", session, **state)
                self.ended(after, 10, "waiting")
                self.assertEqual(phases_of(after)[-1], "wait")
                self.assertEqual(sorted(phases_of(after), key=PHASES.index), phases_of(after), "it went back")
                self.assertEqual((len(self.change_sets()), self.calls("CreateChangeSet")), (1, 1))
                self.ended(self.go("reject", session, **state), 5)
                self.nothing_at_aws()


class AfterTheYes(Stopped):
    def setUp(self):
        super().setUp()
        self.todo()
        self.bootstrapped()
        self.through_faults()

    def test_execute_and_validate_are_gone_on_with_and_executed_once(self):
        session = self.plan().result["session"]
        self.assertEqual(self.stopped(self.go("approve", session, **at("execute"))), session)
        self.assertEqual(self.stopped(self.go("attach", session, **at("validate"))), session)
        done = self.go("attach", session)
        self.ended(done, 0, "success")
        self.assertEqual((self.calls("CreateChangeSet"), self.calls("ExecuteChangeSet")), (1, 1))
        self.assertEqual(self.stack_status(), "CREATE_COMPLETE")

    def test_nothing_is_left_to_stop_at_the_end(self):
        session = self.plan().result["session"]
        self.ended(self.go("approve", session, **at("closure")), 0, "success")

    def test_the_way_back_is_gone_on_with_and_gone_once(self):
        before = self.deploy()
        build = before.of_type("probe")[0]["hops"][0]["got"]
        self.edit("backend/app/main.py", 'title="Todo"', 'title="Todo again"')
        session = self.plan(AWSCOPILOT_PROBE_WAIT="5s").result["session"]
        ill = self.fault.rule("data", ".*", host="cloudfront", path="^/api/health", answer={"status": 500, "body": "broken"})
        self.fault.rule("lambda", "PUT", call=lambda request: setattr(ill, "times", 0))  # the way back begins with the alias
        self.assertEqual(self.stopped(self.go("approve", session, **at("rollback"))), session)
        done = self.go("attach", session)
        self.ended(done, 4, "rolled_back")
        self.assertEqual(self.get(before.result["url"], "/api/health")[1]["x-aws-copilot-build"], build)
        self.assertEqual(self.fault.count("lambda", "PUT", status=200), 1)
        self.assertEqual(self.calls("ExecuteChangeSet"), 3, "the first deployment, the change, the way back")


class Building(Stopped):
    """While the site is built, which does not end as long as the repository has a file `hold`."""

    halves = ("frontend",)

    def setUp(self):
        super().setUp()
        self.todo(more="")
        self.bootstrapped()
        self.through_faults()
        (self.repo / "frontend/hold").touch()
        wait = "while(fs.existsSync(`hold`))Atomics.wait(new Int32Array(new SharedArrayBuffer(4)),0,0,100)"
        self.edit("frontend/package.json", '"build": "', f'"build": "node -e \'{wait}\' && ')
        self.deploying = self.spawn("deploy", *self.CONFIRMED)
        self.wait_for(lambda: wait in " ".join(children(self.deploying.pid).values()), "the build")

    def test_ctrl_c_ends_the_build_and_attach_builds(self):
        began = children(self.deploying.pid)
        os.killpg(self.deploying.pid, signal.SIGINT)
        session = self.stopped(todo.run_of(self.deploying))
        self.goes_on(began, session)

    def test_kill_9_ends_the_build_and_attach_builds(self):
        began = children(self.deploying.pid)
        self.deploying.kill()
        session = todo.run_of(self.deploying).of_type("phase")[0]["session_id"]
        self.goes_on(began, session)

    def goes_on(self, began, session):
        self.wait_for(lambda: not any(Path(f"/proc/{pid}/cwd").exists() for pid in began), "the end of what built")
        (self.repo / "frontend/hold").unlink()
        waiting = self.go("attach", session)
        self.ended(waiting, 10, "waiting")
        self.approve(waiting)
        self.assertEqual((self.calls("CreateChangeSet"), self.calls("ExecuteChangeSet")), (1, 1))


def told(path):
    """What a file of /proc says; nothing where the process or the thread has just ended."""
    try:
        return path.read_text()
    except OSError:
        return ""


def children(pid):
    """{pid: command line} of a process's descendants."""
    found = {}
    for child in (c for task in Path(f"/proc/{pid}/task").glob("*/children") for c in told(task).split()):
        line = told(Path(f"/proc/{child}/cmdline")).replace("\0", " ")
        found |= ({child: line} if line else {}) | children(child)
    return found
