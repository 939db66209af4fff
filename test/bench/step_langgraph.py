"""The durable step of LangGraph, on the work of step_bench: 8 nodes in a line, each writes a new 2 KB state.

    step_langgraph.py DIR RUNS          a step ends when the next node begins (the last: when the run returns)
    step_langgraph.py DIR park N        N threads that wait at an interrupt before the last node

SqliteSaver with WAL, synchronous=FULL and durability "sync": its setting with our guarantee. Prints one JSON
object. Run by the Python that scripts/bench-peers installed, with syncs.c preloaded.
"""
import ctypes
import json
import secrets
import sqlite3
import statistics
import sys
import time
from pathlib import Path
from typing import TypedDict

from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt

STEPS, STATE_BYTES, WARM_RUNS = 8, 2048, 20


class State(TypedDict):
    text: str
    round: int


def new_state(step):
    """JSON of words and digests as step_bench makes it, new for each step."""
    rows, size = [], 0
    while size < STATE_BYTES - 120:
        rows.append({"name": f"backend/part-{len(rows)}.zip", "id": secrets.token_hex(16), "status": "uploaded"})
        size += 92
    return {"text": json.dumps({"phase": f"step-{step}", "artefacts": rows}), "round": step}


class Work:
    """The compiled graph on one database file, and when each of its nodes began."""

    def __init__(self, database, is_parking):
        self.began, self.is_parking = [], is_parking
        graph = StateGraph(State)
        names = [f"step_{i}" for i in range(STEPS)]
        for i, name in enumerate(names):
            graph.add_node(name, self.node(i))
        for a, b in zip([START, *names], [*names, END]):
            graph.add_edge(a, b)
        self.db = sqlite3.connect(database, check_same_thread=False)
        saver = SqliteSaver(self.db)
        saver.setup()
        self.db.execute("PRAGMA synchronous=FULL")
        mode = self.db.execute("PRAGMA journal_mode").fetchone()[0], self.db.execute("PRAGMA synchronous").fetchone()[0]
        if mode != ("wal", 2):
            sys.exit(f"the peer's database is in mode {mode}, not WAL and FULL")
        self.app = graph.compile(checkpointer=saver)

    def node(self, step):
        def run(state):
            self.began.append(time.perf_counter())
            if self.is_parking and step == STEPS - 1:
                interrupt({"question": "deploy?"})
            return new_state(step)
        return run

    def run(self, thread):
        """One thread from start to end; returns its steps in ms."""
        self.began.clear()
        result = self.app.invoke(new_state(0), {"configurable": {"thread_id": thread}}, durability="sync")
        ends = [*self.began[1:], time.perf_counter()]
        if len(self.began) != STEPS or (result["round"] != STEPS - 1 and not self.is_parking):
            sys.exit(f"the peer did not run its {STEPS} nodes")
        return [(b - a) * 1e3 for a, b in zip(self.began, ends)]


def resident_kb():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmRSS"))


def bench_steps(work, runs):
    syncs = ctypes.CDLL(None).bench_syncs
    for i in range(WARM_RUNS):
        work.run(f"warm-{i}")
    before, cpu, walls = syncs(), time.process_time(), []
    for i in range(runs):
        walls += work.run(f"thread-{i}")
    cpu = (time.process_time() - cpu) * 1e3
    return {"p50": statistics.median(walls), "p99": sorted(walls)[len(walls) * 99 // 100],
            "cpu": cpu / len(walls), "syncs": (syncs() - before) / len(walls)}


def bench_park(work, n, database):
    for i in range(WARM_RUNS):
        work.run(f"warm-{i}")
    before = resident_kb()
    for i in range(n):
        work.run(f"thread-{i}")
    disk = sum(file.stat().st_size for file in database.parent.glob("peer.db*") if not file.name.endswith("-shm"))
    return {"disk_kb": disk / 1024 / (n + WARM_RUNS), "memory_kb": (resident_kb() - before) / n}


def main(folder, *words):
    database = Path(folder) / "peer.db"
    is_parking, n = words[0] == "park", int(words[-1])
    work = Work(database, is_parking)
    print(json.dumps(bench_park(work, n, database) if is_parking else bench_steps(work, n)))


main(*sys.argv[1:])
