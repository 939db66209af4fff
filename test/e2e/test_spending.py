"""What a deployment's conversation costs in tokens of a model: as tiktoken counts what was sent and what came."""
import json
import re
import statistics
import subprocess

import fake_model
import lab
import todo
import tokens_judge

WORST, MEDIAN = 30000, 8000
UNDERSTOOD = json.dumps({"intent": "verb", "verb": "deploy", "values": [{"name": "region", "value": "eu-west-1", "said": "Irland"}], "question": None})
WORDS = json.dumps({"text": "A version of the application is made available. Nothing that runs is interrupted, and no data is lost. It costs little.",
                    "notes": [{"where": "Backend", "text": "It runs your code."}]})
CONCERN = json.dumps({"concerns": [{"where": "Backend", "text": "The function is replaced in place; requests that run end with the old version."}]})
RULES = [("The line to read", UNDERSTOOD), ("^## The change set", CONCERN), ("What waits for|How it ended", WORDS),
         ("Open questions", json.dumps({"answers": []})),
         ("What went wrong", json.dumps({"cause": "The quota of functions is used up.", "proposals": [
             {"kind": "command", "target": "", "text": "aws-copilot recover", "why": "it removes what failed"}]}))]


class Spending(todo.TodoCase):

    def conversation(self, *lines):
        """The tokens that the deployments of a conversation say they spent; the fake's own count must agree."""
        model = self.enterContext(fake_model.FakeModel())
        model.count = lambda text: len(self.encoding.encode_ordinary(text))
        model.by_rules(RULES, json.dumps({"intent": "off_topic", "verb": "none", "values": [], "question": None}))
        run = subprocess.run([lab.program(), "chat", "--app", self.app], cwd=self.repo, text=True, timeout=200, errors="replace",
                             env={**self.todo_env(AWS_REGION=self.region), **model.env()},
                             input="".join(line + "\n" for line in (*lines, "quit")), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said = [int(a) + int(b) for a, b in re.findall(r"Tokens of the model: (\d+) for questions, (\d+) for answers", run.stdout)]
        self.assertTrue(said, run.stdout[-3000:])
        spent = sum(prompt + answer for prompt, answer in model.spent)
        understood = sum(p + a for r, (p, a) in zip((r for r in model.requests if "messages" in r["body"]), model.spent)
                         if fake_model.form_of(r) == "understand")
        self.assertEqual(sum(said), spent - understood, "the ledger is not what was sent")
        return spent, run

    def test_tokens_of_deployments(self):
        """First, with a question, and failing: under 30,000 each, 8,000 in the median, the line that asks for it with it."""
        self.encoding = tokens_judge.reference("o200k_base")
        self.bootstrapped()
        self.todo()
        first, run = self.conversation("bring die anwendung nach Irland, los", "yes", "yes", "yes")
        self.assertIn("the new version was asked and answered", run.stdout)
        self.app += "x"
        self.stack = f"depl-{self.app}-dev"
        self.edit("backend/app/settings.py", "log_level: Literal", "theme: str\n    log_level: Literal")
        asked, run = self.conversation("bring die anwendung nach Irland, los", "yes", "dark", "no", "no")
        self.assertIn("It runs your code", run.stdout)
        self.function_cannot_be_created()
        failing, run = self.conversation("bring die anwendung nach Irland, los", "yes", "dark", "yes", "no", "no")
        self.assertIn("The quota of functions is used up", run.stdout)
        spent = sorted((first, asked, failing))
        print(f"figure: tokens of a deployment with a model: {spent}, bars {MEDIAN} in the median and {WORST}")
        self.assertLess(max(spent), WORST)
        self.assertLessEqual(statistics.median(spent), MEDIAN, spent)
        self.assertGreater(min(spent), 1000, "nothing was asked")


class UsedUp(todo.FaultCase):
    """A model whose first answer costs more than half of the budget: the next question does not fit."""

    def test_a_deployment_goes_on_to_its_yes_without_the_model(self):
        model = self.enterContext(fake_model.FakeModel())
        model.always(lambda request: fake_model.moderation() if request["path"].endswith("/moderations")
                     else fake_model.text(fake_model.NOTHING[fake_model.form_of(request)], prompt=45000))
        run = self.go("deploy", *self.CONFIRMED, json=False, **model.env())
        said = " ".join((run.stdout + run.stderr).split())
        self.assertEqual(run.code, 10, str(run))
        self.assertIn("the model's service billed 45000 tokens for a question that was counted as", said)
        self.assertIn("! the model has no part in this run (this session's budget for the model is used up); everything goes on without "
                      "→ commands such as deploy and status work without the model; when aws-copilot is started again it has a new budget", said)
        self.assertNotIn("refused", said)
        self.assertEqual(sum("messages" in request["body"] for request in model.requests), 1, "it was asked again")
