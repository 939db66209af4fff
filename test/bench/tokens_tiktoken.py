"""tiktoken on the work of tokens_bench.c:  tokens_tiktoken.py ENCODING RUNS FILE...   one JSON object a line."""
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

import tokens_judge  # noqa: E402

PROMPT_BYTES = 4096


def main(name, runs, *files):
    start = time.process_time()
    encoding = tokens_judge.reference(name)
    encoding.encode_ordinary("How long until the first count?")
    print(json.dumps({"name": "tokens_load", "value": (time.process_time() - start) * 1e3}))
    for file in files:
        data = Path(file).read_bytes()
        prompts = [data[at:at + PROMPT_BYTES].decode("utf-8", "replace") for at in range(0, len(data), PROMPT_BYTES)]
        best = None
        for _ in range(int(runs)):
            start = time.process_time()
            tokens = sum(len(encoding.encode_ordinary(prompt)) for prompt in prompts)
            took = (time.process_time() - start) / len(data) * 1e9
            best = took if best is None else min(best, took)
        print(json.dumps({"name": f"tokens_{Path(file).name}", "value": best, "tokens": tokens}))


main(*sys.argv[1:])
