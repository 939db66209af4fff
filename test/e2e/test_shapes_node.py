"""Front ends of different shapes, each deployed for real and asked for its page: what managers, workspaces and
folders make of it.

The application is one page with a random word that its bundle must show, and a module that its postinstall script
writes over, so each run builds and each manager has to run install scripts offline. Locks are made by the managers
themselves, once per content and version, in the cache.
"""
import hashlib
import json
import re
import secrets
import shutil
import subprocess
from pathlib import Path

import lab
import test_bundle
import todo

VITE = "7.3.8"
PACKAGE = {"name": "tiny", "version": "1.0.0", "private": True, "type": "module",
           "scripts": {"postinstall": "node make.js", "build": "vite build"}, "devDependencies": {"vite": VITE}}
APP = {
    "package.json": json.dumps(PACKAGE),
    "make.js": 'import fs from "node:fs";\nfs.writeFileSync("made.js", "export const made = \'made by postinstall\';\\n");\n',
    "made.js": 'export const made = "not made";\n',
    "index.html": '<!doctype html><title>tiny</title><script type="module" src="/main.js"></script>\n',
    "main.js": 'import { made } from "./made.js";\ndocument.body.textContent = `${made} WORD`;\n',
}
# How each manager makes a lock: words, and the file.
LOCKS = {
    "npm": (["install", "--package-lock-only", "--ignore-scripts"], "package-lock.json"),
    "pnpm": (["install", "--lockfile-only"], "pnpm-lock.yaml"),
    "yarn": (["install", "--ignore-scripts", "--non-interactive"], "yarn.lock"),
    "yarn-berry": (["install", "--mode=update-lockfile", "--no-immutable"], "yarn.lock"),
    "bun": (["install", "--lockfile-only"], "bun.lock"),
}


def programs():
    tools = lab.tools()
    return {"npm": shutil.which("npm"), "pnpm": tools["PNPM"], "yarn": tools["YARN"], "yarn-berry": tools["YARN_BERRY"],
            "bun": tools["BUN"]}


def under(folder, files):
    return {f"{folder}/{name}": text for name, text in files.items()}


def package(**changed):
    """The application with another package.json; a member that is None goes."""
    return APP | {"package.json": json.dumps({k: v for k, v in (PACKAGE | changed).items() if v is not None})}


def write(root, files):
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def lock_of(manager, folder, files):
    """The text of the lock that the manager makes of `files` in `folder`; from the cache the second time."""
    words, name = LOCKS[manager]
    program = programs()[manager]
    digest = hashlib.sha256(json.dumps([manager, program, folder, files], sort_keys=True).encode()).hexdigest()[:12]
    tools = lab.tools()
    kept = Path(tools["AWSCOPILOT_DEV_CACHE"]) / "test-shapes" / digest
    with todo._locked("test-shapes/lock"):
        if not kept.exists():
            draft = kept.with_name(digest + ".draft")
            shutil.rmtree(draft, ignore_errors=True)
            write(draft, files)
            env = {k: v for k, v in lab.os.environ.items() if k in lab.PASSED_ON}
            env |= {"PATH": f"{tools['NODE22']}:{Path(program).parent}:/usr/bin:/bin", "HOME": str(draft.parent / "home")}
            run = subprocess.run([program, *words], cwd=draft / folder, env=env, capture_output=True, text=True, timeout=240)
            if run.returncode != 0:
                raise AssertionError(f"{manager} made no lock:\n{run.stdout}\n{run.stderr}")
            text = (draft / folder / name).read_text()
            shutil.rmtree(draft)
            kept.write_text(text)
    return kept.read_text()


def locked(manager, folder, files):
    return files | {str(Path(folder) / LOCKS[manager][1]): lock_of(manager, folder, files)}


def variables():
    """What names the managers to the program; npm and Node.js are on PATH, or named as well."""
    by = programs()
    return {"AWSCOPILOT_NPM": by["npm"], "AWSCOPILOT_YARN": by["yarn"], "AWSCOPILOT_YARN_BERRY": by["yarn-berry"],
            "AWSCOPILOT_BUN": by["bun"]}


class Shape(todo.TodoCase):
    def deployed(self, files, backend=False, made="made by postinstall"):
        """Deploys `files` to a change set and its execution and looks at the site; returns its address."""
        word = secrets.token_hex(8)
        self.repo = self.dir / "repo"
        write(self.repo, {name: text.replace("WORD", word) for name, text in files.items()})
        if backend:
            shutil.copytree(todo.locked_example() / "backend", self.repo / "backend", dirs_exist_ok=True)
        (self.repo / "aws-copilot.yml").write_text(f"""version: 1
app: {{ name: tiny }}
environments:
  dev:
    region: {lab.REGION}
    approve: any-change
""")
        lab.git(self.repo, "init", "-q", "-b", "main")
        self.commit("first")
        self.bootstrapped()
        before = test_bundle.digest(self.repo)
        run = self.plan()
        self.assertEqual(len(run.of_type("changeset")), 1)
        done = self.approve(run)
        self.assertEqual(done.result["status"], "success", str(done))
        self.assertEqual(test_bundle.digest(self.repo), before)  # the tree is only read
        url = done.result["url"]
        page = self.get(url)[2].decode()
        asset = re.search(r'src="(/assets/[^"]+\.js)"', page)
        self.assertIsNotNone(asset, page)
        code = self.get(url, asset[1])[2].decode()
        for part in (word, made):
            self.assertIn(part, code)
        return url

    def todo_env(self, **more):
        return super().todo_env(**(variables() | more))


class OneFolder(Shape):
    def test_npm(self):
        self.deployed(locked("npm", "frontend", under("frontend", APP)))

    def test_yarn_1(self):
        self.deployed(locked("yarn", "frontend", under("frontend", APP)))

    def test_yarn_berry_with_plug_n_play(self):
        files = under("frontend", APP | {".yarnrc.yml": "nodeLinker: pnp\nenableScripts: true\n"})
        self.deployed(locked("yarn-berry", "frontend", files))

    def test_yarn_berry_with_node_modules(self):
        files = under("frontend", APP | {".yarnrc.yml": "nodeLinker: node-modules\nenableScripts: true\n"})
        self.deployed(locked("yarn-berry", "frontend", files))

    def test_bun(self):
        self.deployed(locked("bun", "frontend", under("frontend", APP)))


class Several(Shape):
    """More than one folder has a part in it."""

    WORKSPACE = {"package.json": json.dumps({"name": "top", "private": True, "workspaces": ["apps/*", "packages/*"]}),
                 "packages/words/package.json": json.dumps({"name": "@tiny/words", "version": "1.0.0", "type": "module",
                                                            "main": "index.js"}),
                 "packages/words/index.js": 'export const words = "words of a sibling";\n'}

    def workspace(self, range):
        app = package(scripts={"build": "vite build"}, dependencies={"@tiny/words": range})
        app["main.js"] = 'import { words } from "@tiny/words";\ndocument.body.textContent = `${words} WORD`;\n'
        return self.WORKSPACE | under("apps/web", app)

    def test_a_workspace_of_pnpm(self):
        files = self.workspace("workspace:*") | {"pnpm-workspace.yaml": "packages: ['apps/*', 'packages/*']\n"}
        self.deployed(locked("pnpm", ".", files), made="words of a sibling")

    def test_a_workspace_of_bun(self):
        self.deployed(locked("bun", ".", self.workspace("workspace:*")), made="words of a sibling")

    def test_a_manifest_above_the_vite_root_and_no_build_script(self):
        app = package(scripts={"postinstall": "cd frontend && node ../make.js"})
        files = {"package.json": app.pop("package.json"), "make.js": app.pop("make.js"),
                 "frontend/vite.config.js": "export default {};\n"} | under("frontend", app)
        self.deployed(locked("npm", ".", files))

    def test_an_output_inside_the_back_end(self):
        config = 'export default { build: { outDir: "../backend/app/site", emptyOutDir: true } };\n'
        files = under("frontend", APP | {"vite.config.js": config})
        files["backend/app/site/index.html"] = "stale"
        url = self.deployed(locked("npm", "frontend", files), backend=True)
        self.assertEqual(self.get(url, "/api/health")[0], 200)


class Managers(test_bundle.Case):
    """What goes wrong, and what must not happen; without AWS."""

    ROWS = (("npm", "package-lock.json"), ("pnpm", "pnpm-lock.yaml"), ("yarn", "yarn.lock"), ("yarn-berry", "yarn.lock"),
            ("bun", "bun.lock"))

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env |= variables()
        for name in ("npm-cache", "pnpm-store", "yarn-cache", "berry-cache", "bun-cache"):
            kept = Path(lab.tools()["AWSCOPILOT_DEV_CACHE"]) / "test-shapes/downloads" / name
            kept.mkdir(parents=True, exist_ok=True)
            (cls.cache / name).symlink_to(kept)  # results are made anew, downloads are not

    def front(self, manager, files=APP, **more):
        """Writes `files` with their lock, then `more` over them; returns the arguments of the driver."""
        self.write(locked(manager, "frontend", under("frontend", files)))
        self.write(under("frontend", more))
        return {"manager": manager, "lock": f"frontend/{LOCKS[manager][1]}"}

    def clear(self):
        shutil.rmtree(self.root / "frontend", ignore_errors=True)

    def test_a_lock_that_does_not_fit_its_manifest_is_a_sentence_of_its_own(self):
        for manager, lock in self.ROWS:
            with self.subTest(manager):
                self.clear()
                other = PACKAGE | {"devDependencies": {"vite": VITE, "clsx": "2.1.1"}}
                self.front(manager)
                self.assertEqual(self.inspected("LOCK_STALE"), [])
                args = self.front(manager, **{"package.json": json.dumps(other)})
                self.assertEqual(self.inspected("LOCK_STALE"), [f"frontend/{lock}"])  # seen before anything is fetched
                self.refused("node_fetch", "build_failed", f"{lock} does not fit package.json", "commit", **args)

    def test_without_a_lock_the_versions_of_today_are_taken_only_when_that_is_accepted(self):
        for manager, lock in self.ROWS:
            with self.subTest(manager):
                self.clear()
                self.write(under("frontend", APP))
                self.refused("node_fetch", "build_failed", f"there is no {lock}", manager=manager, lock=None)
        site = self.probe("node_build", manager="npm", lock=None, may_lock=True)
        self.assertIn("versions of today", site["warnings"][0])
        self.assertEqual(sorted(p.name for p in (self.root / "frontend").iterdir()), sorted(APP))

    def test_nothing_of_the_repository_runs_while_packages_are_fetched(self):
        ran = self.cache / "ran"
        touch = f"require('fs').writeFileSync('{ran}', 'x')"
        plugin = f"{touch}; module.exports = {{ name: 'evil', factory: () => ({{}}) }};\n"
        hostile = {
            "npm": {".npmrc": "script-shell=./evil.js\nignore-scripts=false\nnode-options=--require ./evil.js\n"},
            "pnpm": {".pnpmfile.cjs": f"{touch}; module.exports = {{}};\n", ".npmrc": "script-shell=./evil.js\n"},
            "yarn": {".yarnrc": 'yarn-path "./evil.js"\n--install.ignore-scripts false\n'},
            "yarn-berry": {".yarnrc.yml": "yarnPath: ./evil.js\nplugins:\n  - ./evil.js\nenableScripts: true\n"},
            "bun": {"bunfig.toml": 'preload = ["./evil.js"]\n[install]\nauto = "force"\n[install.security]\nscanner = "./evil.js"\n'},
        }
        scripts = {name: f'node -e "{touch}"' for name in ("preinstall", "install", "postinstall", "prepare")}
        for manager, _ in self.ROWS:
            with self.subTest(manager):
                self.clear()
                files = package(scripts={"build": "vite build"} | scripts)
                args = self.front(manager, files, **({"evil.js": plugin} | hostile[manager]))
                fetched = self.probe("node_fetch", **args)
                self.assertEqual(fetched["manager"], manager)
                self.assertFalse(ran.exists())
                if manager not in ("pnpm",):
                    self.assertIn("is not followed while packages are fetched", " ".join(fetched["warnings"]))

    def test_an_install_script_that_needs_the_network_is_told_and_stops_nothing_that_does_not_need_it(self):
        needs = 'fetch("https://example.com/").then(() => 0, () => process.exit(7));\n'
        files = APP | {"make.js": APP["make.js"] + needs}
        for manager in ("npm", "yarn-berry", "bun"):
            with self.subTest(manager):
                self.clear()
                more = {".yarnrc.yml": "enableScripts: true\n"} if manager == "yarn-berry" else {}
                site = self.probe("node_build", **self.front(manager, files | more))
                self.assertIn("an install script failed, here without a network", " ".join(site["warnings"]))

    def test_the_version_that_the_repository_names_is_fetched_once_into_the_cache(self):
        args = self.front("yarn") | {"manager_version": "1.22.19"}
        del self.env["AWSCOPILOT_YARN"]
        self.addCleanup(self.env.update, variables())
        self.assertEqual(self.probe("node_fetch", **args)["version"], "1.22.19")
        self.assertIn("fetching Yarn 1 1.22.19", self.said)
        self.append("frontend/main.js", "// one line more\n")
        self.assertEqual(self.probe("node_fetch", **args)["version"], "1.22.19")
        self.assertNotIn("fetching Yarn", self.said)
        self.refused("node_fetch", "build_failed", "fetching Yarn 1 1.99.99", "no such version",
                     **(args | {"manager_version": "1.99.99"}))

    def test_a_node_that_does_not_fit_is_said_and_another_is_taken_unless_it_was_named(self):
        args = self.front("npm")
        self.refused("node_fetch", "build_failed", "needs Node.js >=99", "AWSCOPILOT_NODE", node=">=99", **args)

    def test_a_build_that_asks_git_and_one_that_warns_in_ci(self):
        asks = package(scripts={"build": "git rev-parse HEAD && vite build", "postinstall": "node make.js"})
        self.refused("node_build", "build_failed", "a copy without .git", **self.front("npm", asks))
        self.clear()
        ci = package(scripts={"build": "test -z \"$CI\" && vite build", "postinstall": "node make.js"})
        self.assertNotIn("error", self.probe("node_build", **self.front("npm", ci)))

    def test_a_package_from_git_whose_scripts_would_run_while_it_is_fetched_is_refused(self):
        for manager, text in (("yarn", 'a@git+https://git.example.org/a.git:\n  resolved "git+https://git.example.org/a.git#1"\n'),
                              ("yarn-berry", '"a@git":\n  resolution: "a@https://git.example.org/a.git#commit=1"\n')):
            with self.subTest(manager):
                self.write(under("frontend", APP | {"yarn.lock": text}))
                self.refused("node_fetch", "unsupported", "comes from git", manager=manager, lock="frontend/yarn.lock")

    def test_a_registry_that_is_not_there(self):
        args = self.front("npm", **{".npmrc": "registry=http://127.0.0.1:9/\nfetch-retries=0\n"})
        lock = json.loads((self.root / "frontend/package-lock.json").read_text())
        for row in lock["packages"].values():
            row.pop("resolved", None)
        self.write({"frontend/package-lock.json": json.dumps(lock)})
        self.refused("node_fetch", "unreachable", "registry cannot be reached", **args)

