"""Back ends of different shapes, each deployed for real and asked over its public address: what managers, encodings,
folders and ways to make the application come down to.

Locks are made by the managers themselves, once per content, in the cache. Their readings are judged by the managers'
own exports.
"""
import hashlib
import json
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import lab
import test_bundle
import todo

FASTAPI = "fastapi==0.165.0"
MAIN = """\
from fastapi import FastAPI

app = FastAPI()


@app.get("{prefix}/health")
def health():
    return {{"word": "{word}"}}
"""
PYPROJECT = '[project]\nname = "tiny"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = [{}]\n'
POETRY = ('[tool.poetry]\npackage-mode = false\n[tool.poetry.dependencies]\npython = ">=3.11,<3.15"\nfastapi = "~0.165.0"\n'
          'uvicorn = { version = "^0.54", extras = ["standard"] }\ntyping-extensions = { version = "*", markers = "python_version < \'3.12\'" }\n'
          'orjson = { version = "*", optional = true }\n[tool.poetry.extras]\nfast = ["orjson"]\n'
          '[tool.poetry.group.dev.dependencies]\npytest = "*"\n')
PIPFILE = '[packages]\nfastapi = "==0.165.0"\nuvicorn = { version = "*", extras = ["standard"] }\n[dev-packages]\npytest = "*"\n'


def main(prefix="/api", word="tiny"):
    return MAIN.format(prefix=prefix, word=word)


def write(root, files):
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def poetry():
    """POETRY with uv's index named: a mirror need not have what Poetry asks of its default one."""
    shown = lab.uv("pip", "compile", "/dev/null", "--emit-index-url", "--quiet", "--no-header", capture_output=True, text=True).stdout.split()
    return POETRY + f'[[tool.poetry.source]]\nname = "index"\nurl = "{shown[shown.index("--index-url") + 1]}/"\npriority = "primary"\n'


def run_tool(words, folder, home):
    env = {k: v for k, v in lab.os.environ.items() if k in lab.PASSED_ON}
    env |= {"PATH": "/usr/bin:/bin", "HOME": str(home), "TMPDIR": str(home), "LANG": "C.UTF-8", "PIPENV_VENV_IN_PROJECT": "1",
            "POETRY_VIRTUALENVS_IN_PROJECT": "true", "PIPENV_YES": "1", "PIPENV_NOSPIN": "1"}
    run = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, timeout=240)
    if run.returncode != 0:
        raise AssertionError(f"{words}:\n{run.stdout}\n{run.stderr}")
    return run.stdout


def lock_words(manager):
    tools = lab.tools()
    return {"uv": [tools["UV"], "lock", "--quiet"], "poetry": [tools["POETRY"], "lock"],
            "pipenv": [tools["PIPENV"], "lock", "--dev"],
            "pip-tools": [tools["UV"], "pip", "compile", "--quiet", "--no-header", "requirements.in", "--generate-hashes",
                          "--python-version", "3.11", "-o", "requirements.txt"],
            "pinned": [tools["UV"], "pip", "compile", "--quiet", "--no-header", "--no-annotate", "--python-version", "3.11",
                       "requirements.in", "-o", "requirements.txt"]}[manager]


EXPORTS = {"poetry": (["export", "--without-hashes"], "POETRY"), "pipenv": (["requirements"], "PIPENV")}


def locked(manager, folder, files):
    """`files` and what the manager makes of them in `folder`, with its own export; from the cache the second time."""
    key = json.dumps([manager, lock_words(manager), folder, files], sort_keys=True, default=repr)
    kept = Path(lab.tools()["AWSCOPILOT_DEV_CACHE"]) / "test-shapes" / hashlib.sha256(key.encode()).hexdigest()[:12]
    with todo._locked("test-shapes/lock-python"):
        if not kept.exists():
            draft, home = kept.with_suffix(".draft"), kept.with_suffix(".home")
            for path in (draft, home):
                shutil.rmtree(path, ignore_errors=True)
                path.mkdir(parents=True)
            write(draft, files)
            run_tool(lock_words(manager), draft / folder, home)
            if manager in EXPORTS:
                words, tool = EXPORTS[manager]
                (draft / folder / "export.judge").write_text(run_tool([lab.tools()[tool], *words], draft / folder, home))
            shutil.rmtree(draft / folder / ".venv", ignore_errors=True)
            shutil.rmtree(home)
            draft.rename(kept)
    return {str(p.relative_to(kept)): p.read_bytes() for p in sorted(kept.rglob("*")) if p.is_file()}


class Shape(todo.TodoCase):
    halves = ("backend",)

    def deployed(self, files, path="/api/health", accept=(), word="tiny", site=False):
        """Deploys `files` up to an executed change set, asks the address, and returns the plan's Run."""
        self.repo = self.dir / "repo"
        write(self.repo, {name: text for name, text in files.items() if not name.endswith(".judge")})
        self.project(accept)
        self.bootstrapped()
        before = test_bundle.digest(self.repo)
        run = self.plan()
        self.assertEqual(len(run.of_type("changeset")), 1)
        done = self.approve(run)
        self.assertEqual(done.result["status"], "success", str(done))
        self.assertEqual(test_bundle.digest(self.repo), before)  # the tree is only read
        self.assertEqual(json.loads(self.get(done.result["url"], path)[2]), {"word": word})
        return run

    def project(self, accept=(), variables=""):
        (self.repo / "aws-copilot.yml").write_text(
            f"version: 1\napp:\n  name: tiny\n  accept: [{', '.join(accept)}]\nenvironments:\n  dev:\n    region: {lab.REGION}\n"
            f"    approve: any-change\n{variables}")
        lab.git(self.repo, "init", "-q", "-b", "main")
        self.commit("first")


class Deployed(Shape):
    def test_poetry_and_another_prefix_than_api(self):
        files = locked("poetry", "backend", {"backend/pyproject.toml": poetry(), "backend/main.py": main("/service/v1")})
        run = self.deployed(files, path="/service/v1/health")
        self.assertEqual([row["path"] for row in run.of_type("finding") if row.get("code") == "NO_HEALTH"], [])

    def test_a_uv_workspace_with_a_member_beside_it_and_a_src_layout(self):
        root = ('[project]\nname = "top"\nversion = "1"\nrequires-python = ">=3.11"\n[tool.uv.workspace]\n'
                'members = ["backend", "shared"]\n')
        build = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        files = {"pyproject.toml": root,
                 "backend/pyproject.toml": PYPROJECT.format(f'"{FASTAPI}", "words"')
                 + '[tool.uv]\npackage = false\n[tool.uv.sources]\nwords = { workspace = true }\n',
                 "shared/pyproject.toml": '[project]\nname = "words"\nversion = "1"\n' + build,
                 "shared/src/words/__init__.py": 'WORD = "of a member"\n',
                 "backend/src/web/__init__.py": "",
                 "backend/src/web/main.py": "from words import WORD\n" + main().replace('"tiny"', "WORD")}
        self.deployed(locked("uv", ".", files), word="of a member")

    def test_code_above_the_folder_of_the_manifest_is_packed_when_it_is_imported_from_there(self):
        made = locked("pinned", "backend", {"backend/requirements.in": FASTAPI})
        source = ("from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get('/api/health')\ndef health():\n"
                  "    from shared.late import WORD\n    return {'word': WORD}\n")
        files = {"backend/requirements.txt": made["backend/requirements.txt"], "backend/__init__.py": "", "backend/start.py": "",
                 "backend/main.py": "import backend.start\nimport shared.early\n" + source,
                 "shared/early.py": "", "shared/late.py": 'WORD = "of the root"\n', "docs/conf.py": "", "frontend/notes.md": "not a site"}
        self.deployed(files, word="of the root")

    def test_what_the_start_reads_above_its_own_folder_is_packed_and_keeps_its_place(self):
        made = locked("pinned", "backend", {"backend/requirements.in": FASTAPI})
        source = ("import json, sys\nfrom pathlib import Path\nimport app.one, app.two\nsys.path.append(str(Path(__file__).parents[2]))\n"
                  "from shared.words import word\nfrom fastapi import FastAPI\n\napp = FastAPI()\nDATA = json.load(open('../data/word.json'))\n"
                  "\n\n@app.get('/api/health')\ndef health():\n    return {'word': word(DATA) + Path('app/more.txt').read_text()}\n")
        files = {"backend/requirements.txt": made["backend/requirements.txt"], "backend/app/main.py": source, "backend/app/more.txt": " more",
                 "backend/app/one.py": "", "backend/app/two.py": "",
                 "shared/words/__init__.py": "def word(data):\n    from .late import END\n    return data['word'] + END\n",
                 "shared/words/late.py": 'END = "!"\n', "shared/__init__.py": "", "data/word.json": '{"word": "above"}', "data/big.json": "[]"}
        run = self.deployed(files, word="above! more")
        zipped = next(row for row in run.of_type("plan"))["artefacts"][0]["sha256"]
        with zipfile.ZipFile(Path(self.todo_env()["XDG_CACHE_HOME"]) / "aws-copilot/zips" / f"{zipped}.zip") as z:
            mine = sorted(name for name in z.namelist() if name.startswith(("backend/", "shared/", "data/")) and not name.endswith(".pyc"))
        self.assertEqual(mine, ["backend/app/main.py", "backend/app/more.txt", "backend/app/one.py", "backend/app/two.py",
                                "backend/requirements.txt", "data/word.json", "shared/__init__.py", "shared/words/__init__.py",
                                "shared/words/late.py"])

    def test_requirements_pinned_in_utf_16_with_an_include_and_a_factory(self):
        made = locked("pinned", "backend", {"backend/requirements.in": FASTAPI})
        lines = made["backend/requirements.txt"].decode().splitlines()
        factory = main().replace("app = FastAPI()\n", "def create_app():\n    app = FastAPI()\n")
        head, tail = factory.split("\n\n\n@app")
        body = "\n\n\n@app" + tail
        files = {"backend/requirements.txt": ("\ufeff-r more/base.txt\r\n" + "\r\n".join(lines[:2])).encode("utf-16-le"),
                 "backend/more/base.txt": "# the rest\n" + "\n".join(lines[2:]) + "\n",
                 "backend/main.py": head + body.replace("\n", "\n    ") + "\n    return app\n"}
        self.deployed(files)

    def test_requirements_without_versions_are_taken_as_they_are_today_once_that_is_accepted(self):
        files = {"backend/requirements.txt": "fastapi\n", "backend/main.py": main()}
        run = self.deployed(files, accept=["NO_LOCK"])
        said = [row["text"] for row in run.of_type("warning") if "no lock pins all packages" in row.get("text", "")]
        self.assertEqual(len(said), 1, run.of_type("warning"))
        self.assertRegex(said[0], r"list [0-9a-f]{12}")

    def test_what_is_not_pinned_is_asked_once_that_is_known_and_an_answer_goes_on(self):
        pins = locked("pinned", "backend", {"backend/requirements.in": FASTAPI})["backend/requirements.txt"].decode().splitlines()
        named = [line for line in pins if line.split("==")[0] in ("fastapi", "starlette", "pydantic")]
        self.repo = self.dir / "repo"
        write(self.repo, {"backend/requirements.txt": "\n".join(named) + "\n", "backend/main.py": main()})
        self.project()
        self.bootstrapped()
        alone = self.go("deploy", *self.CONFIRMED)
        self.ended(alone, 2)
        self.says(alone, "does not pin", r"accept: \[NO_LOCK\]", error="missing_answer")
        with self.talk("deploy", "--app", self.app, env=self.todo_env(), cwd=self.repo) as talk:
            talk.expect(r"Go on\?")
            talk.send_line("yes")
            talk.expect(r"does not pin")
            talk.expect(r"the versions of today\?")
            talk.send_line("yes")
            talk.expect(r"\[yes / no / why\]")
            talk.send_line("no")
            self.assertEqual(talk.wait(), 5)

    def test_pipenv_at_the_root_of_the_repository(self):
        self.deployed(locked("pipenv", ".", {"Pipfile": PIPFILE, "main.py": main()}))

    def test_a_variable_that_reading_cannot_find_is_named_with_its_line(self):
        hidden = "import os\nWORD = os.environ['_'.join(['HIDDEN', 'WORD'])]\n"
        self.repo = self.dir / "repo"
        write(self.repo, locked("uv", "backend", {
            "backend/pyproject.toml": PYPROJECT.format(f'"{FASTAPI}"') + "[tool.uv]\npackage = false\n",
            "backend/main.py": hidden + main().replace('"tiny"', "WORD")}))
        self.project()
        self.bootstrapped()
        run = self.plan(code=2)
        self.says(run, "HIDDEN_WORD", "aws-copilot.yml")
        self.project(variables="    variables: { HIDDEN_WORD: told }\n")
        done = self.deploy()
        self.assertEqual(json.loads(self.get(done.result["url"], "/api/health")[2]), {"word": "told"})


class Reading(test_bundle.Case):
    """The lists that our readers make, and what goes wrong; without AWS."""

    def fetch(self, files, **args):
        write(self.root, files)
        return self.probe("fetch", dir=args.pop("dir", "backend"), **args)

    def installed(self, files, **args):
        """{name: version} of the packages that the zip would hold."""
        write(self.root, files)
        bundle = self.probe("bundle", dir="backend", target="main:app", **args)
        with zipfile.ZipFile(bundle["path"]) as z:
            found = (re.match(r"([^/]+)-([^-/]+)\.dist-info/METADATA$", name) for name in z.namelist())
            return {re.sub(r"[-_.]+", "-", m[1]).lower(): m[2] for m in found if m}

    def exported(self, files):
        """What the manager itself says is needed here, by its own export."""
        want = {}
        for line in files["backend/export.judge"].decode().splitlines():
            spec, _, marker = (part.strip() for part in line.partition(";"))
            found = re.match(r"([A-Za-z0-9_.-]+)(\[.*\])?==(\S+)$", spec)
            if found and (not marker or self.holds(marker)):
                want[re.sub(r"[-_.]+", "-", found[1]).lower()] = found[3]
        return want

    def holds(self, marker):
        code = "import sys; from pip._vendor.packaging.markers import Marker; print(Marker(sys.argv[1]).evaluate())"
        return subprocess.run([lab.tools()["JUDGE_PYTHON"], "-c", code, marker], check=True, capture_output=True,
                              text=True).stdout.strip() == "True"

    def test_the_lists_are_those_that_poetry_and_pipenv_export(self):
        for manager, manifest, text in (("poetry", "pyproject.toml", poetry()), ("pipenv", "Pipfile", PIPFILE)):
            with self.subTest(manager):
                shutil.rmtree(self.root / "backend", ignore_errors=True)
                files = locked(manager, "backend", {f"backend/{manifest}": text, "backend/main.py": main()})
                want = self.exported(files)
                self.assertIn("fastapi", want)
                self.assertNotIn("pytest", want)
                self.assertEqual(self.installed(files, python="3.11", manager=manager), want)

    def test_an_extra_that_is_named_is_installed(self):
        files = locked("poetry", "backend", {"backend/pyproject.toml": poetry(), "backend/main.py": main()})
        self.assertIn("orjson", self.installed(files, python="3.11", manager="poetry", extras=["fast"]))

    def test_a_lock_that_does_not_fit_its_manifest_is_a_sentence_of_its_own(self):
        rows = (("poetry", "pyproject.toml", poetry(), poetry().replace("~0.165.0", "~0.164.0"), "poetry lock"),
                ("pipenv", "Pipfile", PIPFILE, PIPFILE.replace("0.165.0", "0.164.0"), "pipenv lock"),
                ("uv", "pyproject.toml", PYPROJECT.format(f'"{FASTAPI}"'), PYPROJECT.format('"fastapi==0.164.0"'), "uv lock"),
                ("pip-tools", "requirements.in", FASTAPI, FASTAPI + "\nhttpx\n", "pip-compile"))
        for manager, manifest, before, after, remedy in rows:
            with self.subTest(manager):
                shutil.rmtree(self.root / "backend", ignore_errors=True)
                made = locked(manager, "backend", {f"backend/{manifest}": before}) | {"backend/main.py": main()}
                write(self.root, made)
                self.assertEqual(self.inspected("LOCK_STALE"), [])
                write(self.root, {f"backend/{manifest}": after})
                lock = {"uv": "uv.lock", "poetry": "poetry.lock", "pipenv": "Pipfile.lock"}.get(manager)
                self.assertEqual(self.inspected("LOCK_STALE"), [f"backend/{lock}"] if lock else [])  # before anything is fetched
                self.refused("fetch", "build_failed", "does not fit", remedy, manager=manager)

    def test_a_uv_lock_behind_the_version_of_its_own_project_is_told_and_taken(self):
        text = PYPROJECT.format(f'"{FASTAPI}"')
        files = locked("uv", "backend", {"backend/pyproject.toml": text})
        before = self.fetch(files)
        out = self.fetch(files | {"backend/pyproject.toml": text.replace('version = "1"', 'version = "2"')})
        self.assertEqual(out["list"], before["list"])
        self.assertIn("not up to date, but names the same packages", out["warnings"][0])

    def test_pip_tools_installs_what_it_compiled(self):
        files = locked("pip-tools", "backend", {"backend/requirements.in": FASTAPI, "backend/main.py": main()})
        out = self.fetch(files, manager="pip-tools", manifest="backend/requirements.in", lock="backend/requirements.txt")
        self.assertFalse(out["resolved"])
        self.assertGreater(out["packages"], 5)

    def test_requirements_that_pin_too_little_are_told_which_and_resolved_only_when_that_is_accepted(self):
        files = {"backend/requirements.txt": FASTAPI, "backend/main.py": main()}
        write(self.root, files)
        self.refused("fetch", "missing_answer", "backend/requirements.txt does not pin", "anyio", "accept: [NO_LOCK]")
        out = self.fetch(files, may_lock=True)
        self.assertTrue(out["resolved"])
        self.assertEqual(self.fetch(files, may_lock=True)["list"], out["list"])
        bundle = self.probe("bundle", target="main:app", may_lock=True)
        with zipfile.ZipFile(bundle["path"]) as z:
            self.assertIn(b"pydantic==", z.read("_deploy_requirements.txt"))
        self.assertEqual(sorted(p.name for p in (self.root / "backend").iterdir()), ["main.py", "requirements.txt"])

    def test_what_cannot_be_read_or_got_is_a_sentence(self):
        rows = (
            ({"backend/requirements.txt": "-r missing.txt\n"}, "build_failed", "missing.txt is not there"),
            ({"backend/requirements.txt": "-r requirements.txt\n"}, "build_failed", "in a circle"),
            ({"backend/requirements.txt": "-r ../../outside.txt\n"}, "", "outside"),
            ({"backend/requirements.txt": "no-such-package-of-ours-4711==1\n"}, "build_failed", "UV_EXTRA_INDEX_URL"),
            ({"backend/Pipfile": "[packages\n", "backend/Pipfile.lock": "{}"}, "build_failed", "Pipfile:1"),
            ({"backend/Pipfile": "[packages]\n", "backend/Pipfile.lock": "{"}, "build_failed", "Pipfile.lock cannot be read"),
            ({"backend/pyproject.toml": PYPROJECT.format('"x @ git+ssh://git@git.invalid/x.git"')}, "", "x"),
            ({"backend/main.py": ""}, "build_failed", "no list of its Python packages"),
        )
        for files, code, *words in rows:
            with self.subTest(str(files)):
                shutil.rmtree(self.root / "backend", ignore_errors=True)
                write(self.root, files)
                out = self.probe("fetch", may_lock=True)
                self.assertIn("error", out)
                self.assertTrue(code in ("", out["error"]["code"]), out)
                for word in words:
                    self.assertIn(word, f"{out['error']['text']} / {out['error']['remedy']}")

    def test_two_manifests_that_disagree_are_told_and_the_lock_decides(self):
        files = locked("uv", "backend", {"backend/pyproject.toml": PYPROJECT.format(f'"{FASTAPI}"')})
        out = self.fetch(files | {"backend/requirements.txt": "fastapi==0.100.0\n"})
        self.assertIn("backend/uv.lock decides", out["warnings"][0])

    def test_the_check_says_what_the_start_wants_of_the_world(self):
        source = ("import os, sqlite3\nfrom contextlib import asynccontextmanager\nfrom fastapi import FastAPI\n"
                  "@asynccontextmanager\nasync def lifespan(app):\n    open('started.txt', 'w').close()\n"
                  "    os.environ['AT_START']\n    import socket\n    socket.create_connection(('db.internal', 5432))\n    yield\n"
                  "app = FastAPI(lifespan=lifespan)\n")
        write(self.root, locked("uv", "backend", {"backend/pyproject.toml": PYPROJECT.format(f'"{FASTAPI}"'), "backend/main.py": source}))
        out = self.check()
        self.assertEqual((out["missing"], out["places"]), (["AT_START"], {"AT_START": "backend/main.py:7"}))
        self.assertEqual(out["writes"], ["backend/started.txt"])
        self.assertEqual([(row["path"], row["when"], row["where"]) for row in out["wrote"]],
                         [("backend/started.txt", "lifespan", "backend/main.py:6")])
        self.assertEqual([(row["host"], row["port"], row["when"], row["where"]) for row in out["contacted"]],
                         [("db.internal", "5432", "lifespan", "backend/main.py:9")])
        self.assertIn("db.internal:5432 (backend/main.py:9)", " ".join(out["warnings"]))

    def test_libraries_for_settings_say_their_names(self):
        rows = (("from decouple import config\nX = config('THE_NAME')\n", "python-decouple==3.8"),
                ("from starlette.config import Config\nX = Config()('THE_NAME')\n", FASTAPI),
                ("import os\nif not os.getenv('THE_NAME'):\n    raise RuntimeError('THE_NAME is not set')\n", FASTAPI))
        for source, package in rows:
            with self.subTest(source):
                write(self.root, locked("uv", "backend", {
                    "backend/pyproject.toml": PYPROJECT.format(f'"{package}"'), "backend/main.py": source + test_bundle.APP}))
                self.assertEqual(self.check()["missing"], ["THE_NAME"])


del Shape
if __name__ == "__main__":
    import unittest

    unittest.main()
