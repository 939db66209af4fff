"""scripts/demo passes, and it fails when it must; and what a person sees at a terminal."""
import os
import subprocess

import lab
import todo

DEMO_LOCK = "test-todo/demo"


class Demo(todo.TodoCase):
    """The demo has one folder in the cache: its runs take turns. A local AWS of its own for each, as it starts one itself."""


    def setUp(self):
        super().setUp()
        self.turn = todo._locked(DEMO_LOCK)
        self.addCleanup(self.turn.close)

    def demo(self, steps="first", **env):
        env = {**os.environ, "AWSCOPILOT_PROGRAM": lab.program(), "DEMO_STEPS": steps, "AWSCOPILOT_PROBE_WAIT": "90s",
               "DEMO_PORT": str(self.own.port), **env}
        run = subprocess.run([str(lab.ROOT / "scripts/demo")], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                             timeout=280)
        return lab.Run(run.returncode, run.stdout, run.stderr, 0)

    def start(self, proxied=False):
        self.own = lab.LocalAws(lab.local_aws.free_port())
        self.addCleanup(self.own.stop)
        if proxied:
            self.own.start(auth=True, life_s=300)
            self.fault = lab.FaultProxy(self.own.url).__enter__()
            self.addCleanup(self.fault.__exit__)
            return {"DEMO_ENDPOINT": self.fault.url}
        return {}

    def test_it_passes_without_a_terminal_and_ends_with_the_result(self):
        run = self.demo(**self.start())
        self.assertEqual(run.code, 0, str(run))
        self.assertEqual((run.result["status"], run.result["exit"]), ("success", 0))

    def fails(self, run, *words):
        self.assertEqual(run.code, 1, str(run))
        for word in words:
            self.assertIn(word, run.stdout + run.stderr)
        self.assertNotEqual(run.result["exit"], 0)

    def test_it_fails_when_another_build_answers(self):
        env = self.start(proxied=True)
        self.fault.rule("data", ".*", host="cloudfront", path="^/api/health", answer={
            "status": 200, "body": "{}", "headers": {"x-aws-copilot-build": "0123456789abcdef"}})
        self.fails(self.demo(AWSCOPILOT_PROBE_WAIT="5s", **env), "answers with build 0123456789abcdef")

    def test_it_fails_when_the_function_has_no_code(self):
        env = self.start(proxied=True)
        kept = {}

        def keep(request):
            kept["sha256"] = request.headers.get("x-amz-checksum-sha256", "")
            kept["bytes"] = str(len(request.body))
            self.fault.rule("s3", "HeadObject", path="backend/", answer={"status": 200, "headers": {
                "x-amz-checksum-sha256": kept["sha256"], "Content-Length": kept["bytes"], "ETag": '"0"'}})

        self.fault.rule("s3", "PutObject", path="backend/", call=keep, answer={"status": 200, "headers": {"ETag": '"0"'}})
        self.fails(self.demo(AWSCOPILOT_PROBE_WAIT="10s", **env), "the function has no code")

    def test_it_fails_when_the_yes_is_withheld(self):
        run = self.demo(DEMO_ANSWER="no", **self.start())
        self.fails(run, "ended with exit 5")


class Person(todo.TodoCase):
    """At a terminal: an account of its own where nothing is executed."""

    def setUp(self):
        super().setUp()
        self.own_account()
        self.todo()
        self.bootstrapped()

    WORDS = property(lambda self: ("--app", self.app, "--account", self.account, "--region", self.region, "--trust-repository"))

    def test_the_screen_shows_the_change_set_what_a_yes_means_and_takes_a_no(self):
        screen = self.screen("deploy", *self.WORDS, env=self.todo_env(), cwd=self.repo, rows=60, columns=120)
        screen.expect(r"\[yes / no / why\]")
        text = screen.text(history=True)
        for line in (rf"account {self.account} .*{self.region}", "endpoint .*127.0.0.1", r"\+ .*Backend .*AWS::Lambda::Function",
                     "What a yes means", self.stack, "Execute exactly this"):
            self.assertRegex(text, line)
        screen.type("perhaps")
        screen.keys("Enter")
        screen.expect("Please answer yes, no or why")
        screen.type("why")
        screen.keys("Enter")
        screen.expect(r"Backend: runs the back end\. It is new")
        screen.type("no")
        screen.keys("Enter")
        screen.expect(r"\[exit 5\]")
        self.assertIn("said no Nothing was changed", " ".join(screen.text(history=True).split()))
        self.nothing_at_aws()
