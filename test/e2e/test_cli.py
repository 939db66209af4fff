"""The command line as a user types it: usage, help, completion, forms of output, conversations. No deployment."""
import json
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
from pathlib import Path

import lab

SECRET = "AKIAIOSFODNN7EXAMPLE"  # AWS's own example key
VERBS = ("approvals approve attach audit backup bootstrap cancel chat completion deploy destroy doctor drift env estimate help history import init "
         "inspect logs outputs permissions plan policy recover redact reject restore rollback run secrets status tokens unlock version").split()


class CommandLine(lab.Case):
    def program(self, *args, **more):
        return self.run_program(*args, endpoint=more.pop("endpoint", ""), **more)

    def test_version_and_help_need_nothing(self):
        for args in (["version"], ["--version"], ["help"], ["--help"], ["help", "deploy"], ["deploy", "-h"]):
            run = self.program(*args, env={"PATH": "/usr/bin"})
            self.assertEqual((run.code, run.stderr), (0, ""), args)
            self.assertTrue(run.stdout.strip(), args)
        self.assertFalse(list((self.home / ".local/state").iterdir()), "nothing may be written")

    def test_help_lists_every_verb_and_nothing_that_is_not_there(self):
        text = self.program("help").stdout
        listed = re.findall(r"^  ([a-z]+)[, ]", text, re.M)
        self.assertEqual(sorted(listed), VERBS)
        for verb in VERBS:
            run = self.program("help", verb)
            self.assertEqual(run.code, 0)
            self.assertIn(f"aws-copilot {verb}", run.stdout)
            self.assertIn("--json", run.stdout)
        for absent in ("serve", "mcp", "drill"):
            self.assertEqual(self.program(absent).code, 2, absent)

    def test_redact_masks_standard_input_and_counts_what_it_masked(self):
        env = self.home / "known.env"
        env.write_text("PLAIN='a value nobody would guess'\n")
        text = f"id {SECRET}\nsay a value nobody would guess\nDB_PASSWORD=hunter2\nto jane@example.com at 10.1.2.3\n"
        rows = (
            (["--known", str(env)], "id ***\nsay ***\nDB_PASSWORD=***\nto *** at 10.1.2.3\n"),
            (["--persons", "keep"], "id ***\nsay a value nobody would guess\nDB_PASSWORD=***\nto jane@example.com at 10.1.2.3\n"),
            (["--persons", "addresses"], "id ***\nsay a value nobody would guess\nDB_PASSWORD=***\nto *** at ***\n"),
        )
        for args, want in rows:
            run = subprocess.run([lab.program(), "redact", *args], input=text, capture_output=True, text=True)
            self.assertEqual((run.returncode, run.stdout, run.stderr), (0, want, ""), args)
        text += "GH=ghp_" + "a1B2" * 9 + "\n"
        masked = [{"kind": kind, "n": 1} for kind in ("aws-key-id", "e-mail", "github-token", "key")]
        run = subprocess.run([lab.program(), "redact", "--json"], input=text, capture_output=True, text=True)
        self.assertEqual(json.loads(run.stdout), {"bytes": len(text), "masked": masked})
        run = subprocess.run([lab.program(), "redact", "--known", str(env) + ".absent"], input=text, capture_output=True, text=True)
        self.assertEqual((run.returncode, run.stdout), (6, ""), "without the values nothing may come out")

    def test_known_values_that_cannot_be_read_are_no_values_to_be_missed(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "known")
            for text, code, says in ((b"PIN=Summer4821\n", 0, b""), (b"# nothing yet\n", 0, b""), (b"", 0, b""), ("PIN=Summer4821\n".encode("utf-16"), 2, b"not text in UTF-8"),
                                     (b"Summer4821\n", 2, b"has no line NAME=value")):
                path.write_bytes(text)
                run = subprocess.run([lab.program(), "redact", "--known", str(path)], input=b"it is Summer4821\n", capture_output=True)
                self.assertEqual((run.returncode, run.stdout), (code, b"" if code else b"it is ***\n" if b"PIN" in text else b"it is Summer4821\n"), text)
                self.assertIn(says, run.stderr)
            path.write_bytes(b"PIN=Summer4821\n")
            run = subprocess.run(["bash", "-c", '"$1" redact --known <(cat "$2")', "bash", lab.program(), str(path)], input=b"Summer4821\n", capture_output=True)
            self.assertEqual((run.returncode, run.stdout), (0, b"***\n"), run.stderr)

    def test_every_file_of_known_values_counts_and_one_that_may_not_be_read_says_so(self):
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            one, other = Path(folder, "one"), Path(folder, "other")
            one.write_text("PIN=Summer4821\n")
            other.write_text("PIN=Winter9911\n")
            argv = [lab.program(), "redact", "--known", str(one), f"--known={other}"]
            run = subprocess.run(argv, input=b"it is Summer4821, then Winter9911\n", capture_output=True)
            self.assertEqual((run.returncode, run.stdout, run.stderr), (0, b"it is ***, then ***\n", b""))
            run = subprocess.run([*argv, "--known", str(one)], input=b"x", capture_output=True)
            self.assertEqual((run.returncode, run.stdout), (2, b""))
            self.assertIn(b"is given twice", run.stderr)
            if os.getuid() == 0:
                one.chmod(0)
                run = subprocess.run(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", *argv], input=b"x", capture_output=True)
                self.assertEqual((run.returncode, run.stdout), (1, b""))
                self.assertIn("(Permission denied)\n    → let this user read it".encode(), run.stderr)

    def test_an_answer_that_cannot_be_written_is_a_failure_and_a_reader_that_has_enough_is_none(self):
        for argv in (["tokens", __file__], ["version"], ["help"], ["completion", "bash"], ["redact", "--json"], ["tokens", "--json", __file__]):
            for close, says in ((">&-", b"Bad file descriptor"), (">/dev/full", b"No space left on device")):
                run = subprocess.run(["bash", "-c", f'exec "$@" {close}', "bash", lab.program(), *argv], stdin=subprocess.DEVNULL, capture_output=True)
                self.assertEqual(run.returncode, 1, (argv, close))
                self.assertIn(says, run.stderr, argv)
            run = subprocess.run(["bash", "-c", '"$@" | true; exit ${PIPESTATUS[0]}', "bash", lab.program(), *argv], stdin=subprocess.DEVNULL, capture_output=True)
            self.assertEqual((run.returncode, run.stderr), (0, b""), argv)

    def test_no_file_becomes_a_standard_descriptor_that_was_closed(self):
        with tempfile.TemporaryDirectory() as folder:
            fifo = os.path.join(folder, "fifo")
            os.mkfifo(fifo)
            process = subprocess.Popen(["bash", "-c", 'exec "$@" <&- >&- 2>&-', "bash", lab.program(), "tokens", fifo])
            with open(fifo, "w"):  # it has opened it too, then
                held = [os.readlink(f"/proc/{process.pid}/fd/{fd}") for fd in range(3)]
            self.assertEqual((held, process.wait(20)), (["/dev/null"] * 3, 1))

    def test_what_a_command_changes_is_shown_in_a_copy_and_kept_after_a_yes(self):
        repo = self.empty()
        (repo / "app.py").write_text("one = 1\n")
        (repo / ".env").write_text(f"KEY={SECRET}\n")
        code = ("import os, pathlib; pathlib.Path('app.py').write_text('one = 1\\ntwo = 2\\n'); pathlib.Path('new.txt').write_text('x'); "
                "pathlib.Path('two\\nlines').write_text('x'); pathlib.Path('.npmrc').write_text('x'); print(os.path.exists('.env'), os.getcwd())")
        run = self.program("run", "--", "/usr/bin/python3", "-c", code, cwd=repo)
        self.assertEqual(run.code, 5, "a path is no bare name of a program")
        run = self.program("run", "--", "python3", "-c", code, cwd=repo)
        self.assertEqual(run.code, 10, str(run))
        self.assertIn("False", run.stdout)
        told = [json.loads(line) for line in self.program("run", "--json", "--", "python3", "-c", code, cwd=repo).stdout.splitlines()]
        self.assertEqual((told[-1]["status"], told[-1]["exit"]), ("waiting", 10))
        for says in ("* app.py", "+ new.txt", r"+ two\nlines (", "+two = 2", "not kept: .npmrc", "aws-copilot run --keep "):
            self.assertIn(says, run.stderr)
        self.assertEqual(sorted(p.name for p in repo.iterdir()), [".env", "app.py"])
        with self.talk("run", "--", "python3", "-c", code, endpoint="", cwd=repo) as talk:
            talk.expect(r"\+two = 2")
            talk.expect(r"\[y/N\]")
            talk.send_line("yes")
            talk.expect(r"3 changed here")
            self.assertEqual(talk.wait(), 0)
        self.assertEqual((repo / "app.py").read_text(), "one = 1\ntwo = 2\n")
        self.assertEqual(sorted(p.name for p in repo.iterdir()), [".env", "app.py", "new.txt", "two\nlines"])

    def test_changes_that_are_kept_later_are_found_and_shown_before_anything_is_asked(self):
        repo = self.empty()
        (repo / "app.py").write_text("one = 1\n")
        run = self.program("run", "--json", "--", "python3", "-c", "open('app.py', 'a').write('two = 2\\n')", cwd=repo)
        draft = next(line["draft"] for line in map(json.loads, run.stdout.splitlines()) if line["type"] == "command")
        for wrong in ("0" * 64, "../x"):
            run = self.program("run", "--keep", wrong, cwd=repo)
            self.assertEqual((run.code, run.stdout), (6, ""), str(run))
            with self.talk("run", "--keep", wrong, endpoint="", cwd=repo) as talk:
                talk.expect("there are no changes of a command under this number here")
                self.assertEqual(talk.wait(), 6)
                self.assertNotIn("[y/N]", talk.transcript)
        with self.talk("run", "--keep", draft, endpoint="", cwd=repo) as talk:
            talk.expect(r"\* app.py \(16 bytes\)")
            talk.expect(r"\+two = 2")
            talk.expect(r"\[y/N\]")
            talk.send_line("yes")
            talk.expect("1 changed here")
            self.assertEqual(talk.wait(), 0)
        self.assertEqual((repo / "app.py").read_text(), "one = 1\ntwo = 2\n")
        (repo / "app.py").write_text("by the person\n")
        with self.talk("run", "--keep", draft, endpoint="", cwd=repo) as talk:
            talk.expect("app.py was changed since the command ran; nothing is written")
            self.assertEqual(talk.wait(), 1)
            self.assertNotIn("[y/N]", talk.transcript)

    def test_how_a_command_ran_that_failed_is_said_and_nothing_of_it_is_kept(self):
        repo = self.empty()
        (repo / "app.py").write_text("one = 1\n")
        run = self.program("run", "--", "grep", "-rn", "TODO", ".", cwd=repo)
        self.assertEqual(run.code, 1, str(run))
        self.assertIn("it ran without a network, without .env and other files of secrets; it could change nothing", run.stderr)
        code = "open('x', 'w').write('x'); raise SystemExit(3)"
        run = self.program("run", "--", "python3", "-c", code, cwd=repo)
        self.assertIn("the command exited with status 3", run.stderr)
        self.assertIn("what it changed in its copy is gone", run.stderr)
        told = [json.loads(line) for line in self.program("run", "--json", "--", "python3", "-c", code, cwd=repo).stdout.splitlines()]
        self.assertEqual((told[1]["type"], told[1]["exit"], told[1]["changes"]), ("command", 3, []))
        self.assertNotIn("draft", told[1])

    def test_a_verb_that_waits_for_a_text_at_a_terminal_says_so(self):
        for argv in (["redact"], ["tokens"], ["policy", "check", "-"], ["estimate", "--region", "eu-west-1", "-"]):
            with self.talk(*argv, endpoint="", cwd=self.empty()) as talk:
                talk.expect("type or paste the text; Ctrl-D ends it")
                talk.send("Resources: {}\n")
                talk.send("\x04")
                self.assertEqual(talk.wait(20), 0, argv)

    def test_a_repository_that_is_too_large_to_be_copied_is_said_in_words(self):
        repo = self.empty()
        with open(repo / "video.mp4", "wb") as big:
            big.truncate(5 << 30)  # a hole: it takes no room
        run = self.program("run", "--", "touch", "x", cwd=repo)
        self.assertEqual((run.code, run.stdout), (1, ""), str(run))
        self.assertIn("works in a copy of the repository, which has more than 4 GB or 200000 files and folders", run.stderr)
        self.assertIn("→ run it yourself", run.stderr)

    def test_a_command_that_fetches_packages_asks_says_where_from_and_runs_none_of_their_code(self):
        repo = self.empty()
        scripts = {name: f"touch {name}.ran" for name in ("preinstall", "install", "postinstall", "prepare")}
        (repo / "package.json").write_text(json.dumps({"name": "tiny", "private": True, "scripts": scripts}))
        (repo / ".env").write_text(f"KEY={SECRET}\n")
        (repo / "pyproject.toml").write_text('[project]\nname = "tiny"\nversion = "1"\nrequires-python = ">=3.10"\n')
        run = self.program("run", "--", "npm", "install", "left-pad", cwd=repo)
        self.assertEqual(run.code, 5, "nobody can be asked")
        self.assertRegex(run.stderr, r"It may reach [\w.-]+\.[a-z]+\.")
        for words, manifest, says in ((["npm", "install", "left-pad"], "package.json", '"left-pad"'),
                                      (["uv", "add", "itsdangerous"], "pyproject.toml", '"itsdangerous')):
            with self.talk("run", "--", *words, endpoint="", cwd=repo) as talk:
                talk.expect(r"over the network: " + " ".join(words))
                talk.expect(r"\[y/N\]")
                talk.send_line("yes")
                talk.expect("here 2 files would change")
                talk.expect(r"\[y/N\]")
                talk.send_line("yes")
                talk.expect(r"2 changed here")
                self.assertEqual(talk.wait(), 0)
            self.assertIn(says, (repo / manifest).read_text())
        self.assertEqual(sorted(p.name for p in repo.iterdir()),
                         [".env", "package-lock.json", "package.json", "pyproject.toml", "uv.lock"])

        (repo / ".npmrc").write_text("registry=https://packages.invalid/\n")  # no name of the internet: RFC 6761
        with self.talk("run", "--", "npm", "install", "is-odd", endpoint="", cwd=repo) as talk:
            talk.expect(r"\.npmrc names packages\.invalid:443, which your own settings do not")
            talk.expect(r"from\s+packages\.invalid:443")
            talk.expect(r"\[y/N\]")
            talk.send_line("no")
            self.assertEqual(talk.wait(), 5)
        self.assertNotIn("is-odd", (repo / "package.json").read_text())
        (self.home / ".npmrc").write_text("@corp:registry=https://packages.invalid/\n")  # the person's own settings name it
        run = self.program("run", "--", "npm", "install", "is-odd", cwd=repo)
        self.assertIn("It may reach packages.invalid, ", run.stderr)
        self.assertNotIn("which your own settings do not", run.stderr)

        (repo / "pyproject.toml").write_text('[project]\nname = "tiny"\ndynamic = ["version"]\n')
        run = self.program("run", "--", "uv", "lock", cwd=repo)
        self.assertEqual(run.code, 5, str(run))
        self.assertIn("uv would run the project's code", run.stderr)

    def test_usage_errors_name_the_remedy_and_end_with_2(self):
        rows = (
            (["deply"], "did you mean deploy"),
            (["deploy", "--regoin", "eu-west-1"], "did you mean --region"),
            (["deploy", "--region", "ireland"], "an AWS region such as eu-west-1"),
            (["deploy", "--account", "12"], "12 digits"),
            (["status", "--plan", "x"], "status takes no --plan"),
            (["status", "surplus"], "one word too many"),
            (["inspect", "a", "b"], "one word too many"),
            (["inspect", "a", "b"], "write aws-copilot inspect [DIR]"),
            (["status", "surplus"], "it takes none; aws-copilot help status"),
            (["redact", "log.txt"], "write aws-copilot redact < FILE"),
            (["history"], "give it with --app, or run this in its repository"),
            (["deploy", "--env"], "--env needs a value"),
            (["deploy", "--plan", "x", "--no-execute-changeset"], "contradict"),
            (["deploy", "--plan", "x", "--tags", "team=web"], "--plan and --tags contradict"),
            (["deploy", "--plan", "x", "--no-rollback"], "--plan and --no-rollback contradict"),
            (["deploy", "--outputs-file", "/no/such/folder/x"], "--outputs-file: /no/such/folder/ (No such file or directory)"),
            (["deploy", "--outputs-file", "."], "--outputs-file: . is a folder"),
            (["deploy", "--tags", "aws:x=y"], "a tag such as team=web"),
            (["chat", "--detach"], "chat takes no --detach"),
            (["logs", "--follow", "--until", "1h"], "contradict"),
            (["logs", "--since", "yesterday"], "a duration such as"),
            (["approve"], "aws-copilot approvals"),
            (["run", "ls", "-la"], "write aws-copilot run -- COMMAND..."),
            (["run", "--keep", "x", "ls"], "leave the command out"),
            (["completion", "tcsh"], "'tcsh' is not one of bash, zsh, fish"),
            (["policy", "chek", "x"], "policy has no 'chek'"),
            (["policy", "check"], "which files"),
            (["--frob"], "there is no option --frob"),
            (["completion"], "bash, zsh or fish"),
            (["audit", "a", "b"], "aws-copilot audit verify"),
            (["help", "nosuch"], "aws-copilot help lists"),
            (["-C", "nosuch", "version"], "name a folder"),
            (["chat", "--non-interactive"], "somebody to talk with"),
            ([], "aws-copilot help"),
        )
        for args, says in rows:
            run = self.program(*args)
            self.assertEqual(run.code, 2, (args, str(run)))
            self.assertEqual(run.stdout, "", args)
            self.assertIn(says, run.stderr, args)
            self.assertIn("→", run.stderr, args)

    def test_a_folder_without_the_file_has_no_environments_and_is_not_said_to_have_it(self):
        run = self.program("env", "ls", cwd=self.empty())
        self.assertEqual((run.code, run.stdout), (0, ""))
        self.assertIn("there is no aws-copilot.yml here, so there are no environments\n  → aws-copilot init makes it", run.stderr)

    def test_a_file_that_is_called_like_a_secret_is_no_value_to_be_masked(self):
        folder = self.empty()
        for words in (["tokens"], ["policy", "check"], ["estimate", "--region", "eu-west-1"], ["redact", "--known"], ["inspect"], ["restore"]):
            for name in ("password", "token", "my-api-key"):
                run = self.program(*words, name, cwd=folder)
                self.assertEqual(run.code, 6, str(run))
                self.assertIn(f"{name} (No such file or directory)", run.stderr)
                self.assertIn("→", run.stderr)
        (folder / "passwd").write_text("x")
        for words in (["inspect", "passwd"], ["inspect", str(folder / "passwd")]):
            run = self.program(*words, cwd=folder)
            self.assertEqual(run.code, 2, str(run))
            self.assertIn("passwd is no folder", run.stderr)
        for words in (["backup", "no/such/folder/file"], ["restore", "."]):
            self.assertIn("→", self.program(*words, cwd=folder).stderr, words)

    def test_help_lists_what_has_an_effect_and_anything_else_is_refused(self):
        where = {"env", "app", "account", "region", "profile", "endpoint-url"}
        values = {"env": "dev", "app": "todo", "account": "1" * 12, "region": "eu-west-1", "profile": "x", "endpoint-url": "http://127.0.0.1:1",
                  "progress": "events", "require-approval": "never", "tags": "a=b", "ttl": "12h", "role-arn": "x"}
        rows = (  # the verb with its words; what it takes of the options that only some verbs have
            ("policy check x", "env account region"),
            ("inspect", "env"),
            ("import", "env"),
            ("estimate", "env region profile"),
            ("init", "env app account region profile"),
            ("env", "app account region profile endpoint-url"),
            ("run ls", "env account region profile endpoint-url no-sandbox"),
            ("redact", ""), ("tokens", ""), ("audit", ""), ("backup x", ""), ("restore x", ""), ("completion bash", ""), ("version", ""),
            ("status", " ".join(where)), ("logs", " ".join(where)), ("history", " ".join(where)), ("approvals", " ".join(where)),
            ("unlock", " ".join(where)), ("reject x", " ".join(where)),
            ("secrets", " ".join(where | {"trust-repository"})),
            ("cancel", " ".join(where | {"progress"})),
            ("attach", " ".join(where | {"progress", "no-sandbox"})), ("approve x", " ".join(where | {"progress", "no-sandbox"})),
            ("destroy", " ".join(where | {"trust-repository", "progress", "role-arn", "dry-run"})),
            ("recover", " ".join(where | {"trust-repository", "progress", "role-arn", "dry-run"})),
            ("bootstrap", " ".join(where | {"trust-repository", "progress", "role-arn", "dry-run", "no-rollback", "tags"})),
            ("rollback", " ".join(where | {"trust-repository", "progress", "role-arn", "dry-run", "no-rollback", "require-approval"})),
            ("deploy", " ".join(where | {"trust-repository", "no-sandbox", "progress", "role-arn", "dry-run", "no-rollback", "require-approval",
                                         "tags", "ttl"})),
        )
        judged = where | {"trust-repository", "no-sandbox", "progress", "role-arn", "dry-run", "no-rollback", "require-approval", "tags", "ttl"}
        for words, takes in rows:
            verb, *more = words.split()
            told = next(line for line in map(json.loads, self.program("help", "--json", verb).stdout.splitlines()) if line["type"] == "verb")
            self.assertEqual(set(told["options"]) & judged, set(takes.split()), words)
            taken = set(takes.split())
            silent = where - taken if taken & where else set()  # an alias says for every verb where it goes
            for option in sorted(silent):
                self.assertNotIn("takes no", self.program(verb, f"--{option}", values[option], *more).stderr, (words, option))
            for option in sorted(judged - taken - silent):
                run = self.program(verb, f"--{option}", *([values[option]] if option in values else []), *more)
                self.assertEqual((run.code, run.stdout), (2, ""), (words, option))
                self.assertIn(f"{verb} takes no --{option}", run.stderr)
                self.assertIn(f"→ aws-copilot help {verb} lists its options", run.stderr)

    def test_variables_stand_for_options(self):
        run = self.program("status", AWSCOPILOT_ACCOUNT="12")
        self.assertEqual(run.code, 2)
        self.assertIn("AWSCOPILOT_ACCOUNT: '12' is not the 12 digits", run.stderr)
        run = self.program("version", AWSCOPILOT_OUTPUT="json")
        self.assertEqual(run.result["status"], "success")

    def test_json_begins_with_start_and_ends_with_result(self):
        rows = ((["version"], 0, "success"), (["help"], 0, "success"), (["approvals"], 0, "success"),
                (["audit", "verify"], 0, "success"), (["deploy", "--regoin"], 2, "failed"), (["nosuch"], 2, "failed"),
                (["approve", "nosuch"], 6, "failed"), (["deploy", "--plan", "nosuch"], 6, "failed"),
                (["attach", "nosuch"], 6, "failed"), (["audit", "nosuch"], 6, "failed"), (["attach"], 6, "failed"),
                (["status"], 2, "failed"))
        for args, code, status in rows:
            run = self.program(*args, "--json")
            first, last = run.events[0], run.result
            self.assertEqual((first["type"], first["version"]), ("start", 1), args)
            self.assertEqual((run.code, last["exit"], last["status"]), (code, code, status), (args, str(run)))
            self.assertEqual(run.stderr, "", args)
            if code:
                self.assertEqual(sorted(last["error"]), ["code", "message", "remedy"], args)
                self.assertTrue(last["error"]["remedy"], args)

    def test_a_plan_that_fails_never_says_2_where_2_means_changes(self):
        for args in (["plan", "--regoin"], ["plan", "--non-interactive"]):
            run = self.program(*args, "--detailed-exitcode", "--json", cwd=self.empty())
            self.assertEqual((run.code, run.result["exit"]), (1, 1), args)

    def empty(self):
        folder = self.dir / "empty"
        folder.mkdir(exist_ok=True)
        return folder

    def test_inspect_needs_no_aws_and_says_by_its_code_whether_it_can_be_deployed(self):
        for name, code, outcome in (("api_only", 0, "deploy"), ("nothing", 5, "refuse"), ("flask_app", 5, "refuse"),
                                    ("postgres_hardwired", 5, "refuse")):
            repo = lab.ROOT / "test/repos" / name
            run = self.program("inspect", "--json", repo)
            survey = json.loads(run.stdout)
            self.assertEqual((run.code, survey["outcome"], survey["version"]), (code, outcome, 1), name)
            self.assertEqual(run.stdout.count("\n"), 1, "one object, and nothing else")
            text = self.program("inspect", repo)
            self.assertEqual((text.code, text.stderr), (code, ""), name)
            self.assertTrue(text.stdout.strip())
        self.assertEqual(self.program("inspect", self.dir / "nosuch").code, 6)

    def test_init_writes_the_file_once_and_asks_before_replacing_it(self):
        repo = self.copy_repo("test/repos/api_only")
        args = ("init", "--account", self.account, "--region", "eu-west-1", "--app", "todo")
        run = self.program(*args, cwd=repo)
        self.assertEqual(run.code, 0, str(run))
        self.assertEqual(run.stdout, "aws-copilot.yml\n")
        text = (repo / "aws-copilot.yml").read_text()
        self.assertIn(f'account: "{self.account}"', text)
        self.assertEqual(self.program(*args, cwd=repo).code, 0, "the same file again is no question")
        (repo / "aws-copilot.yml").write_text(text.replace("eu-west-1", "eu-west-2"))
        run = self.program(*args[:3], "--app", "other", cwd=repo)
        self.assertEqual(run.code, 2, str(run))
        self.assertIn("-y replaces it", run.stderr)
        self.assertIn("eu-west-2", (repo / "aws-copilot.yml").read_text())
        with self.talk("init", "--app", "other", endpoint="", cwd=repo) as talk:
            talk.expect(r"Replace it\?")
            talk.send_line("no")
            self.assertEqual(talk.wait(), 8)

    def test_colours_and_motion_are_for_terminals_that_want_them(self):
        self.assertNotIn("\x1b", self.program("deply").stderr)
        for env, coloured in (({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)):
            with self.talk("deply", endpoint="", **env) as talk:
                self.assertEqual(talk.wait(), 2)
                self.assertEqual("\x1b[31m" in talk.transcript, coloured, env)
        with self.talk("deply", "--no-color", endpoint="") as talk:
            talk.wait()
            self.assertNotIn("\x1b[31m", talk.transcript)

    def test_no_line_is_wider_than_the_terminal_but_for_a_word_that_is(self):
        repo = self.copy_repo("examples/todo")
        for columns in (40, 80):
            for words in (["help"], ["help", "deploy"], ["inspect"], ["estimate", "--region", "eu-west-1"], ["doctor"], ["permissions", "x"]):
                with self.talk(*words, endpoint="", cwd=repo, columns=columns) as talk:
                    talk.wait()
                    lines = [line.rstrip() for line in lab.plain(talk.transcript).splitlines()]
                    wide = [line for line in lines if len(line) > columns and (" " in line.strip() or columns == 80)]
                    self.assertFalse(wide, (words, columns))
                    self.assertTrue(any(len(line) > columns // 2 for line in lines), words)

    def test_a_secret_on_the_command_line_is_not_printed(self):
        for args in (["approve", SECRET], ["deply", "--json"], ["audit", SECRET, "--json"], [SECRET],
                     ["deploy", f"--account={SECRET}"]):
            run = self.program(*args)
            self.assertNotIn(SECRET, run.stdout + run.stderr, args)

    def test_what_is_secret_here_is_not_printed_by_what_opens_nothing(self):
        """Usage errors, and the verbs that need no state: values without a shape, of .env and of the environment."""
        repo, value, token = self.empty(), "Zq8planted-Val_77x", "Kp2planted-Tok_31y"
        (repo / ".env").write_text(f"DB_PASSWORD={value}\n")
        (repo / "twice.yaml").write_text(f"Resources:\n  {value}: 1\n  {value}: 2\n")
        (repo / "trust.yaml").write_text("Resources:\n  A:\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument:\n        Statement: "
                                         f'[{{Effect: Allow, Principal: {{AWS: "{value}"}}, Action: sts:AssumeRole}}]\n')
        (repo / f"{value}.yaml").write_text("Resources: {}\n")
        for secret in (value, token):
            for argv in ((secret,), ("--" + secret,), ("tokens", secret), ("policy", "check", "no-" + secret), ("estimate", "--requests", secret),
                         ("policy", "check", "twice.yaml"), ("policy", "check", "trust.yaml"), ("policy", "check", f"{value}.yaml", "no"), ("redact", "--known", "no-" + secret),
                         ("completion", secret), ("plan", "--app", secret), ("-C", "no/" + secret, "status")):
                for form in ((), ("--json",), ("--verbose",)):
                    run = self.program(*argv, *form, cwd=repo, env={**self.env(endpoint=""), "AWS_SESSION_TOKEN": token})
                    for hidden in (value, token):
                        self.assertNotIn(hidden, run.stdout + run.stderr, argv)

    def test_hostile_names_do_not_drive_the_terminal(self):
        run = self.program("approve", "\x1b[2J\x1b]0;x\x07")
        self.assertEqual(run.code, 6)
        self.assertNotIn("\x1b", run.stderr)
        self.assertNotIn("\x07", run.stderr)

    def test_completion_of_bash_offers_verbs_options_and_choices(self):
        lab.need("bash")
        script = self.program("completion", "bash").stdout
        asks = {"aws-copilot de": "deploy destroy", "aws-copilot deploy --no-e": "--no-execute-changeset",
                "aws-copilot up --progress ": "bar events errors-only", "aws-copilot status --pl": "",
                "aws-copilot -C /usr/shar": "/usr/share"}
        for line, want in asks.items():
            words = line.split(" ")
            code = script + f"\nCOMP_WORDS=({' '.join(repr(w) for w in words)}); COMP_CWORD={len(words) - 1}\n" \
                "_aws_copilot; echo \"${COMPREPLY[@]}\"\n"
            out = subprocess.run(["bash", "--norc", "-c", code], capture_output=True, text=True, check=True)
            self.assertEqual((out.stdout.strip(), out.stderr), (want, ""), line)

    def test_completion_of_the_other_shells_is_accepted_by_them(self):
        for shell in ("zsh", "fish"):
            script = self.program("completion", shell).stdout
            self.assertIn("deploy", script)
            if shutil.which(shell):
                subprocess.run([shell, "-n"], input=script, text=True, check=True)

    def test_tables_are_written_one_a_file(self):
        folder = self.empty()
        self.assertEqual(self.program("tables", folder).code, 0)
        names = sorted(f.name for f in folder.iterdir())
        for want in ("grants.md", "operations.md", "phases.md", "limits.md", "errors.md", "events.md", "exits.md",
                     "stack-states.md"):
            self.assertIn(want, names)
        self.assertNotIn("tables", self.program("help").stdout)

    def test_doctor_names_what_is_missing(self):
        run = self.program("doctor", cwd=self.empty())  # no credentials
        self.assertEqual(run.code, 1, str(run))
        self.assertIn("✗", run.stdout)
        self.assertIn("→", run.stdout)
        rows = self.program("doctor", "--json", cwd=self.empty()).of_type("finding")
        self.assertEqual(next(r["severity"] for r in rows if r["code"] == "credentials"), "high")
        run = self.program("doctor", PATH="/nonexistent", cwd=self.empty())
        self.assertIn("uv, which installs the back end's packages, is not installed", run.stdout)

    def test_doctor_is_content_with_what_is_there(self):
        me = self.aws.user("ada", account=self.account)
        run = self.run_program("doctor", "--json", keys=me, cwd=self.empty())
        rows = {r["code"]: r for r in run.of_type("finding")}
        for name in ("state", "credentials", "clock", "uv", "packages", "node", "python", "sandbox", "disk"):
            self.assertEqual(rows[name]["severity"], "info", rows[name])
        self.assertEqual(rows["place"]["severity"], "medium", "an endpoint that is not AWS is said")
        self.assertEqual(run.code, 0, str(run))

    def test_doctor_names_the_programs_that_this_repository_needs(self):
        me = self.aws.user("ada", account=self.account)
        folder = self.empty()
        for name, text in {"web/package.json": '{"packageManager": "yarn@4.9.2", "devDependencies": {"vite": "7.0.0"}}',
                           "web/vite.config.js": "export default {};\n", "web/index.html": "<p>x</p>", "web/yarn.lock": "__metadata:\n  version: 8\n",
                           "api/main.py": "from fastapi import FastAPI\napp = FastAPI()\n",
                           "api/pyproject.toml": '[project]\nname = "x"\nversion = "1"\nrequires-python = ">=3.99"\ndependencies = ["fastapi"]\n'}.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text)
        rows = {r["code"]: r for r in self.run_program("doctor", "--json", keys=me, cwd=folder).of_type("finding")}
        self.assertIn("Yarn 4.9.2", rows["packages"]["text"])
        self.assertIn("Node.js", rows["node"]["text"])
        self.assertRegex(rows["python"]["text"], "needs Python >=3.99, which this machine has not")

    def test_a_damaged_record_is_named_by_audit_verify(self):
        self.program("inspect", cwd=self.empty())
        self.assertEqual(self.program("audit", "verify").code, 0)
        store = self.home / ".local/state/aws-copilot/store.db"
        db = sqlite3.connect(store)
        key, head = db.execute("select k, head from records order by k limit 1").fetchone()
        db.execute("update records set head = ? where k = ?", (head.replace(b"query", b"quirk"), key))
        db.commit()
        db.close()
        run = self.program("audit", "verify", "--json")
        self.assertEqual((run.code, run.result["error"]["code"]), (1, "corrupt"), str(run))
        self.assertRegex(run.result["error"]["message"], r"session q\S+, record 1")


class Asking(lab.Case):
    """Verbs that ask AWS, without a stack."""

    def setUp(self):
        super().setUp()
        self.me = self.aws.user("ada", account=self.account)
        self.where = ("--app", "todo")

    def test_the_first_line_says_where_and_a_custom_endpoint_loudly(self):
        run = self.run_program("status", *self.where, "--account", self.account, keys=self.me)
        first = run.stderr.splitlines()[0]
        self.assertTrue(first.startswith(f"account {self.account} (pinned) · {self.region} · user ada · "), first)
        self.assertIn(f"NOT AWS: endpoint {self.aws.url}", first)
        self.assertEqual(run.code, 6)
        self.assertIn("there is no stack depl-todo-dev", run.stderr)

    def test_lists_that_ask_aws_say_where_as_well(self):
        (self.dir / "aws-copilot.yml").write_text(f'version: 1\napp: {{ name: todo }}\nenvironments:\n  dev: {{ account: "{self.account}", '
                                                  f'region: {self.region} }}\n')
        for words in (["env", "ls"], ["history"], ["approvals"]):
            run = self.run_program(*words, keys=self.me)
            self.assertEqual(run.code, 0, str(run))
            self.assertRegex(run.stderr.splitlines()[0], f"^account {self.account} \\(pinned\\) · {self.region} · user ada · NOT AWS: endpoint ")
            run = self.run_program(*words, "--json", keys=self.me)
            self.assertEqual(([row["type"] for row in run.events][:2], len(run.of_type("where"))), (["start", "where"], 1), words)

    def test_an_unknown_stack_is_6_for_all_who_ask(self):
        for verb in ("status", "outputs", "logs"):
            run = self.run_program(verb, *self.where, "--json", keys=self.me)
            self.assertEqual((run.code, run.result["error"]["code"]), (6, "not_found"), (verb, str(run)))
            self.assertEqual(len(run.of_type("where")), 1, verb)

    def test_another_account_than_the_pinned_one_stops(self):
        run = self.run_program("status", *self.where, "--account", "999999999999", keys=self.me)
        self.assertEqual(run.code, 3, str(run))

    def test_no_credentials_are_3(self):
        run = self.run_program("status", *self.where)
        self.assertEqual(run.code, 3, str(run))

    def test_history_of_nothing_is_empty(self):
        run = self.run_program("history", *self.where, "--json", keys=self.me)
        self.assertEqual((run.code, run.of_type("release"), run.of_type("session")), (0, [], []), str(run))


    def test_the_aws_command_line_has_keys_and_reaches_aws_only_for_what_reads(self):
        found = sorted(Path(os.environ["AWSCOPILOT_DEV_CACHE"]).glob("peers/awscli-*/bin/aws"))
        aws = str(found[-1]) if found else shutil.which("aws")
        if aws is None:
            self.skipTest("the AWS command line is not here: scripts/bench-peers awscli")
        path = f"{Path(aws).parent}:/usr/bin:/bin"
        words = ("run", "--", "aws", "cloudformation", "list-stacks", "--output", "json")
        run = self.run_program(*words, keys=self.me, PATH=path)
        self.assertEqual(run.code, 0, str(run))
        self.assertIn("StackSummaries", json.loads(run.stdout))
        self.assertIn(self.account, run.stderr.splitlines()[0])
        with self.talk(*words, "--debug", keys=self.me, PATH=path) as talk:  # prints what it sends
            talk.expect(r"\[y/N\]")
            talk.send_line("yes")
            talk.expect("StackSummaries")
            self.assertEqual(talk.wait(), 0)
        for text in (run.stdout, run.stderr, talk.transcript, *(p.read_text(errors="replace") for p in self.home.rglob("*") if p.is_file())):
            self.assertNotIn(self.me["AWS_SECRET_ACCESS_KEY"], text)
        for words, says in ((("cloudformation", "list-stacks", "--endpoi", "http://127.0.0.1:9"), "not known for certain"),
                            (("secretsmanager", "get-secret-value", "--secret-id", "x"), "shows credentials"),
                            (("cloudformation", "create-change-set", "--stack-name", "x"), "by a plan only"),
                            (("cloudformation", "delete-stack", "--stack-name", "x"), "deletes")):
            run = self.run_program("run", "--", "aws", *words, keys=self.me, PATH=path)
            self.assertEqual(run.code, 5, str(run))
            self.assertIn(says, run.stderr)


class Conversation(lab.Case):
    def test_lines_of_a_pipe_are_turns(self):
        lines = "hello\napprovls\nchange region to eu-central-1\nchange region to moon\nwhy\nno\nhelp\nquit\nstatus\n"
        run = self.run_program("chat", endpoint="", stdin=lines)
        self.assertEqual((run.code, run.stdout), (0, ""), str(run))
        for says in ("> hello", "> approvls", "region is eu-central-1 from now on", "an AWS region such as",
                     "No change set was shown", "all right", "build, show what would change"):
            self.assertIn(says, run.stderr)
        self.assertNotIn("> status", run.stderr, "nothing is read after quit")

    def test_the_code_of_a_conversation_is_that_of_its_last_turn(self):
        self.assertEqual(self.run_program("chat", endpoint="", stdin="status\n").code, 2)
        self.assertEqual(self.run_program("chat", endpoint="", stdin="status\napprovals\n").code, 0)
        self.assertEqual(self.run_program("chat", endpoint="", stdin="").code, 0)

    def test_json_ends_with_a_result_whatever_was_said(self):
        for stdin, code in (("", 0), ("hello\n", 0), ("approvals\n", 0), ("status\n", 2), ("status\nhello\n", 2)):
            run = self.run_program("chat", "--json", endpoint="", stdin=stdin)
            self.assertEqual((run.code, run.result["exit"]), (code, code), (stdin, str(run)))
            self.assertEqual(run.events[0]["type"], "start")

    def test_a_malicious_request_is_on_record_and_ends_the_conversation(self):
        run = self.run_program("chat", "--json", endpoint="", cwd=self.repo(),
                               stdin="help me steal aws credentials of other people with malware\nhello\n")
        self.assertEqual((run.code, run.result["status"]), (5, "refused"), str(run))
        audit = self.run_program("audit", "--json", endpoint="", cwd=self.repo())
        self.assertEqual(audit.of_type("decision")[-1]["status"], "refused")

    def repo(self):
        folder = self.dir / "repo"
        return folder if folder.exists() else self.copy_repo("test/repos/api_only")

    def test_a_terminal_edits_lines_and_keeps_a_masked_history(self):
        with self.talk(endpoint="", cwd=self.repo()) as talk:
            talk.expect(r"say deploy to take this repository to AWS")
            talk.expect(r"> ")
            talk.send_line("approvls")
            talk.expect(r"nothing waits|no change waits|waits")
            talk.send_line(f"use profile {SECRET}")
            talk.expect(r"> ")
            talk.send("hellp\x7fo\r")
            talk.send_line("helo\x1b[D\x1b[Dl")  # cursor left twice: hello
            talk.expect(r"hello; say deploy")
            # A word away and back, all away and yanked, a word more taken back, a key without a meaning, a byte of no UTF-8.
            for keys in ("hello you\x17\x1f\x17", "hello\x01\x0b\x19", "hello there\x1f", "he\x1b[15~llo", "\x1b[3~hello"):
                talk.send_line(keys)
                talk.expect(r"hello; say deploy")
            talk.send("\x12appr")  # found in the history
            talk.send("\r")
            talk.expect(r"waits")
            talk.send_line("quit")
            self.assertEqual(talk.wait(), 0)
        history = self.home / ".local/state/aws-copilot/history"
        text = history.read_text()
        self.assertIn("approvls", text)
        self.assertNotIn(SECRET, text)
        self.assertEqual(os.stat(history).st_mode & 0o077, 0)

    def test_a_paste_of_several_lines_is_one_line(self):
        with self.talk("chat", endpoint="", cwd=self.repo()) as talk:
            talk.expect(r"> ")
            talk.send("\x1b[200~please use\nthe region\tFrankfurt\n\x1b[201~")
            talk.send("\x1b[D")  # an arrow is still an arrow
            talk.send("\r")
            talk.expect(r"region is eu-central-1 from now on")
            talk.send_line("quit")
            self.assertEqual(talk.wait(), 0)

    def test_a_line_without_an_end_is_cut_and_the_next_one_is_read(self):
        with self.talk("chat", endpoint="", cwd=self.repo()) as talk:
            talk.expect(r"> ")
            pasted = "\x1b[200~" + "please use the region Frankfurt " + "x" * 1_000_000 + "\n\x1b[201~"
            for at in range(0, len(pasted), 2000):
                talk.send(pasted[at:at + 2000])
                talk._read(0)
            talk.send("\r")
            talk.expect(r"I understand: |region is eu-central-1|I did not understand")
            talk.send_line("quit")
            talk.send_line("quit")
            self.assertEqual(talk.wait(), 0)

    def test_a_shell_has_its_terminal_back_while_it_is_stopped_and_after_it_was_killed(self):
        shell = "bash --norc --noediting -i"
        with lab.Talk(["/bin/sh", "-c", f"PS1='sh: ' exec {shell}"], self.env(endpoint=""), self.repo()) as talk:
            talk.expect(r"sh: ")
            talk.send_line(f"{lab.program()} chat")
            talk.expect(r"> ")
            talk.send("hel")
            talk.expect(r"hel")
            self.assertFalse(talk.has_echo())
            talk.send("\x1a")
            talk.expect(r"Stopped")
            talk.expect(r"sh: ")
            self.assertTrue(talk.has_echo())
            talk.send_line("fg")
            talk.expect(r"> hel")  # drawn anew
            talk.send_line("lo")
            talk.expect(r"hello; say deploy")
            talk.expect(r"> ")
            self.assertFalse(talk.has_echo())
            talk.send("\x1a")
            talk.expect(r"sh: ")
            talk.send_line("bg; kill %1; wait; echo over")
            talk.expect(r"over\s+sh: ")
            self.assertTrue(talk.has_echo())

    def test_ctrl_d_ends_it_and_one_ctrl_c_does_not(self):
        with self.talk("chat", endpoint="", cwd=self.repo()) as talk:
            talk.expect(r"> ")
            talk.interrupt()
            talk.expect(r"Ctrl-C again, or quit")
            talk.expect(r"> ")
            talk.send("\x04")
            self.assertEqual(talk.wait(), 0)

    def test_two_ctrl_c_end_it_at_once_with_the_terminal_as_it_was(self):
        with self.talk("chat", endpoint="", cwd=self.repo()) as talk:
            talk.expect(r"> ")
            talk.interrupt()
            talk.expect(r"Ctrl-C again")
            talk.interrupt()
            self.assertEqual(talk.wait(10), 130)

    def test_it_is_readable_on_a_screen(self):
        screen = self.screen("chat", endpoint="", cwd=self.repo(), rows=30, columns=80)
        screen.expect("say deploy to take this repository")
        screen.type("help")
        screen.keys("Enter")
        screen.expect("ends the conversation; so does Ctrl-D")
        self.assertTrue(all(len(line) <= 80 for line in screen.text().splitlines()))
        screen.type("please change the region to eu-central-1 and ")
        screen.expect("eu-central-1 and")
        screen.resize(30, 50)
        screen.type("the environment to dev")
        screen.expect("to dev")
        self.assertEqual(screen.text().count("please change"), 1, screen.text())  # drawn anew, once
        screen.keys("Enter")
        screen.expect("region is eu-central-1 from now on")
        screen.expect("env is dev from now on")
