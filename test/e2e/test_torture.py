"""A sample of the crash matrix and of the fault runs; `make torture` runs all of it (docs/durability.md)."""
import json
import subprocess
import sys
import unittest

import lab

# Block * 4000 + place: see test/torture/torture.py.
CRASHES = [
    60000 + 30, 60000 + 190,  # a site's deploy, killed
    64000 + 75, 64000 + 130,  # its approve, killed
    68000 + 14, 68000 + 120,  # its deploy, the power goes
    72000 + 90,               # its approve, the power goes
    80000 + 40,               # its approve, stopped past its lease while another process finishes
]
FAULTS = [7]
CALLS = [  # block * 1000 + place: see test/torture/calls.py
    3000 + 5,  # an update's approve: its fifth call fails
    8000 + 3,  # the third happens, and says that it failed
    13000 + 2,  # its second change at AWS happens, and the answer says that it failed
]


def run(script, cases, folder, *more):
    """Runs these cases; returns the rows that they left."""
    out = folder / f"{script}.ndjson"
    words = [sys.executable, str(lab.ROOT / "test/torture" / f"{script}.py"), "--jobs", "1", "--out", str(out), *more]
    done = subprocess.run(words + [w for n in cases for w in ("--case", str(n))], capture_output=True, text=True, timeout=280)
    return done, [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []


class Sample(lab.Case):
    def test_hits_at_some_places_leave_one_deployment_and_a_whole_record(self):
        done, rows = run("torture", CRASHES, self.dir)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(len(rows), len(CRASHES))
        self.assertGreaterEqual(sum(1 for row in rows if row["hit"]), len(CRASHES) - 1, "places moved: choose others")

    def test_a_world_with_faults_ends_in_an_end_that_is_true(self):
        done, rows = run("faults", FAULTS, self.dir)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual([row["ok"] for row in rows], [True])

    def test_a_spoiled_call_ends_in_an_end_that_is_true(self):
        done, rows = run("calls", CALLS, self.dir)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual([bool(row["ok"] and row["hit"]) for row in rows], [True] * len(CALLS))

    def test_the_paper_lists_the_kinds_of_faults(self):
        done = subprocess.run([sys.executable, str(lab.ROOT / "test/torture/faults.py"), "--kinds"], check=True, capture_output=True,
                              text=True)
        self.assertIn(done.stdout, (lab.ROOT / "docs/durability.md").read_text())


if __name__ == "__main__":
    unittest.main()
