"""Deployments through a world that misbehaves: seeded combinations of faults between the program and the local AWS.

    scripts/faults [--case N] [--seed S] [--sample N] [--minutes M] [--jobs N] [--out FILE]
    scripts/faults --kinds

A case is a number; with the seed it draws one to three faults (fault_proxy.py makes them; they are fakes), where each
begins and how long it lasts. The deployment is an update of something that answers. It must end, within its time, in
success, rolled back with the old version answering, or a failure that says so; what it says must be true; and when the
world is well again, a person must be able to go on.
"""
import collections
import random
import re
import signal
import statistics
import sys
import time

from torture import COMMAND_S, Rig, Wrong, arguments, conclude, fault_proxy, run_all

WAIT = "40s"  # of a run; what hangs is parked then, and says so
CFN = ["DescribeStacks", "CreateChangeSet", "DescribeChangeSet", "ExecuteChangeSet", "DescribeStackEvents", "GetTemplate",
       "ListChangeSets", "DeleteChangeSet"]
S3 = ["PutObject", "HeadObject", "ListObjectsV2", "GetObject"]


def where(draw, among=None):
    """(service, action) of a call that deployments make."""
    places = ([("cloudformation", a) for a in CFN] * 3 + [("s3", a) for a in S3] * 3
              + [("sts", "GetCallerIdentity"), ("lambda", ".*"), ("ssm", ".*"), ("data", ".*")])
    return draw.choice([p for p in places if among is None or p[0] in among])


def when(draw, most=4):
    """skip and times of a rule; None: for good."""
    return {"skip": draw.randrange(0, 4), "times": draw.choice([1, 1, 2, 3, most, None])}


# --- kinds of faults: each puts rules at the proxy and returns its words; the docstrings are the list of docs/durability.md ---

def throttled(rig, draw):
    """throttling: the service asks for fewer calls, some times or for good"""
    service, action = where(draw, ("cloudformation", "s3", "lambda", "ssm", "sts"))
    rule = when(draw)
    rig.fault.rule(service, action, throttle=True, **rule)
    return f"{action} throttled {rule}"


def broken(rig, draw):
    """5xx: the service is out of order, some times or for good"""
    service, action = where(draw)
    rule, status = when(draw), draw.choice([500, 502, 503, 504])
    rig.fault.rule(service, action, error={"status": status, "code": draw.choice(["InternalFailure", "ServiceUnavailable", "X"])}, **rule)
    return f"{action} answers {status} {rule}"


def cut(rig, draw):
    """a connection that is cut before the effect, or after it and before the answer"""
    service, action = where(draw)
    rule, side = when(draw), draw.choice(["before", "after", "after"])
    rig.fault.rule(service, action, cut=side, **rule)
    return f"{action} cut {side} its effect {rule}"


def cut_in_body(rig, draw):
    """a connection that is cut in the middle of the answer"""
    service, action = where(draw)
    rule, n = when(draw), draw.randrange(0, 400)
    rig.fault.rule(service, action, truncate=n, **rule)
    return f"{action} cut after {n} bytes of its body {rule}"


def slow(rig, draw):
    """an answer that comes seconds late"""
    service, action = where(draw)
    rule = {"skip": draw.randrange(0, 3), "times": draw.choice([1, 2])}
    delay_s = draw.choice([1, 3, 8])
    rig.fault.rule(service, action, delay_s=delay_s, **rule)
    return f"{action} takes {delay_s} s more {rule}"


def hanging(rig, draw):
    """an answer that never comes"""
    service, action = where(draw)
    rule = {"skip": draw.randrange(0, 3), "times": 1}
    rig.fault.rule(service, action, hang=True, **rule)
    return f"{action} never answers {rule}"


def clock(rig, draw):
    """a clock that is up to an hour off, of one service or of all"""
    ahead_s = draw.choice([-3600, -600, -240, 240, 600, 3600])
    service = draw.choice([".*", "cloudformation", "s3", "sts"])
    rig.fault.keys = {rig.key[0]: rig.key[1]}
    rig.fault.rule(f"(?!data){service}" if service == ".*" else service, ".*", clock_s=ahead_s)
    return f"the clock of {service} is {ahead_s} s off"


def credentials(rig, draw):
    """credentials that end in mid-run: expired, unknown, denied"""
    skip = draw.randrange(0, 45)
    code, words = draw.choice([("ExpiredToken", "The security token included in the request is expired"),
                               ("InvalidClientTokenId", "The security token included in the request is invalid."),
                               ("RequestExpired", "Request has expired"), ("AccessDenied", "not authorized")])
    rig.fault.rule("(?!data).*", ".*", skip=skip, error={"status": 403 if code != "RequestExpired" else 400, "code": code,
                                                          "message": words})
    return f"credentials end after {skip} calls: {code}"


def rotated(rig, draw):
    """credentials that are rotated in mid-run: the old key is deleted, and the new one lies in the credentials file"""
    skip, iam = draw.randrange(0, 45), rig.aws.client("iam", account=rig.account)

    def rotate(request):
        """The local AWS itself judges the old key from here on."""
        new = iam.create_access_key(UserName=rig.user)["AccessKey"]
        iam.delete_access_key(UserName=rig.user, AccessKeyId=rig.key[0])
        rig.use_file(new["AccessKeyId"], new["SecretAccessKey"])
        rig.fault.keys[rig.key[0]] = rig.key[1]

    rig.use_file(*rig.key)
    rig.fault.rule("(?!data).*", ".*", skip=skip, times=1, call=rotate)
    return f"the credentials are rotated after {skip} calls"


def told(rig, draw):
    """an effect that happens, and the caller is told that it failed: 500, 503, throttled, denied"""
    service, action = draw.choice([("cloudformation", "CreateChangeSet"), ("cloudformation", "ExecuteChangeSet"),
                                   ("cloudformation", "DeleteChangeSet"), ("s3", "PutObject"), ("lambda", "PUT")])
    rule = {"skip": draw.randrange(0, 2), "times": draw.choice([1, 1, 2])}
    name, answer = draw.choice(TOLD)
    rig.fault.rule(service, action, change=lambda a, request: say_it_failed(a, answer(request.service)), **rule)
    return f"{action} happens and says {name} {rule}"


def error_of(status, code):
    return lambda service: fault_proxy.error_answer(service, status, code, "made by the fault proxy")


TOLD = [("500", error_of(500, "InternalFailure")), ("503", error_of(503, "ServiceUnavailable")),
        ("throttled", fault_proxy.throttle_answer), ("denied", error_of(403, "AccessDenied"))]


def say_it_failed(answer, told):
    answer.status, answer.headers, answer.body = told.status, told.headers, told.body


HOSTILE = {
    "nothing": "",
    "a page": "<html><head><title>Sign in</title></head><body><h1>Welcome to Airport Wi-Fi</h1></body></html>",
    "entities": '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbbbbbbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">'
                '<!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;">]><a>&d;&d;&d;&d;&d;&d;&d;&d;</a>',
    "depth": "<a>" * 20000 + "</a>" * 20000,
    "json depth": "[" * 20000 + "]" * 20000,
    "half of XML": '<?xml version="1.0"?><DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>x',
    "half of JSON": '{"Parameters": [{"Name": "/depl/x',
    "another answer": '<GetCallerIdentityResponse><GetCallerIdentityResult><Account>999999999999</Account></GetCallerIdentityResult>'
                      "</GetCallerIdentityResponse>",
    "NUL and bytes": "<a>\x00\x01\x02\u00ff\ufffe</a>",
    "wrong types": '{"Versions": {"a": 1}, "FunctionVersion": [], "RevisionId": {}, "Parameters": "x", "events": 7}',
    "null": "null",
}


def hostile(rig, draw):
    """hostile or truncated XML and JSON: another page, entities, depth, halves, wrong types, bytes that are no text"""
    service, action = where(draw, ("cloudformation", "s3", "sts", "lambda", "ssm"))
    rule, (name, body) = when(draw), draw.choice(sorted(HOSTILE.items()))
    rig.fault.rule(service, action, body=body, **rule)
    return f"{action} answers {name} {rule}"


def events(rig, draw):
    """events that are missing, come twice or in another order"""
    way = draw.choice(["missing", "twice", "reversed", "without the stack's own"])

    def change(answer):
        text = answer.body.decode()
        rows = re.findall(r"<member>.*?</member>", text, re.S)
        if way == "missing":
            kept = [r for r in rows if draw.random() < 0.6]
        elif way == "twice":
            kept = [r for row in rows for r in (row, row)]
        elif way == "reversed":
            kept = rows[::-1]
        else:
            kept = [r for r in rows if "AWS::CloudFormation::Stack</ResourceType>" not in r]
        answer.body = (text[:text.index("<member>")] + "".join(kept) + text[text.rindex("</member>") + 9:]).encode() if rows else answer.body

    rule = {"times": draw.choice([1, 3, None])}
    rig.fault.rule("cloudformation", "DescribeStackEvents", change=change, **rule)
    return f"events {way} {rule}"


def old_reads(rig, draw):
    """old reads after writes: for a while an answer says what was before"""
    service, action = draw.choice([("cloudformation", "DescribeStacks"), ("cloudformation", "DescribeChangeSet"),
                                   ("cloudformation", "DescribeStackEvents"), ("lambda", "GET"), ("s3", "ListObjectsV2")])
    kept, reads = {}, draw.choice([1, 3, 8, 15])
    left = {}

    def change(answer, request):
        key = request.target + request.body.decode("utf-8", "replace")
        fresh = answer.body
        if key in kept and kept[key][1] != fresh and left.get(key, reads) > 0:
            left[key] = left.get(key, reads) - 1
            answer.status, answer.body = kept[key]
            return
        left[key] = reads
        kept[key] = (answer.status, fresh)

    rig.fault.rule(service, action, change=change)
    return f"{action} shows what was, for {reads} reads after each change"


def by_hand(rig, draw):
    """a person who changes the stack by hand in mid-run"""
    at = draw.choice(["CreateChangeSet", "ExecuteChangeSet", "DescribeStackEvents"])

    def other(request):
        cfn = rig.cfn()
        try:
            name = f"by-hand-{draw.randrange(1 << 30)}"
            cfn.create_change_set(StackName=rig.stack, ChangeSetName=name, ChangeSetType="UPDATE", UsePreviousTemplate=True,
                                  Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
                                  Parameters=[{"ParameterKey": p["ParameterKey"], "UsePreviousValue": True} for p in
                                              cfn.describe_stacks(StackName=rig.stack)["Stacks"][0].get("Parameters", [])],
                                  Tags=[{"Key": "by", "Value": name}])
            cfn.execute_change_set(StackName=rig.stack, ChangeSetName=name)
        except cfn.exceptions.ClientError:
            pass  # CloudFormation refuses it, as it would

    rig.fault.rule("cloudformation", at, call=other, times=1)
    return f"somebody changes the stack by hand before {at}"


KINDS = [throttled, broken, cut, cut, cut_in_body, slow, hanging, clock, credentials, hostile, hostile, events, old_reads, old_reads,
         by_hand, rotated, told]


def kinds():
    """The list of docs/durability.md."""
    return "\n".join(f"- {kind.__doc__}" for kind in dict.fromkeys(KINDS))


GOOD = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")  # of the stack, which answers then


class FaultRig(Rig):
    # --- whose keys: the program has them in its environment, or in a file that somebody else renews ---

    def bootstrapped(self):
        self.user = self.app
        super().bootstrapped()
        self.key = self.keys["AWS_ACCESS_KEY_ID"], self.keys["AWS_SECRET_ACCESS_KEY"]

    def ready(self, what):
        if self.local is not None:
            self.fault.keys = {}
            self.keys = {"AWS_ACCESS_KEY_ID": self.key[0], "AWS_SECRET_ACCESS_KEY": self.key[1]}
        super().ready(what)

    def use_file(self, key_id, secret):
        path = self.dir / "credentials"
        draft = path.with_suffix(".new")
        draft.write_text(f"[default]\naws_access_key_id = {key_id}\naws_secret_access_key = {secret}\n")
        draft.rename(path)
        self.key = key_id, secret
        self.keys = {"AWS_SHARED_CREDENTIALS_FILE": path}

    # --- one case ---

    def command(self, *words, **env):
        """Runs a command; it must end, with a sentence where it does not end well."""
        began = time.monotonic()
        wait = {"AWSCOPILOT_PROBE_WAIT": "8s", "AWSCOPILOT_MAX_WAIT_DURATION": WAIT} if self.fault.rules else {}
        run = self.say(*words, **(wait | env))
        if run.code > 128 and run.code != 130:
            raise Wrong(f"crash: {words}: {run}")
        if time.monotonic() - began > COMMAND_S - 5:
            raise Wrong(f"hang: {words}: {run}")
        error = run.result.get("error") or {}
        if run.code not in (0, 10) and not (error.get("message") and error.get("remedy")):
            raise Wrong(f"mute: {words} ends with {run.code} and without a sentence or a remedy: {run}")
        return run

    def truth(self, run, before):
        """What the run says is so; `before` is the build that answered before it, None: there was none."""
        status, stack = run.result["status"], self.stack_status()
        build = self.answers() if stack in GOOD else None
        if status in ("success", "no_change"):
            wanted = run.result.get("build_id") or run.result.get("build")
            if stack != ("CREATE_COMPLETE" if before is None else "UPDATE_COMPLETE") or build is None or (status == "success" and build == before):
                raise Wrong(f"false: {status} is said; the stack is {stack}, build {before} became {build}: {run}")
            if wanted and wanted != build:
                raise Wrong(f"false: {status} is said of build {wanted}, {build} answers")
        elif status == "rolled_back":
            if build != before or stack not in GOOD[1:]:
                raise Wrong(f"false: rolled back is said; the stack is {stack}, build {before} became {build}: {run}")
        elif build is None and before is not None:
            raise Wrong(f"lost: nothing answers any more after {status}: {run}")
        return status

    def run_case(self, number, seed):
        draw = random.Random(f"fault {seed} {number}")
        self.ready("update")
        before = self.answers()
        words = [kind(self, draw) for kind in draw.sample(KINDS, draw.choice([1, 1, 2, 2, 3]))]
        row = {"faults": words}
        try:
            run = self.command("deploy", *self.CONFIRMED)
            session = run.result.get("session") or next((e["session_id"] for e in run.events if e.get("session_id")), None)
            if run.code == 10 and run.result.get("status") == "waiting":
                run = self.command("approve", session)
            row["said"] = self.truth_while_ill(run, before)
        finally:
            self.fault.clear()
            self.fault.keys = {}
        row["end"] = self.get_well(run, session, before)
        return row

    def truth_while_ill(self, run, before):
        if run.result["status"] in ("success", "rolled_back", "no_change"):
            return self.truth(run, before)
        return f"{run.result['status']} {run.code}"

    def get_well(self, run, session, before):
        """The world is well again. An open session goes on to its end; then one more deployment must succeed."""
        status = run.result["status"]
        for _ in range(6):
            if status in ("success", "rolled_back", "no_change", "failed", "escalated", "rejected") and not self.is_open(session):
                break
            run = self.command("attach", session) if session else self.command("deploy", *self.CONFIRMED)
            session = run.result.get("session") or session
            if run.code == 10 and run.result.get("status") == "waiting":
                run = self.command("approve", session)
            status = run.result["status"]
        else:
            if self.is_open(session):
                raise Wrong(f"end: no end in a world that is well: {run}")
        self.truth(run, before)
        if status == "success":
            return status
        again = self.command("deploy", *self.CONFIRMED)
        if again.code == 10 and again.result.get("status") == "waiting":
            again = self.command("approve", again.result["session"])
        if again.code != 0:
            raise Wrong(f"stuck: after {status} a deployment in a well world ends with {again.code}: {again}\n--- before: {run}")
        verified = self.say("audit", "verify")
        if verified.code != 0:
            raise Wrong(f"chain: {verified}")
        return f"{status}, then success"

    def is_open(self, session):
        return any(row["session"] == session and row["status"] in ("running", "waiting")
                   for row in self.say("history").of_type("session"))


def report(rows):
    ends = collections.Counter(r["said"] for r in rows if r["ok"])
    after = collections.Counter(r["end"] for r in rows if r["ok"])
    wrong = collections.Counter(r["wrong"] for r in rows if not r["ok"])
    lines = ["| while the faults lasted, the run ended with | runs |", "|---|---|"]
    lines += [f"| {name} | {n} |" for name, n in ends.most_common()]
    lines += ["", "| once the world was well | runs |", "|---|---|"] + [f"| {name} | {n} |" for name, n in after.most_common()]
    took = [r["s"] for r in rows]
    lines += ["", f"{len(rows)} runs, {statistics.median(took):.0f} s each (median; the longest {max(took):.0f} s); hung {wrong['hang']}, said something false {wrong['false']}, could not go on "
              f"{wrong['stuck'] + wrong['end']}, ended without a sentence {wrong['mute']}, crashed {wrong['crash']}, "
              f"broke the chain {wrong['chain']}, other {wrong['lost'] + wrong['torture']}."]
    return "\n".join(lines)


def main():
    parser = arguments("faults", "Deploys through seeded combinations of faults", jobs=4)
    parser.add_argument("--sample", type=int, default=300, help="so many cases")
    parser.add_argument("--kinds", action="store_true", help="print the kinds of faults, and run nothing")
    args = parser.parse_args()
    if args.kinds:
        print(kinds())
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    rows = run_all(FaultRig, args.case or list(range(1, args.sample + 1)), args)
    return conclude("faults", rows, lambda number: f"fault case {number}", report(rows))


if __name__ == "__main__":
    sys.exit(main())
