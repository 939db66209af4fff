"""`redact` in pipes as they are: bytes come in any pieces, readers are slow, stop or die, and somebody presses Ctrl-C. No AWS."""
import contextlib
import fcntl
import os
import random
import signal
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

import lab

SEED = int(os.environ.get("AWSCOPILOT_TEST_SEED", "20261130"))
PIPE = 64 << 10  # what Linux keeps of a pipe that nobody reads
PLANTED = "Planted-Value_4821!"


def secrets(r):
    """Values that must not come out: known, of a known shape, named. Made here, so that no scanner stops at this file."""
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    some = lambda n: "".join(r.choice(letters) for _ in range(n))  # noqa: E731
    return [PLANTED, "AK" + "IA" + "".join(r.choice("ABCDEFGHIJKLMNOP234567") for _ in range(16)), "gh" + "p_" + some(36), some(24), some(40)]


def text_of(r, size):
    """A log with secrets in it, with bytes that are none, lines of any length and blocks that go on over lines."""
    known = secrets(r)
    forms = ["{}\n", "id {} end\n", "DB_PASSWORD={}\n", '{{"password": "{}", "n": 1}}\n', "Authorization: Bearer {}\n", "https://ada:{}@db/x\n"]
    out = []
    while sum(map(len, out)) < size:
        kind = r.random()
        if kind < 0.4:
            at = r.randrange(len(known))
            form = r.choice(forms[2:] if at > 2 else forms)
            out.append(form.format(known[at]).encode())
        elif kind < 0.5:
            out.append(r.randbytes(r.randint(1, 200)) + b"\n")
        elif kind < 0.53:
            out.append(b"-----BEGIN " + b"PRIVATE KEY-----\n" + b"MIIEpAIBAAKCAQEAx7Xq9KpVbNqW\n" * r.randint(1, 9) + b"-----END " + b"PRIVATE KEY-----\n")
        elif kind < 0.55:
            out.append(b"x" * r.randint(1000, 90000) + b"\n")
        else:
            out.append(b"2026-11-30T10:00:00Z INFO request %d took %d ms\r\n" % (r.randrange(10**9), r.randrange(999)))
    return b"".join(out), [secret.encode() for secret in known]


class Pipes(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="pipes-"))
        self.addCleanup(lambda: [path.unlink() for path in self.folder.iterdir()] and None or self.folder.rmdir())
        (self.folder / "known.env").write_text(f"PLANTED={PLANTED}\n")
        self.argv = [lab.program(), "redact", "--known", str(self.folder / "known.env")]
        self.r = random.Random(f"{SEED} {self.id()}")

    def start(self, stdout=subprocess.PIPE):
        process = subprocess.Popen(self.argv, stdin=subprocess.PIPE, stdout=stdout, stderr=subprocess.PIPE)
        for stream in (process.stdin, process.stdout, process.stderr):
            self.addCleanup(lambda stream=stream: stream and self.shut(stream))
        self.addCleanup(lambda: process.poll() is None and (process.kill(), process.wait()))
        return process

    def shut(self, stream):
        with contextlib.suppress(OSError):
            stream.close()

    def feed(self, process, text, r):
        """Writes in pieces of any size with pauses, from a thread; ends with the text or with its reader."""
        def write():
            at = 0
            with contextlib.suppress(OSError):
                while at < len(text):
                    n = min(r.choice((1, 7, 100, 4096, PIPE, 200000)), r.randint(1, 200000))
                    at += os.write(process.stdin.fileno(), text[at:at + n])
                    if r.random() < 0.02:
                        time.sleep(r.random() * 0.01)
            self.shut(process.stdin)
        thread = threading.Thread(target=write, daemon=True)
        thread.start()
        return thread

    def take(self, process, r, pause=0.002, most=None):
        """Reads in pieces of any size, slowly; at most so many bytes."""
        out = []
        while most is None or sum(map(len, out)) < most:
            piece = os.read(process.stdout.fileno(), r.randint(1, 100000))
            if not piece:
                break
            out.append(piece)
            if r.random() < 0.2:
                time.sleep(r.random() * pause)
        return b"".join(out)

    def full(self, process):
        """Waits until the pipe out of it holds all that it can and the program waits for its reader."""
        deadline = time.monotonic() + 30
        while self.held(process.stdout) < PIPE - 4096:
            self.assertLess(time.monotonic(), deadline, "the pipe does not fill")
            time.sleep(0.01)
        time.sleep(0.05)

    def held(self, stream):
        return int.from_bytes(fcntl.ioctl(stream.fileno(), 0x541B, b"\0" * 4), "little")  # FIONREAD

    def once(self, text):
        return subprocess.run(self.argv, input=text, capture_output=True, check=True).stdout

    def leaks_nothing(self, out, known):
        for secret in known:
            self.assertNotIn(secret[:12], out)

    def test_any_pieces_and_a_slow_reader_give_what_one_write_gives(self):
        for round in range(4):
            text, known = text_of(self.r, 600000)
            process = self.start()
            feeder = self.feed(process, text, self.r)
            if round % 2 == 0:
                self.full(process)
            out = self.take(process, self.r)
            feeder.join(30)
            self.assertEqual((process.wait(30), process.stderr.read()), (0, b""))
            self.assertEqual(out, self.once(text), f"seed {SEED}, round {round}")
            self.leaks_nothing(out, known)

    def test_a_reader_that_is_killed_ends_it_with_what_it_had(self):
        for round in range(4):
            text, known = text_of(self.r, 900000)
            process = self.start()
            reader = subprocess.Popen(["/bin/cat"], stdin=process.stdout, stdout=subprocess.PIPE)
            process.stdout.close()
            self.feed(process, text, self.r)
            out = b""
            while len(out) < 1000 * 10**round // 2:
                out += os.read(reader.stdout.fileno(), 5000)
            reader.kill()
            out += reader.stdout.read()
            reader.wait()
            reader.stdout.close()
            self.assertEqual((process.wait(30), process.stderr.read()), (0, b""))
            self.assertEqual(out, self.once(text)[:len(out)])
            self.leaks_nothing(out, known)

    def test_a_reader_that_has_had_enough_is_no_failure(self):
        """`redact < log | head -1` in a shell that looks at each program of a pipe."""
        log = self.folder / "log"
        log.write_text("DB_PASSWORD=Planted-Value_9911!\n" * 50000)
        run = subprocess.run(["bash", "-o", "pipefail", "-c", '"$@" < "$LOG" | head -1', "bash", *self.argv], capture_output=True,
                             env={**os.environ, "LOG": str(log)})
        self.assertEqual((run.returncode, run.stdout, run.stderr), (0, b"DB_PASSWORD=***\n", b""))

    def test_no_output_at_all_and_a_full_disk_are_told(self):
        text, _ = text_of(self.r, 200000)
        with open("/dev/full", "wb") as full:
            for out, said in ((None, "(Bad file descriptor)\n    → give it somewhere to write to"), (full, "(No space left on device)\n    → free some space and begin again")):
                run = subprocess.run(["/bin/sh", "-c", 'exec "$@" >&-', "sh", *self.argv] if out is None else self.argv, input=text,
                                     stdout=out, stderr=subprocess.PIPE)
                self.assertEqual((run.returncode, run.stderr), (1, f"  ✗ standard output {said}\n".encode()))

    def test_ctrl_c_gives_out_no_half_of_a_secret(self):
        """What is held back when Ctrl-C comes may be the beginning of a secret: it does not come out."""
        for cut in (3, 8, len(PLANTED) - 1):
            text, known = text_of(self.r, 100000)
            process = self.start()
            out, whole = [], text + b"\nthe value is " + PLANTED[:cut].encode()
            taker = threading.Thread(target=lambda process=process, out=out: out.append(self.take(process, random.Random(1))), daemon=True)
            taker.start()
            process.stdin.write(whole)
            process.stdin.flush()
            while self.held(process.stdin):  # it has read all of it, and waits for more
                time.sleep(0.01)
            time.sleep(0.1)
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(30), 130)
            self.assertIn("interrupted", process.stderr.read().decode())
            taker.join(30)
            self.assertEqual(out[0], self.once(whole + PLANTED[cut:].encode())[:len(out[0])])
            self.assertNotIn(b"the value is " + PLANTED[:3].encode(), out[0])
            self.leaks_nothing(out[0], known)

    def test_ctrl_c_ends_it_although_nobody_reads(self):
        text, known = text_of(self.r, 3000000)
        process = self.start()
        self.feed(process, text, self.r)
        self.full(process)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(30), 130)
        out = process.stdout.read()
        self.assertEqual(out, self.once(text)[:len(out)])
        self.leaks_nothing(out, known)

    def test_ends_of_pipes_that_do_not_block_are_waited_for(self):
        """Another program may have made them so: Node does, with what it shares with its children."""
        text, _ = text_of(self.r, 600000)
        process = self.start_without_blocking()
        feeder = self.feed(process, text, self.r)
        self.full(process)
        out = self.take(process, self.r)
        feeder.join(30)
        self.assertEqual((process.wait(30), process.stderr.read()), (0, b""))
        self.assertEqual(out, self.once(text))

    def start_without_blocking(self):
        theirs, out = os.pipe()
        inner, ours = os.pipe()
        for fd in (inner, out):
            fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_NONBLOCK)
        process = subprocess.Popen(self.argv, stdin=inner, stdout=out, stderr=subprocess.PIPE)
        os.close(inner)
        os.close(out)
        process.stdin, process.stdout = os.fdopen(ours, "wb", 0), os.fdopen(theirs, "rb", 0)
        for stream in (process.stdin, process.stdout, process.stderr):
            self.addCleanup(self.shut, stream)
        self.addCleanup(lambda: process.poll() is None and (process.kill(), process.wait()))
        return process


if __name__ == "__main__":
    unittest.main()
