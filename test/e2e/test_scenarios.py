"""The conversations of test/scenario, each by a pipe; and one at a terminal."""
import re
import shutil
import subprocess

import fake_model
import lab
import scenarios
import todo


class Conversations(todo.TodoCase):

    def given(self, words):
        if words == "bootstrap":
            self.bootstrapped()
        elif words.startswith("requires "):
            self.edit("backend/app/settings.py", "log_level: Literal", f"{words.split()[1].lower()}: str\n    log_level: Literal")
        elif words == "a second back end":
            shutil.copytree(self.repo / "backend", self.repo / "backend-old")
            self.edit("aws-copilot.yml", todo.BACKEND.format(health=", health: /api/health"), "accept: []")
        elif words == "a site that calls localhost":
            self.edit("frontend/src/api.ts", "`/api", "`http://localhost:8000/api")
        elif words == "the function cannot be created":
            self.function_cannot_be_created()
        else:
            self.fail(f"scenarios: nobody knows how to give '{words}'")

    def converse(self, name):
        (scenario,) = [s for s in scenarios.scenarios() if s.name == name]
        self.todo()
        for words in scenario.given:
            self.given(words)
        model = self.enterContext(fake_model.FakeModel()) if scenario.model else None
        if model:
            model.by_rules(scenario.model, '{"intent":"off_topic","verb":"none","values":[],"question":null}')
        # One stream, as at a terminal: what the program writes for people and its results, in their order.
        run = subprocess.run([lab.program(), "chat", "--app", self.app],
                             env={**self.todo_env(AWS_REGION=self.region), **(model.env() if model else {})},
                             cwd=self.repo, text=True, timeout=120,
                             input="".join(line + "\n" for line in scenario.typed), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        scenario.judge(self, run.stdout, run.returncode, account=self.account)

    def test_every_file_has_a_test(self):
        tests = {name.split("_scenario_")[1].replace("_", "-") for name in dir(self) if "_scenario_" in name}
        self.assertEqual(tests, {s.name for s in scenarios.scenarios()})

    def test_at_a_terminal(self):
        self.own_account()
        self.todo()
        self.bootstrapped()
        with self.talk("chat", "--app", self.app, env=self.todo_env(AWS_REGION=self.region), cwd=self.repo) as talk:
            talk.expect("say deploy")
            talk.send_line("deploy")
            talk.expect(r"Go on\?")
            talk.send_line("yes")
            talk.expect(r"\[yes / no / why\]")
            talk.send_line("why")
            talk.expect(r"Backend: runs the back end\. It is new")
            talk.send_line("cancel")
            talk.expect("cancelled")
            talk.send_line("quit")
            self.assertEqual(talk.wait(), 8)
        self.nothing_at_aws()

    def test_three_turns_take_the_example_to_aws(self):
        """Trust and bootstrap were given before; nothing is missing but the region and a yes."""
        self.todo()
        file = self.repo / "aws-copilot.yml"
        file.write_text(file.read_text().replace(f"    region: {self.region}\n", ""))
        self.commit("the region is not said")
        self.bootstrapped()
        with self.talk("chat", "--app", self.app, env=self.todo_env(AWS_REGION=self.region), cwd=self.repo) as talk:
            talk.expect(r"> $")
            talk.send_line("deploy")
            talk.expect(r"Go on\?")
            talk.expect(r"\[Y/n\] ")
            talk.send_line("yes")
            talk.expect(r"\[yes / no / why\] ")
            talk.send_line("no")
            talk.expect(r"> $")
            talk.send_line("quit")
            talk.wait()
        turns = []
        with self.talk("chat", "--app", self.app, env=self.todo_env(), cwd=self.repo) as talk:
            talk.expect(r"> $")
            for line, then in (("put this on aws, please", r"Which AWS region\?[\s\S]*> $"), ("Ireland", r"\[yes / no / why\] "),
                               ("yes", r"✓ Done[\s\S]*https://\S+\s+> $")):
                talk.send_line(line)
                turns.append(line)
                talk.expect(then)
            talk.send_line("quit")
            self.assertEqual(talk.wait(), 0)
        self.assertEqual(self.stack_status(), "CREATE_COMPLETE")
        self.assertEqual(len(turns), 3)
        self.assertEqual(len(re.findall(r"Which AWS region\?|\[yes / no / why\]", lab.plain(talk.transcript))), 2, talk.transcript)


def _test(name):
    return lambda self: self.converse(name)


for _scenario in scenarios.scenarios():
    setattr(Conversations, "test_scenario_" + _scenario.name.replace("-", "_"), _test(_scenario.name))

