"""Every byte that the program itself writes, as the kernel sees it: no secret among them but where AWS is given it.

strace tells what this program's own processes write to files, pipes, terminals and sockets, and what they start others
with, temporary files and what was deleted since among it. What a child writes by itself is not ours, until we have read it.
"""
import json
import os
import re
import secrets
import shutil
import subprocess
import unittest
from unittest import mock

import fake_model
import lab
import todo

WRITES = "write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,sendmmsg"
STARTS = "execve,execveat,clone,clone3,fork,vfork"
READ = {*WRITES.split(","), "execve", "execveat"}
LINE = re.compile(r"(\d+) +(\w+)\((.*)")
MADE = re.compile(r"(\d+) +(?:<\.\.\. )?(?:clone3?|v?fork)(?: resumed>|\().*\) += (\d+)$")
TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


def can_trace():
    strace = shutil.which("strace")
    return strace and subprocess.run([strace, "-f", "--seccomp-bpf", "-e", "trace=execve", "-o", os.devnull, "/bin/true"],
                                     capture_output=True).returncode == 0


def decoded(text):
    return [bytes.fromhex(part.replace("\\x", "")) for part in TEXT.findall(text)]


class Trace:
    """What a run wrote: `ours` and `theirs`, {where: bytes}, and what was started: [bytes]."""

    def __init__(self, folder, program):
        self.ours, self.theirs, self.started = {}, {}, []
        for path in sorted(folder.glob("trace*")):
            self.read(path, str(program).encode())

    def read(self, path, program):
        foreign = set()  # threads that became another program, and those they made
        for line in path.open(errors="replace"):
            made = MADE.match(line.rstrip("\n"))
            if made and made[1] in foreign:
                foreign.add(made[2])
            row = LINE.match(line)
            if not row or row[2] not in READ:
                continue
            texts = decoded(row[3])
            if row[2].startswith("exec"):
                if row[1] not in foreign:
                    self.started += texts
                foreign.discard(row[1]) if texts[:1] == [program] else foreign.add(row[1])
                continue
            where = re.match(r"\d+<((?:\\x[0-9a-f]{2}|[^>])*)>", row[3])
            where = re.sub(r"\\x([0-9a-f]{2})", lambda m: chr(int(m[1], 16)), where[0] if where else row[3][:9])
            kept = self.theirs if row[1] in foreign else self.ours
            kept[path.name, where] = kept.get((path.name, where), b"") + b"".join(texts)


@unittest.skipUnless(can_trace(), "strace cannot trace here")
class Traced(todo.TodoCase):
    halves = ("backend",)

    def setUp(self):
        super().setUp()
        self.own_account()
        self.traces = self.dir / "traces"
        self.traces.mkdir()
        program = self.dir / "traced"
        program.write_text(f'#!/bin/sh\nexec strace -f -yy -xx -v -s 4194304 --seccomp-bpf -e trace={WRITES},{STARTS} -e signal=none '
                           f'-o {self.traces}/trace$$ {lab.program()} "$@"\n')
        program.chmod(0o755)
        self.program = lab.program()
        self.enterContext(mock.patch.object(lab, "program", lambda: str(program)))

    def found_in(self, value, written):
        """Where it stands: (where, the form, the bytes before it)."""
        return [(where, form, data[max(0, at - 3000):at]) for where, data in written.items() for form in lab.forms(value)
                for at in [m.start() for m in re.finditer(re.escape(form), data)]]

    def test_secrets_of_a_whole_deployment_are_written_nowhere(self):
        filed, given, key = (word + secrets.token_hex(12) for word in ("filed-", "given-", "other-"))
        self.bootstrapped()
        self.todo(more="")
        self.edit("backend/app/settings.py", "log_level: Literal", "secret_key: str\n    log_level: Literal")
        (self.repo / ".git/info/exclude").write_text(".env\n")
        (self.repo / ".env").write_text(f"DATABASE_PASSWORD={filed}\nSTRIPE_API_KEY={key}\n")
        # A child prints one, put together while it runs; AWS tells the other.
        main = self.repo / "backend/app/main.py"
        good = main.read_text()
        main.write_text(good + "\nraise RuntimeError(''.join(map(chr, %r)))\n" % [ord(c) for c in f"login with {filed} failed"])
        self.commit("breaks")
        self.function_cannot_be_created(reason=f"login of {key} was refused")
        model = self.enterContext(fake_model.FakeModel())
        model.by_rules([], json.dumps({"intent": "off_topic", "verb": "none", "values": [], "question": None}))
        env = self.todo_env(AWS_REGION=self.region, AWSCOPILOT_DEBUG="1", **model.env())

        def chat(*lines):
            return subprocess.run([lab.program(), "chat", "--app", self.app], cwd=self.repo, text=True, timeout=200, errors="replace", env=env,
                                  input="".join(line + "\n" for line in lines), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

        broken = chat("deploy", "yes", given, "yes", "no", "no", "quit")
        self.assertIn("login with *** failed", broken.stdout)
        main.write_text(good)
        self.commit("mends")
        run = chat("deploy", "yes", given, "yes", "yes", "no", "why did it fail?", f"my password is {filed}", "quit")
        self.assertIn("was refused", run.stdout)
        self.assertIn("login of ***", run.stdout)
        debug = self.go("audit")
        self.ended(debug, 0)

        trace = Trace(self.traces, self.program)
        self.assertGreater(sum(map(len, trace.ours.values())), 100_000)
        self.assertTrue(self.found_in(filed, trace.theirs), "the child was to print it, and the trace to show it")
        stored = self.found_in(given, trace.ours)
        self.assertTrue(stored, "Parameter Store was to be given it, and the trace to show it")
        for where, form, before in stored:
            self.assertIn("TCP", where[1], f"{form!r} in {where}")
            self.assertIn(b"PutParameter", before, f"{form!r} in {where}")
        for value in (filed, key, self.keys["AWS_SECRET_ACCESS_KEY"]):
            self.assertEqual([(where, form, before[-200:]) for where, form, before in self.found_in(value, trace.ours)], [])
            self.assertEqual([text for text in trace.started for form in lab.forms(value) if form in text and not text.startswith(b"AWS_")], [])
        self.assertEqual([text for text in trace.started for form in lab.forms(given) if form in text], [])
        self.assertEqual(lab.written(self.dir, filed, given, key, but=(self.traces, self.repo / ".env", self.repo / ".git")), [])
