"""The helpers fail when they should: a wrong answer, silence, a program that does not end."""
import os
import subprocess
import sys
import textwrap
import time
import unittest
import unittest.mock
from pathlib import Path

import lab
from botocore.exceptions import ClientError

STAND_IN = """#!/usr/bin/python3
import json, os, signal, sys, time
if sys.argv[1:] == ["events"]:
    print(json.dumps({"type": "start", "version": 1})); print(json.dumps({"type": "result", "status": "success", "exit": 0}))
elif sys.argv[1:] == ["noise"]:
    print("{}"); print("no json")
elif sys.argv[1:] == ["env"]:
    print(json.dumps({"type": "env", **os.environ}))
elif sys.argv[1:] == ["hang"]:
    time.sleep(60)
elif sys.argv[1:] == ["die"]:
    os.kill(os.getpid(), signal.SIGTERM)
else:
    print("\\x1b[1mName?\\x1b[0m ", end="", flush=True)
    name = input()
    print(f"\\x1b[32mhello {name}\\x1b[0m tty={sys.stdout.isatty()} {os.get_terminal_size()}")
    try:
        time.sleep(60)
    except KeyboardInterrupt:
        sys.exit(130)
"""


class Helpers(lab.Case):
    def setUp(self):
        super().setUp()
        stand_in = self.dir / "program"
        stand_in.write_text(STAND_IN)
        stand_in.chmod(0o755)
        changed = unittest.mock.patch.dict(os.environ, {"AWSCOPILOT_PROGRAM": str(stand_in)})
        changed.start()  # and back to what it was, for the tests after these
        self.addCleanup(changed.stop)

    def test_events_are_read_and_noise_is_a_failure(self):
        run = self.run_program("events")
        self.assertEqual((run.code, run.result["status"], len(run.of_type("start"))), (0, "success", 1))
        with self.assertRaises(AssertionError):
            self.run_program("noise").events

    def test_a_program_sees_its_own_home_and_nothing_of_this_account(self):
        os.environ["AWS_PROFILE"] = "prod"
        try:
            got = self.run_program("env", keys={"AWS_ACCESS_KEY_ID": "k"}, AWS_REGION=None).events[0]
        finally:
            del os.environ["AWS_PROFILE"]
        self.assertEqual(got["HOME"], str(self.home))
        self.assertEqual(got["AWS_ACCESS_KEY_ID"], "k")
        self.assertEqual(got["AWS_ENDPOINT_URL"], self.aws.url)
        self.assertNotIn("AWS_PROFILE", got)
        self.assertNotIn("AWS_REGION", got)

    def test_a_program_that_does_not_end_fails_the_test_and_is_gone(self):
        began = time.monotonic()
        with self.assertRaises(AssertionError):
            self.run_program("hang", timeout_s=0.5)
        self.assertLess(time.monotonic() - began, 5)

    def test_a_signal_is_an_exit_code(self):
        self.assertEqual(self.run_program("die").code, 128 + 15)

    def test_a_talk_expects_and_answers_on_a_terminal(self):
        with self.talk("talk", rows=30, columns=90) as talk:
            talk.expect(r"Name\? ")
            talk.send_line("Ada")
            talk.expect("hello Ada tty=True .*columns=90, lines=30")
            with self.assertRaises(AssertionError):
                talk.expect("hello", timeout_s=0.3)  # only what came after the last match counts
            talk.interrupt()
            self.assertEqual(talk.wait(), 130)

    def test_a_talk_tells_that_the_program_ended(self):
        with self.talk("events") as talk:
            with self.assertRaisesRegex(AssertionError, "ended with 0 before"):
                talk.expect("never", timeout_s=10)
            self.assertEqual(talk.wait(), 0)

    def test_a_screen_shows_what_a_person_sees(self):
        lab.need("tmux")
        with self.screen("talk", rows=20, columns=60) as screen:
            screen.expect(r"Name\?")
            screen.type("Ada; Lovelace")
            screen.keys("Enter")
            screen.expect("hello Ada; Lovelace tty=True")
            self.assertNotIn("\x1b", screen.text())
            screen.keys("C-c")
            screen.expect(r"\[exit 130\]")

    def test_a_copied_repository_is_committed(self):
        repo = self.copy_repo("test/lab")
        self.assertEqual(lab.git(repo, "status", "--porcelain"), "")
        self.assertTrue((repo / "lab.py").exists())


class SecondJudge(unittest.TestCase):
    def test_moto_knows_its_user_and_refuses_a_wrong_secret_and_a_missing_right(self):
        allowed = {"Version": "2012-10-17",
                   "Statement": [{"Effect": "Allow", "Action": ["sts:*", "s3:CreateBucket"], "Resource": "*"}]}
        with lab.Moto(allowed) as moto:
            self.assertIn("user/ada", moto.client("sts").get_caller_identity()["Arn"])
            wrong = {**moto.keys, "AWS_SECRET_ACCESS_KEY": "x" * 40}
            for code, call in (("SignatureDoesNotMatch", moto.client("sts", wrong).get_caller_identity),
                               ("AccessDenied", moto.client("s3").list_buckets)):
                with self.subTest(code), self.assertRaises(ClientError) as raised:
                    call()
                self.assertEqual(raised.exception.response["Error"]["Code"], code)


class Runner(unittest.TestCase):
    """run.py itself, on a folder of planted tests."""

    def run_planted(self, text, *args):
        import shutil
        import tempfile
        root = Path(tempfile.mkdtemp(prefix="aws-copilot-run-"))
        self.addCleanup(shutil.rmtree, root)
        (root / "test/e2e").mkdir(parents=True)
        (root / "test/lab").mkdir()
        for name in ("test/e2e/run.py", "test/lab/local_aws.py"):
            shutil.copy(lab.ROOT / name, root / name)
        (root / "scripts").symlink_to(lab.ROOT / "scripts")
        (root / "test/e2e/test_planted.py").write_text(textwrap.dedent(text))
        return subprocess.run([sys.executable, str(root / "test/e2e/run.py"), *args], capture_output=True, text=True,
                              timeout=280, env={k: v for k, v in os.environ.items() if k != "AWSCOPILOT_LAB_PORT"})

    def test_it_counts_and_shows_what_went_wrong(self):
        done = self.run_planted("""
            import os, time, unittest
            class Planted(unittest.TestCase):
                def test_good(self): print("unseen")
                def test_bad(self):
                    print("what it printed"); os.system("echo what its child printed")
                    self.assertEqual(1, 2)
                @unittest.skip("no moon")
                def test_skipped(self): pass
                def test_sub(self):
                    for i in range(2):
                        with self.subTest(i): self.assertEqual(i, 0)
                def test_slow(self): time.sleep(60)
                test_slow.deadline_s = 0.5
                def test_port(self): self.assertTrue(os.environ["AWSCOPILOT_LAB_PORT"])
            class Broken(unittest.TestCase):
                @classmethod
                def setUpClass(cls): raise OSError("no ground")
                def test_never(self): pass
        """)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertEqual(done.stdout.splitlines()[-1], "2 passed, 4 failed, 1 skipped")
        for text in ("what it printed", "what its child printed", "1 != 2", "SKIP", "no moon", "no ground",
                     "the test's deadline passed"):
            self.assertIn(text, done.stdout)
        self.assertNotIn("unseen", done.stdout)

    def test_it_chooses_by_words_and_fails_when_nothing_ran(self):
        planted = """
            import unittest
            class Planted(unittest.TestCase):
                def test_one_thing(self): pass
                def test_another_thing(self): self.fail()
        """
        done = self.run_planted(planted, "-k", "one thing")
        self.assertEqual((done.returncode, done.stdout.splitlines()[-1]), (0, "1 passed, 0 failed"))
        done = self.run_planted(planted, "-k", "nothing at all")
        self.assertEqual((done.returncode, done.stdout.splitlines()[-1]), (1, "0 passed, 0 failed"))


if __name__ == "__main__":
    unittest.main()
