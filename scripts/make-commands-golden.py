#!/usr/bin/env python3
"""Writes test/golden/commands.txt: which operations of AWS's command line are safe, and which are refused, by service.

Run it with the judges' Python (scripts/setup.sh --env, JUDGE_PYTHON) after a build, and read the difference: each line that is new
was looked through (guard/command/aws.c). `--check` writes nothing and fails when the file differs. The operations are botocore's.
"""
import collections
import json
import os
import pathlib
import subprocess
import sys
import textwrap

import botocore.session
from botocore import xform_name

ROOT = pathlib.Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "test/golden/commands.txt"
PROBE = pathlib.Path(os.environ.get("AWSCOPILOT_PROGRAM", ROOT / "build/src/aws-copilot")).parent / "guard/command_probe"
CLI_NAMES = {"s3": "s3api", "config": "configservice", "codedeploy": "deploy"}


def operations():
    """(service, verb, botocore's model) of each, as the command line calls them."""
    session = botocore.session.get_session()
    for service in session.get_available_services():
        model = session.get_service_model(service)
        for name in model.operation_names:
            yield CLI_NAMES.get(service, service), xform_name(name, "-"), model.operation_model(name)


def text():
    argvs = [["aws", service, verb] for service, verb, _ in operations()]
    done = subprocess.run([PROBE, "argv"], input="".join(json.dumps(argv) + "\n" for argv in argvs), capture_output=True, text=True, check=True)
    rows = collections.defaultdict(list)
    for (_, service, verb), out in zip(argvs, map(json.loads, done.stdout.splitlines()), strict=True):
        shown = "credentials" if out["reason"] == "shows credentials" else out["class"]
        if shown in ("safe", "credentials"):
            rows[service, shown].append(verb)
    return "".join(f"{service} {shown}:\n" + textwrap.fill(" ".join(sorted(verbs)), 150, initial_indent="  ", subsequent_indent="  ",
                                                          break_on_hyphens=False) + "\n" for (service, shown), verbs in sorted(rows.items()))


def main():
    if "--check" not in sys.argv:
        GOLDEN.write_text(text())
    elif GOLDEN.read_text() != text():
        sys.exit("make-commands-golden: test/golden/commands.txt is not what the program says: run it, and read the difference")


if __name__ == "__main__":
    main()
