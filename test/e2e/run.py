#!/usr/bin/env python3
"""Runs test/lab/test_*.py and test/e2e/test_*.py on one local AWS, six classes at a time: most of a test is waiting.

    run.py [-k WORDS] [--jobs N] [--counts FILE] [--list]

-k takes tests whose name has all the words. Each test has a deadline (its class's or method's `deadline_s`,
else 600 s). A line a test; failures are shown whole; the last line is 'N passed, N failed[, N skipped]'.
A class is run by one worker, so setUpClass and setUpModule work as usual. Those that took longest last time begin, so
that none is left alone at the end.
"""
import argparse
import concurrent.futures
import json
import os
import signal
import sys
import tempfile
import time
import traceback
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
LAB = HERE.parent / "lab"
sys.path[:0] = [str(LAB), str(HERE)]

import local_aws  # noqa: E402

DEADLINE_S = 600
CLEANUP_S = 30


class Deadline(Exception):
    pass


def on_alarm(number, frame):
    raise Deadline("the test's deadline passed")


class Result(unittest.TestResult):
    """Prints a line a test to the real stdout and keeps a test inside its deadline."""

    def __init__(self, out):
        super().__init__()
        self.out, self.rows, self.capture = out, [], None

    def startTest(self, test):
        super().startTest(test)
        method = getattr(test, test._testMethodName, None)
        self.began, self.outcome = time.monotonic(), None
        self.capture.seek(0)
        self.capture.truncate()
        signal.setitimer(signal.ITIMER_REAL, getattr(method, "deadline_s", getattr(test, "deadline_s", DEADLINE_S)), CLEANUP_S)

    def stopTest(self, test):
        signal.setitimer(signal.ITIMER_REAL, 0)
        super().stopTest(test)
        self.say(test, *(self.outcome or ("ok", "")))

    def say(self, test, outcome, text):
        sys.stdout.flush()
        name = test.id() if hasattr(test, "id") else str(test)
        seconds = time.monotonic() - getattr(self, "began", time.monotonic())
        lines = f"{outcome:<4} {seconds:6.1f} s  {name}" + (f": {text}" if outcome == "SKIP" else "") + "\n"
        self.capture.seek(0)
        printed = self.capture.read().decode("utf-8", "replace")
        lines += "".join(f"    {line}\n" for line in printed.splitlines() if line.startswith("figure: "))
        if outcome == "FAIL":
            printed = printed[-6000:]
            lines += "".join(f"    {line}\n" for line in (text + ("\n--- printed\n" + printed if printed else "")).splitlines())
        os.write(self.out, lines.encode())
        self.rows.append(outcome)

    def set(self, outcome, text=""):
        if self.outcome is None or outcome == "FAIL":
            self.outcome = (outcome, ((self.outcome[1] + "\n") if self.outcome and self.outcome[0] == "FAIL" else "") + text)

    def fail_with(self, test, error):
        text = "".join(traceback.format_exception(*error))
        if isinstance(test, unittest.TestCase):
            self.set("FAIL", text)
        else:
            self.say(test, "FAIL", text)  # setUpClass or setUpModule

    def addError(self, test, err):
        self.fail_with(test, err)

    def addFailure(self, test, err):
        self.fail_with(test, err)

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.set("FAIL", f"{subtest}\n" + "".join(traceback.format_exception(*err)))

    def addSkip(self, test, reason):
        self.set("SKIP", reason) if isinstance(test, unittest.TestCase) else self.say(test, "SKIP", reason)

    def addExpectedFailure(self, test, err):
        self.set("FAIL", "a test may not be expected to fail")

    def addUnexpectedSuccess(self, test):
        self.set("FAIL", "a test may not be expected to fail")


def classes():
    """Yields (module, [test ids of one class])."""
    loader = unittest.TestLoader()
    for folder in (LAB, HERE):
        for file in sorted(folder.glob("test_*.py")):
            by_class = {}
            for test in flatten(loader.loadTestsFromName(file.stem)):
                by_class.setdefault(type(test), []).append(test.id())
            yield from by_class.values()
    if loader.errors:
        sys.exit("\n".join(loader.errors))


def flatten(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from flatten(item)
        else:
            yield item


def class_of(ids):
    return ids[0].rpartition(".")[0]


def run_class(ids, out):
    """In a worker: runs these tests with their output captured; returns their outcomes and the seconds they took."""
    began = time.monotonic()
    signal.signal(signal.SIGALRM, on_alarm)
    suite = unittest.defaultTestLoader.loadTestsFromNames(ids)
    with tempfile.TemporaryFile() as capture:
        saved = os.dup(1), os.dup(2)
        os.dup2(capture.fileno(), 1)
        os.dup2(capture.fileno(), 2)
        try:
            result = Result(out)
            result.capture = capture
            suite.run(result)
        finally:
            sys.stdout.flush()
            for number, fd in zip((1, 2), saved):
                os.dup2(fd, number)
                os.close(fd)
    return result.rows, time.monotonic() - began


class Pace:
    """How many seconds each class took in the last counted run of all, kept in the cache folder."""

    def __init__(self):
        self.file = Path(local_aws.tools()["AWSCOPILOT_DEV_CACHE"]) / "test-seconds.json"
        try:
            self.seconds = json.loads(self.file.read_text())
        except (OSError, ValueError):
            self.seconds = {}  # the first run here: they begin in the order of their names

    def longest_first(self, chosen):
        return sorted(chosen, key=lambda ids: -self.seconds.get(class_of(ids), 0))

    def keep(self, seconds):
        draft = self.file.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(self.seconds | seconds, indent=0, sort_keys=True))
        draft.rename(self.file)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-k", default="", help="only tests whose name has all these words")
    parser.add_argument("--jobs", type=int, default=6)
    parser.add_argument("--counts")
    parser.add_argument("--list", action="store_true")
    args = parser.parse_args()

    words = args.k.split()
    chosen = [[i for i in ids if all(w in i for w in words)] for ids in classes()]
    chosen = [ids for ids in chosen if ids]
    if args.list:
        print("\n".join(i for ids in chosen for i in ids))
        return 0

    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored below a shell that runs us in its background
    rows, seconds, pace = [], {}, Pace()
    aws = local_aws.LocalAws(local_aws.free_port())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that `finally` ends the local AWS
    try:
        aws.start(auth=True, life_s=3600, is_ours=True)
        os.environ["AWSCOPILOT_LAB_PORT"] = str(aws.port)
        with concurrent.futures.ProcessPoolExecutor(args.jobs) as pool:
            out = os.dup(1)
            os.set_inheritable(out, True)
            sys.stdout.flush()
            futures = {pool.submit(run_class, ids, out): ids for ids in pace.longest_first(chosen)}
            try:
                for future in concurrent.futures.as_completed(futures):
                    try:
                        outcomes, seconds[class_of(futures[future])] = future.result()
                        rows += outcomes
                    except Exception as e:  # a worker died: its tests did not run
                        print(f"FAIL  {futures[future][0]} and its class: {e!r}")
                        rows.append("FAIL")
            except BaseException as e:  # the classes under way are the last ones
                if not isinstance(e, KeyboardInterrupt):  # ended from outside, and nobody waits for them
                    aws.stop()
                pool.shutdown(cancel_futures=True)
                raise
    except local_aws.LabError as e:
        print(f"FAIL  {e}")
        rows.append("FAIL")
    finally:
        aws.stop()

    if args.counts and not args.k:
        pace.keep(seconds)
    passed, failed, skipped = rows.count("ok"), rows.count("FAIL"), rows.count("SKIP")
    if args.counts:
        with open(args.counts, "a") as f:
            f.write(f"e2e {passed} {failed} {skipped}\n")
    print(("e2e: " if args.counts else "") + f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
