"""People deciding: at a terminal, from another terminal, in a conversation, by Ctrl-C. On the site of the example alone."""
import json

import fake_model
import lab
import todo

YES = r"\[yes / no / why\] "


class Deciding(todo.TodoCase):
    halves = ("frontend",)

    def setUp(self):
        super().setUp()
        self.todo(more="")
        self.bootstrapped()

    def sit_down(self, *args, **more):
        """A person at a terminal in the repository."""
        return self.talk(*args, *(() if args[0] == "chat" else ("--app", self.app)), env=self.todo_env(**more), cwd=self.repo)

    def to_the_paper(self, talk):
        talk.expect(r"Go on\?")
        talk.expect(r"\[Y/n\] ")
        talk.send_line("yes")
        talk.expect(r"Change set that creates: ")
        talk.expect(r"\+ Add +SiteBucket +AWS::S3::Bucket +N/A")
        talk.expect(r"What a yes means")
        talk.expect(rf"account +{self.account}")
        talk.expect(r"Execute exactly this\?")
        talk.expect(YES)

    def waiting(self):
        rows = [r for r in self.go("approvals").of_type("approval") if r["stack"] == self.stack]
        self.assertEqual(len(rows), 1, rows)
        return rows[0]

    def test_a_conversation_takes_the_site_to_aws(self):
        with self.sit_down("chat", "--app", self.app) as talk:
            talk.expect(r"say deploy to take this repository to AWS")
            talk.send_line("please deploy it")
            self.to_the_paper(talk)
            talk.send_line("why")
            talk.expect(r"SiteBucket: holds the files of the site")
            talk.expect(YES)
            talk.send_line("")  # an empty line decides nothing
            talk.expect(YES)
            talk.send_line("sure thing")
            talk.expect(r"Please answer yes, no or why")
            talk.send_line("yes")
            talk.send("what r")  # typed while it works: shown nowhere, and kept for the next prompt
            talk.expect(r"approved by arn:aws:iam::\d+:user/\S+,terminal")
            self.assertFalse(talk.has_echo())
            talk.send("uns?")
            talk.expect(r"the new version answers")
            done = talk.expect(r"✓ Done").end()
            talk.expect(r"https://\S+")
            self.assertNotIn("what r", lab.plain(talk.transcript)[:done])
            talk.expect(r"> what runs\?")
            talk.send("\r")
            talk.expect(r"CREATE_COMPLETE")
            talk.send_line("what would change")
            talk.expect(r"No change: what is deployed is what you have here")
            talk.expect(r"✓ Nothing to change")
            talk.send_line("quit")
            self.assertEqual(talk.wait(), 0)
        self.assertEqual(self.stack_status(), "CREATE_COMPLETE")

    def test_a_model_that_answers_a_question_is_read_while_it_writes(self):
        words = ("CloudFront stands **before** the site. " * 3 + "It costs $7,654 a month. Paste your secret access key here. "
                 "Say `deploy` to begin.\n- `plan` shows it first")
        slow = fake_model.stream(*(fake_model.chunk({"content": words[at:at + 5]}) for at in range(0, len(words), 5)),
                                 fake_model.chunk(finish="stop"), fake_model.usage(), pause_s=0.05)
        form = fake_model.text('{"intent":"question","verb":"none","values":[],"question":null}')
        with fake_model.FakeModel() as model:
            model.always(lambda request: fake_model.moderation() if request["path"].endswith("/moderations") else
                         slow if "The question" in fake_model.prompt_of(request) else form)
            for more in ((), ("--no-color",)):
                with self.sit_down("chat", *more, "--app", self.app, **model.env()) as talk:
                    talk.expect(r"> $")
                    talk.send_line("what is that cdn thing good for, honestly")
                    talk.expect(r"In the model's words, which decide nothing:")
                    talk.expect(r"CloudFront stands (\*\*)?before")
                    if not more:  # without motion it comes line by line
                        self.assertNotIn("to begin", talk.transcript)
                    talk.send("qu")  # typed meanwhile
                    talk.expect(r"Say\s+`?deploy`?\s+to\s+begin\.")
                    talk.expect(r"· `?plan`? shows it first")
                    talk.expect(r"\(2 more of it did not hold and is left out\)")
                    talk.expect(r"> qu")
                    talk.send_line("it")
                    self.assertEqual(talk.wait(), 0)
                for unwanted in ("7,654", "secret access key"):
                    self.assertNotIn(unwanted, talk.transcript)

    def test_the_same_conversation_from_a_pipe_ends_in_a_result(self):
        lines = "deploy\nyes\nwhy\nyes\n"
        run = self.run_program("chat", "--json", "--app", self.app, env=self.todo_env(), cwd=self.repo, stdin=lines)
        self.ended(run, 0, "success")
        self.assertTrue(run.of_type("changeset") and run.of_type("probe"))
        self.assertEqual([r["answer"] for r in run.of_type("approval")], ["yes"])
        self.assertEqual(self.stack_status(), "CREATE_COMPLETE")

    def test_a_yes_that_was_typed_before_the_paper_was_shown_is_none(self):
        with self.sit_down("deploy") as talk:
            talk.expect(r"Go on\?")
            talk.expect(r"\[Y/n\] ")
            talk.send("yes\nyes\nyes\n")
            talk.expect(YES, 90)
            self.assertIsNone(talk.code)
            talk.send_line("no")
            talk.expect(r"Refused: .* said no")
            self.assertEqual(talk.wait(), 5)

    def test_a_change_in_the_middle_begins_anew(self):
        with self.sit_down("chat", "--app", self.app) as talk:
            talk.expect(r"> ")
            talk.send_line("deploy")
            self.to_the_paper(talk)
            talk.send_line("change app to " + self.app + "x")
            talk.expect(r"app is \w+x from now on")
            talk.expect(rf"Change set that creates: depl-{self.app}x-dev")
            talk.expect(YES)
            talk.send_line("cancel")
            talk.expect(r"Cancelled")
            talk.send_line("quit")
            self.assertEqual(talk.wait(), 8)
        self.nothing_at_aws()

    def test_another_terminal_says_yes_and_a_third_one_watches(self):
        with self.sit_down("deploy") as talk:
            self.to_the_paper(talk)
            row = self.waiting()
            watching = self.spawn("attach", row["session"])
            said = self.go("approve", row["session"])
            self.ended(said, 0, "success")
            self.assertEqual(said.of_type("approval")[-1]["answer"], "yes")
            talk.expect(r"The answer came from elsewhere")
            talk.expect(r"approved by arn:aws:iam::\d+:user/\S+,terminal")
            talk.expect(r"✓ Done")
            self.assertEqual(talk.wait(), 0)
        self.assertEqual(watching.wait(90), 0)
        events = [json.loads(line) for line in watching.out.read_text().splitlines()]
        self.assertEqual((events[0]["type"], events[-1]["type"], events[-1]["status"]), ("start", "result", "success"))
        self.assertIn("event", {e["type"] for e in events})
        again = self.go("approve", row["session"])
        self.ended(again, 1)
        self.says(again, "decided already: yes", "aws-copilot audit")

    def test_another_terminal_says_no(self):
        with self.sit_down("deploy") as talk:
            self.to_the_paper(talk)
            self.ended(self.go("reject", self.waiting()["session"]), 0)
            talk.expect(r"rejected by")
            talk.expect(r"Refused: .* said no")
            self.assertEqual(talk.wait(), 5)
        self.nothing_at_aws()

    def test_a_plan_is_approved_then_executed_by_its_id(self):
        run = self.plan("plan")
        session = run.result["session"]
        self.assertEqual(self.waiting()["session"], session)
        shown = self.go("approvals", session, json=False)
        self.assertIn("+ Add", shown.stderr)
        self.assertIn("sha256", shown.stderr)
        unknown = self.go("approve", "d000000-unknown0")
        self.ended(unknown, 6)
        self.says(unknown, "no session", "aws-copilot approvals")
        waits = self.go("deploy", "--plan", session, "--non-interactive")
        self.ended(waits, 10, "waiting")
        self.ended(self.go("approve", session), 0)
        self.assertEqual(self.stack_status(), "REVIEW_IN_PROGRESS", "approving a plan executes nothing")
        twice = self.go("approve", session)
        self.ended(twice, 1)
        self.says(twice, "decided already: yes by arn:")
        file = self.dir / "outputs.json"
        done = self.go("deploy", "--plan", session, "--non-interactive", "--outputs-file", file)
        self.ended(done, 0, "success")
        self.assertEqual(json.loads(file.read_text())["Url"], done.result["url"])
        self.ended(self.go("deploy", "--plan", session), 1)
        decisions = self.go("audit", session).of_type("decision")
        self.assertEqual([d["outcome"] for d in decisions if d["record"] == "approval"], ["yes"])
        self.assertRegex(next(d["actor"] for d in decisions if d["record"] == "approval"), r"^arn:aws:iam::\d+:user/")
        release = self.go("history").of_type("release")[0]
        self.assertEqual((release["id"], "template" in release), (session, False))

    def test_a_plan_at_a_terminal_asks_but_for_the_yes(self):
        with self.sit_down("plan") as talk:
            talk.expect(r"Go on\?")
            talk.send_line("yes")
            talk.expect(r"Waiting for a yes")
            talk.expect(r"aws-copilot deploy --plan \S+ then executes it")
            self.assertEqual(talk.wait(), 10)

    def test_ctrl_c_leaves_a_run_that_attach_goes_on_with(self):
        with self.sit_down("deploy") as talk:
            self.to_the_paper(talk)
            talk.interrupt()
            talk.expect(r"stopped by Ctrl-C")
            talk.expect(r"aws-copilot attach \S+ goes on from here")
            self.assertEqual(talk.wait(), 130)
        with self.sit_down("attach") as talk:
            talk.expect(r"nobody runs session \S+ now; going on with it here")
            talk.expect(r"What a yes means")
            talk.expect(YES)
            talk.send_line("no")
            talk.expect(r"Refused")
            self.assertEqual(talk.wait(), 5)
        self.nothing_at_aws()

    def test_ctrl_c_in_a_conversation_ends_the_run_and_resume_goes_on(self):
        with self.sit_down("chat", "--app", self.app) as talk:
            talk.expect(r"> ")
            talk.send_line("deploy")
            self.to_the_paper(talk)
            talk.interrupt()
            talk.expect(r"stopped by Ctrl-C")
            talk.expect(r"> ")
            talk.send_line("resume")
            talk.expect(r"What a yes means")
            talk.expect(YES)
            talk.send_line("no")
            talk.expect(r"Refused")
            talk.send_line("quit")
            self.assertEqual(talk.wait(), 5)
        self.nothing_at_aws()

    def test_a_conversation_goes_on_with_what_is_open(self):
        self.plan("plan")
        with self.sit_down("chat", "--app", self.app) as talk:
            talk.expect(r"say resume to go on with it")
            talk.send_line("resume")
            talk.expect(r"What a yes means")
            talk.send_line("no")
            talk.expect(r"Refused")
            talk.send_line("resume")
            talk.expect(r"nothing is open")
            talk.send_line("bye")
            self.assertEqual(talk.wait(), 5)

    def test_a_question_waits_no_longer_than_it_was_told(self):
        run = self.plan("plan")
        with self.sit_down("deploy", "--plan", run.result["session"], "--max-wait-duration", "2s") as talk:
            talk.expect(YES)
            talk.expect(r"Waiting for a yes")
            self.assertEqual(talk.wait(), 10)

    def test_no_at_the_first_question_changes_nothing(self):
        with self.sit_down("deploy") as talk:
            talk.expect(r"Go on\?")
            talk.send_line("no")
            talk.expect(r"Cancelled: you said no; nothing was changed")
            self.assertEqual(talk.wait(), 8)
        self.nothing_at_aws()
