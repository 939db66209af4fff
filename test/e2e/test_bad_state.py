"""What a state folder can suffer, and what time and people do meanwhile: each ends in a sentence, a remedy and a code, and nothing is lost.

The program is the real one. A disk without locks and a clock that is wrong are faked by test/drivers/nudge.c, which says so; disks
that are full or read-only are mounted, where the machine lets us.
"""
import contextlib
import json
import shutil
import signal
import sqlite3
import subprocess
import threading

import lab
import todo


class Folder(todo.TodoCase):
    """A session waits for a yes while its state folder suffers."""

    halves = ("backend",)

    def setUp(self):
        super().setUp()
        self.todo()
        self.bootstrapped()
        self.state = self.dir / "state"
        self.keep = self.dir / "keep"
        self.session = self.plan(XDG_STATE_HOME=self.state).result["session"]
        shutil.copytree(self.state, self.keep)
        self.file = self.state / "aws-copilot/store.db"

    def approved(self, code=0, **env):
        run = self.go("approve", self.session, **{"XDG_STATE_HOME": self.state} | env)
        self.ended(run, code)
        return run

    def refused(self, code, error, *words, **env):
        self.says(self.approved(code, **env), *words, error=error)
        self.assertEqual(self.stack_status(), "REVIEW_IN_PROGRESS", "nothing was executed")
        self.assertEqual(len(self.change_sets()), 1, "and nothing taken away")

    def as_before(self):
        shutil.rmtree(self.state)
        shutil.copytree(self.keep, self.state)

    def mounted(self, *options):
        """The state folder on a disk of its own."""
        self.state.rename(self.dir / "moved")
        self.state.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", *options, "tmpfs", str(self.state)], capture_output=True).returncode:
            self.skipTest("a file system cannot be mounted here")
        self.addCleanup(subprocess.run, ["umount", str(self.state)], check=True)
        shutil.copytree(self.dir / "moved", self.state, dirs_exist_ok=True)

    def remount(self, how):
        subprocess.run(["mount", "-o", f"remount,{how}", str(self.state)], check=True, capture_output=True)

    def test_damaged_lockless_and_gone(self):
        whole = self.file.read_bytes()
        with self.subTest("truncated"):
            self.file.write_bytes(whole[:len(whole) // 2])
            self.refused(1, "corrupt", "is damaged", r"restore FILE|move \S+/store.db\* to another folder")
        with self.subTest("truncated in its first page"):
            self.file.write_bytes(whole[:700])
            self.refused(1, "corrupt", "is damaged", r"restore FILE|move \S+/store.db\* to another folder")
        with self.subTest("one bit of a record"):
            with sqlite3.connect(self.keep / "aws-copilot/store.db") as store:
                [head] = store.execute("SELECT r.head FROM records r JOIN sessions s ON r.k >> 24 = s.sid WHERE s.id = ? ORDER BY r.k DESC",
                                       (self.session,)).fetchone()
            store.close()
            at = whole.index(head) + len(head) // 2
            self.file.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1:])
            self.refused(1, "corrupt", rf"session {self.session}.*record \d+|record \d+ of session {self.session}", ".")
        self.as_before()
        with self.subTest("no locks"):
            self.refused(2, "config", "keeps no locks", "XDG_STATE_HOME", **lab.nudge(no_locks=1))
        with self.subTest("gone: the artifact bucket has what is needed"):
            shutil.rmtree(self.state)
            self.assertEqual(self.approved().result["status"], "success")

    def test_read_only(self):
        self.mounted()
        self.remount("ro")
        self.refused(1, "io", str(self.file.parent), ".")
        self.remount("rw")
        self.assertEqual(self.approved().result["status"], "success")

    def test_full(self):
        self.mounted("-o", "size=16m")
        filler = self.state / "filler"
        with open(filler, "wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"x" * 4096)
        self.refused(1, "disk_full", "is full", "make room")
        filler.unlink()
        self.assertEqual(self.approved().result["status"], "success")


class Meanwhile(todo.FaultCase):
    """Time goes on and people work while a run does."""

    def held(self, action, *words, **env):
        """A process that is held before its request reaches AWS: (process, go)."""
        at, go = threading.Event(), threading.Event()
        self.addCleanup(go.set)
        self.fault.rule("cloudformation", action, times=1, call=lambda request: (at.set(), go.wait(90)))
        process = self.spawn(*words, **env)
        self.assertTrue(at.wait(90), process.out.read_text()[-2000:])
        return process, go

    def test_an_owner_that_wakes_up_an_hour_later(self):
        session = self.plan().result["session"]
        process, go = self.held("ExecuteChangeSet", "approve", session)
        process.send_signal(signal.SIGSTOP)
        [file] = self.dir.rglob("store.db")
        with sqlite3.connect(file) as store:  # its lease has expired long ago
            store.execute("UPDATE leases SET expires_ms = 1")
        store.close()
        done = self.go("attach", session)
        self.ended(done, 0, "success")
        process.send_signal(signal.SIGCONT)
        go.set()
        late = todo.run_of(process)
        self.ended(late, 1)
        self.says(late, "another process has taken over", "attach", error="stale")
        self.assertEqual(self.fault.count("cloudformation", "ExecuteChangeSet", status=200), 1)
        self.assertEqual(self.stack_status(), "CREATE_COMPLETE")
        self.assertTrue(self.go("audit", "verify").of_type("verified")[0]["ok"])

    def test_two_machines_whose_clocks_are_an_hour_apart(self):
        session = self.plan().result["session"]
        process, go = self.held("ExecuteChangeSet", "approve", session)
        self.keys = self.aws.deployer(f"{self.app}-b", account=self.account)
        ahead = {"XDG_STATE_HOME": str(self.dir / "b")} | lab.nudge(ahead_s=3600)
        other = self.go("deploy", *self.CONFIRMED, **ahead)
        self.ended(other, 1)
        self.says(other, f"stack {self.stack} is being changed by run {session} ", f"attach {session}", error="locked")
        go.set()
        self.assertEqual(process.wait(120), 0)
        self.assertEqual(self.fault.count("cloudformation", "ExecuteChangeSet", status=200), 1)

    def test_somebody_changes_the_stack_by_hand_before_the_yes(self):
        self.deploy()
        self.edit("backend/app/main.py", 'VERSION = "1.0.0"', 'VERSION = "1.0.1"')
        run = self.plan()
        cfn = self.cfn()
        template = cfn.get_template(StackName=self.stack, TemplateStage="Original")["TemplateBody"]
        template = template if isinstance(template, dict) else json.loads(template)
        template["Description"] = "changed by hand"
        parameters = [{"ParameterKey": row["ParameterKey"], "UsePreviousValue": True}
                      for row in cfn.describe_stacks(StackName=self.stack)["Stacks"][0].get("Parameters", [])]
        cfn.update_stack(StackName=self.stack, TemplateBody=json.dumps(template), Parameters=parameters, Capabilities=["CAPABILITY_IAM"])
        self.wait_for(lambda: self.stack_status() == "UPDATE_COMPLETE", "the update by hand")
        again = self.go("approve", run.result["session"])
        self.ended(again, 10, "waiting")
        self.assertNotEqual(again.result["digest"], run.result["digest"])
        said = [row["text"] for row in again.of_type("warning") if row["code"] == "stale"]
        self.assertRegex(" ".join(said), r"cannot be executed .*nothing was sent, and it is planned anew")
        self.assertEqual(self.fault.count("cloudformation", "ExecuteChangeSet", status=200), 1, "that of the first deployment")
        self.approve(again)
        self.assertEqual(self.stack_status(), "UPDATE_COMPLETE")
