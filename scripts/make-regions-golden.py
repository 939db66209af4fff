#!/usr/bin/env python3
"""Writes test/golden/regions.json: how botocore calls each region of its partition "aws".

Run it with the judges' Python (scripts/setup.sh --env, JUDGE_PYTHON). `--check` writes nothing and
fails when the file differs from what botocore says now.
"""
import json
import pathlib
import sys

import botocore.loaders

FILE = pathlib.Path(__file__).resolve().parent.parent / "test" / "golden" / "regions.json"
PARTITIONS = ["aws"]


def rows():
    endpoints = botocore.loaders.Loader().load_data("endpoints")
    return {region: row["description"] for partition in endpoints["partitions"]
            if partition["partition"] in PARTITIONS for region, row in sorted(partition["regions"].items())}


def main():
    text = json.dumps(rows(), indent=1, ensure_ascii=False) + "\n"
    if "--check" in sys.argv:
        if FILE.read_text() != text:
            print(f"{FILE.name} differs from botocore's list; run {pathlib.Path(__file__).name}", file=sys.stderr)
            return 1
        return 0
    FILE.write_text(text)
    return 0


sys.exit(main())
