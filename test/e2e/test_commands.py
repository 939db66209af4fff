"""The words that a shell executes, against bash itself: what guard/command/shell.c reads, it reads as bash does. No AWS."""
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import botocore.session
import lab
from botocore import xform_name

LINES, SEED = 300, 20261130
PROGRAMS = "git rm ls cat curl aws python node chmod grep sed xargs env sudo tar".split()
PLAIN = ["-rf", "/", "x", "a.b", "--force", "-n", "a/b", "x=y", "@f", "1,2p", "main", "+x", "%s", "a:b", "{}", "a,b", "-", "--", "-c", "a=b",
         "--x=y", "s/a/b/", "a@b:c", "%1", "-1", "1", "a%", "..", "./x", "x-", "_", "+", ",", ":", "=", "a==b"]
QUOTED = ["'a b'", '"a b"', "''", '""', "'$HOME'", '"it\'s"', "'\"'", "a'b'c", 'a"b"c', "'rm'", "r''m", '"-rf"', "'a|b'", "'#x'",
          "'a;b'", "'é'", "'*'", '"a*b"', "'\\'", "'`id`'", "'!'", '"a\tb"', "'{a,b}'", '"~"', "a''", "''b", "'\u00a0'", "'a'\"b\"c",
          "-'c'", '"$"', "'$'", "'\\\\'", "''''", '""""', "'a'='b'", "\"'\"'\"'"]
STRANGE = ["$X", "$(rm x)", "`rm x`", "\\rm", "*", "a?", "[ab]", "~", "a=~", "{a,b}", "$'\\x72m'", "\"$X\"", "#c", "!", ">f", "2>&1", "<f",
           "\\\n", "é", "$((1))", "${X}", "\"a\\\"b\"", "(", ")", "X=1", "if", "then", "{", "}", "\n", "\r", "time", "=ls", "!!", "^a",
           "exec", "eval", "command", "\t", "\u00a0", "a\\ b", "<<E", "|&", ";;", "&", "[[", "<(ls)", "!rm", "!(x)", "@(a|b)", "+(x)", "a#b",
           "#", "$", "$$", "$-", "\"$(rm x)\"", "\"`rm x`\"", "$\"x\"", "\"a!b\"", "'", "\"", "\\'", "\\\"", "a\\", "\\;", "\\|", "<<<x", ">|f",
           "&>f", ">&2", "{fd}>f", "~+", "~-", "a=$X", "X+=1", "X[0]=1", "a=(b)", "coproc", "function", "f()", "do", "done", "fi", "esac", "in",
           "else", "builtin", "[", "]", "]]", "((1))", "$[1]", "${X:-rm}", "${!X}", "%", "\x01", "\x7f", "\u2028", "\u200b", "\x0b", "\x0c",
           "?", "-{a,b}", "a{b}c", "^a^b", "*a", "\\\n\\\n", "a\\\nb", "$'a\\'b'", "'a\nb'", "\"a\\\\\"", "\\", "set", ".", "trap", "alias"]
JOINTS = [" && ", " || ", " ; ", " | ", ";", "|", "&&", "||", " &&\t", "  |  ", " ;", "; ", "\t;\t", " |", "| ", " & ", "&", "\n", " ;; ", "|&",
          " &&\n", "|||", ";&", "&&&"]


def word(r):
    kind = r.random()
    return r.choice(PLAIN if kind < 0.62 else QUOTED if kind < 0.94 else STRANGE)


def line(r):
    parts = []
    for _ in range(r.randint(1, 4)):
        name = r.choice(PROGRAMS) if r.random() < 0.92 else r.choice(QUOTED + STRANGE)
        parts.append(" ".join([name, *(word(r) for _ in range(r.randint(0, 3)))]))
    text = parts[0]
    for part in parts[1:]:
        text += r.choice(JOINTS[:10] if r.random() < 0.85 else JOINTS) + part
    return text + r.choice(["", "", "", " ", ";", " ; "])


# Members that botocore calls sensitive and that are no credential and nothing that an application stores: names, addresses and
# persons (the mask knows those), ids, descriptions, definitions; a password that is changed comes as stars.
HARMLESS = set("""AccountName AdditionalContactEmailAddress Address AddressLine1 AddressLine2 AddressLine3 City ClientId CompanyName ContactList
    CountryCode Description DistrictOrCounty Email EmailAddress EmailSubject FullName IPAddress InsightsEmailAddress IpAddress
    KMSMasterKeyID KeyValue ManagementAccountEmail MasterAccountEmail MasterUserPassword Name OwnerInformation PhoneNumber PostalCode
    PrimaryEmail StateOrRegion Title UseCaseDescription VariableName WebsiteURL WebsiteUrl definition description""".split())
CLI_NAMES = {"s3": "s3api", "config": "configservice", "codedeploy": "deploy"}


def sensitive(shape, seen=()):
    """The names of the members of an answer that AWS's own model calls sensitive."""
    if shape is None or shape.name in seen:
        return set()
    seen = (*seen, shape.name)
    if shape.type_name == "structure":
        return set().union(*({name} if member.metadata.get("sensitive") and member.type_name not in ("structure", "list", "map")
                             else sensitive(member, seen) for name, member in shape.members.items()))
    if shape.type_name in ("list", "map"):
        inner = sensitive(shape.member if shape.type_name == "list" else shape.value, seen)
        return inner or ({shape.name} if shape.metadata.get("sensitive") else set())
    return {shape.name} if shape.metadata.get("sensitive") else set()


class Commands(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="commands-"))
        self.addCleanup(shutil.rmtree, self.folder, True)

    def probe(self, mode, rows):
        done = subprocess.run([str(Path(lab.program()).parent / "guard/command_probe"), mode], capture_output=True, text=True, check=True,
                              input="".join(json.dumps(row) + "\n" for row in rows), timeout=60)
        return [json.loads(out) for out in done.stdout.splitlines()]

    def executed(self, text):
        """The argvs that bash executes, by stubs on PATH that write down their own."""
        record = self.folder / "record"
        record.write_bytes(b"")
        work = self.folder / "work"
        work.mkdir(exist_ok=True)
        subprocess.run(["/bin/bash", "-c", text], cwd=work, env={"PATH": str(self.folder / "bin"), "RECORD": str(record), "LC_ALL": "C.UTF-8"},
                       stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=10)
        return [argv.split(b"\0")[:-1] for argv in record.read_bytes().split(b"\1\0")[:-1]]

    def test_every_word_that_bash_executes_was_read_or_the_text_was_refused(self):
        stubs = self.folder / "bin"
        stubs.mkdir()
        for name in PROGRAMS:
            stub = stubs / name
            stub.write_text("#!/bin/dash\nprintf '%s\\0' \"${0##*/}\" \"$@\" '\1' >>\"$RECORD\"\n")
            stub.chmod(0o755)
        r = random.Random(SEED)
        texts = [line(r) for _ in range(LINES)]
        read = 0
        for text, judged in zip(texts, self.probe("script", texts)):
            if judged["parts"] is None:
                self.assertEqual(judged["class"], "unknown", text)
                continue
            read += 1
            known = [[word.encode() for word in argv] for argv in judged["parts"]]
            for argv in self.executed(text):
                self.assertIn(argv, known, f"{text!r} executes what was not read: {judged}")
        self.assertGreater(read, LINES // 4)  # or nothing was tried

    def test_no_read_of_aws_is_safe_that_hands_out_secrets_or_writes_a_file(self):
        session = botocore.session.get_session()
        operations = []
        for service in session.get_available_services():
            model = session.get_service_model(service)
            operations += [(CLI_NAMES.get(service, service), xform_name(name, "-"), model.operation_model(name)) for name in model.operation_names]
        judged = self.probe("argv", [["aws", service, verb] for service, verb, _ in operations])
        safe = [row for row, out in zip(operations, judged, strict=True) if out["class"] == "safe"]
        self.assertGreater(len(safe), 1000)
        for service, verb, model in safe:
            self.assertFalse(model.has_streaming_output or model.has_event_stream_output, f"aws {service} {verb} writes its answer into a file")
            self.assertEqual(sensitive(model.output_shape) - HARMLESS, set(), f"aws {service} {verb} hands out what AWS calls sensitive")

    def test_what_is_safe_and_what_shows_credentials_at_aws_was_looked_through(self):
        script = Path(__file__).resolve().parents[2] / "scripts/make-commands-golden.py"
        done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False, timeout=120,
                              env={**os.environ, "AWSCOPILOT_PROGRAM": str(lab.program())})
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_shell_is_never_safe_and_what_is_piped_into_one_is_refused(self):
        rows = self.probe("argv", [["sh", "-c", "ls"], ["bash", "-lc", "ls | wc -l"], ["sh", "-c", "curl x | sh"], ["sh", "-c", "rm -rf /"],
                                   ["ls", "src"]])
        self.assertEqual([row["class"] for row in rows], ["unknown", "unknown", "destructive", "destructive", "safe"])


if __name__ == "__main__":
    unittest.main()
