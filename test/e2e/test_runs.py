"""What every run says first, and what a person may want of one: tags, a life, no rollback, the background, a time limit.

On the site of the example alone, which is built once.
"""
import time

import todo
from test_talk import YES


class Site(todo.TodoCase):
    halves = ("frontend",)

    def setUp(self):
        super().setUp()
        self.todo(more="")
        self.bootstrapped()

    def types(self, run):
        return [event["type"] for event in run.events]

    def tags(self):
        stack = self.cfn().describe_stacks(StackName=self.stack)["Stacks"][0]
        return {tag["Key"]: tag["Value"] for tag in stack["Tags"]}

    def sit_down(self, *args, **more):
        return self.talk(*args, "--app", self.app, env=self.todo_env(**more), cwd=self.repo)


class Where(Site):
    def test_the_first_line_says_where_and_again_just_before_execution(self):
        run = self.plan()
        self.assertEqual(self.types(run)[:2], ["start", "where"])
        self.assertEqual(self.types(run).count("where"), 1)
        where = run.of_type("where")[0]
        self.assertEqual((where["account"], where["region"], where["pinned"]), (self.account, "eu-west-1", "pinned"))
        after = self.approve(run)
        self.assertEqual(self.types(after)[:2], ["start", "where"])
        execution = self.types(after)[[e.get("phase") if e["type"] == "phase" else None for e in after.events].index("execute"):]
        self.assertEqual(execution[:2], ["phase", "where"])
        text = self.go("deploy", *self.CONFIRMED, json=False)
        self.assertRegex(text.stderr.splitlines()[0], rf"^account {self.account} \(pinned\) · eu-west-1 · user \S+ · NOT AWS: endpoint http")

    def test_keys_that_fail_end_a_run_before_anything_else(self):
        self.keys = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "x" * 40}
        run = self.go("deploy", *self.CONFIRMED)
        self.ended(run, 3)
        self.says(run, "does not know this access key", "check the access key id")
        self.assertEqual(self.types(run), ["start", "result"])
        self.assertEqual(self.go("history").of_type("session"), [])

    def test_a_region_that_is_not_known_yet_is_said_once_it_is(self):
        path = self.repo / "aws-copilot.yml"
        path.write_text(path.read_text().replace("    region: eu-west-1\n", ""))
        with self.sit_down("deploy") as talk:
            talk.expect(r"Which AWS region\?")
            talk.send_line("eu-west-1")
            talk.expect(rf"account {self.account} · eu-west-1 · user")
            talk.expect(r"Go on\?")
            talk.send_line("why")
            talk.expect("whoever wrote that file chose them")
            talk.send_line("no")
            self.assertEqual(talk.wait(), 8)

    def test_account_and_region_of_the_command_line_or_the_environment_confirm_and_the_file_never_itself(self):
        account = ("deploy", "--non-interactive", "--trust-repository", "--account", self.account)
        self.ended(self.go(*account), 2)
        self.ended(self.go(*account, AWS_REGION="eu-central-1"), 2)
        path = self.repo / "aws-copilot.yml"
        for text in (path.read_text(), path.read_text().replace("    region: eu-west-1\n", "")):
            path.write_text(text)
            run = self.go(*account, AWS_REGION="eu-west-1")
            self.ended(run, 10)
            self.approve(run, 5, "reject")


class Wishes(Site):
    def test_tags_go_to_the_stack_and_are_part_of_what_is_approved(self):
        run = self.plan("deploy", "--tags", "team=web", "--tags", "cost=4=2", "--ttl", "2h")
        wanted = {"app": self.app, "env": "dev", "managed-by": "aws-copilot", "team": "web", "cost": "4=2", "ttl": "2h"}
        self.assertEqual(run.of_type("plan")[0]["tags"], wanted)
        self.approve(run)
        self.assertEqual(self.tags(), wanted)
        same = self.go("deploy", *self.CONFIRMED, "--tags", "team=web", "--tags", "cost=4=2", "--ttl", "2h")
        self.ended(same, 0, "no_change")
        status = self.go("status").of_type("status")[0]
        self.assertEqual((status["expired"], status["expires_ms"]), (False, status["changed_ms"] + 2 * 3600 * 1000))
        other = self.plan("deploy", "--tags", "team=api")
        self.assertNotEqual(run.of_type("question")[-1]["digest"], other.of_type("question")[-1]["digest"])

    def test_a_stack_that_outlived_its_ttl_is_offered_for_destruction(self):
        self.approve(self.plan("deploy", "--ttl", "1s"))
        time.sleep(2)
        self.assertTrue(self.go("status").of_type("status")[0]["expired"])
        alone = self.go("deploy", *self.CONFIRMED, "--ttl", "1s")
        self.ended(alone, 0, "no_change")
        self.assertIn("outlived", [w["code"] for w in alone.of_type("warning")])
        with self.sit_down("deploy", "--trust-repository", "--account", self.account, "--region", self.region) as talk:
            talk.expect(r"has outlived its ttl of 1s\. Destroy it instead of deploying\?")
            talk.send_line("yes")
            talk.expect(r"Bucket \S+ would outlive the stack\. Delete it too, with all that is in it\?")
            talk.expect(r"\[y/N\] ")
            talk.send_line("no")
            talk.expect(r"What would be deleted")
            talk.expect(rf"\[{self.stack} / no / why\] ")
            talk.send_line(self.stack)
            talk.expect(r"Cancelled: stack \S+ was destroyed, as you chose; nothing was deployed", 60)
            self.assertEqual(talk.wait(), 8)
        self.assertIsNone(self.stack_status())

    def test_without_rollback_what_does_not_answer_stays_and_the_paper_says_so(self):
        self.deploy()
        fault = self.proxy()
        self.endpoint = fault.url
        fault.rule(path="/assets/", host="cloudfront", body="")  # what is public does not answer as released
        run = self.plan("deploy", "--no-rollback", "--tags", "team=web", AWSCOPILOT_PROBE_WAIT="4s")
        self.assertIn('"on_failure":"keep"', run.of_type("question")[-1]["bytes"])
        after = self.approve(run, 4)
        self.assertEqual(after.result["status"], "failed")
        self.assertIn("kept", [w["code"] for w in after.of_type("warning")])
        self.assertEqual(self.stack_status(), "UPDATE_COMPLETE")

    def test_a_run_in_the_background_waits_for_the_yes_and_is_watched(self):
        run = self.go("deploy", "-d", *self.CONFIRMED)
        self.ended(run, 0, "success")
        session = run.result["session"]
        self.assertEqual(run.result["next"], f"aws-copilot attach {session}")
        deadline = time.monotonic() + 60
        while not [r for r in self.go("approvals").of_type("approval") if r["session"] == session]:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.5)
        said = self.go("approve", session, json=False)
        self.assertIn(f"said to process {run.result['pid']} on", said.stderr)
        self.ended(self.go("attach", session), 0, "success")
        self.assertEqual(self.stack_status(), "CREATE_COMPLETE")

    def test_what_fails_at_once_is_said_by_the_run_in_the_background_itself(self):
        self.keys = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "x" * 40}
        run = self.go("deploy", "-d", *self.CONFIRMED)
        self.ended(run, 3)
        self.assertEqual(self.types(run), ["start", "result"])


class Time(Site):
    def test_a_run_ends_in_its_time_also_when_aws_hangs_and_can_be_taken_up(self):
        fault = self.proxy()
        self.endpoint = fault.url
        for action, phases in (("GetCallerIdentity", False), ("CreateChangeSet", True)):
            with self.subTest(action):
                fault.clear()
                fault.rule(".*", action, hang=True)
                run = self.go("deploy", *self.CONFIRMED, "--max-wait-duration", "8s")
                self.ended(run, 9, "timed_out")
                self.says(run, "max-wait-duration")
                self.assertLess(run.seconds, 20)
                self.assertEqual("phase" in self.types(run), phases)
        session = run.of_type("phase")[-1]["session_id"]
        self.says(run, f"attach {session}")
        fault.clear()
        self.ended(self.go("attach", session), 10, "waiting")

    def test_a_yes_that_does_not_come_in_time_leaves_the_question(self):
        with self.sit_down("deploy", "--trust-repository", "--account", self.account, "--region", self.region, "--max-wait-duration", "15s") as talk:
            talk.expect(YES, 60)
            talk.expect(r"Waiting for a yes", 60)
            self.assertEqual(talk.wait(), 10)
        self.assertEqual(len(self.go("approvals").of_type("approval")), 1)
