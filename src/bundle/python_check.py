"""Imports an ASGI application as the function will, and says what it found.

Reads one JSON object from standard input and writes one to its "result" path:
  in   {"repository","root","site","target","factory","dummies":{NAME: VALUE or null},"result"}
  out  {"ok": true, "routes": [{"method","path"}], "values": {...}, "lifespan": {...}, "seen": {...}}
       {"ok": false, "missing": [{"name","where"}], "values": {NAME: VALUE}, "better", "type", "error", "where", "seen"}
"seen": {"contacted": [{"host","port","when","where"}], "wrote": [{"path","when","where"}], "read": [PATH]}
"lifespan": {"ran": true} or {"ran": false, "error", "where"}
Paths and places are relative to the repository. A null dummy gets a stand-in of the right shape; "values" says which were used, and on failure which
to try next. Prints nothing of its own. Runs without network, in a copy of the repository.

The lifespan is entered too, for some seconds: it is where applications read, write and connect most. It
never fails the check: a server that is not there is the usual reason, and that says nothing about the code.
What it wanted is in "seen"; a variable that it misses is in "missing" of an answer that is "ok".
"""

import asyncio
import importlib
import json
import os
import re
import signal
import sys
import traceback

LIFESPAN_S = 10
SEEN_MAX = 50
READ_MAX = 5000

SHAPES = (  # the end of a name, what an application would accept under it
    ("DATABASE_URL", "postgresql://user:password@localhost:5432/database"),
    ("DATABASE_URI", "postgresql://user:password@localhost:5432/database"),
    ("REDIS_URL", "redis://localhost:6379/0"),
    ("MONGO_URL", "mongodb://localhost:27017/database"),
    ("MONGODB_URI", "mongodb://localhost:27017/database"),
    ("DSN", "https://0@example.invalid/0"),
    ("URL", "https://example.invalid/"),
    ("URI", "https://example.invalid/"),
    ("HOST", "example.invalid"),
    ("PORT", "5432"),
    ("EMAIL", "nobody@example.com"),
    ("DIR", "/tmp/import-check"),
    ("PATH", "/tmp/import-check"),
    ("REGION", "us-east-1"),
)
LONG = "import-check-stand-in-0123456789abcdef0123456789abcdef"
BY_ERROR = (  # pydantic's error types begin with these
    ("int", "1"), ("float", "1"), ("decimal", "1"), ("bool", "true"), ("url", "https://example.invalid/"),
    ("json", "{}"), ("list", "[]"), ("tuple", "[]"), ("set", "[]"), ("dict", "{}"), ("model", "{}"),
    ("date", "2000-01-01"), ("time", "00:00:00"), ("uuid", "00000000-0000-4000-8000-000000000000"),
)


def shape_of(name):
    upper = name.upper()
    return next((value for end, value in SHAPES if upper.endswith(end)), LONG)


def shape_for(error):
    expected = str((error.get("ctx") or {}).get("expected", ""))
    if expected.startswith("'"):
        return expected.split("'")[1]
    kind = error.get("type", "")
    if "valid email address" in error.get("msg", ""):
        return "nobody@example.com"
    return next((value for start, value in BY_ERROR if kind.startswith(start)), None)


class Watch:
    """What the application wants of the world, by audit events (PEP 578), and with which of its lines."""

    def __init__(self, root):
        self.root = root
        self.when = "import"
        self.contacted, self.wrote, self.read, self.absent = {}, {}, {}, {}
        self.is_busy = False

    def is_own(self, name):
        return not name.startswith("<") and os.path.realpath(name).startswith(self.root + os.sep)

    def where(self):
        frame = sys._getframe(2)
        while frame is not None:
            name = frame.f_code.co_filename
            if self.is_own(name):
                return f"{os.path.relpath(os.path.realpath(name), self.root)}:{frame.f_lineno}"
            frame = frame.f_back
        return None

    def contact(self, host, port):
        host = host.decode(errors="replace") if isinstance(host, bytes) else str(host)
        if len(self.contacted) < SEEN_MAX and host not in ("", "None"):
            self.contacted.setdefault((host, str(port)), {"host": host, "port": str(port), "when": self.when, "where": self.where()})

    def write(self, path):
        path = os.path.realpath(os.fsdecode(path))
        if len(self.wrote) < SEEN_MAX and self.is_own(path):
            short = os.path.relpath(path, self.root)
            self.wrote.setdefault(short, {"path": short, "when": self.when, "where": self.where()})

    def note_read(self, path):
        path = os.path.realpath(os.fsdecode(path))
        if len(self.read) < READ_MAX and self.is_own(path):
            self.read.setdefault(os.path.relpath(path, self.root))

    def hook(self, event, args):
        if self.is_busy or event not in HOOKED:
            return
        self.is_busy = True  # what we do ourselves is not seen
        try:
            HOOKED[event](self, args)
        except Exception:  # an odd argument is the application's affair
            pass
        finally:
            self.is_busy = False

    def read_variable(self, name):
        if len(self.absent) < 500 and not self.is_busy:
            self.absent.setdefault(name, self.where())

    def start(self):
        watch, get = self, os._Environ.__getitem__

        def getitem(environ, name):
            try:
                return get(environ, name)
            except KeyError:
                if isinstance(name, str):
                    watch.read_variable(name)
                raise

        os._Environ.__getitem__ = getitem  # os.getenv() and environ.get() come through here too
        sys.addaudithook(self.hook)

    def seen(self):
        return {"contacted": list(self.contacted.values()), "wrote": list(self.wrote.values()), "read": [path for path in self.read if os.path.isfile(os.path.join(self.root, path))]}


def hook_connect(watch, args):
    address = args[1]
    if isinstance(address, tuple) and len(address) >= 2:
        watch.contact(address[0], address[1])


def hook_open(watch, args):
    path, _, flags = args
    if isinstance(path, (str, bytes)):
        (watch.write if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) else watch.note_read)(path)


HOOKED = {
    "socket.connect": hook_connect,
    "socket.getaddrinfo": lambda watch, args: watch.contact(args[0], args[1]),
    "open": hook_open,
    "os.mkdir": lambda watch, args: watch.write(args[0]),
    "sqlite3.connect": lambda watch, args: args[0] == ":memory:" or watch.write(args[0]),
}


def frames_of(error):
    tb = error.__traceback__
    while tb is not None:
        yield tb.tb_frame, tb.tb_lineno
        tb = tb.tb_next


def settings_class(error):
    """The settings class whose construction failed: pydantic's second version or its first."""
    found = None
    for frame, _ in frames_of(error):
        for name in ("self", "__pydantic_self__"):
            kind = type(frame.f_locals.get(name))
            if "env_prefix" in getattr(kind, "model_config", ()) or hasattr(getattr(kind, "__config__", None), "env_prefix"):
                found = kind
    model = getattr(error, "model", None)
    return found or (model if hasattr(getattr(model, "__config__", None), "env_prefix") else None)


def variable_of(kind, loc):
    """The environment variable that a field is read from, as people write it."""
    field = str(loc[0]) if loc else ""
    known = fields_of(kind).get(field)
    names = sorted(getattr(getattr(known, "field_info", None), "extra", {}).get("env_names", ()))
    if names:
        return names[0].upper()
    alias = getattr(known, "validation_alias", None)
    if alias is not None:
        choices = getattr(alias, "choices", [alias])
        return str(choices[0]).upper()
    config = getattr(kind, "model_config", None)
    return (("" if known is None or config is None else config.get("env_prefix", "")) + field).upper()


def named_by(error, watch):
    """Names that libraries for settings say in their own words, and absent ones that the message repeats."""
    text = str(error)
    for kind, pattern in NAMED:
        found = re.search(pattern, text) if any(kind == base.__name__ for base in type(error).__mro__) else None
        if found:
            return [found.group(1)]
    if isinstance(error, (OSError, ImportError, SyntaxError, Overtime)) or watch.contacted:
        return []
    words = {word.upper() for word in re.findall(r"[A-Za-z_][A-Za-z0-9_]*", text)}
    return [name for name in watch.absent if name.upper() in words and len(name) > 2]


NAMED = (  # class, what its message says
    ("UndefinedValueError", r"^(\w+) not found"),  # decouple
    ("KeyError", r"Config '(\w+)' is missing"),  # Starlette
    ("EnvError", r'[Ee]nvironment variable "(\w+)"'),  # environs
    ("ImproperlyConfigured", r"Set the (\w+) environment variable"),  # environ
)


def fields_of(kind):
    return getattr(kind, "model_fields", None) or getattr(kind, "__fields__", {})


def missing_of(error, dummies, watch):
    """(names that nobody gave, values to try instead of those that do not fit)"""
    if isinstance(error, KeyError) and error.args and isinstance(error.args[0], str):
        if error.args[0] in watch.absent:
            return [error.args[0]], {}
    kind = settings_class(error)
    if kind is None or not callable(getattr(error, "errors", None)):
        return named_by(error, watch), {}
    missing, values = [], {}
    for one in error.errors():
        name = variable_of(kind, one.get("loc", ()))
        given = next((key for key in dummies if key.upper() == name.upper()), None)
        if one.get("type") in ("missing", "value_error.missing"):
            missing.append(name)
        elif given is not None and shape_for(one) not in (None, os.environ.get(given)):
            values[given] = shape_for(one)
    return missing, values


def where_of(error, root):
    """The innermost line of the application itself."""
    place = None
    if isinstance(error, SyntaxError) and error.filename:
        frames = [(error.filename, error.lineno)]
    else:
        frames = [(frame.f_code.co_filename, line) for frame, line in frames_of(error)]
    for name, line in frames:
        inside = os.path.relpath(os.path.realpath(name), root)
        if not name.startswith("<") and not inside.startswith(".."):
            place = f"{inside}:{line}"
    return place


def routes_of(app, prefix=""):
    for route in getattr(app, "routes", None) or ():
        path = prefix + (getattr(route, "path", "") or "")
        inner = getattr(route, "app", None)
        methods = getattr(route, "methods", None)
        if methods:
            yield from ({"method": method, "path": path} for method in sorted(methods) if method != "HEAD")
        elif getattr(route, "routes", None):
            yield from routes_of(route, path)
        elif inner is not None and hasattr(route, "path"):
            yield {"method": "WEBSOCKET" if "WebSocket" in type(route).__name__ else "MOUNT", "path": path}


def load(target, is_factory):
    module, _, attribute = target.partition(":")
    app = importlib.import_module(module)
    for part in attribute.split("."):
        app = getattr(app, part)
    if is_factory:
        app = app()
    if not callable(app):
        raise TypeError(f"{target} is a {type(app).__name__}, which cannot be called as an ASGI application")
    return app


async def enter_lifespan(app):
    """Starts the application as a server does, and ends it; raises what its start raises."""
    sent, started = asyncio.Queue(), asyncio.get_running_loop().create_future()
    await sent.put({"type": "lifespan.startup"})

    async def send(message):
        if not started.done():
            started.set_result(message)

    scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
    running = asyncio.ensure_future(app(scope, sent.get, send))
    await asyncio.wait({running, started}, timeout=LIFESPAN_S, return_when=asyncio.FIRST_COMPLETED)
    if not started.done():
        if running.done():
            running.result()
            return
        raise Overtime(f"the start did not end within {LIFESPAN_S} s")
    message = started.result()
    if message["type"] == "lifespan.startup.failed":
        raise RuntimeError(message.get("message", "").strip().split("\n")[-1] or "the start failed")


class Overtime(BaseException):
    """The start takes too long; not for a retry of the application to catch."""


def overtime(_signal, _frame):
    raise Overtime(f"the start did not end within {LIFESPAN_S} s")


def lifespan(app, watch):
    """({"ran"...}, error or None)"""
    watch.when = "lifespan"
    found = []
    note = found.append
    router = getattr(app, "router", None)
    context = getattr(router, "lifespan_context", None)
    if context is not None:  # Starlette turns what is raised into text: take it before
        def noted(inner):
            try:
                manager = context(inner)
            except BaseException as error:
                note(error)
                raise

            class Noted:
                async def __aenter__(self):
                    try:
                        return await manager.__aenter__()
                    except BaseException as error:
                        note(error)
                        raise

                async def __aexit__(self, *args):
                    return await manager.__aexit__(*args)

            return Noted()

        router.lifespan_context = noted
    signal.signal(signal.SIGALRM, overtime)  # for code that waits without awaiting
    signal.setitimer(signal.ITIMER_REAL, LIFESPAN_S + 2)
    try:
        asyncio.new_event_loop().run_until_complete(enter_lifespan(app))
        return {"ran": True}, None
    except BaseException as error:
        signal.setitimer(signal.ITIMER_REAL, 0)
        error = found[0] if found else error
        return {"ran": False, "error": line_of(error), "where": where_of(error, watch.root)}, error


def line_of(error):
    lines = traceback.format_exception_only(type(error), error)[-1].strip().split("\n")
    return " ".join(lines[:2] if callable(getattr(error, "errors", None)) else lines[:1])[:500]  # pydantic: and which field


def check(request):
    root, repository = os.path.realpath(request["root"]), os.path.realpath(request["repository"])
    watch = Watch(repository)
    sys.path[:0] = [root, request["site"]]
    sys.argv = ["import-check"]
    values = {name: given or shape_of(name) for name, given in request["dummies"].items()}
    for name, value in values.items():
        os.environ.setdefault(name, value)
    os.chdir(root)
    watch.start()
    try:
        app = load(request["target"], request["factory"])
        routes = list(routes_of(app))
    except BaseException as error:  # sys.exit() while importing is a failure too
        missing, better = missing_of(error, request["dummies"], watch)
        return {"ok": False, "missing": places(missing, watch, error), "values": {**values, **better}, "better": bool(better),
                "type": type(error).__name__, "error": line_of(error), "where": where_of(error, repository), "seen": watch.seen()}
    result, error = lifespan(app, watch)
    missing, better = missing_of(error, request["dummies"], watch) if error is not None else ([], {})
    return {"ok": True, "routes": routes, "missing": places(missing, watch, error), "values": {**values, **better},
            "better": bool(better), "lifespan": result, "seen": watch.seen()}


def places(names, watch, error):
    where = where_of(error, watch.root) if error is not None else None
    return [{"name": name, "where": watch.absent.get(name) or where} for name in names]


def main():
    request = json.load(sys.stdin)
    result = check(request)
    sys.stdout.flush()
    with open(request["result"], "w", encoding="utf-8") as file:
        json.dump(result, file)
    os._exit(0)  # threads that the application left running do not keep us


main()
