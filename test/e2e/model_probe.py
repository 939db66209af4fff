"""Drives src/tool/model_probe, the client alone, and starts llama.cpp's server for it."""
import json
import os
import subprocess
import sys
from pathlib import Path

import lab
import local_aws

LIFE_S = 900
SCHEMAS = lab.ROOT / "src/model/schemas"


def forms():
    return sorted(path.stem for path in SCHEMAS.glob("*.json"))


def judge(form, answer):
    """Judges an answer by jsonschema, which we did not write."""
    import jsonschema
    jsonschema.validate(answer, json.loads((SCHEMAS / f"{form}.json").read_text()))


def is_kept(form, answer):
    """Whether an answer came and both judges take it: ours gave it out, jsonschema agrees."""
    if "error" in answer:
        return False
    judge(form, answer["json"])
    return True


def missed(env, calls):
    """Asks the server of `env` so many questions over every form; the names of the forms whose answer is missing or not kept to."""
    bad, names = [], forms()
    with Probe(env) as probe:
        for number in range(calls):
            form = names[number % len(names)]
            asked = [{"role": "user", "content": f"question {number}"}]
            if not is_kept(form, probe.ask(messages=asked, form=form, answer_max=8000)):
                bad.append(form)
    return bad


class Probe:
    """model_probe MODEL FALLBACK, a request a line."""

    def __init__(self, env, *models):
        program = Path(lab.program()).parent / "tool/model_probe"
        passed = {name: os.environ[name] for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "SSL_CERT_FILE") if name in os.environ}
        self.process = subprocess.Popen([program, *models], env={"PATH": "/usr/bin:/bin", **passed, **env}, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.process.stdin.close()
        if self.process.wait(timeout=60) != 0:
            raise lab.LabError(f"model_probe ended with exit {self.process.returncode}")
        self.process.stdout.close()

    def ask(self, **asked):
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise lab.LabError("model_probe ended without an answer")
        return json.loads(line)


class LlamaServer:
    """llama.cpp's own server on a model of test/lab/tiny_model.py."""

    def __init__(self, model, key, *more):
        self.key, self.port = key, local_aws.free_port()
        here = Path(__file__).resolve().parents[1] / "lab"
        folder = Path(lab.tools()["AWSCOPILOT_DEV_CACHE"]) / "tiny-models"
        if not (folder / f"{model}.gguf").exists():
            made = folder.with_name(f"tiny-models-{os.getpid()}")
            subprocess.run([sys.executable, here / "tiny_model.py", made], check=True)
            folder.mkdir(exist_ok=True)
            for path in made.iterdir():
                path.rename(folder / path.name)
            made.rmdir()
        self.process = subprocess.Popen([lab.tools()["LLAMA_PYTHON"], here / "llama_server.py", str(self.port),
                                         folder / f"{model}.gguf", str(LIFE_S), "--api-key", key, *more],
                                        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        if self.process.stdout.readline().strip() != "listening":
            raise lab.LabError("llama.cpp's server did not start")

    def env(self):
        return {"OPENAI_BASE_URL": f"http://127.0.0.1:{self.port}/v1", "OPENAI_API_KEY": self.key}

    def stop(self):
        self.process.stdin.close()
        self.process.wait(timeout=30)
        self.process.stdout.close()


def main(calls):
    """scripts/model-check without a server: llama.cpp's own, whose words are noise, held to every form."""
    if not os.path.exists(lab.tools().get("LLAMA_PYTHON", "")):
        print("SKIP llama.cpp's server: its wheel is not installed (scripts/setup.sh says why)")
        return
    server = LlamaServer("chat", "sk-local-0123456789")
    try:
        bad = missed(server.env(), calls)
    finally:
        server.stop()
    print(f"model-check: llama.cpp's server, {calls} answers over {len(forms())} forms, {len(bad)} not kept to {sorted(set(bad))}")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
