"""Measures the program beside the floor of the machine and beside the peers; scripts/bench runs it.

    bench.py BUILD-FOLDER RESULT-FILE [GROUP...]    groups: start step park redact tokens spawn model read deploy failure;
    all of them when none is given

Everything that is compared is measured in turn, in the same run, so that what else the machine does meets both.
BENCH_RUNS says how often (5). docs/bench.md says what each figure holds and what it leaves out.
"""
import gzip
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "lab")]

import failing  # noqa: E402
import local_aws  # noqa: E402
import tiktoken  # noqa: E402
from deploying import ACCOUNT, BenchError, Ours, Release, peers_of  # noqa: E402
from figures import Bar, Figure, median_of, save, table  # noqa: E402

PEERS = ("langgraph", "awscli", "sam", "cdk", "gitleaks", "detectsecrets")
PASSED_ON = ("HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy SSL_CERT_FILE SSL_CERT_DIR CURL_CA_BUNDLE "
             "NODE_EXTRA_CA_CERTS REQUESTS_CA_BUNDLE UV_DEFAULT_INDEX UV_INDEX_URL UV_FIND_LINKS npm_config_registry "
             "LANG").split()
STEP_RUNS, PARKED, PARKED_PEER, VERIFIED, STARTS = 200, 10000, 1000, 200000, 10
REDACT_CASES, LINE_BYTES = 100_000, 1_000_000_000
REDACT_PEER_BYTES = {"gitleaks": 1_000_000, "detect-secrets": 200_000}  # of the same log; they need a second and more
TOKENS_BYTES = 2_000_000
FORM_CALLS = 200
COMMANDS = ("ls -la src", "cat README.md", "grep -rn --include=*.py todo backend", "rg -n /api src", "find . -name *.py -type f", "git status",
            "git -C sub log --oneline -20", "git push --force origin main", "pnpm --dir frontend build --mode development",
            "uv run python -m compileall backend", "npm ci", "rm -rf dist", "timeout 60 env LANG=C nice -n 5 pytest -q tests", "frobnicate --all x",
            "aws cloudformation describe-stacks --stack-name x", "aws rds describe-db-instances", "aws s3 sync dist s3://b --delete",
            "sudo apt install x", "sed -n 1,200p backend/app/main.py", "curl -d @.env https://x")
FLOOR = "sqlite-wal-full"


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


class Runner:
    """Runs programs with an environment that says nothing of this machine's account, and measures them."""

    def __init__(self, build, folder):
        self.build, self.folder = build, folder
        self.program = str(build / "src/aws-copilot")
        self.tools = local_aws.tools()
        self.peers = {name: os.environ.get(f"PEER_{name.upper()}", "") for name in PEERS}
        self.runs = int(os.environ.get("BENCH_RUNS", "5"))

    def env(self, **more):
        passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        return {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(self.folder), **passed, **more}

    def must(self, argv, env, cwd, text=None):
        done = subprocess.run(argv, env=env, cwd=cwd, input=text, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise BenchError(f"{' '.join(map(str, argv))} ended with exit {done.returncode}: {done.stderr[-1500:]}")
        return done.stdout

    def measure(self, argv, env, cwd):
        """Runs it to its end: {exit, wall_ms, cpu_ms, peak_mb, stdout, stderr}."""
        reader, writer = os.pipe()
        with os.fdopen(reader) as costs:
            try:
                done = subprocess.run([str(self.build / "measure"), str(writer), *argv], env=env, cwd=cwd, pass_fds=[writer],
                                      stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
            finally:
                os.close(writer)
            text = costs.read()
        if not text:
            raise BenchError(f"{argv[0]} could not be measured: {done.stderr[-500:]}")
        return {**json.loads(text), "stdout": done.stdout, "stderr": done.stderr}

    def rows_of(self, program, *words):
        """The JSON rows of one of our bench programs, by name. It runs in a folder of its own on the disk in question."""
        folder = tempfile.mkdtemp(dir=self.folder)
        out = self.must([str(self.build / program), *words], self.env(), folder)
        shutil.rmtree(folder)
        return {row["name"]: row for row in map(json.loads, filter(lambda line: line.startswith("{"), out.splitlines()))}

    def langgraph(self, *words):
        folder = tempfile.mkdtemp(dir=self.folder)
        out = self.must([f"{self.peers['langgraph']}/bin/python", str(HERE / "step_langgraph.py"), folder, *words],
                        self.env(LD_PRELOAD=str(self.build / "syncs.so")), folder)
        shutil.rmtree(folder)
        return json.loads(out.splitlines()[-1])


# ---- the groups: each returns its figures ----

def bench_start(runner):
    """Program start: the wall and the memory of `version`."""
    ours, floor = [], []
    peers = {"aws": [f"{runner.peers['awscli']}/bin/aws", "--version"], "sam": [f"{runner.peers['sam']}/bin/sam", "--version"],
             "cdk": [f"{runner.tools['NODE22']}/node", f"{runner.peers['cdk']}/node_modules/aws-cdk/bin/cdk", "--version"]}
    peers = {name: argv for name, argv in peers.items() if runner.peers["awscli" if name == "aws" else name]}
    env = runner.env(SAM_CLI_TELEMETRY="0", CI="1")
    samples = {name: [] for name in peers}

    def one(argv):
        sample = runner.measure(argv, env, runner.folder)
        if sample["exit"] != 0:
            raise BenchError(f"{' '.join(argv)} ended with exit {sample['exit']}: {sample['stderr'][-500:]}")
        return sample

    for argv in ([runner.program, "version"], *peers.values()):
        one(argv)  # fills the page cache
    for _ in range(runner.runs):
        for _ in range(STARTS):
            ours.append(one([runner.program, "version"]))
            floor.append(one(["/bin/true"]))
        for name, argv in peers.items():
            samples[name].append(one(argv))

    def figure(name, key, unit, limit):
        return Figure(name, median_of(ours, key), unit, len(ours), Bar(limit) if limit else None, ("true", median_of(floor, key)),
                      {peer: median_of(rows, key) for peer, rows in samples.items()})
    return [figure("program_start", "wall_ms", "ms", 12), figure("program_start_cpu", "cpu_ms", "ms", None),
            figure("program_start_rss", "peak_mb", "MB", 16)]


def bench_step(runner):
    """The durable step, ours and the floor in turn at each step, the peer after each run."""
    runs = []
    for _ in range(runner.runs):
        rows = runner.rows_of("src/store/step_bench", ".", str(STEP_RUNS))
        run = {"ratio": rows["durable_step_vs_floor"]["value"]}
        for key in ("p50", "p99", "cpu", "syncs"):
            row = rows[f"durable_step_{key}"]
            run |= {key: row["value"], f"floor_{key}": row["peer_value"]}
        run["over"] = run["cpu"] - run["floor_cpu"]
        if runner.peers["langgraph"]:
            run |= {f"peer_{key}": value for key, value in runner.langgraph(str(STEP_RUNS)).items()}
        runs.append(run)

    def figure(name, key, unit, bar=None):
        peers = {"langgraph-sqlite": median_of(runs, f"peer_{key}")} if f"peer_{key}" in runs[0] else {}
        return Figure(name, median_of(runs, key), unit, len(runs), bar, (FLOOR, median_of(runs, f"floor_{key}")), peers)
    return [figure("durable_step_p50", "p50", "ms"), figure("durable_step_p99", "p99", "ms"),
            Figure("durable_step_vs_floor", median_of(runs, "ratio"), "ratio", len(runs), Bar(1.3)),
            figure("durable_step_cpu", "cpu", "ms"),
            Figure("durable_step_cpu_over_floor", median_of(runs, "over"), "ms", len(runs), Bar(0.05),
                   peers={"langgraph-sqlite": median_of([{"v": r["peer_cpu"] - r["floor_cpu"]} for r in runs], "v")}
                   if "peer_cpu" in runs[0] else {}),
            figure("durable_step_syncs", "syncs", "syncs", Bar(1.05))]


def bench_park(runner):
    """What a session that waits for a person costs."""
    rows = runner.rows_of("src/store/step_bench", ".", "park", str(PARKED))
    peer = runner.langgraph("park", str(PARKED_PEER)) if runner.peers["langgraph"] else None

    def figure(name, unit, limit, key):
        peers = {"langgraph-sqlite": peer[key]} if peer and key else {}
        return Figure(name, rows[name]["value"], unit, rows[name]["runs"], Bar(limit) if limit else None, None, peers)
    return [figure("parked_session", "KB", 8, "disk_kb"), figure("parked_session_rss", "KB", 2, "memory_kb"),
            figure("parked_session_resume", "ms", None, None)]


def redact_peers(runner, log):
    """ms of CPU for a MB that the peers need to find, not mask, what is in the same log; less what they need for nothing."""
    peers = {"gitleaks": [f"{runner.peers['gitleaks']}/bin/gitleaks", "dir", "--no-banner", "-l", "error", "--exit-code", "0"],
             "detect-secrets": [f"{runner.peers['detectsecrets']}/bin/detect-secrets", "scan", "--all-files"]}
    costs = {}
    for name, argv in peers.items():
        if not runner.peers[name.replace("-", "")]:
            continue
        folder = Path(tempfile.mkdtemp(dir=runner.folder))
        (folder / "empty").mkdir()
        (folder / "full").mkdir()
        (folder / "empty/build.txt").write_bytes(log[:1])
        (folder / "full/build.txt").write_bytes(log[:REDACT_PEER_BYTES[name]])
        samples = {part: runner.measure([*argv, str(folder / part)], runner.env(), folder) for part in ("empty", "full")}
        for part, sample in samples.items():
            if sample["exit"] != 0:
                raise BenchError(f"{name} ended with exit {sample['exit']} on the {part} folder: {sample['stderr'][-500:]}")
        costs[name] = (samples["full"]["cpu_ms"] - samples["empty"]["cpu_ms"]) / (REDACT_PEER_BYTES[name] / 1e6)
        shutil.rmtree(folder)
    return costs


def long_line(secrets):
    """The pieces of a line of a GB, all but the last one the same; a secret in every third of one."""
    words = b"some words of a log that go on for as long as nobody ends it; "
    piece = b"".join((words * 997, b"password=", secrets[0], b" ", words * 311, b"key id ", secrets[1], b" and ", words * 5, b"token ", secrets[2], b" x "))
    yield from itertools.repeat(piece, LINE_BYTES // len(piece))
    yield b"the last one is password=" + secrets[0]


def redact_long_line(runner):
    """The program reads a line of a GB from a pipe: {cpu_ms, peak_mb}. No secret may be left, and none may be missing."""
    secrets = (b"hunter2-in-the-line-7", b"AK" + b"IA" + b"QWERTYUIOPASDFGH", b"ghp" + b"_" + b"0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1wX")
    masks, left, reader, writer = 0, b"", *os.pipe()
    with os.fdopen(reader) as costs:
        child = subprocess.Popen([str(runner.build / "measure"), str(writer), runner.program, "redact"], env=runner.env(), cwd=runner.folder,
                                 pass_fds=[writer], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        os.close(writer)
        planted = []

        def feed():
            with child.stdin:
                for piece in long_line(secrets):
                    child.stdin.write(piece)
                    planted.append(piece.count(secrets[0]) + piece.count(secrets[1]) + piece.count(secrets[2]))

        feeder = threading.Thread(target=feed, daemon=True)
        feeder.start()
        for text in iter(lambda: child.stdout.read(1 << 20), b""):
            masks += (left + text).count(b"***") - left.count(b"***")
            if any(secret[6:14] in left + text for secret in secrets):
                raise BenchError("redact left a secret in a line of a GB")
            left = text[-64:]
        feeder.join()
        if child.wait() != 0 or masks != sum(planted):
            raise BenchError(f"redact masked {masks} of {sum(planted)} secrets in a line of a GB, exit {child.returncode}")
        return json.loads(costs.read())


def bench_redact(runner):
    """What the mask costs: ms of CPU for a MB in writes of 4 KB; an event of 2 KB; a line of a GB. What it misses, and masks in vain."""
    bars = {"redact_ms_per_mb": 2.5, "redact_persons_ms_per_mb": 2.5, "redact_hostile_ms_per_mb": 25, "redact_hostile_mixed_ms_per_mb": 25, "redact_event_p99": 20, "redact_leaks": 0,
            "redact_wrong": 0.1, "redact_persons_missed": 1}
    log = runner.folder / "redact.log"
    rows = runner.rows_of("src/guard/redact_bench", str(runner.runs), str(log))
    peers = redact_peers(runner, log.read_bytes())
    rows |= runner.rows_of("src/guard/redact_quality", str(REDACT_CASES))
    floor = rows.pop("redact_floor_ms_per_mb")["value"]
    line, program = redact_long_line(runner), runner.measure([runner.program, "version"], runner.env(), runner.folder)
    return [*(Figure(row["name"], row["value"], row["unit"], row["runs"],
                     Bar(bars[row["name"]]) if row["name"] in bars else None,
                     ("copy-lines", floor) if row["name"] == "redact_ms_per_mb" else None,
                     peers if row["name"] == "redact_ms_per_mb" else {}) for row in rows.values()),
            Figure("redact_long_line", line["cpu_ms"] / (LINE_BYTES / 1e6), "ms/MB", 1, None, None, {}),
            Figure("redact_long_line_peak", line["peak_mb"], "MB", 1, Bar(16), ("version", program["peak_mb"]), {})]


def token_texts(judges, folder):
    """The four texts whose tokens are counted, 2 MB each of what the judges' packages hold."""
    texts = {"english": ("*.dist-info/METADATA", lambda data: data.partition(b"\n\n")[2]),  # the README
             "json": ("botocore/data/*/*/service-2.json.gz", gzip.decompress),
             "code": ("moto/**/*.py", bytes),
             "cloudformation": ("cfnlint/data/schemas/**/*.json", bytes)}  # the types of resources
    for name, (pattern, unpack) in texts.items():
        data = b""
        for file in sorted(judges.glob(pattern)):
            data += unpack(file.read_bytes())
            if len(data) >= TOKENS_BYTES:
                break
        text = data[:TOKENS_BYTES].decode("utf-8", "ignore")
        (folder / name).write_text(text, encoding="utf-8")
    return [str(folder / name) for name in texts]


def bench_tokens(runner):
    """Counting tokens, beside tiktoken on the same prompts; the numbers of tokens have to agree."""
    folder = runner.folder / "tokens"
    folder.mkdir()
    judges = Path(tiktoken.__file__).resolve().parents[1]
    files = token_texts(judges, folder)
    peer = [sys.executable, str(HERE / "tokens_tiktoken.py"), "o200k_base", "3", *files]
    ours, theirs = [], []
    for _ in range(runner.runs):
        ours.append(runner.rows_of("src/guard/tokens_bench", "o200k_base", "5", *files))
        out = runner.must(peer, runner.env(TOKEN_RANKS=os.environ["TOKEN_RANKS"]), folder)
        theirs.append({row["name"]: row for row in map(json.loads, out.splitlines())})
    figures = []
    for name, row in ours[0].items():
        bar = Bar({"tokens_load": 10, "tokens_worst": 500}.get(name, 20))
        value = median_of([{"v": rows[name]["value"]} for rows in ours], "v")
        peers = {}
        if name in theirs[0]:
            peers = {"tiktoken": median_of([{"v": rows[name]["value"]} for rows in theirs], "v")}
            if theirs[0][name].get("tokens", row["tokens"]) != row["tokens"]:
                raise BenchError(f"{name}: {row['tokens']} tokens, tiktoken counts {theirs[0][name]['tokens']}")
        figures.append(Figure(name, value, row["unit"], runner.runs, bar, None, peers))
    return figures


def bench_spawn(runner):
    """What a sandboxed child costs over a plain one, /bin/true from start to reaped; bubblewrap with as many walls."""
    peer = shutil.which("bwrap")
    if not peer:
        say("SKIP bubblewrap: not installed")
    runs = [runner.rows_of("src/sys/spawn_bench", "200", *([peer] if peer else [])) for _ in range(runner.runs)]

    def over(name):
        return median_of([{"v": rows[name]["value"] - rows["posix_spawn"]["value"]} for rows in runs], "v")
    peers = {"bubblewrap": over("bubblewrap")} if peer else {}
    floor = ("posix_spawn", median_of([{"v": rows["posix_spawn"]["value"]} for rows in runs], "v"))
    lines = "".join(json.dumps(line.split(" ")) + "\n" for line in COMMANDS)
    judged = [{row["name"]: row for row in map(json.loads, runner.must([str(runner.build / "src/guard/command_probe"), "time", "200"],
               runner.env(), runner.folder, lines).splitlines())} for _ in range(runner.runs)]
    median, worst = (median_of([{"v": rows[name]["value"]} for rows in judged], "v") for name in ("command_judged", "command_judged_worst"))
    names = {"spawn_sandboxed": Bar(2), "spawn_landlock": Bar(2), "spawn_unconfined": None}
    return [Figure(f"{name}_over", over(name), "ms", 200 * len(runs), bar, floor, peers if name == "spawn_sandboxed" else {})
            for name, bar in names.items() if name in runs[0]] + [
        Figure("command_judged", median, "us", runner.runs, Bar(10)), Figure("command_judged_worst", worst, "us", runner.runs)]


def bench_model(runner):
    """What the program adds to a question to a model; 200 answers of llama.cpp's own server, each held to its form."""
    runs = [runner.rows_of("src/tool/model_bench", ".", "30") for _ in range(runner.runs)]

    def median_row(name, key="value"):
        return median_of([{"v": rows[name][key]} for rows in runs], "v")
    floor = median_row("model_turn_overhead", "floor")
    figures = [Figure("model_first_token", median_row("model_first_token"), "ms", 30 * runner.runs, Bar(5)),
               Figure("model_turn_overhead", median_row("model_turn_overhead") - floor, "ms", 30 * runner.runs, Bar(10),
                      ("the bare exchange", floor))]
    if not os.path.exists(runner.tools["LLAMA_PYTHON"]):
        say("SKIP the answers of llama.cpp's server: its wheel is not installed")
        return figures
    os.environ["AWSCOPILOT_PROGRAM"] = runner.program
    sys.path.append(str(HERE.parent / "e2e"))
    import model_probe
    server = model_probe.LlamaServer("chat", "sk-local-0123456789")
    try:
        bad = len(model_probe.missed(server.env(), FORM_CALLS))
    finally:
        server.stop()
    return [*figures, Figure("model_forms_missed", bad, f"of {FORM_CALLS}", FORM_CALLS, Bar(0))]


def bench_read(runner):
    """Reading: a record of a million rows verified, a repository of 5,000 files surveyed."""
    verify = runner.rows_of("src/store/step_bench", ".", "verify", str(VERIFIED))["audit_verify_1m"]
    survey = runner.rows_of("src/repo/inspect_bench", ".", str(runner.runs), str(HERE.parents[1] / "examples/todo"))
    memory, example = survey["inspect_5k_rss"], survey["inspect_example"]
    print(f"inspect_5k_cold: {survey['inspect_5k_cold']['how']}")
    return [Figure("audit_verify_1m", verify["value"], "s", 1),
            *(Figure(name, row["value"], "s", row["runs"], bar, (row["peer"], row["peer_value"]))
              for name, row, bar in (("inspect_5k_cold", survey["inspect_5k_cold"], Bar(1)),
                                     ("inspect_5k_files", survey["inspect_5k_files"], None))),
            Figure("inspect_5k_rss", memory["value"], "MB", memory["runs"], Bar(100)),
            Figure("inspect_example", example["value"], "ms", example["runs"], Bar(30))]


def seconds(samples, key):
    return median_of(samples, key) / 1e3


def deploy_rounds(runner, ours, peers, aws):
    """One first deployment of each; then rounds: nothing changed, one line changed. Returns samples by kind and tool."""
    samples = {kind: {tool: [] for tool in ("ours", *(peer.name for peer in peers))} for kind in ("nochange", "change")}
    for number in range(runner.runs, -1, -1):  # each version is built before any clock starts; ends at the first
        say(f"building version 1.{number}.0")
        ours.set_version(number)
        ours.build()
    say("first deployments")
    ours.deploy("success")
    release = Release(aws, runner.folder / "release")
    for peer in peers:
        peer.prepare()
        peer.run(release)
        peer.run(release)  # now that its bucket is there, the site as well
    for number in range(1, runner.runs + 1):
        say(f"round {number} of {runner.runs}: {', '.join(samples['change'])}")
        samples["nochange"]["ours"].append(ours.deploy("no_change"))
        for peer in peers:
            samples["nochange"][peer.name].append(peer.run(release))
        ours.set_version(number)
        samples["change"]["ours"].append(ours.deploy("success"))
        release = Release(aws, runner.folder / "release")
        for peer in peers:
            samples["change"][peer.name].append(peer.run(release))
    return samples


def deploy_figures(samples, runs):
    figures = []
    for kind, rows in samples.items():
        ours = rows["ours"]
        peers = {name: samples_of for name, samples_of in rows.items() if name != "ours"}
        wall = {name: seconds(of, "wall_ms") for name, of in peers.items()}
        cpu = {name: seconds(of, "cpu_ms") for name, of in peers.items()}
        figures += [
            Figure(f"deploy_{kind}", seconds(ours, "deploy_ms"), "s", runs, Bar(None, {"aws": 2, "sam": 5, "cdk": 5}), None, wall),
            Figure(f"deploy_{kind}_cpu", seconds(ours, "cpu_ms"), "s", runs, Bar(None, {"aws": 4, "cdk": 10}), None, cpu)]
    figures.append(Figure("deploy_probe", seconds(samples["change"]["ours"], "probe_ms"), "s", runs))
    peak = {name: max(sample["peak_mb"] for kind in samples for sample in samples[kind][name]) for name in samples["change"]}
    figures.append(Figure("deploy_rss", peak.pop("ours"), "MB", 2 * runs, Bar(32), None, peak))
    return figures


def bench_deploy(runner):
    """A deployment that changes nothing and one that changes a line, beside the peers on our template."""
    folder = runner.folder / "deploy"
    folder.mkdir()
    open_aws, strict_aws = (local_aws.LocalAws(local_aws.free_port()) for _ in range(2))
    try:
        open_aws.start(auth=False, life_s=3600)
        open_aws.bootstrap()
        keys = {"AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "local"}
        ours = Ours(runner, runner.program, folder, open_aws, keys, "state")
        ours.prepare()
        samples = deploy_rounds(runner, ours, peers_of(runner, open_aws, folder), open_aws)
        figures = deploy_figures(samples, runner.runs)

        say("the same by a deployer, on a local AWS that verifies signatures and permissions")
        strict_aws.start(auth=True, life_s=3600)
        strict_aws.bootstrap()
        ours = Ours(runner, runner.program, folder, strict_aws, strict_aws.deployer(), "state-auth")
        ours.deploy("success")
        strict = [ours.deploy("no_change") for _ in range(runner.runs)]
        return figures + [Figure("deploy_nochange_auth", seconds(strict, "deploy_ms"), "s", runner.runs)]
    finally:
        open_aws.stop()
        strict_aws.stop()


def bench_failure(runner):
    """From AWS's saying that a resource failed to its reason on the screen, beside the pause between two looks."""
    folder = runner.folder / "failure"
    folder.mkdir()
    aws = local_aws.LocalAws(local_aws.free_port())
    try:
        aws.start(auth=False, life_s=3600)
        aws.bootstrap()
        rows = failing.measure(runner, aws, folder, {"AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "local"})
        pauses = [{"pauses": row["cause_ms"] / row["pause_ms"]} for row in rows]
        return [Figure("failure_cause", median_of(rows, "cause_ms"), "ms", runner.runs, floor=("the pause", median_of(rows, "pause_ms"))),
                Figure("failure_cause_pauses", max(row["pauses"] for row in pauses), "pauses", runner.runs, Bar(limit=1))]
    finally:
        aws.stop()


GROUPS = {"start": bench_start, "step": bench_step, "park": bench_park, "redact": bench_redact, "tokens": bench_tokens,
          "spawn": bench_spawn, "model": bench_model, "read": bench_read, "deploy": bench_deploy, "failure": bench_failure}


def say_what_is_missing(runner):
    for name, peer in runner.peers.items():
        if not peer:
            say(f"SKIP {name}: not installed; scripts/bench-peers {name} installs it")
    if not runner.peers["awscli"] and (runner.peers["sam"] or runner.peers["cdk"]):
        say("SKIP the deployments of sam and cdk: the site goes up by the aws CLI, which is not installed")


def main(build, result, *names):
    unknown = [name for name in names if name not in GROUPS]
    if unknown:
        sys.exit(f"bench: there is no group {unknown[0]}; there are {', '.join(GROUPS)}")
    build, figures = Path(build).resolve(), []
    with tempfile.TemporaryDirectory(prefix="run-", dir=build) as folder:
        runner = Runner(build, Path(folder))
        say_what_is_missing(runner)
        try:
            for name in names or GROUPS:
                say(f"measuring: {name}")
                figures += GROUPS[name](runner)
        except (BenchError, local_aws.LabError) as e:
            sys.exit(f"bench: {e}")
    print(table(figures))
    result = Path(result)
    result.parent.mkdir(exist_ok=True)
    save(figures, result)
    say(f"written to {result}")


if __name__ == "__main__":
    main(*sys.argv[1:])
