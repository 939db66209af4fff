"""Tests of the bridge beside what we did not write: uvicorn, awslambdaric, MiniStack, pydantic."""

import contextlib
import http.client
import io
import json
import os
import queue
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

from case import (
    BUILD,
    HERE,
    HOST,
    PAYLOAD_BYTES_MAX,
    Case,
    body_of,
    find_program,
    http_api_event,
    needs,
    numbers,
)

WAIT_S = 90  # for what hangs, also on a machine with ten other things to do


@needs("fastapi")
class Pydantic(Case):
    """Values do not leave in pydantic's errors, which quote their inputs, cut short."""

    SOURCE = """
        from pydantic import BaseModel
        class Settings(BaseModel):
            database_url: str
            port: int
        given = dict(port="hunter2" * 2, token="hunter2" * 30)
    """
    AT_IMPORT = """
        Settings(**given)
    """
    IN_LIFESPAN = """
        from contextlib import asynccontextmanager
        from fastapi import FastAPI
        @asynccontextmanager
        async def lifespan(app):
            Settings(**given)
            yield
        app = FastAPI(lifespan=lifespan)
    """

    def test_only_the_names_of_settings_are_told(self):
        for rest in (self.AT_IMPORT, self.IN_LIFESPAN):
            with self.subTest(rest):
                name = f"app{next(numbers)}"
                root = self.root({name + ".py": self.SOURCE + rest})
                text, log = self.start_error(root, AWSCOPILOT_APP=name + ":app")
                self.assertIn(
                    "ValidationError (database_url: missing, port: int_parsing) at app", text
                )
                self.assertIn("input_value=***, input_type=str", log)
                self.assertNotIn("hunter2", text + log)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """A child process that answers HTTP on loopback; ended by its own handle."""

    def __init__(self, args, port, env, cwd):
        self.process = subprocess.Popen(
            args, env=env, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + WAIT_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    self.stop()
                    raise RuntimeError(f"no answer from {args[1:3]}") from None
                time.sleep(0.05)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@needs("botocore", program="ministack")
class Parameters(Case):
    """Parameter Store, served by MiniStack."""

    @classmethod
    def setUpClass(cls):
        cls.port = free_port()
        cls.env = {
            **os.environ,
            "AWS_ACCESS_KEY_ID": "test",  # root, with any secret
            "AWS_SECRET_ACCESS_KEY": "the function's key",
            "AWS_REGION": "eu-west-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{cls.port}",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        for name in ("AWS_PROFILE", "AWS_DEFAULT_REGION"):
            cls.env.pop(name, None)
        cls.state = tempfile.mkdtemp(prefix="bridge-")
        settings = {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(cls.port)}
        settings.update(SFTP_ENABLED="0", IOT_MTLS_ENABLED="0", AUTH="true")
        cls.server = Server(
            [find_program("ministack")], cls.port, {**cls.env, **settings}, cls.state
        )
        import botocore.session

        ssm, iam = [
            botocore.session.get_session().create_client(
                service,
                region_name="eu-west-1",
                endpoint_url=f"http://127.0.0.1:{cls.port}",
                aws_access_key_id="test",
                aws_secret_access_key="test",
            )
            for service in ("ssm", "iam")
        ]
        iam.create_user(UserName="stranger")  # without a policy
        key = iam.create_access_key(UserName="stranger")["AccessKey"]
        cls.stranger = {
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        }
        rows = {f"/q/todo/prod/NAME_{n}": f"value {n}" for n in range(23)}  # three pages
        rows.update(
            {
                "/q/todo/prod/deep/er/DEEP": "from below",
                "/q/todo/prod/PRESENT": "from the store",
                "/q/todo/prod/AWS_SECRET_ACCESS_KEY": "taken over",
                "/q/todo/prod/LAMBDA_TASK_ROOT": "taken over",
                "/q/todo/prod/AWSCOPILOT_APP": "taken:over",
                "/q/todo/prod/LONGER": "value 7 and more",
                "/q/todo/prod/MULTI_LINE": "-----BEGIN\nline 2\n-----END",
                "/q/todo/dev/NAME_0": "of another environment",
                "/q/fails/prod/FAILS": "hunter2hunter2",
                "/q/twice/prod/a/SAME": "hunter2hunter2",
                "/q/twice/prod/b/SAME": "hunter3hunter3",
                "/q/odd/prod/not-a-name": "hunter2hunter2",
            }
        )
        for name, value in rows.items():
            ssm.put_parameter(Name=name, Value=value, Type="SecureString")

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        shutil.rmtree(cls.state, ignore_errors=True)

    SHOWS = """
        import json, os
        print(json.dumps(dict(os.environ)))
        names = ["MULTI_LINE", "NAME_7", "LONGER", "AWS_SECRET_ACCESS_KEY"]
        values = [os.environ.get(name) for name in names]
        if "FAILS" in os.environ:
            raise ImportError(f"no module for {os.environ['FAILS']}")
        async def app(scope, receive, send):
            raise RuntimeError(f"{values[0]} {values[1]} {values[2]} {values[3]} {values!r}")
    """

    def start(self, path, **env):
        root = self.root({"shows.py": self.SHOWS})
        code = """if True:
            import _deploy_bridge as bridge
            event = {"rawPath": "/", "requestContext":
                     {"domainName": "h", "http": {"method": "GET", "sourceIp": "::1"}}}
            print(bridge.handler(event, None)["statusCode"])
        """
        env = {
            **self.env,
            "AWSCOPILOT_APP": "shows:app",
            "AWSCOPILOT_SECRETS_PATH": path,
            "PRESENT": "from the function",
            **env,
        }
        return subprocess.run(
            [sys.executable, "-c", code],
            cwd=root,
            env=env,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def test_all_pages_are_in_the_environment_before_the_import(self):
        done = self.start("/q/todo/prod")
        lines = done.stdout.splitlines()
        self.assertEqual((done.returncode, lines[-1:]), (0, ["500"]), done.stderr)
        seen = json.loads(lines[0])
        for number in range(23):
            self.assertEqual(seen.get(f"NAME_{number}"), f"value {number}")
        self.assertEqual(seen["DEEP"], "from below")
        self.assertEqual(seen["PRESENT"], "from the store")
        self.assertEqual(seen["MULTI_LINE"], "-----BEGIN\nline 2\n-----END")
        self.assertEqual(seen["AWS_SECRET_ACCESS_KEY"], "the function's key")
        self.assertNotIn("LAMBDA_TASK_ROOT", seen)
        self.assertEqual(seen["AWSCOPILOT_APP"], "shows:app")
        log = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
        unused = sorted(line["parameter"] for line in log if "parameter" in line)
        self.assertEqual(
            unused,
            [
                "/q/todo/prod/AWSCOPILOT_APP",
                "/q/todo/prod/AWS_SECRET_ACCESS_KEY",
                "/q/todo/prod/LAMBDA_TASK_ROOT",
            ],
        )
        self.assertIn("RuntimeError: *** *** *** *** [", log[-1]["trace"])
        for value in ("value 7", "and more", "BEGIN", "function's key", "taken over"):
            self.assertNotIn(value, done.stderr)

    def test_values_are_masked_in_an_init_error(self):
        done = self.start("/q/fails/prod")
        self.assertEqual(done.returncode, 1)
        self.assertIn("ImportError (no module for ***) at shows.py:7", done.stderr)
        self.assertNotIn("hunter", done.stderr)

    def test_a_path_without_parameters_is_no_error(self):
        done = self.start("/q/none/prod")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout.splitlines()[0])["PRESENT"], "from the function")

    def test_what_cannot_be_read_is_an_init_error_without_values(self):
        unread = "the parameters below /q/todo/prod cannot be read: "
        forged = {**self.stranger, "AWS_SECRET_ACCESS_KEY": "wrong" * 8}
        closed = f"http://127.0.0.1:{free_port()}"
        rows = [
            # application, environment, what the error says
            ("todo", {"AWS_ENDPOINT_URL": closed}, unread + "EndpointConnectionError"),
            ("todo", self.stranger, unread + "AccessDenied"),
            ("todo", forged, unread + "InvalidSignatureException"),
            ("twice", {}, "parameters /q/twice/prod/a/SAME and /q/twice/prod/b/SAME both set SAME"),
            ("odd", {}, "/q/odd/prod/not-a-name cannot become an environment variable"),
        ]
        for app, env, want in rows:
            with self.subTest(want):
                done = self.start(f"/q/{app}/prod", **env)
                self.assertEqual(done.returncode, 1)
                self.assertEqual(done.stderr.count("Traceback"), 1)
                self.assertIn("StartError: ", done.stderr)
                self.assertIn(want, done.stderr)
                self.assertNotIn("hunter", done.stderr)
                self.assertEqual(done.stdout, "")


class RuntimeApi(ThreadingHTTPServer):
    """The Runtime API of AWS Lambda, as far as a runtime of buffered answers needs it.

    Source: AWS Lambda Developer Guide, "Using the Lambda runtime API".
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), RuntimeApiHandler)
        self.events = queue.Queue()  # (request id, event) to hand out
        self.told = queue.Queue()  # (what, request id, body) that the runtime posted
        self.paths = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        pass  # the runtime is killed at the end of a test, with its connection open

    @property
    def address(self):
        return f"127.0.0.1:{self.server_address[1]}"


class RuntimeApiHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        if self.path != "/2018-06-01/runtime/invocation/next":
            return self.reply(404)
        request_id, event = self.server.events.get()
        headers = {
            "Lambda-Runtime-Aws-Request-Id": request_id,
            "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + 10_000),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-west-1:0:function:f:live",
            "Lambda-Runtime-Trace-Id": "Root=1-0-0",
        }
        self.reply(200, json.dumps(event).encode(), headers)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        parts = self.path.split("/")
        if self.path == "/2018-06-01/runtime/init/error":
            self.server.told.put(("init/error", None, json.loads(body)))
        elif len(body) > PAYLOAD_BYTES_MAX:
            self.server.told.put(("too large", parts[4], None))
            return self.reply(413)
        else:
            self.server.told.put((parts[5], parts[4], json.loads(body)))
        self.reply(202, b'{"status":"OK"}')

    def reply(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@needs("awslambdaric", "fastapi")
class Runtime(Case):
    """The bridge under AWS's own runtime client, awslambdaric, which talks to a Runtime API."""

    def start(self, root, **env):
        api = RuntimeApi()
        self.addCleanup(api.server_close)
        self.addCleanup(api.shutdown)
        self.addCleanup(lambda: [api.events.put(("stop", {})) for _ in range(2)])
        process = subprocess.Popen(
            [sys.executable, "-m", "awslambdaric", "_deploy_bridge.handler"],
            cwd=root,
            env={
                **os.environ,
                "AWS_LAMBDA_RUNTIME_API": api.address,
                "AWS_EXECUTION_ENV": "AWS_Lambda_python{}.{}".format(*sys.version_info),
                **env,
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return api, process

    def invoke(self, api, request_id, event):
        api.events.put((request_id, event))
        what, answered_id, answer = api.told.get(timeout=WAIT_S)
        self.assertEqual((what, answered_id), ("response", request_id))
        self.assertEqual(answer["headers"]["x-aws-copilot-build"], BUILD)
        return answer

    def test_events_in_answers_out(self):
        api, process = self.start(self.root(), AWSCOPILOT_APP="testapp:app")
        all_bytes = bytes(range(256))
        rows = [
            # method, target, headers, body, status, body
            ("GET", "/api/items/caf%C3%A9?q=3", [], b"", 200, '{"name":"café","q":3}'.encode()),
            ("GET", "/api/state", [], b"", 200, b'"started once"'),
            ("POST", "/api/upload", [], all_bytes, 200, all_bytes),
            ("GET", "/api/stream-bytes", [], b"", 200, all_bytes * 40),
            ("GET", "/api/stream-cut", [], b"", 200, "✓".encode()),
            ("GET", "/api/boom", [], b"", 500, b"Internal Server Error"),
            ("GET", "/api/background", [], b"", 200, b"0"),
            ("GET", "/api/background", [], b"", 200, b"1"),
            ("GET", "/api/bytes/4700000", [], b"", 200, (all_bytes * 18360)[:4700000]),
            ("GET", "/api/bytes/4800000", [], b"", 502, None),
            ("GET", "/api/.aws-copilot/health", [], b"", 200, None),
        ]
        for number, (method, target, headers, body, status, want) in enumerate(rows):
            with self.subTest(target):
                event = http_api_event(method, target, headers, body)
                answer = self.invoke(api, f"id-{number}", event)
                self.assertEqual(answer["statusCode"], status)
                if want is not None:
                    self.assertEqual(body_of(answer), want)
        self.assertEqual(self.invoke(api, "last", {})["statusCode"], 400)
        self.assertIsNone(process.poll())

    def test_a_text_answer_of_just_under_six_megabytes_is_taken(self):
        source = """
            async def app(scope, receive, send):
                assert scope["type"] == "http"
                size, part = int(scope["query_string"]), scope["path"][1:].encode()
                await send({"type": "http.response.start", "status": 200,
                            "headers": [(b"content-type", b"text/plain; charset=utf-8")]})
                await send({"type": "http.response.body", "body": part * (size // len(part))})
        """
        api, _ = self.start(self.root({"big.py": source}), AWSCOPILOT_APP="big:app")
        for part, size in (("x", PAYLOAD_BYTES_MAX), ("é", PAYLOAD_BYTES_MAX), ('"', 3_145_728)):
            # The largest body that is taken is found by halving; nothing above 6 MB is posted.
            if part == "é" and sys.version_info < (3, 12):
                size //= 3
            low, high = 0, size
            while high - low > 4096:
                middle = (low + high) // 2
                event = http_api_event("GET", f"/{quote(part)}?{middle}")
                status = self.invoke(api, f"id-{middle}", event)["statusCode"]
                low, high = (middle, high) if status == 200 else (low, middle)
            with self.subTest(part):
                self.assertGreater(low, size - 8192)

    def test_failed_starts_are_init_errors(self):
        files = {"needs.py": "import nothere\n", "fails.py": "raise ValueError('hunter2')\n"}
        rows = [
            ("needs:app", "ModuleNotFoundError (No module named 'nothere') at needs.py:1"),
            ("fails:app", "import of fails:app failed: ValueError at fails.py:1"),
            ("", "AWSCOPILOT_APP is not of the form module:attribute"),
        ]
        for target, want in rows:
            with self.subTest(target):
                api, process = self.start(self.root(files), AWSCOPILOT_APP=target)
                what, _, error = api.told.get(timeout=WAIT_S)
                self.assertEqual((what, error["errorType"]), ("init/error", "StartError"))
                self.assertIn(want, error["errorMessage"])
                self.assertNotIn("hunter2", error["errorMessage"])
                self.assertNotEqual(process.wait(WAIT_S), 0)


NOT_COMPARED = {"date", "server", "connection", "transfer-encoding", "x-aws-copilot-build"}


@needs("uvicorn", "fastapi")
class BesideUvicorn(Case):
    """The same requests to the same application: under uvicorn, and through events."""

    def serve(self, target, *options):
        port = free_port()
        server = Server(
            [sys.executable, "-m", "uvicorn", target, "--host", "127.0.0.1", "--port", str(port),
             "--http", "h11", "--no-server-header", "--no-date-header", *options],
            port, dict(os.environ), HERE,
        )  # fmt: skip
        self.addCleanup(server.stop)
        return port

    def uvicorn(self, port, method, target, headers, body):
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_S)
        client.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        client.putheader("Host", HOST)
        for name, value in headers:
            client.putheader(name, value)
        if body:
            client.putheader("Content-Length", str(len(body)))
        client.endheaders(body or None)
        answer = client.getresponse()
        pairs = [(name.lower(), value) for name, value in answer.getheaders()]
        result = self.normal(answer.status, pairs, answer.read())
        client.close()
        return result

    def bridge(self, module, method, target, headers, body):
        if body:
            headers = [*headers, ("Content-Length", str(len(body)))]
        event = http_api_event(method, target, headers, body)
        with contextlib.redirect_stderr(io.StringIO()):
            answer = module.handler(event, None)
        self.assertEqual(answer["headers"]["x-aws-copilot-build"], BUILD)
        pairs = list(answer["headers"].items())
        pairs += [("set-cookie", value) for value in answer.get("cookies", [])]
        return self.normal(answer["statusCode"], pairs, body_of(answer))

    @staticmethod
    def normal(status, pairs, body):
        """What is compared: repeated headers joined, cookies in order, Location relative."""
        headers, cookies = {}, []
        for name, value in pairs:
            if name == "set-cookie":
                cookies.append(value)
            elif name not in NOT_COMPARED:
                headers.setdefault(name, []).append(value)
        headers = {name: ", ".join(values) for name, values in headers.items()}
        if "location" in headers:
            headers["location"] = headers["location"].replace(f"http://{HOST}/", "/")
        return {"status": status, "headers": headers, "cookies": cookies, "body": body}

    def compare(self, port, module, rows, prefix=""):
        for method, target, headers, body in rows:
            with self.subTest(method=method, target=target, headers=headers):
                want = self.uvicorn(port, method, target, headers, body)
                got = self.bridge(module, method, prefix + target, headers, body)
                self.assertEqual(got, want)

    JSON = [("Content-Type", "application/json")]
    REQUESTS = [
        *[(method, "/api/echo", [], b"") for method in
          ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD")],
        *[(method, "/api/echo", [("Content-Type", "text/plain")], b"body") for method in
          ("GET", "POST", "PUT", "PATCH", "DELETE")],
        # query strings
        ("GET", "/api/echo?", [], b""),
        ("GET", "/api/echo?a=1&a=2&b=&c&=d", [], b""),
        ("GET", "/api/echo?q=a%20b+c%2Bd", [], b""),
        ("GET", "/api/echo?q=caf%C3%A9&%C3%A9=%E2%9C%93", [], b""),
        ("GET", "/api/echo?bad=%ff%zz%", [], b""),
        ("GET", "/api/echo?a=1;b=2&c=x%26y%3Dz&d[]=1&e=%00", [], b""),
        ("GET", "/api/echo?url=https://example.com/?a=b%23c", [], b""),
        # paths
        ("GET", "/api/echo/a%20b", [], b""),
        ("GET", "/api/echo/caf%C3%A9/%E2%9C%93/%F0%9F%90%8D", [], b""),
        ("GET", "/api/echo/a%252Fb%2525", [], b""),
        ("GET", "/api/echo/100%25", [], b""),
        ("GET", "/api/echo/100%", [], b""),
        ("GET", "/api/echo/%ff", [], b""),
        ("GET", "/api/echo/a+b;c=d,e@f:g!$&'()*~", [], b""),
        ("GET", "/api/echo//double//slash/", [], b""),
        ("GET", "/api/echo/a%2Fb", [], b""),
        ("GET", "/api/echo/a%3Fb%23c?d=e", [], b""),
        ("GET", "/api/echo/%E2%82%AC/..%2e/x", [], b""),
        ("GET", "/api/raw-path/a%20b/caf%C3%A9/100%25/a+b", [], b""),
        ("GET", "/api/items/x%20y?q=7", [], b""),
        ("GET", "/api/items/x?q=seven", [], b""),  # 422
        ("GET", "/api/nowhere", [], b""),  # 404
        ("PUT", "/api/items/x", [], b""),  # 405
        # headers and cookies
        ("GET", "/api/echo", [("X-One", "1"), ("X-One", "2"), ("x-two", "a, b")], b""),
        ("GET", "/api/echo", [("Authorization", "Bearer abc.def"), ("Accept", "*/*")], b""),
        ("GET", "/api/echo", [("Cookie", "a=1; b=2; c=\"x y\"")], b""),
        ("GET", "/api/cookies", [], b""),
        ("GET", "/api/repeated", [], b""),
        # bodies in
        ("POST", "/api/upload", [], bytes(range(256)) * 5),
        ("POST", "/api/upload", [], b""),
        ("POST", "/api/upload", [("Content-Type", "multipart/form-data; boundary=x")],
         b'--x\r\nContent-Disposition: form-data; name="f"\r\n\r\n\xff\x00\r\n--x--\r\n'),
        ("POST", "/api/upload", [("Content-Type", "application/x-www-form-urlencoded")],
         b"a=1&b=caf%C3%A9"),
        ("POST", "/api/json", JSON, '{"grün": ["✓", "\\u0000", 1e3]}'.encode()),
        ("POST", "/api/json", JSON, b"{broken"),
        ("POST", "/api/text", [("Content-Type", "text/plain")], "line\r\n\t✓ \\ \"".encode()),
        ("POST", "/api/echo", [("Content-Type", "application/octet-stream")], b"\xfe" * 4_400_000),
        # bodies out
        ("GET", "/api/bytes/256", [], b""),
        ("GET", "/api/bytes/4600000", [], b""),
        ("GET", "/api/latin1", [], b""),
        ("GET", "/api/gzip", [], b""),
        *[("GET", f"/api/typed?type={quote(kind)}", [], b"") for kind in
          ("text/html", "image/svg+xml", "application/problem+json", "application/javascript",
           "application/xml; charset=utf-8", "application/octet-stream", "font/woff2")],
        ("GET", "/api/stream", [], b""),
        ("GET", "/api/stream?kind=text/event-stream", [], b""),
        ("GET", "/api/stream-cut", [], b""),
        ("GET", "/api/stream-bytes", [], b""),
        # statuses
        *[(method, f"/api/status/{code}", [], b"") for code in (200, 201, 204, 304, 400, 503)
          for method in ("GET", "HEAD")],
        ("GET", "/api/not-modified", [], b""),
        ("HEAD", "/api/head", [], b""),
        ("GET", "/api/head", [], b""),
        ("GET", "/api/redirect?to=/api/elsewhere", [], b""),
        ("GET", "/api/redirect?to=https://elsewhere.example/x", [], b""),
        ("GET", "/api/slash", [], b""),
        ("GET", "/api/slash?a=1&b=%C3%A9", [], b""),
        ("GET", "/api/http-error", [], b""),
        ("GET", "/api/boom", [], b""),
        ("GET", "/api/state", [], b""),
        ("GET", "/api/background", [], b""),
        ("GET", "/api/background", [], b""),
        ("GET", "/api/sub/where/caf%C3%A9", [], b""),
        ("GET", "/openapi.json", [], b""),
        ("GET", "/docs", [], b""),
    ]  # fmt: skip

    def test_the_same_answers(self):
        port = self.serve("testapp:app")
        module = self.load(self.root(), AWSCOPILOT_APP="testapp:app")
        self.compare(port, module, self.REQUESTS)

    def test_the_same_answers_below_a_root_path(self):
        # uvicorn stands behind a proxy that takes /api off; the bridge is sent the whole path.
        port = self.serve("testapp:rooted", "--root-path", "/api")
        module = self.load(
            self.root(), AWSCOPILOT_APP="testapp:rooted", AWSCOPILOT_ROOT_PATH="/api"
        )
        rows = [
            ("GET", "/things/", [], b""),
            ("GET", "/things", [], b""),  # redirected to /api/things/
            ("GET", "/sub/where/caf%C3%A9", [], b""),
            ("GET", "/nowhere", [], b""),
            ("GET", "/openapi.json", [], b""),
            ("GET", "/docs", [], b""),
        ]
        self.compare(port, module, rows, prefix="/api")
