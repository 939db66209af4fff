"""Serves an ASGI application as an AWS Lambda function: Handler `_deploy_bridge.handler`.

This file and `_deploy_build_id` (16 hex digits) lie at the root of the function's zip; the
application is not edited. Importing this module starts the application: a failed start is an init
error of the function, and whatever answers has started. `handler` takes events of an API Gateway
HTTP API, payload format 2.0, one at a time, on one event loop for the life of the process.

Environment:
  AWSCOPILOT_APP           `module:attribute` of the application; required
  AWSCOPILOT_FACTORY       `1`: the attribute is called without arguments to make the application
  AWSCOPILOT_BACKEND_DIR   folder of the zip, relative to its root, put before the root in sys.path;
                           the working folder of the process
  AWSCOPILOT_SECRETS_PATH  Parameter Store path, read into the environment before the import under
                           the last part of each name; empty or absent: no call
  AWSCOPILOT_PARAMETERS    changes with the versions of those parameters, so that a new value makes
                           a new version of the function; not read here
  AWSCOPILOT_ROOT_PATH     prefix of the URL that the application's routes do not carry
  AWSCOPILOT_PREFIX        the built-in health check is /<prefix>/.aws-copilot/health; default /api

Every answer carries `x-aws-copilot-build`. Texts made here name parameters, variables, types and
places in the code, never a value; tracebacks go to the log, with the values read above masked.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import functools
import importlib
import json
import os
import re
import sys
import traceback
from pathlib import Path
from urllib.parse import quote, unquote

ROOT = Path(__file__).resolve().parent  # /var/task on Lambda
BUILD_HEADER = "x-aws-copilot-build"
PAYLOAD_BYTES_MAX = 6 * 1024 * 1024  # AWS Lambda quotas: synchronous payload, each way
JSON_GROWTH_MAX = 12  # a byte of text is at most `\u0000` in JSON; the rest is for the headers
DEADLINE_MARGIN_S = 0.5  # kept back to answer before Lambda ends the process
CANCEL_S = 0.1  # given to a cancelled application to clean up
MASKED_CHARS_MIN = 4  # shorter values would mask ordinary words

# A path of an HTTP API arrives decoded, except for `%25`: what may not stand in a request target
# is encoded again, and then everything is decoded once.
PATH_SAFE = "/%:@!$&'()*+,;=~"
DROPPED_HEADERS = {"connection", "keep-alive", "transfer-encoding"}  # of one connection
BODILESS_STATUS = {204, 304}
TEXT_TYPE = re.compile(
    r"text/.+|[^/]+/.+\+(json|xml)"
    r"|application/(json|xml|javascript|x-javascript|ecmascript|x-www-form-urlencoded)"
)
NAMING_ERRORS = (AttributeError, ImportError, NameError, SyntaxError)  # their texts hold names
PYDANTIC_ERRORS = (
    "pydantic_core._pydantic_core.ValidationError",
    "pydantic.error_wrappers.ValidationError",  # version 1
)
RESERVED_NAMES = ("AWS_", "LAMBDA_", "AWSCOPILOT_")


class StartError(Exception):
    """The application cannot be served; the text is the function's init error."""


class Refused(Exception):
    """The answer is (status, error code, sentence) instead of the application's."""


def log(level, text, **fields):
    """Writes one line of JSON, which Lambda keeps as one record, to stderr."""
    record = {"level": level, "source": "aws-copilot", "message": text, **fields}
    print(json.dumps(record), file=sys.stderr, flush=True)


def mask(text, secrets):
    """Returns `text` without the secrets and without the inputs that pydantic quotes, cut short."""
    text = re.sub(r"input_value=.*?(?=, input_type=)", "input_value=***", text)
    for value in sorted(secrets, key=len, reverse=True):
        if len(value) >= MASKED_CHARS_MIN:
            for form in (value, repr(value)[1:-1], quote(value, safe="")):
                text = text.replace(form, "***")
    return text


def trace_of(error, secrets):
    """Returns the masked traceback of `error`."""
    lines = traceback.format_exception(type(error), error, error.__traceback__)
    return mask("".join(lines), secrets)


def describe(error, package):
    """Returns the type of `error`, what is harmless of its text, and where `package` raised it."""
    detail = ""
    if isinstance(error, NAMING_ERRORS):
        detail = f" ({error})"
    elif isinstance(error, KeyError) and re.fullmatch(r"'[A-Z][A-Z0-9_]*'", str(error)):
        detail = f" ({error})"  # os.environ["NAME"]
    elif f"{type(error).__module__}.{type(error).__name__}" in PYDANTIC_ERRORS:
        rows = (".".join(map(str, row["loc"])) + ": " + row["type"] for row in error.errors())
        detail = f" ({', '.join(rows)})"
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{os.path.relpath(frame.filename, ROOT)}:{frame.lineno}" for frame in frames]
    own = [p for p in places if re.match(rf"(?!\.\.)(.*/)?{re.escape(package)}(/|\.py:)", p)]
    return type(error).__name__ + detail + (f" at {own[-1]}" if own else "")


def read_build_id():
    """Returns the id that the program wrote into the zip."""
    try:
        build = (ROOT / "_deploy_build_id").read_text("ascii").strip()
    except (OSError, ValueError):
        build = ""
    if not re.fullmatch(r"[0-9a-f]{16}", build):
        raise StartError("_deploy_build_id at the root of the zip is missing or not 16 hex digits")
    return build


def set_import_path(backend_dir):
    """Puts the backend folder and the root of the zip first in sys.path, and goes there."""
    folder = (ROOT / backend_dir).resolve()
    if not folder.is_dir() or ROOT not in (folder, *folder.parents):
        raise StartError("AWSCOPILOT_BACKEND_DIR is not a folder of the zip")
    sys.path[:0] = [str(folder), str(ROOT)]
    os.chdir(folder)  # as a server that is started there: relative paths of the application hold


def read_parameters(path):
    """Reads every parameter below `path` into os.environ; returns the values.

    Source: AWS Systems Manager API Reference, GetParametersByPath (10 a page).
    """
    try:
        import botocore.config
        import botocore.session

        config = botocore.config.Config(
            connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3}
        )
        client = botocore.session.get_session().create_client(
            "ssm", region_name=os.environ.get("AWS_REGION"), config=config
        )
        pages = client.get_paginator("get_parameters_by_path").paginate(
            Path=path, Recursive=True, WithDecryption=True, PaginationConfig={"PageSize": 10}
        )
        rows = [(row["Name"], row["Value"]) for page in pages for row in page["Parameters"]]
    except Exception as error:
        code = getattr(error, "response", {}).get("Error", {}).get("Code") or type(error).__name__
        raise StartError(f"the parameters below {path} cannot be read: {code}") from None

    owners = {}
    for full_name, value in rows:
        name = full_name.rpartition("/")[2]
        if name.startswith(RESERVED_NAMES):
            log("WARNING", "a parameter with a reserved name is not used", parameter=full_name)
            continue
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) or "\0" in value:
            raise StartError(f"parameter {full_name} cannot become an environment variable")
        if name in owners:
            raise StartError(f"parameters {owners[name]} and {full_name} both set {name}")
        owners[name] = full_name
        os.environ[name] = value
    return [value for _, value in rows]


def make_scope(event, root_path, state):
    """Returns the ASGI scope of an event.

    As under uvicorn's --root-path, `path` is the whole path: the framework takes `root_path` off.
    """
    request, cookies = event["requestContext"], event.get("cookies")
    raw_path = quote(event["rawPath"], safe=PATH_SAFE)
    path = unquote(raw_path)
    dropped = {"x-origin-verify", "cookie"} if cookies else {"x-origin-verify"}
    headers = [(name.lower(), value) for name, value in (event.get("headers") or {}).items()]
    headers = [(name.encode(), value.encode()) for name, value in headers if name not in dropped]
    if cookies:
        headers.append((b"cookie", "; ".join(cookies).encode()))
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request["http"]["method"].upper(),
        "scheme": "https",
        "path": path,
        "raw_path": raw_path.encode(),
        "root_path": root_path if (path + "/").startswith(root_path + "/") else "",
        "query_string": event.get("rawQueryString", "").encode(),
        "headers": headers,
        "client": (request["http"]["sourceIp"], 0),
        "server": (request["domainName"], 443),
        "state": dict(state),
    }


def read_body(event):
    """Returns the bytes of the request."""
    body = event.get("body") or ""
    return base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()


def text_of(raw):
    """Returns a header's bytes as text: UTF-8, or else Latin-1, in which every byte has a place."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def make_answer(status, pairs, body, method="", own_origin="https://"):
    """Returns the payload 2.0 answer for header pairs of bytes and a whole body.

    A Location on `own_origin` becomes relative: the application was called by the API's host name,
    which is not the one in the browser.
    """
    headers, cookies = {}, []
    for raw_name, raw_value in pairs:
        name, value = text_of(raw_name).lower(), text_of(raw_value)
        if name == "set-cookie":
            cookies.append(value)
        elif name not in DROPPED_HEADERS:
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
    if headers.get("location", "").startswith(own_origin + "/"):
        headers["location"] = headers["location"][len(own_origin) :]
    if method == "HEAD" or status in BODILESS_STATUS:
        body = b""
    elif "content-length" in headers:
        headers["content-length"] = str(len(body))

    text = None if body else ""
    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if TEXT_TYPE.fullmatch(content_type) and "content-encoding" not in headers:
        with contextlib.suppress(UnicodeDecodeError):
            text = body.decode()
    answer = {"statusCode": status, "headers": headers, "isBase64Encoded": text is None}
    answer["body"] = base64.b64encode(body).decode() if text is None else text
    return {**answer, "cookies": cookies} if cookies else answer


def is_too_large(answer):
    """Tells whether Lambda would refuse the JSON that its Python runtime makes of the answer."""
    if len(answer["body"]) < PAYLOAD_BYTES_MAX // JSON_GROWTH_MAX:
        return False
    escapes_unicode = sys.version_info < (3, 12)
    return len(json.dumps(answer, ensure_ascii=escapes_unicode).encode()) > PAYLOAD_BYTES_MAX


class Exchange:
    """One request and its answer, between the application's receive() and send()."""

    def __init__(self, body):
        self.status = None
        self.headers = []
        self.size = 0
        self.chunks = []
        self.completed = asyncio.Event()
        self._request = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive(self):
        if self._request and not self.completed.is_set():
            return self._request.pop()
        await self.completed.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        expected = "http.response.start" if self.status is None else "http.response.body"
        if self.completed.is_set() or message["type"] != expected:
            raise RuntimeError(f"ASGI message '{message['type']}' is out of order")
        if self.status is None:
            self.status, self.headers = int(message["status"]), list(message.get("headers", ()))
            return
        chunk = bytes(message.get("body", b""))
        self.size += len(chunk)
        if self.size <= PAYLOAD_BYTES_MAX:  # of a larger answer, which is refused, only the size
            self.chunks.append(chunk)
        if not message.get("more_body", False):
            self.completed.set()


class Bridge:
    """The started application and its event loop."""

    def __init__(self, env):
        self._target = env.get("AWSCOPILOT_APP", "")
        self._package = re.split("[.:]", self._target)[0]
        self._is_factory = env.get("AWSCOPILOT_FACTORY") == "1"
        self._root_path = ("/" + env.get("AWSCOPILOT_ROOT_PATH", "").strip("/")).rstrip("/")
        prefix = ("/" + env.get("AWSCOPILOT_PREFIX", "api").strip("/")).rstrip("/")
        self._health_path = prefix + "/.aws-copilot/health"
        self._build = read_build_id()
        self._secrets = [env.get("AWS_SECRET_ACCESS_KEY", ""), env.get("AWS_SESSION_TOKEN", "")]
        self._state = {}  # shared by the lifespan with each request
        self._tasks = set()  # the loop holds its tasks only weakly
        self._loop = asyncio.new_event_loop()
        set_import_path(env.get("AWSCOPILOT_BACKEND_DIR", ""))
        if env.get("AWSCOPILOT_SECRETS_PATH"):
            self._secrets += read_parameters(env["AWSCOPILOT_SECRETS_PATH"])
        self._loop.run_until_complete(self._start())

    def handle(self, event, context):
        """Answers one event; never raises. Blocks until the application's call has returned."""
        try:
            answer = self._answer(event, context)
        except Refused as refusal:
            answer = self._refuse(event, context, *refusal.args, refusal.__cause__)
        except Exception as error:
            text = "the answer cannot be handed to Lambda"
            answer = self._refuse(event, context, 500, "bad_answer", text, error)
        answer["headers"][BUILD_HEADER] = self._build
        return answer

    def _refuse(self, event, context, status, code, text, cause):
        try:
            error_id = event["requestContext"]["requestId"]  # shown in the API's access log
        except (KeyError, TypeError):
            error_id = getattr(context, "aws_request_id", "")
        trace = trace_of(cause, self._secrets) if cause else None
        log("ERROR", text, error=code, error_id=error_id, trace=trace)
        return self._own_answer(status, {"error": code, "error_id": error_id, "message": text})

    def _answer(self, event, context):
        try:
            scope, body = make_scope(event, self._root_path, self._state), read_body(event)
        except (AttributeError, KeyError, TypeError, ValueError):
            text = "the event is not a request of an HTTP API in payload format 2.0"
            raise Refused(400, "bad_event", text) from None
        method, sent = scope["method"], dict(scope["headers"])
        if scope["path"] == self._health_path and method in ("GET", "HEAD"):
            return self._health(method)
        if sent.get(b"upgrade", b"").lower() == b"websocket":
            text = "WebSockets are not served here; choose the target container"
            raise Refused(501, "websocket", text)

        left_ms = getattr(context, "get_remaining_time_in_millis", lambda: None)()
        seconds = None if left_ms is None else max(CANCEL_S, left_ms / 1000 - DEADLINE_MARGIN_S)
        exchange = self._loop.run_until_complete(self._serve(scope, body, seconds))
        own_origin = "https://" + text_of(sent.get(b"host", b""))
        body = b"".join(exchange.chunks)
        answer = make_answer(exchange.status, exchange.headers, body, method, own_origin)
        if exchange.size > PAYLOAD_BYTES_MAX or is_too_large(answer):
            text = f"the answer of {exchange.size} bytes is over Lambda's limit of 6 MB"
            raise Refused(502, "answer_too_large", text)
        return answer

    async def _serve(self, scope, body, seconds):
        """Calls the application; returns the exchange with a whole answer."""
        exchange = Exchange(body)
        task = self._spawn(scope, exchange.receive, exchange.send)
        await asyncio.wait({task}, timeout=seconds)
        error = task.result() if task.done() else None
        if not exchange.completed.is_set():
            if task.done():
                text = "the application failed before its answer was whole"
                raise Refused(500, "application_failed", text) from error
            task.cancel()
            await asyncio.wait({task}, timeout=CANCEL_S)
            raise Refused(504, "timed_out", "the application did not answer in time")
        if error is not None:
            trace = trace_of(error, self._secrets)
            log("ERROR", "the application failed after its answer", trace=trace)
        elif not task.done():
            log("WARNING", "the application works on after its answer and is frozen now")
        return exchange

    def _spawn(self, scope, receive, send):
        """Calls the application in a task; its result is what it raised, or None."""

        async def run():
            try:
                await self._app(scope, receive, send)
            except BaseException as error:  # also SystemExit, which would end the loop
                return error

        task = self._loop.create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _start(self):
        """Imports the application, inside the loop as uvicorn does, and runs its start-up."""
        try:
            self._app = self._import_app()
        except StartError:
            raise
        except BaseException as error:
            raise self._start_error(f"import of {self._target} failed", error) from None

        begun = self._loop.create_future()  # the type of the application's first message
        messages = [{"type": "lifespan.startup"}]

        async def receive():
            return messages.pop() if messages else await self._loop.create_future()

        async def send(message):
            if not begun.done():
                begun.set_result(message["type"])

        asgi = {"version": "3.0", "spec_version": "2.0"}
        scope = {"type": "lifespan", "asgi": asgi, "state": self._state}
        task = self._spawn(scope, receive, send)
        await asyncio.wait({task, begun}, return_when=asyncio.FIRST_COMPLETED)
        if begun.done() and begun.result() == "lifespan.startup.failed":
            error = task.result() if task.done() else None
            raise self._start_error(f"start-up of {self._target} failed", error)
        # An application that ended without a message has no lifespan.

    def _import_app(self):
        module, _, attribute = self._target.partition(":")
        if not module or not attribute:
            raise StartError("AWSCOPILOT_APP is not of the form module:attribute")
        app = functools.reduce(getattr, attribute.split("."), importlib.import_module(module))
        app = app() if self._is_factory else app
        if not callable(app):
            raise StartError(f"{self._target} is not an ASGI application")
        return app

    def _start_error(self, text, error):
        if error is None:
            return StartError(text)
        log("ERROR", text, trace=trace_of(error, self._secrets))
        return StartError(mask(f"{text}: {describe(error, self._package)}", self._secrets))

    def _health(self, method):
        fields = {"status": "ok", "build": self._build, "start": "proven"}
        fields["note"] = "only the start of the application is proven"
        return self._own_answer(200, fields, method)

    @staticmethod
    def _own_answer(status, fields, method=""):
        pairs = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
        return make_answer(status, pairs, json.dumps(fields).encode(), method)


handler = Bridge(os.environ).handle
