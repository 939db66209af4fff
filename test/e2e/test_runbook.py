"""What a run that needs a person leaves behind: a folder and one page, judged by an HTML parser that is not ours."""
import html
import json
import shlex
import sys
import unittest
from pathlib import Path

import lab
import todo

PARTS = {"plan": "plan", "changeset": "preview", "next": "steps"}  # a member that each object has
LISTS = {"events": "status", "verdicts": "findings", "journal": "chain", "logs": "lines"}  # and each row of these
HEADINGS = ["Cause", "What to do next", "Probe", "Change set", "Events of the stack", "Logs", "Verdicts", "Plan", "Journal"]


def strict(text):
    """The page's document by html5lib, which raises at the first thing that the standard calls an error."""
    folder = lab.tools()["HTML_PARSER"]
    if not Path(folder, "html5lib").is_dir():
        raise unittest.SkipTest("html5lib is not installed; scripts/setup.sh installs it")
    sys.path.insert(0, folder)
    import html5lib
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)


class Runbook(todo.TodoCase):
    halves = ("backend",)

    ILL = {"AWSCOPILOT_PROBE_WAIT": "20s"}  # time for the new version to start, fail and log it on a machine with much to do

    def setUp(self):
        super().setUp()
        self.todo()
        self.bootstrapped()

    def escalated(self):
        """An update whose health route raises, and whose way back AWS refuses."""
        self.deploy()
        self.edit("backend/app/main.py", "if not HEALTHY:", "if 1 // len(store.all()) and not HEALTHY:")
        fault = self.proxy()
        self.endpoint = fault.url
        run = self.plan(**self.ILL)
        denied = {"status": 403, "code": "AccessDenied", "message": "not today"}
        fault.rule("cloudformation", "CreateChangeSet", error=denied)
        fault.rule("lambda", "PUT", error=denied)
        done = self.approve(run, 4, **self.ILL)
        self.url = done.result["url"]
        self.assertEqual(done.result["status"], "escalated", str(done))
        return done, Path(done.result["runbook"])

    def test_every_part_is_there_as_a_page_that_a_browser_reads_and_nothing_secret(self):
        done, folder = self.escalated()
        parts = {path.stem: json.loads(path.read_text()) for path in folder.glob("*.json")}
        self.assertEqual(set(parts), {*PARTS, *LISTS})
        for name, member in PARTS.items():
            self.assertTrue(parts[name].get(member), f"{name} has no {member}")
        for name, member in LISTS.items():
            self.assertTrue(parts[name] and all(member in row for row in parts[name]), f"{name} is empty or a row has no {member}")
        self.assertIn("ZeroDivisionError", json.dumps(parts["logs"]))
        self.assertEqual(parts["changeset"]["preview"]["changes"][0]["action"], "Modify")

        page = (folder / "index.html").read_text()
        document = strict(page)
        self.assertEqual([e.text for e in document.iter("h2")], HEADINGS)
        self.assertEqual([e for e in document.iter() if e.tag in ("script", "img", "link", "iframe", "form", "a")], [])
        self.assertEqual(len(list(document.iter("li"))), len(parts["next"]["steps"]))
        self.assertIn(parts["journal"][-1]["chain"], page)

        values = [self.keys["AWS_SECRET_ACCESS_KEY"]]
        for path in folder.iterdir():
            self.assertEqual(path.stat().st_mode & 0o777, 0o600)
            for value in values:
                self.assertNotIn(value, path.read_text())

        self.assertIn("answers 500", parts["next"]["first_problem"]["text"])  # why it went back
        self.assertIn("CreateChangeSet", parts["next"]["problem"]["text"])  # why that failed
        self.assertIn(f"failed first: {parts['next']['first_problem']['text']}", done.of_type("alert")[0]["runbook"])

        commands = {words[1]: words for words in (shlex.split(step.get("command", "- -")) for step in parts["next"]["steps"])}
        for words in commands.values():
            self.assertIn(html.escape(words[1]), page)
        self.pasted(commands)

    def pasted(self, commands):
        """What the page says to type, typed: from another folder, without anything that this person knows."""
        release = self.go("history").of_type("release")[0]["id"]
        self.endpoint = None
        for verb, words in (("status", []), ("logs", []), ("audit", []), ("recover", ["--help"]), ("rollback", ["--help"])):
            typed = commands[verb]
            self.assertEqual(typed[0], "aws-copilot")
            said = self.run_program(*typed[1:], *words, env=self.todo_env(), cwd=self.dir)
            self.assertEqual(said.code, 0, f"{typed}: {said}")
        self.assertEqual(commands["rollback"][2], release)
        self.assertEqual(commands["cloudformation"][:3], ["aws", "cloudformation", "describe-stack-events"])
        told = dict(zip(commands["lambda"][3::2], commands["lambda"][4::2]))
        self.assertEqual(self.get(self.url, "/api/health")[0], 500)
        self.aws.client("lambda", account=self.account, region=told["--region"]).update_alias(
            FunctionName=told["--function-name"], Name=told["--name"], FunctionVersion=told["--function-version"])
        self.assertEqual(self.get(self.url, "/api/health")[0], 200)
