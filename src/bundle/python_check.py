"""Imports an ASGI application as the function will, and says what it found.

Reads one JSON object from standard input and writes one to its "result" path:
  in   {"root","site","target","factory","dummies":{NAME: VALUE or null},"result"}
  out  {"ok": true, "routes": [{"method","path"}], "values": {...}, "warnings": [...]}
       {"ok": false, "missing": [NAME], "values": {NAME: VALUE}, "type", "error", "where"}
A null dummy gets a stand-in of the right shape; "values" says which were used, and on failure which
to try next. Prints nothing of its own. Runs without network, in a copy of the repository.
"""

import importlib
import json
import os
import sys
import traceback

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
    ("EMAIL", "nobody@example.invalid"),
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
    return next((value for start, value in BY_ERROR if kind.startswith(start)), None)


def frames_of(error):
    tb = error.__traceback__
    while tb is not None:
        yield tb.tb_frame, tb.tb_lineno
        tb = tb.tb_next


def settings_class(error):
    """The settings class whose construction failed: the last `self` with a model_config."""
    found = None
    for frame, _ in frames_of(error):
        for name in ("self", "__pydantic_self__"):
            kind = type(frame.f_locals.get(name))
            if hasattr(kind, "model_config") and "env_prefix" in kind.model_config:
                found = kind
    return found


def variable_of(kind, loc):
    """The environment variable that a field is read from, as people write it."""
    field = str(loc[0]) if loc else ""
    alias = getattr(getattr(kind, "model_fields", {}).get(field), "validation_alias", None)
    if alias is not None:
        choices = getattr(alias, "choices", [alias])
        return str(choices[0]).upper()
    known = getattr(kind, "model_fields", {})
    prefix = "" if field not in known else kind.model_config.get("env_prefix", "")
    return (prefix + field).upper()


def missing_of(error, dummies):
    """(names that nobody gave, values to try instead of those that do not fit)"""
    if isinstance(error, KeyError) and error.args and isinstance(error.args[0], str):
        frames = list(frames_of(error))
        if frames and frames[-1][0].f_code.co_filename in (os.__file__, "<frozen os>"):
            return [error.args[0]], {}
    kind = settings_class(error)
    if kind is None or not callable(getattr(error, "errors", None)):
        return [], {}
    missing, values = [], {}
    for one in error.errors():
        name = variable_of(kind, one.get("loc", ()))
        given = next((key for key in dummies if key.upper() == name), None)
        if one.get("type") == "missing":
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


def check(request):
    root = os.path.realpath(request["root"])
    sys.path[:0] = [root, request["site"]]
    sys.argv = ["import-check"]
    values = {name: given or shape_of(name) for name, given in request["dummies"].items()}
    for name, value in values.items():
        os.environ.setdefault(name, value)
    os.chdir(root)
    try:
        app = load(request["target"], request["factory"])
        return {"ok": True, "routes": list(routes_of(app)), "values": values}
    except BaseException as error:  # sys.exit() while importing is a failure too
        missing, better = missing_of(error, request["dummies"])
        return {"ok": False, "missing": missing, "values": {**values, **better}, "better": bool(better),
                "type": type(error).__name__,
                "error": traceback.format_exception_only(type(error), error)[-1].strip().split("\n")[0][:500],
                "where": where_of(error, root)}


def main():
    request = json.load(sys.stdin)
    result = check(request)
    sys.stdout.flush()
    with open(request["result"], "w", encoding="utf-8") as file:
        json.dump(result, file)
    os._exit(0)  # threads that the application left running do not keep us


main()
