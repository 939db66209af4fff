"""What the end-to-end tests stand on: a local AWS with accounts of their own, and the program as a user runs it.

    class FirstDeployment(lab.Case):
        def test_a_person_says_yes_and_the_app_answers(self):
            me = self.aws.user("ada", account=self.account)        # or self.aws.deployer(...)
            with self.talk("deploy", keys=me, cwd=repo) as talk:
                talk.expect(r"Deploy this\\?")
                talk.send_line("yes")
                self.assertEqual(talk.wait(), 0)

Each test has its own AWS account, home and XDG folders, so tests run side by side on the one local AWS that
test/e2e/run.py started. The program sees nothing of this machine's account; only proxies and certificates pass.
"""
import base64
import codecs
import errno
import fcntl
import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import termios
import time
import unittest
import urllib.parse
import zlib
from pathlib import Path

import local_aws
from fault_proxy import FaultProxy
from local_aws import LabError, LocalAws, REGION, ROOT, tools  # noqa: F401 (for tests)

PASSED_ON = ("HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy SSL_CERT_FILE SSL_CERT_DIR CURL_CA_BUNDLE "
             "NODE_EXTRA_CA_CERTS REQUESTS_CA_BUNDLE PIP_CERT UV_DEFAULT_INDEX UV_INDEX_URL npm_config_registry "
             "ASAN_OPTIONS UBSAN_OPTIONS TSAN_OPTIONS").split()
RUN_S = 180  # a deadline is for what hangs, also on a machine with ten other things to do
_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()][A-Z0-9]|\x1b[=>78]|\r(?!\n)")


def program():
    return os.environ.get("AWSCOPILOT_PROGRAM") or str(ROOT / "build/src/aws-copilot")


def nudge(interrupt_at=None, ahead_s=None, no_locks=None):
    """Variables that make the program press Ctrl-C at a text of its output, live ahead of time, or on a disk without locks:
    test/drivers/nudge.c."""
    return {"LD_PRELOAD": Path(program()).parent / "libnudge.so", "NUDGE_INTERRUPT": interrupt_at, "NUDGE_AHEAD_S": ahead_s,
            "NUDGE_NO_LOCKS": no_locks}


def aws():
    """The one local AWS of this run."""
    port = os.environ.get("AWSCOPILOT_LAB_PORT")
    if not port:
        raise LabError("test/e2e/run.py starts the local AWS; run the tests through it")
    return LocalAws(int(port))


def plain(text):
    """Text as a person reads it: without colours, cursor movements and carriage returns."""
    return _ANSI.sub("", text)


class Moto:
    """The second judge of signatures and permissions: moto's server, with one user, for one `with`.

    It checks no clock and runs no CloudFormation worth a test; `keys` are the user's.
    """

    def __init__(self, policy=local_aws.ADMINISTRATOR):
        self.port = local_aws.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.policy = policy

    def __enter__(self):
        # The user, its policy and its key are the three calls that pass unjudged.
        env = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LANG": "C.UTF-8", "INITIAL_NO_AUTH_ACTION_COUNT": "3"}
        self.process = subprocess.Popen(["timeout", "--kill-after=5", "900", tools()["MOTO"], "-H", "127.0.0.1", "-p",
                                         str(self.port)], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 90
            while True:
                try:
                    socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                    break
                except OSError:
                    if self.process.poll() is not None or time.monotonic() > deadline:
                        raise LabError("moto did not start") from None
                    time.sleep(0.05)
            iam = self.client("iam", {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"})
            iam.create_user(UserName="ada")
            iam.put_user_policy(UserName="ada", PolicyName="lab", PolicyDocument=json.dumps(self.policy))
            key = iam.create_access_key(UserName="ada")["AccessKey"]
            self.keys = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc):
        self.process.terminate()
        self.process.wait()

    def client(self, service, keys=None, region=REGION):
        return local_aws.client_at(self.url, service, region, keys or self.keys)


class Run:
    """What a finished program left: code, stdout, stderr, seconds; events are the NDJSON lines of stdout."""

    def __init__(self, code, stdout, stderr, seconds):
        self.code, self.stdout, self.stderr, self.seconds = code, stdout, stderr, seconds

    @property
    def events(self):
        rows = []
        for number, line in enumerate(self.stdout.splitlines(), 1):
            try:
                row = json.loads(line)
            except ValueError:
                raise AssertionError(f"line {number} of stdout is not JSON: {line!r}") from None
            if not isinstance(row, dict) or "type" not in row:
                raise AssertionError(f"line {number} of stdout has no type: {line!r}")
            rows.append(row)
        return rows

    def of_type(self, kind):
        return [row for row in self.events if row["type"] == kind]

    @property
    def result(self):
        """The last event, which must be the result."""
        rows = self.events
        if not rows or rows[-1]["type"] != "result":
            raise AssertionError(f"the last line is no result: {self.stdout[-500:]!r}\n{self.stderr[-2000:]}")
        return rows[-1]

    def __str__(self):
        return f"exit {self.code} after {self.seconds:.1f} s\n--- stdout\n{self.stdout[-4000:]}\n--- stderr\n{self.stderr[-4000:]}"


def set_size(fd, rows, columns):
    """Tells a terminal how large it is."""
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


class Talk:
    """The program under a pseudo-terminal: expect() and send() as a person would, each with a deadline."""

    def __init__(self, argv, env, cwd, rows=40, columns=120):
        self.transcript, self.code, self._at = "", None, 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        pid, fd = pty.fork()
        if pid == 0:
            try:
                signal.signal(signal.SIGINT, signal.SIG_DFL)  # ignored below a shell that runs us in its background
                os.chdir(cwd)
                set_size(0, rows, columns)  # before the program asks for it
                os.execve(argv[0], argv, env)
            except OSError as e:
                os.write(2, f"cannot run {argv[0]}: {e}\n".encode())
            os._exit(127)
        self.pid, self.fd = pid, fd

    def resize(self, rows, columns):
        set_size(self.fd, rows, columns)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def _read(self, wait_s):
        """Reads what is there; False at the end."""
        ready, _, _ = select.select([self.fd], [], [], max(0, wait_s))
        if not ready:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError as e:
            if e.errno != errno.EIO:
                raise
            data = b""
        self.transcript += self._decoder.decode(data)  # a read may end within a character
        return bool(data)

    def expect(self, pattern, timeout_s=90):
        """Waits for the pattern in the plain text that came after the last match; returns the match."""
        deadline = time.monotonic() + timeout_s
        more = True
        while True:
            text = plain(self.transcript)
            found = re.compile(pattern, re.M).search(text, self._at)
            if found:
                self._at = found.end()
                return found
            if not more:
                self._reap(0)
                raise AssertionError(f"the program ended with {self.code} before {pattern!r} came:\n{text[-3000:]}")
            if time.monotonic() > deadline:
                raise AssertionError(f"no {pattern!r} within {timeout_s} s after this point:\n{text[-3000:]}")
            more = self._read(min(0.5, deadline - time.monotonic()))

    def send(self, text):
        os.write(self.fd, text.encode())

    def send_line(self, text):
        self.send(text + "\r")

    def has_echo(self):
        """Whether the terminal shows what is typed, and gives it out line by line."""
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO and termios.tcgetattr(self.fd)[3] & termios.ICANON)

    def interrupt(self):
        """Types Ctrl-C."""
        self.send("\x03")

    def kill(self, number=signal.SIGKILL):
        os.kill(self.pid, number)

    def wait(self, timeout_s=RUN_S):
        """Reads to the end and returns the exit code (128 + n for signal n)."""
        deadline = time.monotonic() + timeout_s
        while self._read(min(0.2, deadline - time.monotonic())):
            if time.monotonic() > deadline:
                raise AssertionError(f"still running after {timeout_s} s:\n{plain(self.transcript)[-3000:]}")
            if self._reap(os.WNOHANG):
                while select.select([self.fd], [], [], 0.05)[0] and self._read(0):
                    pass
                return self.code
        self._reap(0)
        return self.code

    def _reap(self, flags):
        if self.code is None:
            pid, status = os.waitpid(self.pid, flags)
            if pid == 0:
                return False
            code = os.waitstatus_to_exitcode(status)
            self.code = code if code >= 0 else 128 - code
        return True

    def close(self):
        if self.code is None and not self._reap(os.WNOHANG):
            os.kill(self.pid, signal.SIGKILL)
            self._reap(0)
        if self.fd is not None:
            os.close(self.fd)
            self.fd = None


class Screen:
    """The program in a tmux window of its own server: what a person sees, cell by cell."""

    def __init__(self, argv, env, cwd, rows=40, columns=120):
        if not shutil.which("tmux"):
            raise unittest.SkipTest("tmux is not installed")
        self.dir = tempfile.mkdtemp(prefix="aws-copilot-tmux-")
        settings = Path(self.dir) / "settings"
        settings.write_text("set -g status off\n")  # before the program sees its size
        self._tmux = ["tmux", "-S", f"{self.dir}/socket", "-f", str(settings)]
        # The command is a file: tmux would join words with blanks and hand them to a shell.
        quoted = " ".join("'" + word.replace("'", "'\\''") + "'" for word in argv)
        script = Path(self.dir) / "run"
        script.write_text(f"#!/bin/sh\ntrap : INT\n{quoted}\necho \"[exit $?]\"\nexec sleep 600\n")
        script.chmod(0o700)
        subprocess.run([*self._tmux, "new-session", "-d", "-x", str(columns), "-y", str(rows), "-c", str(cwd), str(script)],
                       env={**env, "TERM": "screen-256color"}, check=True)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        subprocess.run([*self._tmux, "kill-server"], stderr=subprocess.DEVNULL)
        shutil.rmtree(self.dir, ignore_errors=True)

    def text(self, history=False):
        """The visible lines (with `history`, all that scrolled off too), without trailing blanks."""
        more = ["-S", "-"] if history else []
        out = subprocess.run([*self._tmux, "capture-pane", "-p", *more], check=True, capture_output=True, text=True).stdout
        return "\n".join(line.rstrip() for line in out.rstrip("\n").splitlines())

    def type(self, text):
        subprocess.run([*self._tmux, "send-keys", "-l", "--", text], check=True)

    def keys(self, *names):
        """Presses keys by tmux's names: Enter, Up, C-c, Tab."""
        subprocess.run([*self._tmux, "send-keys", *names], check=True)

    def resize(self, rows, columns):
        subprocess.run([*self._tmux, "resize-window", "-x", str(columns), "-y", str(rows)], check=True)

    def expect(self, pattern, timeout_s=90, history=True):
        deadline = time.monotonic() + timeout_s
        while True:
            text = self.text(history)
            found = re.search(pattern, text, re.M)
            if found:
                return found
            if time.monotonic() > deadline:
                raise AssertionError(f"no {pattern!r} on the screen within {timeout_s} s:\n{text}")
            time.sleep(0.1)


class Case(unittest.TestCase):
    """A test with an account, a home and a scratch folder of its own. Its deadline is `deadline_s` (run.py)."""

    deadline_s = 600
    region = REGION

    def setUp(self):
        # A twelve-digit account of the test's own, the same in every run.
        self.account = str(200000000000 + zlib.crc32(self.id().encode()))
        self.dir = Path(tempfile.mkdtemp(prefix="aws-copilot-test-"))
        self.addCleanup(self._remove)
        self.home = self.dir / "home"
        for name in ("home", "home/.config", "home/.local/state", "home/.cache", "tmp"):
            (self.dir / name).mkdir(parents=True, exist_ok=True)

    def _remove(self):
        for folder, _, _ in os.walk(self.dir):  # a write-protected copy must not stay
            os.chmod(folder, 0o700)
        shutil.rmtree(self.dir, ignore_errors=True)

    @property
    def aws(self):
        return aws()

    def proxy(self, **args):
        """A fault proxy before the local AWS, for this test only."""
        proxy = FaultProxy(self.aws.url, **args).__enter__()
        self.addCleanup(proxy.__exit__)
        return proxy

    def env(self, keys=None, endpoint=None, region=None, **more):
        """The program's whole environment. `endpoint` is a URL, such as a proxy's; "" for none.

        Packages are cached for all tests together (`XDG_CACHE_HOME`); give your own to start cold.
        """
        t = tools()
        env = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        env |= {
            "PATH": f"{t['NODE22']}:/usr/bin:/bin",
            "HOME": str(self.home), "LANG": "C.UTF-8", "TERM": "xterm-256color", "TMPDIR": str(self.dir / "tmp"),
            "XDG_CONFIG_HOME": str(self.home / ".config"), "XDG_STATE_HOME": str(self.home / ".local/state"),
            "XDG_CACHE_HOME": str(Path(t["AWSCOPILOT_DEV_CACHE"]) / "test-packages"),
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        if endpoint != "":
            env["AWS_ENDPOINT_URL"] = endpoint or self.aws.url
        if region is not False:
            env |= {"AWS_REGION": region or self.region}
        env |= keys or {}
        return {k: str(v) for k, v in (env | more).items() if v is not None}

    def run_program(self, *args, keys=None, endpoint=None, env=None, cwd=None, stdin="", timeout_s=RUN_S, **more):
        """Runs the program in pipes and returns a Run. A run that takes too long is killed and fails the test."""
        began = time.monotonic()
        process = subprocess.Popen([program(), *map(str, args)], env=env or self.env(keys, endpoint, **more),
                                   cwd=cwd or self.dir, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, errors="replace", start_new_session=True)
        try:
            out, err = process.communicate(stdin, timeout=timeout_s)
        except BaseException as e:  # also the test's own deadline
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            if isinstance(e, subprocess.TimeoutExpired):
                self.fail(f"{args} still ran after {timeout_s} s\n--- stdout\n{out[-3000:]}\n--- stderr\n{err[-3000:]}")
            raise
        code = process.returncode if process.returncode >= 0 else 128 - process.returncode
        return Run(code, out, err, time.monotonic() - began)

    def talk(self, *args, keys=None, endpoint=None, env=None, cwd=None, rows=40, columns=120, **more):
        talk = Talk([program(), *map(str, args)], env or self.env(keys, endpoint, **more), cwd or self.dir, rows, columns)
        self.addCleanup(talk.close)
        return talk

    def screen(self, *args, keys=None, endpoint=None, env=None, cwd=None, rows=40, columns=120, **more):
        screen = Screen([program(), *map(str, args)], env or self.env(keys, endpoint, **more), cwd or self.dir, rows, columns)
        self.addCleanup(screen.__exit__)
        return screen

    def copy_repo(self, source, name="repo"):
        """Copies a folder of this project into a git repository of its own, as a user's would be."""
        repo = self.dir / name
        shutil.copytree(ROOT / source, repo, ignore=shutil.ignore_patterns("node_modules", "dist", ".venv", "__pycache__"))
        git(repo, "init", "-q", "-b", "main")
        git(repo, "add", "-A")
        git(repo, "commit", "-q", "-m", "first")
        return repo


def forms(value):
    """A value as it may stand somewhere: raw, in JSON, in a URL, in Base64 at each alignment, hexadecimal, UTF-16, reversed."""
    raw, found = value.encode(), set()
    for shift in range(3):
        found.add(base64.b64encode(b"x" * shift + raw)[4 if shift else 0:-4])
        found.add(base64.urlsafe_b64encode(b"x" * shift + raw)[4 if shift else 0:-4])
    return found | {raw, json.dumps(value)[1:-1].encode(), urllib.parse.quote(value, safe="").encode(), raw.hex().encode(), raw.hex().upper().encode(),
                    value.encode("utf-16-le"), value.encode("utf-16-be"), raw[::-1]}


def written(folder, *values, but=()):
    """Where one of the values stands in a file below a folder, these paths and what is below them left out: [(path, form)]."""
    wanted = set().union(*map(forms, values))
    paths = (Path(at) / name for at, _, names in os.walk(folder) for name in names)
    files = (path for path in paths if path.is_file() and not any(path.is_relative_to(left_out) for left_out in but))
    return [(str(path), form) for path in files for data in [path.read_bytes()] for form in wanted if form in data]


def uv(*words, env=None, timeout=120, **more):
    """Runs uv as the judge, with a TMPDIR of its own: what it locks while it builds would stay there."""
    with tempfile.TemporaryDirectory(prefix="uv-") as tmp:
        return subprocess.run([tools()["UV"], *words], env={**(os.environ if env is None else env), "TMPDIR": tmp}, check=True, timeout=timeout,
                              **more)


def git(repo, *args):
    return subprocess.run(["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false",
                           "-C", str(repo), *args], check=True, capture_output=True, text=True).stdout


def need(tool):
    """Skips the test, visibly, when a tool is absent."""
    if not shutil.which(tool):
        raise unittest.SkipTest(f"{tool} is not installed")


__all__ = ["Case", "FaultProxy", "LabError", "LocalAws", "Moto", "REGION", "ROOT", "Run", "Screen", "Talk", "aws", "forms",
           "git", "local_aws", "need", "nudge", "plain", "program", "tools", "written"]
