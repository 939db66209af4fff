"""Each tool call of a deployment fails, or happens while it says that it failed; and so does each change at AWS.

    scripts/calls [--case N] [--seed S] [--sample N] [--minutes M] [--jobs N] [--out FILE]

A case is a number: block * 1000 + place. A block is what is deployed, by which command, and how it goes wrong (HOW). A
place is a tool call of that command, as faulty.c counts them (the program with its real agents, gate and operations, one
of which lies), or a request that changes something at AWS, as the proxy counts them. The run must end with an end that is
true, an effect must not happen twice, and when the world is well again a person must be able to go on.
"""
import collections
import json
import os
import random
import signal
import sys
from pathlib import Path
from unittest import mock

from faults import TOLD, FaultRig, say_it_failed
from torture import FIRST, WHAT, Wrong, arguments, conclude, lab, run_all, table

PLACES = 1000
# Numbers are used in case numbers: add at the end.
BLOCKS = [(what, verb, how) for how in ("fail", "told", "lie")
          for what, verb in (("create", "deploy"), ("create", "approve"), ("update", "deploy"), ("update", "approve"), ("return", "approve"))]
HOW = {"fail": "a tool call fails", "told": "a tool call happens, and says that it failed",
       "lie": "a change at AWS happens, and the answer says that it failed"}
CODES = ["unreachable", "timeout", "access_denied", "credentials", "throttled", "protocol", "service", "conflict", "stale", "io"]


def case_name(number):
    what, verb, how = BLOCKS[number // PLACES]
    return f"{number}: {WHAT[what]}, {verb}, {HOW[how]}: {number % PLACES}"


class CallRig(FaultRig):
    def spoiled(self, words, place, how, draw, **env):
        """Runs a verb in which the place of this number goes wrong; returns the Run and the places that it had."""
        if how == "lie":
            met = []
            answer_of = draw.choice(TOLD)[1]

            def lie(answer, request):
                if request.effect() is not None and answer.status == 200:
                    met.append(f"{request.service}.{request.action}")
                    if len(met) == place:
                        say_it_failed(answer, answer_of(request.service))

            rule = self.fault.rule("(?!data).*", ".*", change=lie)
            run = self.command(*words, **env)
            rule.times = 0
            return run, met
        log = self.dir / "calls"
        log.unlink(missing_ok=True)
        with mock.patch.dict(os.environ, AWSCOPILOT_PROGRAM=str(Path(lab.program()).with_name("faulty-copilot"))):
            run = self.command(*words, **env, FAULTY_LOG=log, FAULTY_AT=place, FAULTY_DO=how, FAULTY_CODE=draw.choice(CODES))
        return run, log.read_text().split() if log.exists() else []

    def run_case(self, number, seed):
        what, verb, how = BLOCKS[number // PLACES]
        place, draw = number % PLACES, random.Random(f"call {seed} {number}")
        self.ready(what)
        before = None if what in FIRST else self.answers()
        mark, env = len(self.fault.seen), {}
        if what == "return":
            self.ill()
            env["AWSCOPILOT_PROBE_WAIT"] = "3s"
        try:
            session, words = None, ("deploy", *self.CONFIRMED)
            if verb == "approve":
                session = self.plan(**env).result["session"]
                words = ("approve", session)
            run, met = self.spoiled(words, place, how, draw, **env)
            session = session or run.result.get("session") or next((e["session_id"] for e in run.events if e.get("session_id")), None)
            if run.code == 10 and run.result.get("status") == "waiting":
                run = self.command("approve", session, **env)
            said = self.truth_while_ill(run, before)
        finally:
            self.fault.clear()
        self.judge_once(self.fault.seen[mark:])
        row = {"hit": met[place - 1] if 0 < place <= len(met) else None, "places": len(met), "said": said}
        return row | {"end": self.get_well(run, session, before)}

    def judge_once(self, seen):
        """No effect happened twice. What is named by its content, and a deletion, may be repeated."""
        counts = collections.Counter((r["service"], r["action"], r["effect"]) for r in seen if r["effect"] and r["upstream"] == 200)
        twice = [f"{service} {action} {effect}" for (service, action, effect), n in counts.items()
                 if n > 1 and not action.startswith("Delete") and (action != "PutObject" or effect.endswith(" once"))]
        if twice:
            raise Wrong(f"repeated: {twice}")


# --- all cases ---

def count_places():
    """How many places each block has: one undisturbed run of each."""
    rig = CallRig("count")
    try:
        return {b: rig.run_case(b * PLACES, 1)["places"] for b in range(len(BLOCKS))}
    finally:
        rig.close()


def report(rows):
    def of(block, command):
        mine = [r for r in rows if r["case"] // PLACES == block and (not r["ok"] or r["hit"])]
        wrong = collections.Counter(r["wrong"] for r in mine if not r["ok"])
        said = collections.Counter(r["said"] for r in mine if r["ok"])
        good = said["success"] + said["no_change"]
        told = [wrong["repeated"], wrong["false"], wrong["stuck"] + wrong["end"]]
        return None if not mine else (max((r.get("places", 0) for r in mine), default=0),
                                      [len(mine), good, said["rolled_back"], sum(said.values()) - good - said["rolled_back"],
                                       *told, sum(wrong.values()) - sum(told)])

    return table(["what goes wrong", "places", "hits", "success", "rolled back", "failed, told", "repeated", "false", "stuck", "other"],
                 [(what, verb, HOW[how]) for what, verb, how in BLOCKS], of)


def main():
    parser = arguments("calls", "Spoils each tool call, and each change at AWS, of a deployment", jobs=4)
    parser.add_argument("--sample", type=int, help="so many cases, drawn by the seed")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    numbers = args.case
    if not numbers and not args.report:
        places_file = Path(args.out).absolute().with_suffix(".places.json")
        if not places_file.exists():
            places_file.parent.mkdir(parents=True, exist_ok=True)
            places_file.write_text(json.dumps(count_places()))
        numbers = [int(b) * PLACES + n for b, most in json.loads(places_file.read_text()).items() for n in range(1, most + 1)]
        random.Random(args.seed).shuffle(numbers)
        numbers = numbers if args.sample is None else numbers[:args.sample]
    rows = run_all(CallRig, numbers, args)
    return conclude("calls", rows, case_name, report(rows))


if __name__ == "__main__":
    sys.exit(main())
