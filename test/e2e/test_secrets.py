"""Secrets: from a person or a pipe into Parameter Store and to the function, and nowhere else."""
import hashlib
import json
import secrets
import time
from pathlib import Path

import lab
import todo

SHOWN = '''

@app.get("/api/shown")
def shown() -> dict[str, str]:
    import hashlib

    return {"greeting": settings.greeting, "sha256": hashlib.sha256(settings.secret_key.encode()).hexdigest()}
'''
YES = r"\[yes / no / why\] "


class Secrets(todo.TodoCase):
    def setUp(self):
        super().setUp()
        self.value = "s3cr3t-" + secrets.token_hex(12) + "-ü\"q"
        self.path = f"/depl/{self.app}/dev"
        self.ssm = None

    def parameters(self):
        """What Parameter Store holds of this application: name -> (value, version)."""
        ssm = self.aws.client("ssm", account=self.account)
        rows = ssm.get_parameters_by_path(Path=self.path, Recursive=True, WithDecryption=True)["Parameters"]
        self.assertEqual({r["Type"] for r in rows} - {"SecureString"}, set())
        return {r["Name"].removeprefix(self.path + "/"): (r["Value"], r["Version"]) for r in rows}

    def leaves_no_trace(self, *shown, value=None):
        """Neither in what was written to files (state, cache, repository) nor in what was shown."""
        value = value or self.value
        found = [("shown", form) for form in lab.forms(value) for text in shown if form in text.encode()]
        self.assertEqual(found + lab.written(self.dir, value), [])

    def setting(self, name="secret_key", more=""):
        self.edit("backend/app/settings.py", "log_level: Literal", f"{name}: str\n    {more}log_level: Literal")

    def where(self):
        return ("--account", self.account, "--region", self.region, "--env", "dev")

    # --- secrets set, ls, rm ---

    def test_a_value_by_standard_input_waits_for_a_yes_and_reaches_parameter_store(self):
        self.own_account()
        self.todo(more="    approve: broadening # a machine may store\n", name="repo")
        (self.repo / "aws-copilot.yml").write_text((self.repo / "aws-copilot.yml").read_text().replace("    approve: any-change\n", ""))
        self.bootstrapped()
        run = self.go("secrets", "set", "SECRET_KEY", "--non-interactive", *self.where(), stdin=self.value + "\n")
        self.ended(run, 10, "waiting")
        self.assertEqual(self.parameters(), {})
        run = self.go("secrets", "set", "SECRET_KEY", "-y", "--non-interactive", *self.where(), stdin=self.value + "\n")
        self.ended(run, 0, "success")
        self.assertEqual(self.parameters(), {"SECRET_KEY": (self.value, 1)})
        (row,) = run.result["parameters"]
        self.assertEqual((row["name"], row["version"]), (f"{self.path}/SECRET_KEY", 1))
        text = (self.repo / "aws-copilot.yml").read_text()
        self.assertIn("    approve: broadening # a machine may store\n    secrets: [SECRET_KEY]\n", text)
        ssm = self.aws.client("ssm", account=self.account)
        tags = ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=f"{self.path}/SECRET_KEY")["TagList"]
        self.assertEqual({t["Key"]: t["Value"] for t in tags}, {"app": self.app, "env": "dev", "managed-by": "aws-copilot"})

        # A second value is another version; several lines are kept.
        second = self.value + "\nline two"
        again = self.go("secrets", "set", "SECRET_KEY", "-y", "--non-interactive", *self.where(), stdin=second)
        self.ended(again, 0, "success")
        self.assertEqual(self.parameters(), {"SECRET_KEY": (second, 2)})

        listed = self.go("secrets", "ls", *self.where())
        self.ended(listed, 0)
        (row,) = listed.of_type("secret")
        self.assertEqual((row["name"], row["status"], row["version"], row["wanted"]), ("SECRET_KEY", "set", 2, True))
        self.assertRegex(row["by"], r"^arn:aws:iam::")
        shown = self.go("secrets", "ls", *self.where(), json=False)
        self.assertRegex(shown.stdout, r"SECRET_KEY +version 2 +20\d\d-\d\d-\d\d \d\d:\d\d +arn:aws:iam::")

        # Removing loses the value, which a machine may not approve here.
        removed = self.go("secrets", "rm", "SECRET_KEY", "-y", "--non-interactive", *self.where())
        self.ended(removed, 10, "waiting")
        self.assertEqual(list(self.parameters()), ["SECRET_KEY"])
        done = self.go("approve", removed.result["session"])
        self.ended(done, 0, "success")
        self.assertEqual(self.parameters(), {})
        audit = self.go("audit")
        self.leaves_no_trace(*(str(r) for r in (run, again, listed, shown, removed, done, audit)))

    def test_what_cannot_be_stored_says_why_and_never_repeats_the_value(self):
        self.own_account()
        self.todo()
        self.bootstrapped()
        for words, stdin, code, says in (
                (("SECRET_KEY",), "", 2, "empty value"),
                (("SECRET_KEY",), self.value * 200, 1, "is the most"),
                (("SECRET_KEY",), self.value + "{{x}}", 2, r"\{\{"),
                (("SECRET_KEY",), self.value + "\0", 2, "NUL"),
                (("SECRET_KEY", "OTHER"), self.value, 2, "one value"),
                (("AWS_SECRET_ACCESS_KEY",), self.value, 2, "Lambda"),
                (("not-a-name",), self.value, 2, "letters"),
                ((), self.value, 2, "which name")):
            run = self.go("secrets", "set", *words, "--non-interactive", *self.where(), stdin=stdin)
            self.ended(run, code)
            self.says(run, says)
            self.leaves_no_trace(str(run))
        self.ended(self.go("secrets", "rm", "NONE", "--non-interactive", *self.where()), 6)
        self.ended(self.go("secrets", "sell"), 2)
        self.assertEqual(self.parameters(), {})

    def test_at_a_terminal_nothing_is_shown(self):
        self.own_account()
        self.todo()
        self.bootstrapped()
        with self.talk("secrets", "set", "SECRET_KEY", "--app", self.app, env=self.todo_env(AWS_REGION=self.region), cwd=self.repo) as talk:
            talk.expect(r"Go on\?")
            talk.expect(r"\[Y/n\] ")
            talk.send_line("yes")
            talk.expect(r"What is the value of SECRET_KEY\?")
            talk.expect(r"\(not shown\) > ")
            self.assertEqual(Path(f"/proc/{talk.pid}/coredump_filter").read_text().strip(), "00000000")
            self.assertRegex(Path(f"/proc/{talk.pid}/limits").read_text(), r"Max core file size +0 ")
            talk.send_line(self.value)
            talk.expect(r"\+ Add +SECRET_KEY +AWS::SSM::Parameter")
            talk.expect(YES)
            talk.send_line("yes")
            talk.expect(r"SECRET_KEY is stored, version 1")
            talk.expect(r"\+     secrets: \[SECRET_KEY\]")
            self.assertEqual(talk.wait(), 0)
            transcript = talk.transcript
        self.assertEqual(self.parameters(), {"SECRET_KEY": (self.value, 1)})
        self.leaves_no_trace(transcript)

    def test_one_typed_into_the_conversation_is_kept_nowhere_and_asked_for_unseen(self):
        self.own_account()
        self.todo()
        self.bootstrapped()
        typed = "hunter2-" + secrets.token_hex(12)
        with self.talk("chat", "--app", self.app, env=self.todo_env(AWS_REGION=self.region), cwd=self.repo) as talk:
            talk.expect(r"> $")
            talk.send_line(f"please set SECRET_KEY={typed}")
            talk.expect(r"looks like a secret; it was kept nowhere")
            talk.expect(r"Take the value of SECRET_KEY that way now\?")
            talk.expect(r"\[Y/n\] ")
            after = len(talk.transcript)
            talk.send_line("yes")
            talk.expect(r"Go on\?")
            talk.expect(r"\[Y/n\] ")
            talk.send_line("yes")
            talk.expect(r"\(not shown\) > ")
            self.assertFalse(talk.has_echo())
            talk.send("wrong\x15")
            talk.send(f"\x1b[200~{self.value}\n\x1b[201~\r")  # pasted, with the line end that comes with it
            talk.expect(r"\+ Add +SECRET_KEY +AWS::SSM::Parameter")
            talk.expect(YES)
            talk.send_line("yes")
            talk.expect(r"SECRET_KEY is stored, version 1")
            talk.expect(r"> $")
            talk.send("\x1b[A\x1b[A\x1b[A\x03")  # nor is it in the history
            talk.expect(r"Ctrl-C again")
            talk.send_line("quit")
            self.assertEqual(talk.wait(), 0)
            transcript = talk.transcript
        self.assertNotIn(typed, transcript[after:])
        self.assertEqual(self.parameters(), {"SECRET_KEY": (self.value, 1)})
        self.leaves_no_trace(transcript)
        self.value = typed
        self.leaves_no_trace(transcript[after:])

    def test_a_pipe_at_a_terminal_asks_for_the_yes_there(self):
        self.own_account()
        self.todo()
        self.bootstrapped()
        script = self.dir / "pipe.sh"
        script.write_text(f'printf %s "$VALUE" | "{lab.program()}" secrets set SECRET_KEY --app {self.app}\n')
        env = self.todo_env(AWS_REGION=self.region) | {"VALUE": self.value}
        with lab.Talk(["/bin/sh", str(script)], env, self.repo) as talk:
            talk.expect(r"\[Y/n\] ")
            talk.send_line("yes")
            talk.expect(YES)
            talk.send_line("no")
            talk.expect(r"said no")
            self.assertEqual(talk.wait(), 5)
            transcript = talk.transcript
        self.assertEqual(self.parameters(), {})
        self.leaves_no_trace(transcript)

    def test_aws_refuses_and_its_words_are_not_repeated(self):
        self.own_account()
        self.todo()
        self.bootstrapped()
        fault = self.proxy()
        self.endpoint = fault.url
        fault.rule("ssm", "PutParameter", error={
            "status": 400, "code": "ValidationException", "message": f"Value '{self.value}' at 'value' failed to satisfy a constraint"})
        with self.sit(self.repo, "secrets", "set", "SECRET_KEY") as talk:
            self.tell(talk)
            talk.expect(r"Parameter Store does not take the value of \S+SECRET_KEY \(ValidationException\)")
            self.assertEqual(talk.wait(), 2)
            transcript = talk.transcript
        self.leaves_no_trace(transcript)

    def test_what_changed_meanwhile_is_shown_again(self):
        self.own_account()
        self.todo()
        self.bootstrapped()
        with self.sit(self.repo, "secrets", "set", "SECRET_KEY") as talk:
            talk.expect(r"\[Y/n\] ")
            talk.send_line("yes")
            talk.expect(r"\(not shown\) > ")
            talk.send_line(self.value)
            talk.expect(r"\+ Add +SECRET_KEY")
            talk.expect(YES)
            self.aws.client("ssm", account=self.account).put_parameter(Name=f"{self.path}/SECRET_KEY", Value="theirs", Type="SecureString")
            talk.send_line("yes")
            talk.expect(r"\* Modify +SECRET_KEY")
            talk.expect(YES)
            talk.send_line("yes")
            talk.expect(r"SECRET_KEY is stored, version 2")
            self.assertEqual(talk.wait(), 0)
        self.assertEqual(self.parameters(), {"SECRET_KEY": (self.value, 2)})

    def sit(self, repo, *args):
        self.rested()
        return self.talk(*args, "--app", self.app, env=self.todo_env(AWS_REGION=self.region), cwd=repo)

    def tell(self, talk):
        talk.expect(r"\[Y/n\] ")
        talk.send_line("yes")
        talk.expect(r"\(not shown\) > ")
        talk.send_line(self.value)
        talk.expect(YES)
        talk.send_line("yes")

    # --- in the conversation ---

    def test_a_conversation_asks_for_what_is_missing_and_the_function_gets_it(self):
        self.todo(more="    # nothing is known yet\n")
        self.setting(more="greeting: str\n    ")
        main = self.repo / "backend/app/main.py"
        main.write_text(main.read_text() + SHOWN)
        self.commit("shows what it was given")
        self.bootstrapped()
        with self.sit(self.repo, "chat") as talk:
            talk.expect("> ")
            talk.send_line("deploy")
            talk.expect(r"GREETING")
            talk.send_line("hello there")
            talk.expect(r"Go on\?")
            talk.send_line("yes")
            talk.expect(r"value of SECRET_KEY\?")
            talk.expect(r"\(not shown\) > ")
            talk.send_line(self.value)
            talk.expect(r"\+ Add +SECRET_KEY")
            talk.expect(YES)
            talk.send_line("yes")
            talk.expect(r"SECRET_KEY is stored, version 1")
            talk.expect(r"Change set that creates: ", 120)
            talk.expect(YES)
            talk.send_line("yes")
            talk.expect(r"✓ Done", 120)
            url = talk.expect(r"https://[\w.-]+").group()
            talk.expect(r"Keep .*GREETING.*SECRET_KEY.* in aws-copilot\.yml")
            talk.send_line("yes")
            talk.expect("> ")
            talk.send_line("quit")
            self.assertEqual(talk.wait(), 0)
            transcript = talk.transcript
        want = {"greeting": "hello there", "sha256": hashlib.sha256(self.value.encode()).hexdigest()}
        self.assertEqual(json.loads(self.get(url, "/api/shown")[2]), want)
        text = (self.repo / "aws-copilot.yml").read_text()
        self.assertIn("# nothing is known yet\n", text)
        self.assertIn('variables: { GREETING: "hello there" }', text)
        self.assertIn("secrets: [SECRET_KEY]", text)
        self.leaves_no_trace(transcript)

        # Nothing is asked again, nothing changes; a new value is a new version of the function.
        self.commit("keeps the answers")
        run = self.plan(code=0)
        self.assertEqual(run.result["status"], "no_change")
        other = "0ther-" + secrets.token_hex(12)
        with self.sit(self.repo, "secrets", "set", "SECRET_KEY") as talk:
            talk.expect(r"\(not shown\) > ")
            talk.send_line(other)
            talk.expect(r"\* Modify +SECRET_KEY")
            talk.expect(YES)
            talk.send_line("yes")
            talk.expect(r"version 2")
            self.assertEqual(talk.wait(), 0)
        self.assertEqual(json.loads(self.get(url, "/api/shown")[2]), want)
        done = self.deploy()
        self.ended(done, 0, "success")
        self.assertEqual(json.loads(self.get(url, "/api/shown")[2])["sha256"], hashlib.sha256(other.encode()).hexdigest())
        self.leaves_no_trace(str(done), value=other)

    # --- from what is deployed ---

    def test_what_the_function_answers_and_logs_is_shown_without_the_secret_of_this_repository(self):
        """The answers are the proxy's words, the lines of the log are put there as a function's would be."""
        self.halves = ("backend",)
        self.todo()
        (self.repo / ".git/info/exclude").write_text(".env\n")
        self.value = "s3cr3t-" + secrets.token_hex(12)
        (self.repo / ".env").write_text(f"DATABASE_PASSWORD={self.value}\n")
        self.bootstrapped()
        self.through_faults()
        said = f"login with {self.value} was refused"
        self.fault.rule("data", ".*", host="cloudfront", path="^/api/health", answer={"status": 500, "body": json.dumps({"detail": said})})
        self.fault.rule("lambda", "Invoke", answer={"status": 200, "headers": {"X-Amz-Function-Error": "Unhandled"},
                                                    "body": json.dumps({"errorMessage": said})})
        done = self.deploy(4, AWSCOPILOT_PROBE_WAIT="5s", AWSCOPILOT_DEBUG="1")
        self.says(done, "/api/health answers 500", error="unhealthy")
        logs = self.aws.client("logs", account=self.account)
        group = self.cfn().describe_stack_resource(StackName=self.stack, LogicalResourceId="BackendLogs")["StackResourceDetail"]["PhysicalResourceId"]
        logs.create_log_stream(logGroupName=group, logStreamName="planted")
        logs.put_log_events(logGroupName=group, logStreamName="planted",
                            logEvents=[{"timestamp": int(time.time() * 1000), "message": f"[ERROR] {said}"}])
        shown = [self.go(*words, json=as_json) for words in (("logs", "--since", "10m"), ("status",), ("history",), ("audit",))
                 for as_json in (True, False)]
        self.assertIn("[ERROR] login with *** was refused", shown[0].stdout)
        self.assertIn("[ERROR] login with *** was refused", shown[1].stdout)
        with self.sit(self.repo, "logs", "--since", "10m") as talk:
            talk.expect(r"login with \*\*\* was refused")
            self.assertEqual(talk.wait(), 0)
        (self.repo / ".env").unlink()
        self.leaves_no_trace(str(done), done.stderr, talk.transcript, *(run.stdout + run.stderr for run in shown))

    def test_without_a_person_a_missing_secret_ends_the_run_before_anything_is_built(self):
        self.own_account()
        self.todo()
        self.setting()
        self.bootstrapped()
        run = self.go("deploy", *self.CONFIRMED)
        self.ended(run, 2)
        self.says(run, "SECRET_KEY", "aws-copilot secrets set")
        self.nothing_at_aws()
