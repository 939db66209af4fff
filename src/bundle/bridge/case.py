"""What the tests of the bridge share: events, a zip's root, a bridge loaded as Lambda loads it."""

import asyncio
import base64
import contextlib
import importlib.util
import io
import itertools
import json
import os
import shutil
import sys
import tempfile
import textwrap
import unittest
import warnings
from pathlib import Path
from urllib.parse import unquote

HERE = Path(__file__).resolve().parent
BUILD = "00112233aabbccdd"
HOST = "abc123.execute-api.eu-west-1.amazonaws.com"
PAYLOAD_BYTES_MAX = 6 * 1024 * 1024
numbers = itertools.count()


def find_program(name):
    """Returns the path of a program: $NAME, as set-up exports it, or else as a shell finds it."""
    return os.environ.get(name.upper()) or shutil.which(name)


def needs(*modules, program=None):
    """Skips a test class, with a line that is seen, when something is not installed."""
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if program and not find_program(program):
        missing.append(program)
    if missing:
        print(f"SKIP test_bridge: {', '.join(missing)} not installed", file=sys.stderr)
    return unittest.skipIf(missing, f"{missing} not installed")


def http_api_event(method, target, headers=(), body=b""):
    """Makes the event that an HTTP API makes of a request: the path decoded but for %25, repeated
    headers joined, cookies in a list, the body in base64 unless its type is text or JSON."""
    path, _, query = target.partition("?")
    joined, cookies = {"host": HOST}, []
    for name, value in headers:
        if name.lower() == "cookie":
            cookies += value.split("; ")
        else:
            name = name.lower()
            is_repeated = name in joined and name != "host"
            joined[name] = f"{joined[name]},{value}" if is_repeated else value
    event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": unquote(path.replace("%25", "%2525")),
        "rawQueryString": query,
        "headers": joined,
        "requestContext": {
            "domainName": HOST,
            "requestId": "request-1",
            "http": {"method": method, "sourceIp": "192.0.2.7", "protocol": "HTTP/1.1"},
        },
        "isBase64Encoded": False,
    }
    if cookies:
        event["cookies"] = cookies
    if body:
        event["isBase64Encoded"] = not joined.get("content-type", "").startswith(
            ("text/", "application/json")
        )
        event["body"] = (
            base64.b64encode(body).decode() if event["isBase64Encoded"] else body.decode()
        )
    return event


def body_of(answer):
    body = answer["body"]
    return base64.b64decode(body) if answer["isBase64Encoded"] else body.encode()


class Case(unittest.TestCase):
    maxDiff = None

    def root(self, files=(), build=BUILD):
        """Makes a zip's root with the bridge and `files`, {name: source}."""
        folder = Path(tempfile.mkdtemp(prefix="bridge-"))
        self.addCleanup(shutil.rmtree, folder)
        shutil.copy(HERE / "_deploy_bridge.py", folder)
        shutil.copy(HERE / "testapp.py", folder)
        if build is not None:
            (folder / "_deploy_build_id").write_text(build)
        for name, source in dict(files).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(textwrap.dedent(source))
        return folder

    def load(self, root, **env):
        """Imports a bridge of its own, as Lambda does at init; returns (module, log lines)."""
        before = dict(os.environ), list(sys.path), set(sys.modules)

        def restore():
            os.environ.clear()
            os.environ.update(before[0])
            sys.path[:] = before[1]
            for name in set(sys.modules) - before[2]:
                if getattr(sys.modules[name], "__file__", None) and str(root) in str(
                    sys.modules[name].__file__
                ):
                    del sys.modules[name]

        self.addCleanup(restore)
        # A process whose start failed ends; its loop is not closed.
        warnings.filterwarnings("ignore", "unclosed event loop", ResourceWarning)
        os.environ.update(env)
        spec = importlib.util.spec_from_file_location(
            f"bridge{next(numbers)}", root / "_deploy_bridge.py"
        )
        module = importlib.util.module_from_spec(spec)
        log = io.StringIO()
        with contextlib.redirect_stderr(log):
            try:
                spec.loader.exec_module(module)
            except Exception as error:
                error.log = log.getvalue()
                raise
        self.addCleanup(self.stop, module)
        return module

    @staticmethod
    def stop(module):
        """Ends the lifespan's task, which a real process takes with it."""
        bridge = module.handler.__self__
        tasks = set(bridge._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            bridge._loop.run_until_complete(asyncio.wait(tasks))
        bridge._loop.close()

    def app(self, source, **env):
        """Loads a bridge over the module `source`, which defines `app`."""
        name = f"app{next(numbers)}"
        return self.load(self.root({name + ".py": source}), AWSCOPILOT_APP=name + ":app", **env)

    def call(self, module, method="GET", target="/", headers=(), body=b"", context=None):
        """Returns (answer, log lines as objects)."""
        return self.send(module, http_api_event(method, target, headers, body), context)

    def send(self, module, event, context=None):
        log = io.StringIO()
        with contextlib.redirect_stderr(log):
            answer = module.handler(event, context)
        lines = [json.loads(line) for line in log.getvalue().splitlines()]
        self.assertEqual(answer["headers"]["x-aws-copilot-build"], BUILD)
        json.dumps(answer)
        return answer, lines

    def start_error(self, root, **env):
        """Returns (text of the init error, log) of a start that must fail."""
        with self.assertRaises(Exception) as raised:
            self.load(root, **env)
        self.assertEqual(type(raised.exception).__name__, "StartError", raised.exception)
        self.assertIsNone(raised.exception.__cause__)
        return str(raised.exception), raised.exception.log
