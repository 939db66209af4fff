"""Builds for real: uv, pnpm, Vite and Python on the example and on small repositories that go wrong.

The driver build/src/bundle/bundle_probe (test/drivers/bundle_probe.c) does one operation of src/bundle a call.
Locks are made here, by uv itself; the judges are Python's zipfile and import system, and the interpreter.
"""
import base64
import contextlib
import functools
import hashlib
import http.server
import io
import json
import os
import platform
import shutil
import struct
import subprocess
import tarfile
import tempfile
import textwrap
import threading
import unittest
import zipfile
from pathlib import Path

import lab

APP = "async def app(scope, receive, send):\n    pass\n"
OPEN_WALLS = "not held to the package sources"
PYPROJECT = '[project]\nname = "small"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = [{}]\n[tool.uv]\npackage = false\n'


def python_archive(more=""):
    """What stands for a Python of uv's own: its programs are this machine's, under another name."""
    files = {"bin/python3.11": '#!/bin/bash\nexec -a "$0" /usr/bin/python3.11 "$@"\n',
             f"lib/python3.11/_sysconfigdata__linux_{platform.machine()}-linux-gnu.py":
             "# system configuration generated and used by the sysconfig module\nbuild_time_vars = {}\n" + more}
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(f"python/{name}")
            entry.size, entry.mode = len(text), 0o755
            archive.addfile(entry, io.BytesIO(text.encode()))
    return data.getvalue()


def python_list(url):
    """The list of Pythons that uv reads instead of its own, with the digest of python_archive()."""
    version = subprocess.run(["/usr/bin/python3.11", "-c", "import sys; print(sys.version_info[2])"], capture_output=True, text=True,
                             check=True).stdout.strip()
    row = {"name": "cpython", "arch": {"family": platform.machine(), "variant": None}, "os": "linux", "libc": "gnu", "major": 3,
           "minor": 11, "patch": int(version), "prerelease": "", "url": f"{url}/cpython.tar.gz", "variant": None, "build": "20250101",
           "sha256": hashlib.sha256(ARCHIVE).hexdigest()}
    return {f"cpython-3.11.{version}-linux-{platform.machine()}-gnu": row}


ARCHIVE = python_archive()


@contextlib.contextmanager
def mirror(data, status=200):
    """A server on the loopback that answers every address with `data`."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def probe_path():
    return os.environ.get("AWSCOPILOT_BUNDLE_PROBE") or str(Path(lab.program()).parent / "bundle/bundle_probe")


def digest(folder):
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
            for p in sorted(folder.rglob("*")) if p.is_file()}


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        tools = lab.tools()
        cls.cache = Path(tempfile.mkdtemp(prefix="bundle-cache-"))
        cls.addClassCleanup(shutil.rmtree, cls.cache, True)
        cls.env = {name: os.environ[name] for name in lab.PASSED_ON if name in os.environ}
        cls.env |= {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/root"), "AWSCOPILOT_UV": tools["UV"],
                    "AWSCOPILOT_NODE": tools["NODE22"] + "/node", "AWSCOPILOT_PNPM": tools["PNPM"],
                    "AWS_SECRET_ACCESS_KEY": "must-not-be-seen"}

    def setUp(self):
        self.root = Path(tempfile.mkdtemp(prefix="bundle-repo-"))
        self.addCleanup(shutil.rmtree, self.root, True)

    prefix = ()  # of the driver's command line
    open_walls = ()  # what the last call said of them

    def probe(self, op, root=None, cache=None, env=None, **args):
        run = subprocess.run([*self.prefix, probe_path(), op, str(root or self.root), str(cache or self.cache), json.dumps(args)],
                             env={**self.env, **(env or {})}, capture_output=True, text=True, timeout=280)
        self.said = run.stderr
        out = json.loads(run.stdout)
        self.assertEqual(run.returncode == 0, "error" not in out, run)
        if "warnings" in out:  # what this machine's walls do not hold is no part of the answer
            self.open_walls = [w for w in out["warnings"] if OPEN_WALLS in w]
            out["warnings"] = [w for w in out["warnings"] if OPEN_WALLS not in w]
        return out

    def refused(self, op, code, *words, **args):
        out = self.probe(op, **args)
        self.assertIn("error", out)
        text = f"{out['error']['text']} / {out['error']['remedy']}"
        self.assertEqual(out["error"]["code"], code, text)
        for word in words:
            self.assertIn(word, text)
        return text

    def inspected(self, code):
        """The places of this reason in what `inspect` says of the repository."""
        run = subprocess.run([lab.program(), "inspect", str(self.root), "--json"], capture_output=True, text=True, timeout=60,
                             env=self.env | {"XDG_STATE_HOME": str(self.cache / "state")})
        survey = json.loads(run.stdout.splitlines()[-1])
        return [row["where"] for row in survey["findings"] if row["code"] == code]

    def write(self, files):
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))

    def append(self, name, text):
        path = self.root / name
        path.write_text(path.read_text() + text)

    def lock(self, folder="backend"):
        lab.uv("lock", "-q", cwd=self.root / folder, env=self.env)

    def small(self, main=APP, dependencies="", **files):
        """A repository with one module, main.py, and its lock."""
        self.write({"backend/pyproject.toml": PYPROJECT.format(dependencies), "backend/main.py": main, **files})
        self.lock()

    def check(self, **args):
        return self.probe("check", target="main:app", **args)

    def no_import(self, *words, **args):
        return self.refused("check", "import_failed", *words, target="main:app", **args)


class Example(Case):
    """examples/todo."""

    def setUp(self):
        super().setUp()
        shutil.copytree(lab.ROOT / "examples/todo", self.root, dirs_exist_ok=True)
        self.lock()

    def test_the_back_end_is_imported_and_packed(self):
        before = digest(self.root)
        checked = self.probe("check")
        self.assertIn({"method": "GET", "path": "/api/health"}, checked["routes"])
        self.assertEqual((checked["missing"], checked["writes"], checked["warnings"]), ([], [], []))
        bundle = self.probe("bundle", parameters={"MemorySize": "2048"})
        with zipfile.ZipFile(bundle["path"]) as z:
            names = z.namelist()
            self.assertEqual(names, sorted(names, key=str.encode))
            self.assertEqual(z.read("_deploy_build_id").decode(), bundle["build_id"])
            self.assertIn("app/main.py", names)
            self.assertIn("fastapi-0.165.0.dist-info/METADATA", names)
            for name in names:
                self.assertNotRegex(name, r"^(tests/|bin/|uv\.lock)|/(RECORD|INSTALLER|direct_url\.json)$")
            minor = checked["python"].replace(".", "")
            compiled = z.read(f"app/__pycache__/main.cpython-{minor}.pyc")
            self.assertEqual(struct.unpack("<I", compiled[4:8])[0], 0b01)  # PEP 552: by hash, not checked
            self.assertIn(b"/var/task/app/main.py", compiled)
            z.extractall(self.root / "unzipped")
        self.assertEqual(hashlib.sha256(Path(bundle["path"]).read_bytes()).hexdigest(), bundle["sha256"])
        shutil.rmtree(self.root / "unzipped", ignore_errors=True)
        self.assertEqual(digest(self.root), before)  # the user's tree is only read

    def test_the_same_program_gives_the_same_zip_in_another_folder_and_costs_nothing_twice(self):
        first = self.probe("bundle", parameters={})
        again = self.probe("bundle", parameters={})
        self.assertEqual((again["cached"], again["sha256"]), (True, first["sha256"]))
        self.assertEqual(self.said, "")
        other = Path(tempfile.mkdtemp(prefix="another-cache-"))
        self.addCleanup(shutil.rmtree, other, True)
        moved = self.root.with_name(self.root.name + "-moved")
        self.addCleanup(shutil.rmtree, moved, True)
        shutil.copytree(self.root, moved)
        elsewhere = self.probe("bundle", root=moved, cache=other, parameters={})
        self.assertEqual((elsewhere["cached"], elsewhere["sha256"], elsewhere["build_id"]),
                         (False, first["sha256"], first["build_id"]))
        self.assertNotEqual(self.probe("bundle", parameters={"Timeout": "5"})["build_id"], first["build_id"])
        self.append("backend/app/store.py", "# one line more\n")
        changed = self.probe("bundle", parameters={})
        self.assertEqual(changed["cached"], False)
        self.assertNotEqual(changed["build_id"], first["build_id"])

    def test_arm64_gets_wheels_for_arm64(self):
        bundle = self.probe("bundle", platform="arm64")
        with zipfile.ZipFile(bundle["path"]) as z:
            native = [name for name in z.namelist() if name.endswith(".so")]
            self.assertTrue(native)
            for name in native:
                self.assertEqual(struct.unpack("<H", z.read(name)[18:20])[0], 183, name)  # EM_AARCH64

    def test_the_front_end_is_built_and_described(self):
        before = digest(self.root)
        site = self.probe("node_build")
        files = {file["path"]: file for file in site["files"]}
        self.assertIn("index.html", files)
        self.assertEqual(site["index"], files["index.html"]["sha256"])
        self.assertTrue(files[site["probe"]]["asset"])
        self.assertEqual(site["warnings"], [])
        for path, file in files.items():
            self.assertEqual(hashlib.sha256((Path(site["dir"]) / path).read_bytes()).hexdigest(), file["sha256"])
        again = self.probe("node_build")
        self.assertEqual((again["cached"], again["release"]), (True, site["release"]))
        self.append("backend/app/store.py", "# the site does not care\n")
        self.assertTrue(self.probe("node_build")["cached"])
        before["backend/app/store.py"] = digest(self.root)["backend/app/store.py"]
        self.assertEqual(digest(self.root), before)


class Python(Case):
    def test_a_repository_without_a_lock_is_told_how_to_make_one(self):
        self.write({"backend/pyproject.toml": PYPROJECT.format(""), "backend/main.py": APP})
        self.refused("fetch", "missing_answer", "nothing pins", "accept: [NO_LOCK]")

    def test_a_lock_that_does_not_fit_is_refused(self):
        self.small()
        self.write({"backend/pyproject.toml": PYPROJECT.format('"typing-extensions==4.16.0"')})
        self.refused("fetch", "build_failed", "uv.lock does not fit", "uv lock")

    def test_a_package_without_a_wheel_is_built_offline_and_one_with_machine_code_is_named(self):
        self.small("import docopt\n" + APP, dependencies='"docopt==0.6.2"')
        self.assertEqual(self.check(platform="arm64")["missing"], [])
        self.small(dependencies='"crcmod==1.7"')
        find = [lab.tools()["UV"], "python", "find", "3.11"]
        python = subprocess.run(find, capture_output=True, text=True, check=True, timeout=60).stdout.strip()
        headers = [python, "-c", "import os, sysconfig; print(os.path.exists(sysconfig.get_path('include') + '/Python.h'))"]
        if subprocess.run(headers, capture_output=True, text=True, check=True, timeout=60).stdout.strip() == "True":
            self.refused("fetch", "build_failed", "crcmod has no wheel", "crcmod", platform="arm64", python="3.11")
        else:  # nothing can be compiled, and its own set-up then makes a package of pure Python
            self.assertEqual(self.probe("fetch", platform="arm64", python="3.11")["packages"], 1)

    def test_no_interpreter_of_the_wanted_version_is_said(self):
        self.small()
        self.refused("fetch", "build_failed", "3.99", "which this machine has not", "uv python install", python="3.99")

    def test_a_python_that_the_machine_has_not_is_fetched_into_the_cache(self):
        self.small(dependencies='"six"')
        home, cache = (Path(tempfile.mkdtemp(prefix=f"bundle-{name}-")) for name in ("home", "cache"))
        for path in (home, cache):
            self.addCleanup(shutil.rmtree, path, True)
        bare = {"PATH": "/nonexistent", "HOME": str(home)}
        with mirror(ARCHIVE) as url:
            listed = home / "list.json"
            listed.write_text(json.dumps(python_list(url)))
            out = self.probe("fetch", cache=cache, env=bare | {"UV_PYTHON_DOWNLOADS_JSON_URL": str(listed)}, python="3.11")
            self.assertIn("fetching Python 3.11", self.said)
            self.assertEqual(out.get("python"), "3.11", out)
            self.assertFalse((home / ".local").exists())  # where uv would have put it for everybody
            self.assertEqual(len(list(cache.glob("pythons/cpython-3.11.*/bin/python3.11"))), 1)
            self.probe("check", target="main:app", cache=cache, env=bare, python="3.11")  # found again, without the list
            self.assertNotIn("fetching Python", self.said)
        shutil.rmtree(cache)
        with mirror(python_archive("# other bytes\n")) as url:  # a mirror that gives other bytes, and then none
            listed.write_text(json.dumps(python_list(url)))
            for words in (["does not have its digest", "UV_PYTHON_INSTALL_MIRROR"], ["cannot be fetched", "uv python install 3.11"]):
                text = self.probe("fetch", cache=cache, env=bare | {"UV_PYTHON_DOWNLOADS_JSON_URL": str(listed)}, python="3.11")["error"]
                for word in words:
                    self.assertIn(word, f"{text['text']} / {text['remedy']}")
                listed.write_text(json.dumps(python_list("http://127.0.0.1:1")))

    def test_a_python_that_the_manifest_excludes_is_refused_before_anything_is_fetched(self):
        self.small()
        self.refused("fetch", "unsupported", "needs Python >=3.13, and functions run with Python 3.11 here", "requires-python",
                     python="3.11", needs=">=3.13")
        self.assertEqual(self.said, "")

    def test_no_uv_is_said_with_the_command_that_installs_it(self):
        self.small()
        out = self.probe("fetch", env={"AWSCOPILOT_UV": "/nowhere/uv"})
        self.assertIn("pip install uv==", out["error"]["remedy"])

    def test_an_import_that_fails_is_explained(self):
        rows = (
            ("import nothing_like_it\n" + APP, "No module named 'nothing_like_it' (backend/main.py:1)", "add the package"),
            ("def app(:\n", "SyntaxError", "main.py:1"),
            ("app = 3\n", "cannot be called", ""),
            ("x = 1\n", "has no attribute 'app'", "module:attribute"),
            ("import sys\nsys.exit(4)\n", "SystemExit", "main.py:2"),
            ("import socket\nsocket.create_connection(('127.0.0.1', 5432))\n" + APP, "main.py:2", "do not connect"),
            ("raise ValueError('the key is a-known-secret-value')\n", "ValueError: the key is ***", ""),
            ("import os\nos.kill(os.getpid(), 9)\n", "SIGKILL", None),
        )
        if self.probe("probe")["namespaces"]:  # elsewhere /tmp is not its own, and cannot be written
            rows += (("import os\nos.symlink('/etc/passwd', '/tmp/result.json')\nos._exit(0)\n", "import check", None),)
        self.small()
        for main, *words, last in rows:
            with self.subTest(main):
                self.write({"backend/main.py": main})
                if last is None:
                    self.refused("check", "build_failed", *words, target="main:app")
                else:
                    text = self.no_import(*words, last, known="a-known-secret-value")
                    self.assertNotIn("a-known-secret", text + self.said)

    def test_missing_variables_are_all_named_at_once(self):
        self.small("import os\nA = os.environ['FIRST_KEY']\nB = os.environ['SECOND_KEY']\n"
                   "C = int(os.environ['THE_PORT'])\n" + APP)
        self.assertEqual(self.check()["missing"], ["FIRST_KEY", "SECOND_KEY", "THE_PORT"])
        self.assertEqual(self.check(dummies=["FIRST_KEY"], variables={"THE_PORT": "1"})["missing"], ["SECOND_KEY"])
        self.no_import("invalid literal", dummies=["FIRST_KEY", "SECOND_KEY"], variables={"THE_PORT": "x"})

    def test_settings_classes_say_what_is_missing_and_stand_ins_fit_their_types(self):
        self.small("from pydantic_settings import BaseSettings\nclass S(BaseSettings):\n    model_config = {'env_prefix': 'APP_'}\n"
                   "    database_url: str\n    workers: int\n    debug: bool\nS()\n" + APP,
                   '"pydantic-settings==2.16.3"')
        self.assertEqual(self.check()["missing"], ["APP_DATABASE_URL", "APP_WORKERS", "APP_DEBUG"])
        given = self.check(dummies=["APP_DATABASE_URL", "APP_WORKERS", "APP_DEBUG"])
        self.assertEqual((given["missing"], given["warnings"]), ([], []))

    def test_what_an_import_writes_beside_the_code_is_found_and_tmp_is_free(self):
        self.small("open('made.db', 'w').write('x')\nopen('/tmp/scratch', 'w').write('x')\n" + APP)
        checked = self.check()
        self.assertEqual(checked["writes"], ["backend/made.db"])
        self.assertIn("made.db", checked["warnings"][0])
        self.assertFalse((self.root / "backend/made.db").exists())

    def test_a_hostile_import_finds_nothing_and_leaves_nothing(self):
        self.small(f"""\
            import os, pathlib
            found = [name for name, value in os.environ.items() if "must-not" in value]
            for path in ("{self.root}/backend/.env", "{Path.home()}/.aws/credentials", "/etc/shadow", "{self.root}/backend/main.py"):
                try:
                    found.append(pathlib.Path(path).read_text()[:0] + path)
                except OSError:
                    pass
            try:
                pathlib.Path("{self.root}/backend/planted").write_text("x")
                found.append("planted")
            except OSError:
                pass
            if found:
                raise SystemExit(f"found {{found}}")
            """ + "\n" + textwrap.indent(APP, " " * 12), **{"backend/.env": "SECRET=1"})
        self.assertEqual(self.check()["missing"], [])
        self.assertFalse((self.root / "backend/planted").exists())

    def test_a_factory_is_called(self):
        self.small("def app():\n    async def made(scope, receive, send):\n        pass\n    return made\n")
        self.assertEqual(self.check(factory=True)["missing"], [])

    def test_an_application_is_packed_from_where_it_is_imported(self):
        self.small(**{"backend/src/web/__init__.py": "", "backend/src/web/main.py": APP, "backend/.env": "A=1",
                      "backend/tests/test_x.py": "", "backend/src/web/data.txt": "data"})
        self.assertEqual(self.probe("check", cwd="backend/src", target="web.main:app")["missing"], [])
        with zipfile.ZipFile(self.probe("bundle", cwd="backend/src")["path"]) as z:
            own = [name for name in z.namelist() if not name.endswith(".pyc")]
        self.assertEqual(own, ["_deploy_bridge.py", "_deploy_build_id", "web/__init__.py", "web/data.txt", "web/main.py"])

    def test_a_secret_in_the_code_is_not_shipped(self):
        for name, text in (("backend/config.py", "KEY = 'AKIAQWERTYUIOPASDFGH'\n"), ("backend/server.pem", "x"),
                           ("backend/client_secret_1.json", "{}")):
            with self.subTest(name):
                self.small(**{name: text})
                self.refused("bundle", "policy", Path(name).name)
                (self.root / name).unlink()
        self.small(**{"backend/words.txt": "correct-horse-battery\n"})
        self.probe("bundle")
        self.assertTrue(self.probe("bundle")["cached"])
        self.refused("bundle", "policy", "words.txt", known="correct-horse-battery")  # since the zip was made
        (self.root / "backend/words.txt").unlink()
        self.small(**{"backend/rds-ca.pem": "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"})
        with zipfile.ZipFile(self.probe("bundle")["path"]) as z:
            self.assertIn("rds-ca.pem", z.namelist())

    def test_a_local_package_is_built_offline(self):
        self.write({"other/pyproject.toml": '[project]\nname = "other"\nversion = "1"\n', "other/other.py": "X = 1\n"})
        self.write({"backend/pyproject.toml": PYPROJECT.format('"other"') + '[tool.uv.sources]\nother = { path = "../other" }\n',
                    "backend/main.py": "import other\n" + APP})
        self.lock()
        before = digest(self.root)
        self.assertEqual(self.check()["missing"], [])
        with zipfile.ZipFile(self.probe("bundle")["path"]) as z:
            self.assertIn("other.py", z.namelist())
        self.assertEqual(digest(self.root), before)


class Git(Case):
    """Packages from git, over a server on the loopback that serves a repository's files and nothing more."""

    def setUp(self):
        super().setUp()
        self.git = Path(tempfile.mkdtemp(prefix="bundle-git-"))
        self.addCleanup(shutil.rmtree, self.git, True)
        work = self.git / "work"
        self.write_at(work / "inner/pyproject.toml", '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
                      '[project]\nname = "from-git"\nversion = "1"\n[tool.setuptools]\npy-modules = ["from_git"]\n')
        self.write_at(work / "inner/from_git.py", "WORD = 'first'\n")
        for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "first"]):
            lab.git(work, *words)
        self.commit = lab.git(work, "rev-parse", "HEAD").strip()
        self.write_at(work / "inner/from_git.py", "WORD = 'second'\n")
        lab.git(work, "commit", "-q", "-a", "-m", "second")
        lab.git(self.git, "clone", "-q", "--bare", str(work), "served/package.git")
        lab.git(self.git / "served/package.git", "update-server-info")

    def write_at(self, path, text):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    @contextlib.contextmanager
    def served(self, login=None):
        want = login and "Basic " + base64.b64encode(login.encode()).decode()

        class Handler(http.server.SimpleHTTPRequestHandler):
            def do_GET(self):
                if want and self.headers.get("Authorization") != want:
                    self.send_response(401)
                    self.send_header("WWW-Authenticate", 'Basic realm="git"')
                    self.send_header("Content-Length", "0")
                    return self.end_headers()
                super().do_GET()

            def log_message(self, *args):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(self.git / "served")))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/package.git"
        finally:
            server.shutdown()
            server.server_close()

    def requirements(self, address):
        self.write({"backend/requirements.txt": f"from-git @ git+{address}#subdirectory=inner\n",
                    "backend/main.py": "from from_git import WORD\nassert WORD == 'first'\n" + APP})

    def test_the_commit_of_the_lock_is_fetched_and_built_offline(self):
        with self.served() as url:
            self.requirements(f"{url}@{self.commit}")
            out = self.check(manager="requirements", manifest="backend/requirements.txt", lock="backend/requirements.txt")
            self.assertEqual(out["missing"], [])
            self.assertIn("fetching a package from git", self.said)

    def test_uv_locks_a_branch_to_its_commit(self):
        self.write_at(self.git / "work/inner/from_git.py", "WORD = 'third'\n")  # not pushed: never seen
        with self.served() as url:
            self.write({"backend/pyproject.toml": PYPROJECT.format('"from-git"') + "[tool.uv.sources]\nfrom-git = { git = "
                        f'"{url}", branch = "main", subdirectory = "inner" }}\n',
                        "backend/main.py": "from from_git import WORD\nassert WORD == 'second'\n" + APP})
            self.lock()
            self.assertEqual(self.check(manager="uv")["missing"], [])

    def test_what_cannot_be_fetched_is_a_sentence_with_a_remedy(self):
        home = Path(tempfile.mkdtemp(prefix="bundle-home-"))
        self.addCleanup(shutil.rmtree, home, True)
        arguments = {"manager": "requirements", "manifest": "backend/requirements.txt", "lock": "backend/requirements.txt"}
        for address, code, *words in (("git+ssh://git@git.invalid/x.git@" + 40 * "a", "unsupported", "not fetched over https", "git+https://"),
                                      ("git+https://git.invalid/x.git@" + 40 * "a", "unreachable", "git")):
            with self.subTest(address):
                self.write({"backend/requirements.txt": f"x @ {address}\n", "backend/main.py": APP})
                self.refused("fetch", code, *words, **arguments)
        with self.served(login="ada:token") as url:
            self.requirements(f"{url}@{self.commit}")
            self.refused("fetch", "unreachable", "asks who you are", "~/.netrc", env={"HOME": str(home)}, **arguments)
            (home / ".netrc").write_text("machine 127.0.0.1 login ada password token\n")
            out = self.probe("fetch", env={"HOME": str(home)}, **arguments)
            self.assertNotIn("error", out)
        with self.served() as url:
            self.requirements(f"{url}@{40 * 'b'}")
            self.refused("fetch", "build_failed", "is not there any more", "lock the package anew", **arguments)


class Private(Case):
    """An index that does not know us: a server on the loopback with one answer."""

    def test_an_index_without_access_is_a_sentence_with_a_remedy(self):
        for status in (401, 403):
            with self.subTest(status), mirror(b"", status) as url:
                self.write({"backend/requirements.txt": "ours==1\n", "backend/main.py": APP})
                self.refused("fetch", "unreachable", "the package index refuses the credentials", "UV_INDEX_<NAME>_USERNAME",
                             "~/.netrc", env={"UV_DEFAULT_INDEX": f"{url}/simple"}, manager="requirements", may_lock=True)

    def test_a_registry_without_access_is_a_sentence_with_a_remedy(self):
        lock = {"name": "small", "lockfileVersion": 3, "requires": True,
                "packages": {"": {"name": "small", "dependencies": {"@ours/x": "1.0.0"}},
                             "node_modules/@ours/x": {"version": "1.0.0", "integrity": "sha512-" + "A" * 86 + "=="}}}
        for status in (401, 403):
            with self.subTest(status), mirror(b"{}", status) as url:
                lock["packages"]["node_modules/@ours/x"]["resolved"] = f"{url}/@ours/x/-/x-1.0.0.tgz"
                self.write({"frontend/package.json": json.dumps({"name": "small", "private": True, "scripts": {"build": "true"},
                                                                 "dependencies": {"@ours/x": "1.0.0"}}),
                            "frontend/package-lock.json": json.dumps(lock), "frontend/.npmrc": f"@ours:registry={url}/\n"})
                self.refused("node_fetch", "unreachable", "registry", "credentials", manager="npm", lock="frontend/package-lock.json")


class Node(Case):
    PACKAGE = {"name": "small", "private": True, "scripts": {"build": "node build.js"}}
    BUILD = """\
        const fs = require("fs");
        fs.mkdirSync("dist/assets", { recursive: true });
        const text = "console.log(" + JSON.stringify(process.env.VITE_TITLE || "none") + ")";
        fs.writeFileSync("dist/assets/index-B3x9aQ_z.js", text);
        fs.writeFileSync("dist/index.html", '<script src="/assets/index-B3x9aQ_z.js"></script>');
        """

    def front(self, build=BUILD, package=None, lock=True, **files):
        self.write({"frontend/package.json": json.dumps({**Node.PACKAGE, **(package or {})}), "frontend/build.js": build, **files})
        if lock:
            self.write({"frontend/pnpm-lock.yaml": "lockfileVersion: '9.0'\n\nsettings:\n  autoInstallPeers: true\n"
                                                   "  excludeLinksFromLockfile: false\n\nimporters:\n\n  .: {}\n"})

    def test_variables_of_the_build_are_part_of_the_release(self):
        self.front()
        one = self.probe("node_build", variables={"VITE_TITLE": "one"})
        two = self.probe("node_build", variables={"VITE_TITLE": "two"})
        self.assertEqual([out.get("error") for out in (one, two)], [None, None])
        self.assertNotEqual(one["release"], two["release"])
        self.assertIn('"one"', (Path(one["dir"]) / one["probe"]).read_text())

    def test_a_repository_without_a_lock_is_told_how_to_make_one(self):
        self.front(lock=False)
        self.refused("node_fetch", "build_failed", "no pnpm-lock.yaml", "pnpm install", lock=None)
        self.assertIn("versions of today", self.probe("node_fetch", lock=None, may_lock=True)["warnings"][0])
        self.assertFalse((self.root / "frontend/pnpm-lock.yaml").exists())

    def test_a_lock_that_does_not_fit_is_refused(self):
        self.front(package={"dependencies": {"react": "19.3.1"}})
        self.refused("node_fetch", "build_failed", "pnpm-lock.yaml does not fit")

    def test_no_script_of_the_project_runs_while_fetching_and_none_reaches_the_network(self):
        hook = "try { require('fs').writeFileSync(process.env.HOME + '/../hooked', ''); } catch {} module.exports = {};"
        net = 'fetch("https://example.com/").then(() => process.exit(3), () => process.exit(0))'
        self.front(build=f"{net};\n{textwrap.dedent(self.BUILD)}", package={"scripts": {
            "build": "node build.js", "preinstall": "touch ran", "postinstall": "touch ran", "prepare": "touch ran"}},
            **{"frontend/.pnpmfile.cjs": hook})
        self.probe("node_fetch")
        self.assertEqual([str(p) for p in self.cache.rglob("ran")] + [str(p) for p in self.cache.rglob("hooked")], [])
        self.assertNotIn("error", self.probe("node_build"))

    def test_a_build_that_fails_is_explained_by_its_own_line(self):
        rows = (
            ("console.error('src/App.tsx(3,5): error TS2322: no'); process.exit(2)", None, "build_failed", "error TS2322"),
            ("", None, "build_failed", "left no folder frontend/dist"),
            (self.BUILD, {"scripts": {}}, "build_failed", "no such script"),
            (self.BUILD.replace('"/assets', '"./assets'), None, "build_failed", "base to '/'"),
            (self.BUILD.replace("console.log(", "fetch('http://localhost:8000/')//"), None, None, "localhost:8000"),
            (self.BUILD + "console.log('a-known-secret-value')", None, None, None),
            (self.BUILD.replace('"none"', '"a-known-secret-value"'), None, "policy", "would be public"),
        )
        for build, package, code, word in rows:
            with self.subTest(word):
                self.front(build, package)
                if code is None:
                    site = self.probe("node_build", known="a-known-secret-value")
                    self.assertIn(word or "", "".join(site["warnings"]))
                else:
                    self.refused("node_build", code, word, known="a-known-secret-value")
                self.assertNotIn("a-known-secret", self.said)

    def test_no_node_is_said_with_the_command_that_installs_it(self):
        self.front()
        out = self.probe("node_fetch", env={"AWSCOPILOT_NODE": "/nowhere/node"})
        self.assertIn("AWSCOPILOT_NODE names no program", out["error"]["text"])


# No new user namespace can be made below this one, so Landlock is the only wall.
LANDLOCK_ONLY = ("unshare", "--user", "--map-root-user", "sh", "-c",
                 'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"', "sh")


class LandlockOnly(Case):
    prefix = LANDLOCK_ONLY

    def setUp(self):
        super().setUp()
        try:
            caps = self.probe("probe")
        except ValueError:
            self.skipTest("no user namespace can be made to take namespaces away in")
        if caps["landlock"] < 3:
            self.skipTest(f"Landlock has ABI {caps['landlock']}, 3 is needed")
        self.assertFalse(caps["namespaces"])

    def test_a_build_works_and_says_that_fetching_is_open(self):
        self.small("import socket\ntry:\n    socket.create_connection(('127.0.0.1', 5432))\nexcept PermissionError:\n    pass\n"
                   f"try:\n    open('{self.root}/backend/main.py')\n    raise SystemExit(4)\nexcept PermissionError:\n    pass\n"
                   + APP, '"typing-extensions==4.16.0"')
        checked = self.check()
        self.assertEqual(checked["missing"], [])
        self.assertEqual(len(self.open_walls), 1)
        self.assertGreater(self.probe("bundle")["entries"], 3)

    def test_a_site_is_built(self):
        Node.front(self, Node.BUILD)
        self.assertIn("probe", self.probe("node_build"))


class NoSandbox(Case):
    def test_a_person_may_do_without_and_is_told(self):
        self.small()
        self.assertIn("--no-sandbox", self.check(no_sandbox=True)["warnings"][0])


if __name__ == "__main__":
    unittest.main()
