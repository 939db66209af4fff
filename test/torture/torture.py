"""Kills, power cuts and takeovers at every place of a deployment, counted at AWS's side; see docs/durability.md.

    scripts/torture [--case N] [--seed S] [--sample N] [--minutes M] [--only WORD] [--out FILE]

A case is a number: block * 4000 + place. A block is what is deployed, which command is hit, and how; a place is a
write, a sync, a rename, a request or an answer of that command as shim.c counts them. After the hit another process
goes on (`attach`, or the same verb where no session was begun yet) until the deployment has an end; two out of five
cases are hit again while they recover. What then counts is what the proxy before the local AWS and CloudFormation
itself have seen.
"""
import argparse
import collections
import contextlib
import json
import multiprocessing
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "lab"), str(HERE.parent / "e2e")]

import fault_proxy  # noqa: E402
import lab  # noqa: E402
import local_aws  # noqa: E402
import todo  # noqa: E402

PLACES = 4000  # in a block; a deployment has less
STACK_CASES = 25  # on one application, then a new one
AWS_CASES = 120  # on one local AWS, then a new one: it keeps every zip in memory
COMMAND_S = 150  # a command that takes longer hangs
STEPS = 8  # commands after a hit; more is a run that does not end

# What is deployed, which command is hit, how. Numbers are used in case numbers: add at the end.
BLOCKS = [(what, verb, how)
          for how in ("kill", "cut", "stop")
          for what, verb in (("create", "deploy"), ("create", "approve"), ("update", "deploy"), ("update", "approve"),
                             ("return", "approve"))]
BLOCKS += [("site", verb, how) for how in ("kill", "cut", "stop") for verb in ("deploy", "approve")]
HOW = {"kill": "kill -9", "cut": "power cut", "stop": "stopped past its lease"}
WHAT = {"create": "first deployment", "update": "update", "return": "update that answers 500, and its way back",
        "site": "first deployment of a site"}
FIRST = ("create", "site")
ENDS = {"create": (0, "success"), "site": (0, "success"), "update": (0, "success"), "return": (4, "rolled_back")}


class Wrong(AssertionError):
    """A promise that did not hold; its first word is the column of the table."""


class Busy(Exception):
    """The sleeping process keeps the database's write lock."""


def shim():
    """The shared object beside the program."""
    return Path(lab.program()).parent / "libtorture.so"


def case_name(number):
    what, verb, how = BLOCKS[number // PLACES]
    return f"{number}: {WHAT[what]}, {verb}, {HOW[how]} at place {number % PLACES}"


class Rig(todo.TodoCase):
    """One local AWS with a proxy before it, and a person who deploys there; cases run one after the other."""

    halves = ("backend",)

    def __init__(self, name):
        super().__init__("runTest")
        self.name, self.apps, self.cases, self.local, self.app_cases, self.slow = name, 0, 0, None, 0, None

    def runTest(self):
        pass

    def id(self):
        return f"torture {self.name} {self.apps}"

    @property
    def aws(self):
        return self.local

    # --- the ground ---

    def open_aws(self):
        self.close()
        self.local = local_aws.LocalAws(local_aws.free_port())
        self.local.start(auth=True, life_s=3 * 3600)
        self.cases = self.apps = 0
        super().setUp()
        self.halves = ("frontend",)
        self.site = self.todo(more="", name="site")
        self.halves = ("backend",)
        self.api = self.todo(more="    variables: { LOG_LEVEL: info }\n")
        self.bootstrapped()
        self.fault = self.proxy()
        self.endpoint = self.fault.url
        self.new_app()

    def close(self):
        self.doCleanups()
        if self.local is not None:
            self.local.stop()
            self.local = None

    def new_app(self):
        """Another application: what was there is deleted, so that its functions' workers end.

        Each local AWS sees the same names in turn, so that the packages of an earlier one are found in the cache.
        """
        cfn = self.cfn()
        if self.apps:
            cfn.delete_stack(StackName=self.stack)
        self.apps += 1
        self.app = todo.name_of(self.id())
        self.stack = f"depl-{self.app}-dev"
        shutil.rmtree(self.home / ".local/state")
        (self.home / ".local/state").mkdir()
        self.app_cases, self.deployed, self.build = 0, 0, None

    def forget_rates(self):
        """A user may plan four times a minute; these are many users."""
        path = self.home / ".local/state/aws-copilot/store.db"
        if path.exists():
            with contextlib.closing(sqlite3.connect(path)) as db, contextlib.suppress(sqlite3.OperationalError), db:
                db.execute("DELETE FROM cells")  # a process that sleeps in a transaction keeps the file locked

    def change(self):
        self.deployed += 1
        self.write_yml(more=f"    variables: {{ LOG_LEVEL: info, RUN_OF: \"{self.name}-{self.apps}-{self.deployed}\" }}\n")
        self.commit("another value")

    def ready(self, what):
        """The application as the case needs it."""
        if self.local is None or self.cases >= AWS_CASES:
            self.open_aws()
        self.cases += 1
        is_first = what in FIRST
        if is_first or self.app_cases >= STACK_CASES or (self.repo == self.site and self.app_cases):
            self.new_app()
        self.repo = self.site if what == "site" else self.api
        if not is_first and self.app_cases == 0:
            self.deploy()
        self.app_cases += 1
        self.forget_rates()
        if what != "site":
            self.change()

    # --- one case ---

    def hit(self, words, place, how, seed, **env):
        """Runs a verb under the shim until it ends or is hit; returns (Run, was it hit)."""
        log = self.dir / "places"
        log.unlink(missing_ok=True)
        env |= {"LD_PRELOAD": shim(), "TORTURE_DIR": self.home / ".local/state", "TORTURE_LOG": log, "TORTURE_AT": place,
                "TORTURE_DO": how, "TORTURE_SEED": seed}
        process = self.spawn(*words, **env)
        if how == "stop":
            hit = self.stopped(process)
            self.slow = process if hit else None
            return (None if hit else todo.run_of(process)), hit
        try:
            process.wait(COMMAND_S)
        except subprocess.TimeoutExpired:
            process.kill()
            raise Wrong(f"hang: {words} under the shim") from None
        return todo.run_of(process), process.returncode == -signal.SIGKILL

    def stopped(self, process):
        deadline = time.monotonic() + COMMAND_S
        while process.poll() is None:
            if (Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()[0]) == "T":
                return True
            if time.monotonic() > deadline:
                process.kill()
                raise Wrong("hang: under the shim")
            time.sleep(0.01)
        return False

    def places(self):
        """What the shim counted in the last hit()."""
        log = self.dir / "places"
        return [line.split(" ", 2)[1:] for line in log.read_text().splitlines()] if log.exists() else []

    def say(self, *words, **env):
        self.forget_rates()
        try:
            return self.go(*words, timeout_s=COMMAND_S, **env)
        except AssertionError as e:
            raise Wrong(f"hang: {words}: {e}") from None

    def session(self, known):
        """The session that this case began; None when none is on record."""
        rows = [row["session"] for row in self.say("history").of_type("session")
                if row["kind"] == "deploy" and row["session"] not in known]
        if len(rows) > 1:
            raise Wrong(f"repeated: two sessions of one deployment, {rows}")
        return rows[0] if rows else None

    def go_on(self, known, again, draw, env):
        """Commands of a person who finds the machine as it is, until the deployment ended; returns the last Run."""
        for step in range(STEPS):
            session = self.session(known)
            words = ("deploy", *self.CONFIRMED) if session is None else ("attach", session)
            if again and step == 0:  # hit once more, while it recovers
                run, was_hit = self.hit(words, draw.randrange(1, 120), again, draw.randrange(1 << 30), **env)
                self.slow = None
                if was_hit:
                    continue
            else:
                run = self.say(*words, **env)
            if run.code == 10 and "session" in run.result:
                run = self.say("approve", run.result["session"], **env)
            if run.code == 1 and (run.result.get("error") or {}).get("code") == "used":
                continue  # the yes was on record already
            if self.slow is not None and self.slow.poll() is None and (run.result.get("error") or {}).get("code") == "locked":
                raise Busy
            if run.result["status"] in ("success", "rolled_back", "failed", "escalated"):
                return run
            if run.code == 6:
                continue
        raise Wrong(f"end: no end after {STEPS} commands; the last was {run}")

    def run_case(self, number, seed):
        """Runs one case; returns what its row has beside "ok". Raises Wrong."""
        return {"hit": self.case(number, seed)}

    def case(self, number, seed):
        """Returns what was hit, or None when the command has no such place."""
        what, verb, how = BLOCKS[number // PLACES]
        draw = random.Random(f"{seed} {number}")
        self.ready(what)
        rule, self.idle = None, 0  # change sets of a process that found nothing to do
        env = {"AWSCOPILOT_PROBE_WAIT": "60s"}
        # A first deployment begins without a state folder.
        known = set() if what in FIRST else {row["session"] for row in self.say("history").of_type("session")}
        mark = len(self.fault.seen)
        before = self.answers() if what not in FIRST else None
        try:
            if what == "return":
                env["AWSCOPILOT_PROBE_WAIT"] = "3s"
                rule = self.ill()
            if verb == "approve":
                session = self.plan(**env).result["session"]
                self.forget_rates()
                words = ("approve", session)
            else:
                words = ("deploy", *self.CONFIRMED)
            run, was_hit = self.hit(words, number % PLACES, how, draw.randrange(1 << 30), **env)
            places = self.places()
            if was_hit and how == "stop":
                run = self.taken_over(known, env)
            elif was_hit:
                run = self.go_on(known, how if draw.random() < 0.4 else None, draw, env)
            elif run.code == 10:
                run = self.say("approve", run.result["session"], **env)
            self.judge(what, run, known, self.fault.seen[mark:], before)
        finally:
            if rule is not None:
                self.fault.clear()
        return places[number % PLACES - 1] if was_hit else None

    def ill(self):
        """The new version answers 500 until the way back begins, with the alias."""
        rule = self.fault.rule("data", ".*", host="cloudfront", path="^/api/health", answer={"status": 500, "body": "broken"})
        used = set()

        def way_back(request):
            """AWS takes a revision of an alias once; the local AWS does not look at it."""
            rule.times = 0
            revision = json.loads(request.body)["RevisionId"]
            if revision in used:
                return fault_proxy.error_answer("lambda", 412, "PreconditionFailedException", "The Revision Id provided does "
                                                "not match the latest Revision Id.")
            used.add(revision)
            return None

        self.fault.rule("lambda", "PUT", call=way_back)
        return rule

    def taken_over(self, known, env):
        """The first process sleeps past its lease while another one finishes; then it wakes up."""
        slow = self.slow
        ahead = {**env, **lab.nudge(ahead_s=45)}  # thirty seconds of lease have passed for the second process
        try:
            try:
                run = self.go_on(known, None, random.Random(1), ahead)
            except Busy:
                run = None
        finally:
            os.kill(slow.pid, signal.SIGCONT)
            try:
                slow.wait(COMMAND_S)
            except subprocess.TimeoutExpired:
                slow.kill()
                raise Wrong("hang: the process that woke up did not end") from None
        late = todo.run_of(slow)
        if run is None:  # it slept in a transaction of another thread; the file is free now
            run = self.go_on(known, None, random.Random(1), ahead)
        if late.code == 0 and late.stdout and late.result["session"] != run.result["session"]:
            if late.result["status"] != "no_change":  # it slept before it had a session, and found all done
                raise Wrong(f"false: the process that woke up says {late}")
            known.add(late.result["session"])
            self.idle = 1
        return run

    def answers(self):
        """The build that the public address answers with now."""
        url = {o["OutputKey"]: o["OutputValue"] for o in
               self.cfn().describe_stacks(StackName=self.stack)["Stacks"][0]["Outputs"]}["Url"]
        if self.repo == self.site:
            status, _, body = self.get(url)
            return "site" if status == 200 and b"<div id=" in body else None
        return self.get(url, "/api/health")[1].get("x-aws-copilot-build")

    # --- the judgement: by what was seen at AWS's side ---

    def judge(self, what, run, known, seen, before):
        code, status = ENDS[what]
        if (run.code, run.result["status"]) != (code, status):
            raise Wrong(f"end: not exit {code}, {status}: {run}")
        counts = collections.Counter((r["service"], r["action"], r["effect"]) for r in seen if r["effect"] and r["status"] == 200)
        for (service, action, effect), n in counts.items():
            if n > 1:
                raise Wrong(f"repeated: {service} {action} {effect}, {n} times")
        sets = 2 if what == "return" else 1
        for action, idle in (("CreateChangeSet", self.idle), ("ExecuteChangeSet", 0)):
            n = sum(1 for (_, a, _) in counts if a == action) - idle
            if n > sets:
                raise Wrong(f"repeated: {n} {action} in one {what}")
            if n < sets:
                raise Wrong(f"lost: {n} {action} in one {what}")
        self.judge_stack(what, sets, seen)
        build = self.answers()
        if build is None or (what == "return") != (build == before):
            raise Wrong(f"end: {status} is said, and the build {before} became {build}")
        self.judge_left_behind()
        self.judge_record(known)

    def judge_stack(self, what, sets, seen):
        """CloudFormation's own count of how often the stack was changed."""
        status = self.stack_status()
        want = "CREATE_COMPLETE" if what in FIRST else "UPDATE_COMPLETE"
        if status != want:
            raise Wrong(f"end: the stack is {status}")
        events = self.cfn().get_paginator("describe_stack_events").paginate(StackName=self.stack).build_full_result()
        began = [e for e in events["StackEvents"] if e["LogicalResourceId"] == self.stack
                 and e["ResourceStatus"] in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS")
                 and e["Timestamp"].timestamp() >= seen[0]["at"]]
        if len(began) != sets:
            raise Wrong(f"{'repeated' if len(began) > sets else 'lost'}: CloudFormation changed the stack {len(began)} times")

    def judge_left_behind(self):
        if self.change_sets():
            raise Wrong(f"left: change sets {[c['ChangeSetName'] for c in self.change_sets()]}")
        s3 = self.aws.client("s3", account=self.account)
        bucket = self.aws.bootstrap_outputs(account=self.account)["Artifacts"]
        keys = sorted(o["Key"] for o in s3.list_objects_v2(Bucket=bucket, Prefix=f"locks/{self.stack}/").get("Contents", []))
        if not keys or not keys[-1].endswith(".released"):
            raise Wrong(f"left: the lock is not given back: {keys[-2:]}")

    def judge_record(self, known):
        verified = self.say("audit", "verify")
        if verified.code != 0 or not verified.of_type("verified")[0]["ok"]:
            raise Wrong(f"chain: {verified}")
        history = self.say("history")
        begun = [row for row in history.of_type("session") if row["kind"] == "deploy" and row["session"] not in known]
        if len(begun) != 1:
            raise Wrong(f"repeated: {len(begun)} sessions of one deployment")


# --- all cases ---

def count_places(rig):
    """How many places each block has, and of which kind: one undisturbed run of each."""
    found = {}
    for what, verb in dict.fromkeys((b[0], b[1]) for b in BLOCKS):
        rig.ready(what)
        env, rule = {"AWSCOPILOT_PROBE_WAIT": "60s"}, None
        if what == "return":
            env["AWSCOPILOT_PROBE_WAIT"], rule = "3s", rig.ill()
        if verb == "approve":
            words = ("approve", rig.plan(**env).result["session"])
        else:
            words = ("deploy", *rig.CONFIRMED)
        run, _ = rig.hit(words, 0, "", 1, **env)
        found[what, verb] = rig.places()
        if run.code == 10:
            rig.approve(run, **env)
        if rule is not None:
            rig.fault.clear()
    return found


def all_cases(places, only=""):
    """Every case there is, as (is it a write right behind another one, number)."""
    numbers = []
    for b, (what, verb, how) in enumerate(BLOCKS):
        if only and only not in f"{what} {verb} {how}".split():
            continue
        before = None
        for n, (kind, _) in enumerate(places[what, verb], 1):
            if how != "stop" or kind in ("send", "answer"):  # asleep in a transaction keeps the file locked, as it must
                numbers.append((kind == before == "write", b * PLACES + n))
            before = kind
    return numbers


def in_turn(numbers, seed):
    """Shuffled by the seed; a write right behind another one comes last, so that an early end has seen all kinds."""
    draw = random.Random(seed)
    return [n for _, _, n in sorted((again, draw.random(), n) for again, n in numbers)]


def worker(make_rig, name, numbers, seed, until, is_over, out, keep):
    """Runs its share on a rig of its own; a line of JSON a case."""
    signal.signal(signal.SIGINT, lambda *_: None)  # a Ctrl-C reaches all of the terminal; who asked for this decides
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    rig = make_rig(name)
    try:
        for number in numbers:
            if time.time() > until or is_over.is_set():
                break
            began, row = time.monotonic(), {"case": number, "seed": seed}
            try:
                row |= {"ok": True} | rig.run_case(number, seed)
            except Wrong as e:
                row |= {"ok": False, "wrong": str(e).split(":")[0], "why": str(e)}
            except Exception:
                row |= {"ok": False, "wrong": "torture", "why": traceback.format_exc()}
            row["s"] = round(time.monotonic() - began, 2)
            if not row["ok"] and rig.local is not None:
                if keep:
                    shutil.copytree(rig.home / ".local/state", Path(keep) / f"{make_rig.__name__}-{number}", dirs_exist_ok=True)
                rig.fault.clear()
                rig.app_cases = STACK_CASES  # what a failure left is no ground for the next
            with open(out, "a") as f:
                f.write(json.dumps(row) + "\n")
    finally:
        rig.close()


def arguments(script, about, jobs):
    """What the scripts that run numbered cases understand."""
    parser = argparse.ArgumentParser(prog=f"scripts/{script}", description=f"{about}; see docs/durability.md.")
    parser.add_argument("--case", type=int, action="append", help="only this case (may be repeated)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=600, help="stop after this time")
    parser.add_argument("--jobs", type=int, default=jobs, help="so many at once; a part of each case is waiting")
    parser.add_argument("--out", default=f"build/{script}.ndjson", help="a line of JSON a case is added here")
    parser.add_argument("--keep", help="a folder for the state of cases that failed")
    parser.add_argument("--report", action="store_true", help="print the table of what is in --out, and run nothing")
    return parser


def run_workers(make_rig, numbers, args, until, out):
    """Shares the cases out. A signal ends this after the cases under way, a second one at once; each worker stops its local AWS."""
    is_over = multiprocessing.Event()
    jobs = max(1, min(args.jobs, len(numbers)))
    workers = [multiprocessing.Process(target=worker, args=(make_rig, str(j), numbers[j::jobs], args.seed, until, is_over, out, args.keep))
               for j in range(jobs)]

    def end(*_):
        if is_over.is_set():
            for process in workers:
                process.terminate()
        is_over.set()
        print("ends after the cases under way", file=sys.stderr)

    for process in workers:
        process.start()
    before = [signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)]
    for process in workers:
        process.join()
    for number, handler in zip((signal.SIGINT, signal.SIGTERM), before, strict=True):
        signal.signal(number, handler)
    if any(process.exitcode for process in workers):
        raise SystemExit("a worker did not get to its end; what it said is above")


def run_all(make_rig, numbers, args):
    """Runs the cases that --out does not have yet, unless it is only to report; returns the rows, of --case or all."""
    out = Path(args.out).absolute()
    out.parent.mkdir(parents=True, exist_ok=True)
    if not args.report:
        if out.exists() and not args.case:
            done = {r["case"] for r in map(json.loads, out.read_text().splitlines()) if r["seed"] == args.seed}
            numbers = [n for n in numbers if n not in done]
        until = time.time() + args.minutes * 60
        run_workers(make_rig, numbers, args, until, out)
    rows = [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []
    return [r for r in rows if r["case"] in args.case][-len(args.case):] if args.case else rows


def conclude(script, rows, name, table):
    """Prints what failed, the table and the closing line; returns the exit code."""
    bad = [row for row in rows if not row["ok"]]
    for row in bad:
        print(f"FAIL  {name(row['case'])} (--seed {row['seed']})\n{row['why'][:3000]}")
    print(table)
    print(f"{script}: {len(rows) - len(bad)} passed, {len(bad)} failed")
    return 1 if bad else 0


def table(columns, blocks, rows_of):
    """A table of docs/durability.md: what is deployed, the command, how, the places, then a number a column and their sums.

    rows_of(block number, (what, verb)) gives (places, numbers), or None where nothing was run.
    """
    lines = ["| deployed | command | " + " | ".join(columns) + " |", "|---" * (len(columns) + 2) + "|"]
    total = [0] * (len(columns) - 2)
    for b, (what, verb, how) in enumerate(blocks):
        row = rows_of(b, (what, verb))
        if row is None:
            continue
        places, cells = row
        total = [a + b for a, b in zip(total, cells, strict=True)]
        lines.append(f"| {WHAT[what]} | {verb} | {how} | {places} | " + " | ".join(map(str, cells)) + " |")
    lines.append("| all | | | | " + " | ".join(map(str, total)) + " |")
    return "\n".join(lines)


def report(rows, places):
    def of(block, command):
        mine = [r for r in rows if r["case"] // PLACES == block]
        wrong = collections.Counter(r.get("wrong") for r in mine if not r["ok"])
        hits = sum(1 for r in mine if r.get("hit") or not r["ok"])
        return None if not mine else (len(places.get(command, [])) or "",
                                      [hits, wrong["repeated"], wrong["lost"], wrong["end"] + wrong["false"], wrong["left"],
                                       wrong["chain"], wrong["hang"] + wrong["torture"]])

    return table(["how", "places", "hits", "repeated", "lost", "wrong end", "left behind", "broken chain", "hung"],
                 [(what, verb, HOW[how]) for what, verb, how in BLOCKS], of)


def main():
    parser = arguments("torture", "Hits a deployment at every place", jobs=3)
    parser.add_argument("--sample", type=int, help="so many cases, drawn by the seed")
    parser.add_argument("--only", default="", help="create, update, return, deploy, approve, kill, cut or stop")
    args = parser.parse_args()
    places_file = Path(args.out).absolute().with_suffix(".places.json")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    places, numbers = {}, args.case
    if not args.case:
        if places_file.exists():
            places = {tuple(k.split()): v for k, v in json.loads(places_file.read_text()).items()}
        else:
            rig = Rig("count")
            try:
                places = count_places(rig)
            finally:
                rig.close()
            places_file.parent.mkdir(parents=True, exist_ok=True)
            places_file.write_text(json.dumps({" ".join(k): v for k, v in places.items()}))
        numbers = in_turn(all_cases(places, args.only), args.seed)[:args.sample]
    rows = run_all(Rig, numbers, args)
    return conclude("torture", rows, case_name, report(rows, places))


if __name__ == "__main__":
    sys.exit(main())
