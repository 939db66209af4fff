"""Tests of the bridge alone; test_peers.py has those beside uvicorn, awslambdaric and MiniStack.

Run both:  python src/bundle/bridge/test_bridge.py   (what is not installed is skipped, visibly)
"""

import gc
import json
import os
import subprocess
import sys
import textwrap
import time
import unittest

from case import BUILD, HOST, PAYLOAD_BYTES_MAX, Case, body_of, http_api_event, numbers


class Context:
    aws_request_id = "lambda-1"

    def __init__(self, left_ms):
        self.left_ms = left_ms

    def get_remaining_time_in_millis(self):
        return self.left_ms


ECHO = """
    import json

    async def app(scope, receive, send):
        assert scope["type"] == "http"
        message = await receive()
        fields = {k: v for k, v in scope.items()}
        fields["message"] = message
        await send({"type": "http.response.start", "status": 200,
                    "headers": [(b"content-type", b"application/json")]})
        text = json.dumps(fields, default=lambda value: value.decode("latin-1"))
        await send({"type": "http.response.body", "body": text.encode()})
"""


class Events(Case):
    """From an event to the scope and the body that the application sees."""

    def setUp(self):
        self.bridge = self.app(ECHO)

    def seen(self, event):
        answer, log = self.send(self.bridge, event)
        self.assertEqual((answer["statusCode"], log), (200, []), answer)
        return json.loads(answer["body"])

    def test_the_whole_scope_of_a_request(self):
        event = http_api_event(
            "post",
            "/api/caf%C3%A9/x?a=1&a=%20",
            [("X-One", "1"), ("x-one", "2"), ("Cookie", "a=1; b=2")],
            b'{"k": 1}',
        )
        seen = self.seen(event)
        self.assertEqual(
            seen,
            {
                "type": "http",
                "asgi": {"version": "3.0", "spec_version": "2.3"},
                "http_version": "1.1",
                "method": "POST",
                "scheme": "https",
                "path": "/api/café/x",
                "raw_path": "/api/caf%C3%A9/x",
                "root_path": "",
                "query_string": "a=1&a=%20",
                "headers": [["host", HOST], ["x-one", "1,2"], ["cookie", "a=1; b=2"]],
                "client": ["192.0.2.7", 0],
                "server": [HOST, 443],
                "state": {},
                "message": {"type": "http.request", "body": '{"k": 1}', "more_body": False},
            },
        )

    def test_paths(self):
        rows = [
            # rawPath of the event, path, raw_path
            ("/", "/", "/"),
            ("/a b", "/a b", "/a%20b"),
            ("/é/✓", "/é/✓", "/%C3%A9/%E2%9C%93"),
            ("/caf%C3%A9", "/café", "/caf%C3%A9"),  # a front door that does not decode
            ("/a%252Fb", "/a%2Fb", "/a%252Fb"),  # the client sent %252F
            ("/100%25", "/100%", "/100%25"),
            ("/a?b#c", "/a?b#c", "/a%3Fb%23c"),
            ("/a+b;c=d,e@f:g!$&'()*~", "/a+b;c=d,e@f:g!$&'()*~", "/a+b;c=d,e@f:g!$&'()*~"),
            ("//a//b/", "//a//b/", "//a//b/"),
            ("/\ufffd", "/\ufffd", "/%EF%BF%BD"),
        ]
        for raw, path, raw_path in rows:
            with self.subTest(raw):
                event = http_api_event("GET", "/")
                event["rawPath"] = raw
                seen = self.seen(event)
                self.assertEqual((seen["path"], seen["raw_path"]), (path, raw_path))

    def test_headers_and_cookies(self):
        rows = [
            # name, headers of the event, cookies of the event, headers of the scope
            ("lower case", {"X-A": "1"}, None, [["x-a", "1"]]),
            ("origin lock", {"x-origin-verify": "s", "X-Origin-Verify": "t"}, None, []),
            ("cookies", {"a": "1"}, ["x=1", "y=2"], [["a", "1"], ["cookie", "x=1; y=2"]]),
            ("cookie twice", {"cookie": "x=1; y=2"}, ["x=1", "y=2"], [["cookie", "x=1; y=2"]]),
            ("cookie header only", {"cookie": "x=1"}, None, [["cookie", "x=1"]]),
            ("not ASCII", {"a": "é"}, None, [["a", "é".encode().decode("latin-1")]]),
            ("none", None, None, []),
        ]
        for name, headers, cookies, want in rows:
            with self.subTest(name):
                event = http_api_event("GET", "/")
                event["headers"] = headers
                if cookies:
                    event["cookies"] = cookies
                self.assertEqual(self.seen(event)["headers"], want)

    def test_bodies(self):
        rows = [
            # name, fields of the event, bytes
            ("absent", {}, b""),
            ("null", {"body": None}, b""),
            ("text", {"body": "é"}, "é".encode()),
            ("base64", {"body": "AP8=", "isBase64Encoded": True}, b"\x00\xff"),
            ("base64 of nothing", {"body": "", "isBase64Encoded": True}, b""),
        ]
        for name, fields, want in rows:
            with self.subTest(name):
                seen = self.seen({**http_api_event("POST", "/"), **fields})
                self.assertEqual(seen["message"]["body"].encode("latin-1"), want)

    def test_an_event_of_another_kind_is_refused(self):
        good = http_api_event("GET", "/")
        rows = [
            None,
            [],
            "text",
            {},
            {"requestContext": None},
            {"requestContext": {"connectionId": "1", "eventType": "CONNECT"}},  # WebSocket API
            {"httpMethod": "GET", "path": "/", "requestContext": {}},  # payload 1.0
            {**good, "rawPath": None},
            {**good, "headers": {"a": None}},
            {**good, "body": "not base64", "isBase64Encoded": True},
        ]
        for event in rows:
            with self.subTest(event=event):
                answer, log = self.send(self.bridge, event)
                fields = json.loads(answer["body"])
                self.assertEqual((answer["statusCode"], fields["error"]), (400, "bad_event"))
                self.assertEqual(log[0]["error"], "bad_event")

    def test_a_websocket_is_refused(self):
        answer, _ = self.call(self.bridge, headers=[("Upgrade", "WebSocket")])
        fields = json.loads(answer["body"])
        self.assertEqual((answer["statusCode"], fields["error"]), (501, "websocket"))
        self.assertIn("container", fields["message"])


class RootPath(Case):
    def test_root_path_is_set_below_it_only(self):
        for setting in ("/api", "api/", "/api/"):
            module = self.app(ECHO, AWSCOPILOT_ROOT_PATH=setting)
            rows = [
                ("/api/x", "/api"),
                ("/api", "/api"),
                ("/apis/x", ""),
                ("/docs", ""),
            ]
            for path, root_path in rows:
                with self.subTest(setting=setting, path=path):
                    seen = json.loads(self.call(module, target=path)[0]["body"])
                    self.assertEqual((seen["root_path"], seen["path"]), (root_path, path))


class Health(Case):
    def test_the_built_in_health_check(self):
        rows = [
            # AWSCOPILOT_PREFIX, method, path, is answered by the bridge
            (None, "GET", "/api/.aws-copilot/health", True),
            (None, "HEAD", "/api/.aws-copilot/health", True),
            (None, "POST", "/api/.aws-copilot/health", False),
            (None, "GET", "/api/.aws-copilot/health/", False),
            (None, "GET", "/.aws-copilot/health", False),
            ("/v1/", "GET", "/v1/.aws-copilot/health", True),
            ("", "GET", "/.aws-copilot/health", True),
        ]
        for prefix, method, path, is_ours in rows:
            with self.subTest(prefix=prefix, method=method, path=path):
                env = {} if prefix is None else {"AWSCOPILOT_PREFIX": prefix}
                answer, _ = self.call(self.app(ECHO, **env), method, path)
                self.assertEqual(answer["statusCode"], 200)
                is_answered = answer["headers"].get("cache-control") == "no-store"
                self.assertEqual(is_answered, is_ours)
                if is_ours and method == "GET":
                    fields = json.loads(answer["body"])
                    self.assertEqual(fields["status"], "ok")
                    self.assertEqual(fields["build"], BUILD)
                    self.assertEqual(fields["start"], "proven")
                    self.assertEqual(answer["headers"]["content-type"], "application/json")
                elif is_ours:
                    self.assertEqual(answer["body"], "")


class Answers(Case):
    """From the application's messages to the answer."""

    def answer(self, status=200, headers=(), parts=(b"",), method="GET"):
        messages = [{"type": "http.response.start", "status": status, "headers": list(headers)}]
        for number, part in enumerate(parts):
            is_last = number == len(parts) - 1
            messages.append({"type": "http.response.body", "body": part, "more_body": not is_last})
        return self.says(messages, method)

    def says(self, messages, method="GET", then=""):
        source = f"""
            async def app(scope, receive, send):
                assert scope["type"] == "http"
                for message in {messages!r}:
                    await send(message)
                {then}
        """
        answer, self.log = self.call(self.app(source), method)
        return answer

    def test_base64_unless_it_is_text(self):
        rows = [
            # content-type, other headers, body, isBase64Encoded
            (b"text/plain", [], "ü".encode(), False),
            (b"text/html; charset=utf-8", [], b"x", False),
            (b"TEXT/CSV", [], b"x", False),
            (b"application/json", [], b"{}", False),
            (b"Application/Json;charset=utf-8", [], b"{}", False),
            (b"application/problem+json", [], b"{}", False),
            (b"application/xml", [], b"<a/>", False),
            (b"image/svg+xml", [], b"<a/>", False),
            (b"application/javascript", [], b"x", False),
            (b"text/javascript", [], b"x", False),
            (b"application/x-www-form-urlencoded", [], b"a=1", False),
            (b"text/plain", [], b"\xff", True),  # not UTF-8
            (b"text/plain", [(b"content-encoding", b"gzip")], b"x", True),
            (b"application/octet-stream", [], b"x", True),
            (b"image/png", [], b"x", True),
            (b"application/jsonish", [], b"x", True),
            (b"multipart/form-data; boundary=x", [], b"x", True),
            (None, [], b"x", True),
            (b"image/png", [], b"", False),  # nothing to encode
        ]
        for kind, others, body, want in rows:
            with self.subTest(kind=kind, others=others, body=body):
                headers = ([(b"content-type", kind)] if kind else []) + others
                answer = self.answer(headers=headers, parts=[body])
                self.assertIs(answer["isBase64Encoded"], want)
                self.assertEqual(body_of(answer), body)

    def test_headers_and_cookies(self):
        answer = self.answer(
            headers=[
                (b"X-A", b"1"),
                (b"Set-Cookie", b"a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT"),
                (b"x-a", b"2"),
                (b"set-cookie", b"b=2"),
                (b"Connection", b"close"),
                (b"Transfer-Encoding", b"chunked"),
                (b"x-aws-copilot-build", b"forged"),
                (b"x-latin", b"\xe9"),
                (b"x-utf8", "é".encode()),
            ]
        )
        self.assertEqual(
            answer["headers"],
            {"x-a": "1, 2", "x-latin": "é", "x-utf8": "é", "x-aws-copilot-build": BUILD},
        )
        self.assertEqual(answer["cookies"], ["a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "b=2"])
        self.assertNotIn("cookies", self.answer())

    def test_several_messages_are_joined(self):
        text = [(b"content-type", b"text/plain")]
        answer = self.answer(headers=text, parts=[b"a", b"", "✓".encode()[:1], "✓".encode()[1:]])
        self.assertEqual((answer["body"], answer["isBase64Encoded"]), ("a✓", False))

    def test_content_length_is_true(self):
        length = [(b"content-length", b"99")]
        get = self.answer(headers=length, parts=[b"abc"])
        self.assertEqual(get["headers"]["content-length"], "3")
        head = self.answer(headers=length, parts=[b"abc"], method="HEAD")
        self.assertEqual((head["headers"]["content-length"], head["body"]), ("99", ""))
        self.assertNotIn("content-length", self.answer(parts=[b"abc"])["headers"])

    def test_no_body_where_none_may_be(self):
        for status in (204, 304):
            answer = self.answer(status=status, parts=[b"abc"])
            self.assertEqual((answer["statusCode"], answer["body"]), (status, ""))

    def test_a_location_on_the_apis_own_host_becomes_relative(self):
        rows = [
            (f"https://{HOST}/api/x/?q=1", "/api/x/?q=1"),
            (f"https://{HOST}.evil.example/x", f"https://{HOST}.evil.example/x"),
            (f"http://{HOST}/x", f"http://{HOST}/x"),
            ("https://elsewhere.example/x", "https://elsewhere.example/x"),
            ("/x", "/x"),
        ]
        for said, want in rows:
            with self.subTest(said):
                answer = self.answer(status=307, headers=[(b"location", said.encode())])
                self.assertEqual(answer["headers"]["location"], want)

    def test_an_answer_that_is_not_whole_is_a_500_with_an_id(self):
        start = {"type": "http.response.start", "status": 200, "headers": []}
        part = {"type": "http.response.body", "body": b"part", "more_body": True}
        rows = [
            ("raises at once", [], "raise ValueError('value')"),
            ("raises after the start", [start], "raise ValueError('value')"),
            ("raises between parts", [start, part], "raise ValueError('value')"),
            ("ends the process", [], "raise SystemExit(3)"),
            ("is cancelled", [], "import asyncio; raise asyncio.CancelledError()"),
            ("says nothing", [], ""),
            ("stops between parts", [start, part], ""),
            ("sends a body first", [part], ""),
            ("starts twice", [start, start], ""),
            ("sends something else", [{"type": "http.response.push"}], ""),
        ]
        for name, messages, then in rows:
            with self.subTest(name):
                answer = self.says(messages, then=then)
                fields = json.loads(answer["body"])
                self.assertEqual(answer["statusCode"], 500)
                self.assertEqual(answer["headers"]["content-type"], "application/json")
                self.assertEqual(fields["error"], "application_failed")
                self.assertEqual(fields["error_id"], "request-1")
                self.assertNotIn("value", answer["body"])
                self.assertEqual(self.log[0]["error_id"], "request-1")
                self.assertEqual("ValueError: value" in str(self.log[0]["trace"]), "value" in then)

    def test_an_exception_after_a_whole_answer_is_logged(self):
        start = {"type": "http.response.start", "status": 200, "headers": []}
        end = {"type": "http.response.body", "body": b"whole"}
        for messages, then in [([start, end], "raise ValueError('late')"), ([start, end, end], "")]:
            with self.subTest(then=then):
                answer = self.says(messages, then=then)
                self.assertEqual((answer["statusCode"], body_of(answer)), (200, b"whole"))
                self.assertIn("late" if then else "out of order", self.log[0]["trace"])

    def test_an_answer_that_cannot_be_written_is_a_500(self):
        answer = self.answer(headers=[("text", "instead of bytes")])
        self.assertEqual(answer["statusCode"], 500)
        self.assertEqual(json.loads(answer["body"])["error"], "bad_answer")

    def test_answers_over_six_megabytes(self):
        escapes = sys.version_info < (3, 12)
        rows = [
            # name, content-type, part, count, status
            ("text that fits", b"text/plain", b"x" * 1000, 6_290, 200),
            ("text that does not", b"text/plain", b"x" * 1000, 6_292, 502),
            ("binary that fits", b"image/png", b"\xff" * 1000, 4_700, 200),
            ("binary that does not", b"image/png", b"\xff" * 1000, 4_720, 502),
            ("quotes, doubled in JSON", b"text/plain", b'"' * 1000, 3_150, 502),
            ("control characters", b"text/plain", b"\0" * 1000, 1_060, 502),
            ("far too much", b"text/plain", b"x" * 1_000_000, 40, 502),
            ("not ASCII", b"text/plain", "é".encode() * 1000, 1_100, 502 if escapes else 200),
        ]
        for name, kind, part, count, status in rows:
            with self.subTest(name):
                source = f"""
                    async def app(scope, receive, send):
                        assert scope["type"] == "http"
                        await send({{"type": "http.response.start", "status": 200,
                                    "headers": [(b"content-type", {kind!r})]}})
                        for _ in range({count}):
                            await send({{"type": "http.response.body", "body": {part!r},
                                        "more_body": True}})
                        await send({{"type": "http.response.body", "body": b""}})
                """
                answer, log = self.call(self.app(source))
                self.assertEqual(answer["statusCode"], status)
                size = len(json.dumps(answer, ensure_ascii=escapes).encode())
                self.assertLessEqual(size, PAYLOAD_BYTES_MAX)
                if status == 502:
                    self.assertEqual(json.loads(answer["body"])["error"], "answer_too_large")
                    self.assertIn(f"{len(part) * count} bytes", log[0]["message"])


class Order(Case):
    """What happens when, on the one event loop."""

    def test_disconnect_comes_after_the_answer_and_not_before(self):
        module = self.app(
            """
            import asyncio
            seen = []
            async def app(scope, receive, send):
                assert scope["type"] == "http"
                seen.append((await receive())["type"])
                waiting = asyncio.ensure_future(receive())
                await asyncio.sleep(0.05)
                seen.append(waiting.done())
                await send({"type": "http.response.start", "status": 200})
                await send({"type": "http.response.body", "body": b"x", "more_body": True})
                await asyncio.sleep(0.01)
                seen.append(waiting.done())
                await send({"type": "http.response.body"})
                seen.append((await waiting)["type"])
                seen.append((await receive())["type"])
            """
        )
        self.assertEqual(self.call(module)[0]["statusCode"], 200)
        app = sys.modules[module.handler.__self__._target.partition(":")[0]]
        self.assertEqual(
            app.seen, ["http.request", False, False, "http.disconnect", "http.disconnect"]
        )

    def test_an_unread_body_is_gone_after_the_answer(self):
        module = self.app(
            """
            seen = []
            async def app(scope, receive, send):
                assert scope["type"] == "http"
                await send({"type": "http.response.start", "status": 200})
                await send({"type": "http.response.body"})
                seen.append((await receive())["type"])
            """
        )
        self.call(module, "POST", body=b"unread")
        app = sys.modules[module.handler.__self__._target.partition(":")[0]]
        self.assertEqual(app.seen, ["http.disconnect"])

    def test_one_loop_for_the_life_of_the_process(self):
        module = self.app(
            """
            import asyncio
            loops, queue = set(), None
            loops.add(asyncio.get_running_loop())  # as under uvicorn, the import runs in the loop
            async def app(scope, receive, send):
                global queue
                loops.add(asyncio.get_running_loop())
                if scope["type"] == "lifespan":
                    queue = asyncio.Queue()
                    await receive()
                    await send({"type": "lifespan.startup.complete"})
                    await receive()
                queue.put_nowait(1)
                await send({"type": "http.response.start", "status": 200})
                await send({"type": "http.response.body", "body": b"%d" % queue.qsize()})
            """
        )
        self.assertEqual([body_of(self.call(module)[0]) for _ in range(3)], [b"1", b"2", b"3"])
        app = sys.modules[module.handler.__self__._target.partition(":")[0]]
        self.assertEqual(len(app.loops), 1)

    def test_the_lifespan_is_not_collected(self):
        module = self.app(
            """
            ended = []
            async def app(scope, receive, send):
                if scope["type"] == "lifespan":
                    await receive()
                    await send({"type": "lifespan.startup.complete"})
                    try:
                        await receive()
                    finally:
                        ended.append("lifespan")
                await send({"type": "http.response.start", "status": 200})
                await send({"type": "http.response.body", "body": b"%d" % len(ended)})
            """
        )
        self.call(module)
        gc.collect()
        self.assertEqual(body_of(self.call(module)[0]), b"0")

    def test_time_limits(self):
        source = """
            import asyncio
            events = []
            async def app(scope, receive, send):
                assert scope["type"] == "http"
                is_answered = scope["path"] == "/answered"
                if is_answered:
                    await send({"type": "http.response.start", "status": 200})
                    await send({"type": "http.response.body", "body": b"x"})
                try:
                    await asyncio.sleep({"/quick": 0, "/brief": 0.03}.get(scope["path"], 30))
                    await send({"type": "http.response.start", "status": 200})
                    await send({"type": "http.response.body", "body": b"x"})
                except asyncio.CancelledError:
                    events.append("cancelled")
                    raise
        """
        module = self.app(source)
        app = sys.modules[module.handler.__self__._target.partition(":")[0]]
        rows = [
            # path, time left, status, error, level of the log line, cancelled
            ("/quick", 60_000, 200, None, None, []),
            ("/brief", 1, 200, None, None, []),
            ("/slow", 700, 504, "timed_out", "ERROR", ["cancelled"]),
            ("/answered", 700, 200, None, "WARNING", []),
        ]
        for path, left_ms, status, error, level, events in rows:
            with self.subTest(path=path, left_ms=left_ms):
                app.events.clear()
                began = time.monotonic()
                answer, log = self.call(module, target=path, context=Context(left_ms))
                self.assertLess(time.monotonic() - began, 5)
                self.assertEqual(answer["statusCode"], status)
                self.assertEqual(error and json.loads(answer["body"])["error"], error)
                self.assertEqual([line["level"] for line in log], [level] if level else [])
                self.assertEqual(app.events, events)


class Start(Case):
    """Init: what is read, imported and run before the first event, and how it fails."""

    def test_a_wrong_build_id_is_an_init_error(self):
        for build in (None, "", "0011", BUILD.upper(), BUILD + "0", "x" * 16, "é" * 16):
            with self.subTest(build=build):
                text, _ = self.start_error(self.root(build=build), AWSCOPILOT_APP="testapp:app")
                self.assertIn("_deploy_build_id", text)

    def test_a_build_id_may_end_in_a_newline(self):
        root = self.root({"plain.py": ECHO}, build=BUILD + "\n")
        self.call(self.load(root, AWSCOPILOT_APP="plain:app"))

    def test_a_wrong_application_is_an_init_error(self):
        files = {
            "good/__init__.py": "",
            "good/main.py": "app = None\ndef make():\n    return 3\n",
            "needs.py": "import nothere\n",
            "broken.py": "def (:\n",
            "environ.py": "import os\n\nurl = os.environ['DATABASE_URL']\n",
            "leaks.py": "raise ValueError('hunter2hunter2')\n",
            "keyed.py": "{}['hunter2 hunter2']\n",
            "quits.py": "raise SystemExit(1)\n",
        }
        rows = [
            # AWSCOPILOT_APP, factory, what the text holds
            ("", "", "not of the form module:attribute"),
            ("good.main", "", "not of the form module:attribute"),
            ("good.main:", "", "not of the form module:attribute"),
            ("good.main:app", "", "good.main:app is not an ASGI application"),
            ("good.main:make", "1", "good.main:make is not an ASGI application"),
            ("good.main:other", "", "AttributeError (module 'good.main' has no attribute 'other')"),
            ("absent:app", "", "ModuleNotFoundError (No module named 'absent')"),
            ("needs:app", "", "ModuleNotFoundError (No module named 'nothere') at needs.py:1"),
            ("broken:app", "", "SyntaxError (invalid syntax (broken.py, line 1))"),
            ("environ:app", "", "KeyError ('DATABASE_URL') at environ.py:3"),
            ("leaks:app", "", "import of leaks:app failed: ValueError at leaks.py:1"),
            ("keyed:app", "", "import of keyed:app failed: KeyError at keyed.py:1"),
            ("quits:app", "", "import of quits:app failed: SystemExit at quits.py:1"),
        ]
        root = self.root(files)
        for target, factory, want in rows:
            with self.subTest(target=target):
                text, _ = self.start_error(root, AWSCOPILOT_APP=target, AWSCOPILOT_FACTORY=factory)
                self.assertIn(want, text)
                self.assertNotIn("hunter2", text)
        os.environ.pop("AWSCOPILOT_APP", None)
        self.assertIn("not of the form", self.start_error(root)[0])

    def test_where_the_application_is_found(self):
        rows = [
            # file, AWSCOPILOT_APP, AWSCOPILOT_BACKEND_DIR
            ("m1.py", "m1:app", ""),
            ("p/q/m2.py", "p.q.m2:app", ""),
            ("backend/m3.py", "m3:app", "backend"),
            ("services/api/src/m4/main.py", "m4.main:app", "services/api/src"),
        ]
        for file, target, folder in rows:
            with self.subTest(file):
                root = self.root({file: ECHO})
                module = self.load(root, AWSCOPILOT_APP=target, AWSCOPILOT_BACKEND_DIR=folder)
                self.assertEqual(self.call(module)[0]["statusCode"], 200)
                self.assertEqual(sys.path[:2], [str(root / folder), str(root)])
        for folder in ("..", "/etc", "absent", "m1.py"):
            with self.subTest(folder=folder):
                text, _ = self.start_error(
                    self.root({"m1.py": ECHO}),
                    AWSCOPILOT_APP="m1:app",
                    AWSCOPILOT_BACKEND_DIR=folder,
                )
                self.assertIn("AWSCOPILOT_BACKEND_DIR", text)

    def test_attributes_and_factories(self):
        source = textwrap.dedent(ECHO) + textwrap.dedent(
            """
            class holder:
                inner = app
            def make():
                return app
            """
        )
        root = self.root({"made.py": source})
        for target, factory in (("made:holder.inner", ""), ("made:make", "1")):
            with self.subTest(target):
                module = self.load(root, AWSCOPILOT_APP=target, AWSCOPILOT_FACTORY=factory)
                self.assertEqual(self.call(module)[0]["statusCode"], 200)

    LIFESPAN = """
        count = 0
        async def app(scope, receive, send):
            global count
            if scope["type"] == "lifespan":
                {}
                return
            await send({{"type": "http.response.start", "status": 200}})
            await send({{"type": "http.response.body",
                        "body": repr((count, scope["state"])).encode()}})
            scope["state"]["seen"] = True
    """

    def test_lifespan(self):
        starts = (
            'assert (await receive())["type"] == "lifespan.startup"; count += 1; '
            'scope["state"]["db"] = 7; await send({"type": "lifespan.startup.complete"}); '
        )
        rows = [
            # name, what the application does on the lifespan scope, (count, state) seen twice
            ("waits for the end", starts + "await receive()", (1, {"db": 7})),
            ("returns after start-up", starts, (1, {"db": 7})),
            ("raises after start-up", starts + "raise ValueError", (1, {"db": 7})),
            ("raises at once", "raise ValueError", (0, {})),
            ("raises after receive", "await receive(); raise ValueError", (0, {})),
            ("returns at once", "pass", (0, {})),
        ]
        for name, does, want in rows:
            with self.subTest(name):
                module = self.app(self.LIFESPAN.format(does))
                for _ in range(2):
                    self.assertEqual(body_of(self.call(module)[0]), repr(want).encode())

    def test_a_failed_start_up_is_an_init_error(self):
        failed = 'await send({"type": "lifespan.startup.failed", "message": "hunter2hunter2"}); '
        for then in ("", "raise ValueError('hunter2hunter2')", "await receive(); await receive()"):
            with self.subTest(then):
                name = f"app{next(numbers)}"
                root = self.root({name + ".py": self.LIFESPAN.format(failed + then)})
                text, _ = self.start_error(root, AWSCOPILOT_APP=name + ":app")
                self.assertIn(f"start-up of {name}:app failed", text)
                self.assertEqual("ValueError at app" in text, "raise" in then)
                self.assertNotIn("hunter2", text)

    def test_without_a_secrets_path_botocore_is_not_loaded(self):
        root = self.root({"plain.py": ECHO})
        for path in (None, ""):
            with self.subTest(path=path):
                env = {**os.environ, "AWSCOPILOT_APP": "plain:app"}
                if path is not None:
                    env["AWSCOPILOT_SECRETS_PATH"] = path
                code = "import sys, _deploy_bridge; sys.exit('botocore' in sys.modules)"
                done = subprocess.run([sys.executable, "-c", code], cwd=root, env=env, timeout=60)
                self.assertEqual(done.returncode, 0)


class Result(unittest.TextTestResult):
    passed = 0

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1


if __name__ == "__main__":
    argv = [sys.argv[0], *(sys.argv[1:] or ["test_bridge", "test_peers"])]
    runner = unittest.TextTestRunner(resultclass=Result)
    outcome = unittest.main(module=None, argv=argv, testRunner=runner, exit=False).result
    failed, skipped = len(outcome.failures) + len(outcome.errors), len(outcome.skipped)
    print(f"bridge: {outcome.passed} passed, {failed} failed, {skipped} skipped")
    sys.exit(not outcome.wasSuccessful())
