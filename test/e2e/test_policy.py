"""`policy check` as a user runs it. No AWS."""
import functools
import json
import os
import re
import signal
import subprocess
import tempfile
import time
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


class Checks(unittest.TestCase):
    def check(self, text, *options, name="template.yaml"):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, name)
            path.write_text(text)
            return subprocess.run([lab.program(), "policy", "check", str(path), *options], capture_output=True, text=True)


class PolicyCheck(Checks):
    def files(self, *options, **texts):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in texts.items():
                Path(folder, name).write_bytes(text if isinstance(text, bytes) else text.encode())
            names = [str(Path(folder, name)) for name in texts]
            return subprocess.run([lab.program(), "policy", "check", *names, *options], capture_output=True, text=True)

    def test_files_beside_one_that_cannot_be_read_are_judged_and_it_does_not_pass(self):
        run = self.files(held=HELD, terraform='resource "x" "y" {}\n', open=OPEN)
        self.assertEqual(run.returncode, 2)
        self.assertIn("terraform is no CloudFormation template", run.stderr)
        self.assertIn("[public_access]", run.stdout)
        self.assertIn("1 denied, 0 for a person to decide, in 2 files, 1 not read", run.stderr)
        run = self.files("--json", held=HELD, terraform="x: y\n")
        found = json.loads(run.stdout)
        self.assertEqual((run.returncode, run.stderr, found["verdict"]), (2, "", "deny"))
        self.assertEqual((found["files"][0]["verdict"], found["files"][1]["error"]["code"]), ("allow", "config"))
        self.assertNotIn("verdict", found["files"][1])

    def test_a_parameter_that_no_template_has_is_no_silent_default(self):
        text = "Parameters: {Stage: {Type: String, Default: dev}}\n" + HELD
        for given, says in (("Stag=prod", "did you mean Stage?"), ("Nothing=1", "under Parameters")):
            run = self.files("--parameter", given, one=text, two=HELD)
            self.assertEqual((run.returncode, run.stdout), (2, ""), run.stderr)
            self.assertIn("has no parameter '" + given.split("=")[0], run.stderr)
            self.assertIn(says, run.stderr)
        self.assertEqual(self.files("--parameter", "Stage=prod", one=text, two=HELD).returncode, 0)
        run = self.files("--parameter", "Stage=prod", "--parameter", "Stage=dev", one=text)
        self.assertEqual(run.returncode, 2)
        self.assertIn("'Stage' is given twice", run.stderr)

    def test_the_environment_that_is_named_says_which_account_is_meant(self):
        text = json.dumps({"Resources": {"S": {"Type": "AWS::SNS::Subscription", "Properties": {
            "TopicArn": "arn:aws:sns:eu-west-1:111122223333:t", "Protocol": "sqs"}}}})
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "t.json").write_text(text)
            check = lambda *options: subprocess.run([lab.program(), "policy", "check", "t.json", *options], cwd=folder, capture_output=True, text=True,  # noqa: E731
                                                    env={**os.environ, "HOME": folder, "XDG_STATE_HOME": folder, "XDG_CONFIG_HOME": folder})
            self.assertIn("-e dev: nothing here says which account that is", check("-e", "dev").stderr)
            Path(folder, "aws-copilot.yml").write_text(
                'version: 1\napp: {name: todo, backend: {dir: backend, asgi: "app.main:app"}}\nenvironments:\n'
                '  dev: {account: "111122223333", region: eu-west-1, target: lambda-http}\n'
                '  prod: {account: "210987654321", region: eu-west-1, target: lambda-http}\n')
            self.assertEqual([check(*options).returncode for options in ((), ("-e", "dev"), ("-e", "none"), ("-e", "dev", "--account", "210987654321"))], [0, 0, 2, 5])
            run = check("-e", "prod")
            self.assertEqual(run.returncode, 5)
            self.assertIn("it names the account 111122223333", run.stdout)

    def test_a_whole_folder_of_templates_is_judged_at_once_and_too_many_say_what_to_do(self):
        run = self.files(**{f"t{i}": HELD for i in range(150)}, open=OPEN)
        self.assertEqual(run.returncode, 5, run.stderr)
        self.assertIn("1 denied, 0 for a person to decide, in 151 files", run.stderr)
        run = subprocess.run([lab.program(), "policy", "check", *["x"] * 600], capture_output=True, text=True)
        self.assertEqual(run.returncode, 2)
        self.assertIn("more than 512 words\n    → give fewer at once", run.stderr)

    def test_a_name_with_a_line_end_writes_no_line_of_its_own(self):
        text = json.dumps({"Resources": {"A\n  0 denied\tin 1 file\nB": {"Type": "AWS::Lambda::Url", "Properties": {"AuthType": "NONE"}}}})
        run = self.files(paper=text)
        self.assertEqual((run.returncode, len(run.stdout.splitlines())), (5, 2), run.stdout)
        self.assertIn("(Resources.A   0 denied in 1 file B.Properties.AuthType) [public_function]", run.stdout)

    def test_what_cannot_be_read_has_its_sentence_and_its_remedy(self):
        for text, says, remedy in (
                (HELD.encode("utf-16"), "not text in UTF-8", "saved as UTF-8"), ("Description: caf\u00e9\n".encode("latin-1"), "not text in UTF-8", "saved as UTF-8"),
                ("Resources:\n\tA: 1\n", "2: a value cannot begin with this character", "mend that line"),
                ('{"Resources": {"A": {}, "A": {}}}', "duplicate object key", "no name twice"), ("A: 1\nA: 2\n", "'A' is there twice", "the one that is meant"),
                ("A: " + "b" * (1 << 20), "is larger than the limit", "no larger one")):
            run = self.files(paper=text)
            self.assertIn(run.returncode, (1, 2), text[:40])
            self.assertIn(says, run.stderr)
            self.assertIn("→", run.stderr)
            self.assertIn(remedy, run.stderr)
        with tempfile.TemporaryDirectory() as folder:
            run = subprocess.run([lab.program(), "policy", "check", folder], capture_output=True, text=True)
            self.assertEqual(run.returncode, 2)
            self.assertIn("is a folder\n    → name one file of it", run.stderr)

    def test_a_syntax_error_does_not_show_what_stands_there(self):
        run = self.files(paper='{"Resources": {"A": {"DB_PASSWORD": Summer4821}}}')
        self.assertEqual(run.returncode, 2)
        self.assertNotIn("Summer", run.stderr)

    def test_ctrl_c_ends_it_while_it_waits_for_its_input(self):
        with tempfile.TemporaryDirectory() as folder:
            fifo = str(Path(folder, "fifo"))
            os.mkfifo(fifo)
            for argv in (["policy", "check", "-"], ["policy", "check", fifo], ["tokens"], ["tokens", fifo], ["redact"], ["redact", "--known", fifo],
                         ["estimate", "--region", "eu-west-1", "-"]):
                process = subprocess.Popen([lab.program(), *argv], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                           env={**os.environ, "XDG_STATE_HOME": folder})
                for _ in range(100):  # the first may come before it is listened to
                    time.sleep(0.1)
                    if "SigCgt" in (status := Path(f"/proc/{process.pid}/status").read_text()) and int(re.search(r"SigCgt:\s*(\w+)", status)[1], 16) & 2:
                        break
                time.sleep(0.3)
                process.send_signal(signal.SIGINT)
                said = process.communicate(timeout=20)[1].decode()
                self.assertEqual(process.returncode, 130, f"{argv} {said}")
                self.assertIn("was interrupted", said)
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

    def test_a_comment_with_a_secret_is_found_on_its_line_and_one_that_tells_of_one_is_not(self):
        text = "# password: see the vault\n# the token: rotated monthly, ask Ada\n" + HELD
        self.assertEqual(self.check(text).returncode, 0)
        run = self.check(text + "#  MasterUserPassword: Summer4821!\n")
        self.assertEqual(run.returncode, 5)
        self.assertIn(f"{len(text.splitlines()) + 1}: deny: it holds a secret (key) (a comment) [secret_in_template]", run.stdout)
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


# Properties that are called policies and are none that lets somebody in, and why.
OTHER_POLICIES = {
    r"(Protocol|Security|Tls|Https|Ssl|Pull|Dns|[DU]lRate|Referrer|ContentSecurity|LanguageSelection|Snapshot|AutoImport|Safeguard|Answer|Reputation|VersionDeletion|Retention)\w*Policy$":
        "a word that chooses",
    r"(Redrive|RedriveAllow|Filter|Delivery|Replay|Archive|DataProtection|Lifecycle|Notification|Model|Browser)Policy$|LifecyclePolicyText$|SSM::Parameter Policies":
        "what happens to messages, files or versions",
    r"(Query|Cedar|Policy|Template)\.?Statement$|PreparedStatement|PolicyTemplate|VerifiedAccess|AuthorizationPolicy|Config::": "a query or another language",
    r"OpenSearchServerless::|NetworkManager::|ODB::|Logs::AccountPolicy|SES::": "a document of the service's own shape",
    r"EKS::PodIdentityAssociation|RolesAnywhere::Profile|Transfer::User": "it takes rights away from a session",
    r"SSO::PermissionSet|IoT::Policy|IAM::|Serverless::(Function|StateMachine) Policies": "what its bearer may do; test/policy has it",
    r"ArnForPolicy": "an answer of the service",
    r"GammaDilithium": "nothing that anybody can use",
}


@functools.cache
def schemas():
    import cfnlint
    folder = Path(cfnlint.__file__).parent / "data/schemas/resources"
    return [json.loads(f.read_text()) for f in sorted(folder.glob("*.json"))]


def policies_of(schema, part, path=(), seen=frozenset()):
    """The paths of a schema below which a policy may stand: an object without a shape, or a text, that is called one."""
    if "$ref" in part:
        name = part["$ref"].rsplit("/", 1)[-1]
        return [] if name in seen else policies_of(schema, schema.get("definitions", {}).get(name, {}), path, seen | {name})
    found = []
    if path and re.search(r"(Polic(y|ies)|PolicyDocument|PolicyText|Statement)$", path[-1]) and not part.get("properties"):
        kinds = part.get("type", "object")
        if {"object", "string"} & set([kinds] if isinstance(kinds, str) else kinds) and not part.get("enum"):
            return [path]
    for name, below in part.get("properties", {}).items():
        found += policies_of(schema, below, (*path, name), seen)
    return found + (policies_of(schema, part["items"], (*path, "[]"), seen) if isinstance(part.get("items"), dict) else [])


def planted(path, document):
    """Properties that have the document at this path."""
    for step in reversed(path):
        document = [document] if step == "[]" else {step: document}
    return document


class WhatOthersKnow(Checks):
    OPEN_DOCUMENT = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}]}

    def test_every_policy_of_a_resource_that_a_schema_knows_is_read(self):
        places = [(s["typeName"], path) for s in schemas() if "typeName" in s for path in policies_of(s, s)]
        self.assertGreater(len(places), 150)
        resources = {f"R{n}": {"Type": kind, "Properties": planted(path, self.OPEN_DOCUMENT)} for n, (kind, path) in enumerate(places)}
        run = self.check(json.dumps({"Resources": resources}), "--json", name="t.json")
        read = {f["where"].split(".")[1] for f in json.loads(run.stdout)["files"][0]["findings"] if f["code"] == "public_access"}
        names = [f"{kind} {'.'.join(path)}" for kind, path in places]
        missed = [name for n, name in enumerate(names) if f"R{n}" not in read and not any(re.search(p, name) for p in OTHER_POLICIES)]
        self.assertEqual(missed, [])

    def test_what_cfn_lint_calls_stateful_holds_data(self):
        import cfnlint
        theirs = json.loads((Path(cfnlint.__file__).parent / "data/AdditionalSpecs/StatefulResources.json").read_text())["ResourceTypes"]
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([lab.program(), "tables", folder], check=True)
            ours = set(re.findall(r"^\| (AWS::\S+) \|", Path(folder, "policy-data.md").read_text(), re.M))
        self.assertEqual(set(theirs) - ours, set())
        known = {s["typeName"] for s in schemas() if "typeName" in s}
        gone = {"AWS::QLDB::Ledger", "AWS::SDB::Domain", "AWS::Serverless::SimpleTable"}  # AWS has taken them back; SAM's own
        self.assertEqual(ours - known - gone, set())

    def rows(self):
        """The rows of review_property.def, as the program prints them."""
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([lab.program(), "tables", folder], check=True)
            text = Path(folder, "policy-properties.md").read_text()
        return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in text.splitlines() if "AWS::" in line]

    def test_old_runtimes_are_those_that_aws_has_deprecated(self):
        import cfnlint
        theirs = json.loads((Path(cfnlint.__file__).parent / "data/AdditionalSpecs/LmbdRuntimeLifecycle.json").read_text())
        dated = "2026-11-30"  # of the rows
        old = {name for name, row in theirs.items() if row["deprecated"] <= dated}
        resources = {re.sub(r"\W", "x", name): {"Type": "AWS::Lambda::Function", "Properties": {"Runtime": name}} for name in theirs}
        run = self.check(json.dumps({"Resources": resources}), "--json", name="t.json")
        found = {f["where"].split(".")[1] for f in json.loads(run.stdout)["files"][0]["findings"] if f["code"] == "old_runtime"}
        self.assertEqual(found, {re.sub(r"\W", "x", name) for name in old})

    def test_every_property_that_is_judged_is_one_of_the_schema(self):
        known = {s["typeName"]: s for s in schemas() if "typeName" in s}
        missed, rows = [], self.rows()
        self.assertGreater(len(rows), 150)
        for row in rows:
            kind, path = row[0], row[1]
            if kind.startswith("AWS::Serverless::"):  # SAM's own
                continue
            parts = [known.get(kind, {})]
            for step in re.findall(r"[^.\[\]?]+", path):
                below = []
                for part in parts:
                    for _ in range(4):
                        if "$ref" in part:
                            part = known.get(kind, {}).get("definitions", {})[part["$ref"].rsplit("/", 1)[-1]]
                        part = part["items"] if isinstance(part.get("items"), dict) else part
                    choices = [part, *part.get("anyOf", []), *part.get("oneOf", [])]
                    below += [choice["properties"][step] for choice in choices if step in choice.get("properties", {})]
                    below += [member for pattern, member in part.get("patternProperties", {}).items() if re.search(pattern, step)]
                    is_free = "object" in part.get("type", []) and not {"properties", "patternProperties", "anyOf", "oneOf"} & set(part)  # a document
                    below += [part] if step.isdigit() or is_free else []
                parts = below
            if not parts:
                missed.append(f"{kind} {path}")
        self.assertEqual(missed, [])
