"""`policy check` as a user runs it. No AWS."""
import json
import subprocess
import tempfile
import unittest
from pathlib import Path

import lab

OPEN = """\
Resources:
  Queue:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Jobs]
      PolicyDocument:
        Statement:
          - Effect: Allow
            Principal: '*'
            Action: sqs:SendMessage
            Resource: !GetAtt Jobs.Arn
"""
HELD = OPEN + """\
            Condition: {ArnEquals: {aws:SourceArn: !Ref Topic}}
"""
KEPT = """\
Resources:
  Disk:
    Type: AWS::EC2::LaunchTemplate
    Properties:
      LaunchTemplateData: {MetadataOptions: {HttpTokens: !Ref Choice}}
"""


class PolicyCheck(unittest.TestCase):
    def check(self, text, *options, name="template.yaml"):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, name)
            path.write_text(text)
            return subprocess.run([lab.program(), "policy", "check", str(path), *options], capture_output=True, text=True)

    def test_a_finding_has_its_line_its_rule_and_its_remedy(self):
        run = self.check(OPEN)
        self.assertEqual(run.returncode, 5, run.stderr)
        self.assertRegex(run.stdout, r"template.yaml:8: deny: it lets everybody in \(\S+Statement.0\) \[public_access\]\n    → name who")
        self.assertIn("1 denied, 0 for a person", run.stderr)

    def test_standard_input_and_a_pipe_of_the_shell_are_read(self):
        for command in ('"$1" policy check -', 'cat | "$1" policy check /dev/stdin', '"$1" policy check <(cat)'):
            run = subprocess.run(["bash", "-c", command, "bash", lab.program()], input=OPEN, capture_output=True, text=True)
            self.assertEqual(run.returncode, 5, run.stderr)
            self.assertRegex(run.stdout, r"^\S+:8: deny: it lets everybody in")

    def test_json_is_one_object(self):
        run = self.check(OPEN, "--json")
        found = json.loads(run.stdout)
        self.assertEqual((found["verdict"], [f["code"] for f in found["files"][0]["findings"]]), ("deny", ["public_access"]))

    def test_what_is_held_passes_and_what_cannot_be_told_is_asked(self):
        self.assertEqual(self.check(HELD).returncode, 0)
        self.assertEqual(self.check(KEPT).returncode, 10)

    def test_the_place_of_a_secret_is_shown_and_not_the_secret(self):
        run = self.check("Resources:\n  F:\n    Type: AWS::Lambda::Function\n    Properties:\n      Environment:\n"
                         "        Variables: {DB_PASSWORD: Summer4821!}\n")
        self.assertEqual(run.returncode, 5)
        self.assertIn("6: deny: the value of a secret is written out (Resources.F.Properties.Environment.Variables.DB_PASSWORD)",
                      run.stdout)
        self.assertNotIn("Summer", run.stdout + run.stderr)

    def test_what_is_no_template_is_said_with_its_line(self):
        for text, word in (("a: [", "yaml:2"), ("A: 1\nA: 2\n", "yaml:2"), ("- x", "has no Resources"), ("{\"a\": }", "yaml")):
            run = self.check(text)
            self.assertEqual(run.returncode, 2, text)
            self.assertIn(word, run.stderr)
        run = subprocess.run([lab.program(), "policy", "check", "/nowhere.yaml"], capture_output=True, text=True)
        self.assertNotEqual(run.returncode, 0)
        self.assertIn("/nowhere.yaml", run.stderr)
        self.assertIn("- for standard input", run.stderr)
