"""A scriptable HTTP proxy in front of the local AWS. It is a fake, and only for faults.

What works is judged by the local AWS behind it; this file makes what the local AWS cannot: throttling, 5xx,
cut connections before or after the effect, slow, cut and foreign answers, a clock that is wrong, and answers
for states that AWS reaches and an emulator does not (stack statuses, early validation, obsolete change sets).
Each answer that it made itself carries the header `x-fault-proxy: fake`.

In a test:
    with FaultProxy(aws.url) as proxy:
        proxy.rule("cloudformation", "DescribeStacks", times=2, throttle=True)
        proxy.rule("s3", "PutObject", times=1, cut="after")
        ... run the program against proxy.url ...
        proxy.count("cloudformation", "ExecuteChangeSet") == 1

Alone: `fault_proxy.py --upstream URL [--port N] [--rules FILE]`; its control path is /_fault/rules
(GET, PUT a list, POST one, DELETE all) and /_fault/seen (GET). A rule in JSON is the arguments of rule().

A rule matches a service (the signing name; "data" for unsigned requests) and an action (the Query action, the
name after the dot of X-Amz-Target, for S3 the operation's name, else the method), each a regular expression
that must match whole, and optionally a path, host or body (searched). The first matching rule that is not used
up serves the request:
    skip=N times=N      lets N matching requests pass first; then serves N (default: all)
    delay_s=S           waits before anything else
    hang=True           never answers
    cut="before|after"  closes the connection without an answer, before or after the effect
    throttle=True       the service's own throttling answer
    error={status, code, message}     an error in the service's own shape
    result={...}        a Query result; stack(), change_set(), events() below make the usual ones
    answer={status, headers, body}    any answer
    headers={...} body="..."          changes the real answer
    rewrite=[[regex, text], ...]      the same, on the body's text
    truncate=N          sends the length of the whole body and N bytes of it
    clock_s=S           this service's clock is S seconds ahead: it refuses a date more than five minutes off,
                        says its own date, and judges the signature (needs FaultProxy(keys={id: secret}))
    call=f              tests only: f(request) before the effect, which an answer that it returns replaces;
                        then=f  after the effect, before the answer;  change=f  f(answer[, request]) changes it
"""
import argparse
import datetime
import email.utils
import hashlib
import hmac
import http.client
import http.server
import json
import re
import threading
import time
import urllib.parse
from xml.sax.saxutils import escape

CFN_NS = "http://cloudformation.amazonaws.com/doc/2010-05-15/"
XML_SERVICES = {"cloudformation", "sts", "iam", "cloudfront"}
HANG_S_MAX = 600
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "proxy-connection", "te", "upgrade"}


# --- canned Query results ---

def stack(name, status, reason=None, stack_id=None, **more):
    """A result of DescribeStacks with one stack; `more` are members such as Outputs=[{...}]."""
    return {"Stacks": [{"StackName": name, "StackId": stack_id or arn("stack", name), "StackStatus": status,
                        "StackStatusReason": reason, "CreationTime": "2026-11-24T09:00:00.000Z", **more}]}


def change_set(stack_name, name, status="CREATE_COMPLETE", execution="AVAILABLE", reason=None, changes=(), **more):
    """A result of DescribeChangeSet; execution="OBSOLETE" is the set that another execution overtook."""
    return {"ChangeSetName": name, "ChangeSetId": arn("changeSet", name), "StackName": stack_name,
            "StackId": arn("stack", stack_name), "Status": status, "ExecutionStatus": execution, "StatusReason": reason,
            "CreationTime": "2026-11-24T09:00:00.000Z",
            "Changes": [{"Type": "Resource", "ResourceChange": change} for change in changes], **more}


def events(*rows):
    """A result of DescribeEvents; early_validation() makes its rows."""
    return {"OperationEvents": list(rows)}


def early_validation(logical_id, resource_type, reason, name="PROPERTY_VALIDATION", mode="FAIL", path=None, n=1):
    return {"EventId": f"00000000-0000-4000-8000-{n:012d}", "EventType": "VALIDATION_ERROR",
            "OperationType": "CREATE_CHANGESET", "OperationStatus": "FAILED", "LogicalResourceId": logical_id,
            "ResourceType": resource_type, "Timestamp": "2026-11-24T09:00:01.000Z", "ValidationName": name,
            "ValidationStatus": "FAILED", "ValidationFailureMode": mode,
            "ValidationPath": path or f"/Resources/{logical_id}", "ValidationStatusReason": reason}


EARLY_VALIDATION_REASON = ("The following hook(s)/validation failed: [AWS::EarlyValidation::PropertyValidation]. To "
                           "troubleshoot Early Validation errors, use the DescribeEvents API for detailed failure information.")


def arn(kind, name, account="123456789012", region="eu-west-1"):
    return f"arn:aws:cloudformation:{region}:{account}:{kind}/{name}/00000000-0000-4000-8000-000000000001"


def query_xml(action, result):
    return (f'<?xml version="1.0"?><{action}Response xmlns="{CFN_NS}"><{action}Result>{_xml(result)}</{action}Result>'
            "<ResponseMetadata><RequestId>fa0170fa-0170-4000-8000-000000000000</RequestId></ResponseMetadata>"
            f"</{action}Response>")


def _xml(value):
    if isinstance(value, dict):
        return "".join(f"<{k}>{_xml(v)}</{k}>" for k, v in value.items() if v is not None)
    if isinstance(value, (list, tuple)):
        return "".join(f"<member>{_xml(v)}</member>" for v in value)
    return escape(str(value).lower() if isinstance(value, bool) else str(value))


# --- what a request is ---

class Request:
    """One request as the rules see it."""

    def __init__(self, method, target, headers, body):
        self.method, self.target, self.headers, self.body = method, target, headers, body
        self.path, _, self.query = target.partition("?")
        self.host = headers.get("Host", "")
        scope = re.search(r"Credential=([^/,]+)/(\d+)/([^/]+)/([^/]+)/aws4_request", headers.get("Authorization", ""))
        self.key_id, self.date, self.region, self.service = scope.groups() if scope else (None, None, None, "data")
        self.action = self._action()

    def effect(self):
        """By what the service knows this effect again: a change set, a client token, a key, a path; None for a read."""
        if self.service in ("cloudformation", "ssm"):
            text = self.body.decode("utf-8", "replace")
            if re.match("Describe|List|Get|Validate|Estimate", self.action):
                return None
            form = dict(urllib.parse.parse_qsl(text)) if self.service == "cloudformation" else json.loads(text or "{}")
            return " ".join(form[k] for k in ("StackName", "ChangeSetName", "ClientRequestToken", "Name") if k in form)
        if self.service in ("data", "sts", "logs") or self.method in ("GET", "HEAD"):  # STS and logs are only asked
            return None
        once = " once" if self.headers.get("If-None-Match") == "*" else ""
        return self.path + once

    def _action(self):
        target = self.headers.get("X-Amz-Target")
        if target:
            return target.rsplit(".", 1)[-1]
        if self.service == "s3":
            return self._s3_operation()
        form = self.body[:8192] if "form-urlencoded" in self.headers.get("Content-Type", "") else self.query.encode()
        found = re.search(rb"(?:^|&)Action=(\w+)", form)
        return found.group(1).decode() if found else self.method

    def _s3_operation(self):
        on_object = len(self.path.strip("/").split("/", 1)) == 2
        query = dict(urllib.parse.parse_qsl(self.query, keep_blank_values=True))
        special = {  # the query key that makes another operation of a method
            ("POST", "uploads"): "CreateMultipartUpload", ("POST", "uploadId"): "CompleteMultipartUpload",
            ("PUT", "uploadId"): "UploadPart", ("DELETE", "uploadId"): "AbortMultipartUpload",
            ("GET", "uploadId"): "ListParts", ("POST", "delete"): "DeleteObjects", ("GET", "versions"): "ListObjectVersions",
            ("GET", "location"): "GetBucketLocation",
        }
        for (method, key), name in special.items():
            if method == self.method and key in query:
                return name
        plain = {"PUT": "PutObject", "GET": "GetObject", "HEAD": "HeadObject", "DELETE": "DeleteObject"} if on_object \
            else {"PUT": "CreateBucket", "GET": "ListObjectsV2", "HEAD": "HeadBucket", "DELETE": "DeleteBucket"}
        return plain.get(self.method, self.method)


class Rule:
    KEYS = {"delay_s", "hang", "cut", "throttle", "error", "result", "answer", "headers", "body", "rewrite", "truncate",
            "clock_s", "call", "then", "change"}

    def __init__(self, service=".*", action=".*", path=None, host=None, contains=None, skip=0, times=None, **do):
        unknown = set(do) - self.KEYS
        if unknown or not do:
            raise ValueError(f"a rule needs something to do, of {sorted(self.KEYS)}; got {sorted(unknown)}")
        if do.get("cut") not in (None, "before", "after"):
            raise ValueError('cut is "before" or "after"')
        self.match = {"service": service, "action": action, "path": path, "host": host, "contains": contains}
        self.skip, self.times, self.do, self.met, self.served = skip, times, do, 0, 0

    def takes(self, request):
        m = self.match
        if not (re.fullmatch(m["service"], request.service) and re.fullmatch(m["action"], request.action)):
            return False
        if (m["path"] and not re.search(m["path"], request.target)) or (m["host"] and not re.search(m["host"], request.host)):
            return False
        if m["contains"] and not re.search(m["contains"].encode(), request.body):
            return False
        if self.times is not None and self.served >= self.times:
            return False
        self.met += 1
        if self.met <= self.skip:
            return False
        self.served += 1
        return True

    def describe(self):
        return {**{k: v for k, v in self.match.items() if v}, "skip": self.skip, "times": self.times,
                "served": self.served, "do": {k: v if not callable(v) else "(a function)" for k, v in self.do.items()}}


class Answer:
    def __init__(self, status, headers, body, fake=True):
        self.status, self.body = status, body if isinstance(body, bytes) else body.encode()
        self.headers = [(k, v) for k, v in headers]
        if fake:
            self.headers.append(("x-fault-proxy", "fake"))

    def set_header(self, name, value):
        self.headers = [(k, v) for k, v in self.headers if k.lower() != name.lower()] + [(name, value)]


def error_answer(service, status, code, message):
    """An error in the shape of the service's protocol."""
    request_id = ("x-amzn-requestid", "fa0170fa-0170-4000-8000-000000000000")
    if service in XML_SERVICES:
        kind = "Sender" if status < 500 else "Receiver"
        return Answer(status, [("Content-Type", "text/xml"), request_id],
                      f"<ErrorResponse><Error><Type>{kind}</Type><Code>{code}</Code><Message>{escape(message)}</Message>"
                      "</Error><RequestId>fa0170fa-0170-4000-8000-000000000000</RequestId></ErrorResponse>")
    if service == "s3":
        return Answer(status, [("Content-Type", "application/xml"), ("x-amz-request-id", "FA0170")],
                      f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{escape(message)}</Message>'
                      "<RequestId>FA0170</RequestId><HostId>fake</HostId></Error>")
    headers = [("Content-Type", "application/x-amz-json-1.1"), request_id, ("x-amzn-errortype", code)]
    return Answer(status, headers, json.dumps({"__type": code, "message": message}))


def throttle_answer(service):
    if service in XML_SERVICES:
        return error_answer(service, 400, "Throttling", "Rate exceeded")
    if service == "s3":
        return error_answer(service, 503, "SlowDown", "Please reduce your request rate.")
    if service == "lambda":
        return error_answer(service, 429, "TooManyRequestsException", "Rate exceeded")
    return error_answer(service, 400, "ThrottlingException", "Rate exceeded")


# --- SigV4, header form: to judge a client's signature under a wrong clock and to sign again for the real one ---

def signature(request, secret, amz_date, signed):
    def mac(key, text):
        return hmac.new(key, text.encode(), hashlib.sha256).digest()

    path = request.path or "/"
    if request.service != "s3":
        path = urllib.parse.quote(path, safe="/-_.~")
    pairs = sorted(pair if "=" in pair else pair + "=" for pair in request.query.split("&") if pair)
    lines = []
    for name in signed.split(";"):
        values = [amz_date] if name == "x-amz-date" else request.headers.get_all(name, [])
        lines.append(f"{name}:{','.join(' '.join(v.split()) for v in values)}\n")
    payload = request.headers.get("x-amz-content-sha256") or hashlib.sha256(request.body).hexdigest()
    canonical = "\n".join([request.method, path, "&".join(pairs), "".join(lines), signed, payload])
    scope = f"{amz_date[:8]}/{request.region}/{request.service}/aws4_request"
    key = ("AWS4" + secret).encode()
    for part in scope.split("/"):
        key = mac(key, part)
    text = "\n".join(["AWS4-HMAC-SHA256", amz_date, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    return scope, mac(key, text).hex()


def clock_answer(request, clock_s, keys):
    """Judges a signed request by a clock that is `clock_s` ahead; None and new headers when it passes.

    Strict for every service: five minutes, though STS and S3 allow fifteen.
    """
    now = datetime.datetime.now(datetime.timezone.utc)
    theirs = now + datetime.timedelta(seconds=clock_s)
    stamp = "%Y%m%dT%H%M%SZ"
    sent = request.headers.get("X-Amz-Date", "")
    code = "SignatureDoesNotMatch" if request.service in XML_SERVICES | {"s3"} else "InvalidSignatureException"
    try:
        off = (datetime.datetime.strptime(sent, stamp).replace(tzinfo=datetime.timezone.utc) - theirs).total_seconds()
    except ValueError:
        return error_answer(request.service, 403, "IncompleteSignature", "Date must be in ISO-8601 'basic format'"), None
    if off < -300:
        limit = (theirs - datetime.timedelta(minutes=5)).strftime(stamp)
        return error_answer(request.service, 403, code, f"Signature expired: {sent} is now earlier than {limit} "
                            f"({theirs.strftime(stamp)} - 5 min.)"), None
    if off > 300:
        limit = (theirs + datetime.timedelta(minutes=5)).strftime(stamp)
        return error_answer(request.service, 403, code, f"Signature not yet current: {sent} is still later than {limit} "
                            f"({theirs.strftime(stamp)} + 5 min.)"), None
    secret = keys.get(request.key_id)
    if secret is None:
        return error_answer(request.service, 403, "InvalidClientTokenId", "the fault proxy does not know this key"), None
    parts = re.search(r"SignedHeaders=([^,\s]+),\s*Signature=(\w+)", request.headers["Authorization"])
    if not parts or signature(request, secret, sent, parts.group(1))[1] != parts.group(2):
        return error_answer(request.service, 403, code, "The request signature we calculated does not match the signature "
                            "you provided."), None
    real = now.strftime(stamp)
    scope, again = signature(request, secret, real, parts.group(1))
    return None, {"X-Amz-Date": real, "Authorization": f"AWS4-HMAC-SHA256 Credential={request.key_id}/{scope}, "
                  f"SignedHeaders={parts.group(1)}, Signature={again}"}


# --- the server ---

class Cut(Exception):
    """Close the connection without another byte."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = HANG_S_MAX
    disable_nagle_algorithm = True

    def log_message(self, *args):
        pass

    def do_any(self):
        body = self._body()
        if self.path.startswith("/_fault/"):
            return self._control(body)
        request = Request(self.command, self.path, self.headers, body)
        row = {"service": request.service, "action": request.action, "method": request.method, "target": request.target,
               "effect": request.effect(), "at": time.time(), "status": None, "upstream": None, "fault": None}
        rule = self.server.proxy.take(request, row)
        try:
            answer = self._serve(request, rule.do if rule else {}, row)
        except (Cut, OSError, http.client.HTTPException):
            row["status"] = "cut"
            self.close_connection = True
            return None
        row["status"] = answer.status
        return self._send(answer, (rule.do if rule else {}).get("truncate"))

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do_PATCH = do_OPTIONS = do_any

    def _body(self):
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while True:
            size = int(self.rfile.readline().split(b";")[0], 16)
            parts.append(self.rfile.read(size))
            self.rfile.readline()
            if size == 0:
                return b"".join(parts)

    def _serve(self, request, do, row):
        """The answer that is sent; what the local AWS itself said goes into row["upstream"]."""
        if "delay_s" in do:
            time.sleep(do["delay_s"])
        if do.get("hang"):
            self.server.proxy.closing.wait(HANG_S_MAX)
            raise Cut
        if do.get("cut") == "before":
            raise Cut
        made = do["call"](request) if "call" in do else None
        answer = made if isinstance(made, Answer) else self._fake(request, do)
        if answer is None:
            new_headers = None
            if "clock_s" in do:
                answer, new_headers = clock_answer(request, do["clock_s"], self.server.proxy.keys)
            if answer is None:
                answer = self._forward(request, new_headers or {})
                row["upstream"] = answer.status
        if "then" in do:
            do["then"](request)
        if do.get("cut") == "after":
            raise Cut
        if "clock_s" in do:
            answer.set_header("Date", email.utils.formatdate(time.time() + do["clock_s"], usegmt=True))
        for name, value in do.get("headers", {}).items():
            answer.set_header(name, value)
        if "body" in do:
            answer.body = do["body"].encode()
        if "change" in do:
            do["change"](*(answer, request)[:do["change"].__code__.co_argcount])
        for pattern, text in do.get("rewrite", []):
            answer.body = re.sub(pattern.encode(), text.encode(), answer.body)
        return answer

    def _fake(self, request, do):
        if do.get("throttle"):
            return throttle_answer(request.service)
        if "error" in do:
            e = do["error"]
            return error_answer(request.service, e["status"], e["code"], e.get("message", "made by the fault proxy"))
        if "result" in do:
            return Answer(200, [("Content-Type", "text/xml")], query_xml(request.action, do["result"]))
        if "answer" in do:
            a = do["answer"]
            return Answer(a.get("status", 200), a.get("headers", {}).items(), a.get("body", ""))
        return None

    def _forward(self, request, new_headers):
        host, port = self.server.proxy.upstream
        replaced = {name.lower() for name in new_headers} | {"expect"}
        up = http.client.HTTPConnection(host, port, timeout=120)
        try:
            up.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
            for name, value in request.headers.items():
                if name.lower() in HOP_BY_HOP | replaced:
                    continue
                up.putheader(name, value)
            for name, value in new_headers.items():
                up.putheader(name, value)
            up.putheader("Content-Length", str(len(request.body)))
            up.endheaders(request.body)
            got = up.getresponse()
            body = got.read()
            headers = [(k, v) for k, v in got.getheaders() if k.lower() not in HOP_BY_HOP]
            if request.method == "HEAD" and got.getheader("Content-Length"):
                headers.append(("Content-Length", got.getheader("Content-Length")))
            return Answer(got.status, headers, body, fake=False)
        finally:
            up.close()

    def _send(self, answer, truncate=None):
        # http.client's own header order and case do not matter; one write, so that no answer waits for an ACK.
        if self.command != "HEAD" and answer.status not in (204, 304):
            answer.set_header("Content-Length", str(len(answer.body)))
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        if not any(name.lower() == "date" for name, _ in answer.headers):
            self.send_header("Date", email.utils.formatdate(usegmt=True))
        body = b"" if self.command == "HEAD" else answer.body
        if truncate is not None:
            body = body[:truncate]
            self.close_connection = True
        self._headers_buffer.append(b"\r\n" + body)
        self.flush_headers()

    def _control(self, body):
        proxy = self.server.proxy
        try:
            if self.path == "/_fault/rules" and self.command in ("PUT", "POST", "DELETE"):
                rows = [] if self.command == "DELETE" else json.loads(body)
                rules = [Rule(**row) for row in (rows if isinstance(rows, list) else [rows])]
                with proxy.lock:
                    proxy.rules = (proxy.rules if self.command == "POST" else []) + rules
            if self.path == "/_fault/seen":
                out = proxy.seen
            else:
                with proxy.lock:
                    out = {"fake": "this is a fault proxy, not AWS", "rules": [r.describe() for r in proxy.rules]}
            self._send(Answer(200, [("Content-Type", "application/json")], json.dumps(out)))
        except (ValueError, TypeError) as e:
            self._send(Answer(400, [("Content-Type", "text/plain")], f"{e}\n"))


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # a client that went away


class FaultProxy:
    def __init__(self, upstream, port=0, keys=None):
        at = urllib.parse.urlsplit(upstream)
        self.upstream = (at.hostname, at.port)
        self.keys = keys or {}  # access key id -> secret; for clock_s
        self.rules, self.seen = [], []
        self.lock, self.closing = threading.Lock(), threading.Event()
        self.server = Server(("127.0.0.1", port), Handler)
        self.server.proxy = self
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *exc):
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()

    def rule(self, service=".*", action=".*", **args):
        rule = Rule(service, action, **args)
        with self.lock:
            self.rules.append(rule)
        return rule

    def clear(self):
        with self.lock:
            self.rules.clear()

    def take(self, request, row):
        with self.lock:
            self.seen.append(row)
            for rule in self.rules:
                if rule.takes(request):
                    row["fault"] = sorted(rule.do)
                    return rule
        return None

    def count(self, service=".*", action=".*", status=None):
        """How many such requests arrived; with `status`, how many were answered so (or "cut")."""
        with self.lock:
            return sum(1 for row in self.seen
                       if re.fullmatch(service, row["service"]) and re.fullmatch(action, row["action"])
                       and (status is None or row["status"] == status))


def main():
    parser = argparse.ArgumentParser(description="A fault proxy in front of a local AWS; a fake, only for faults.")
    parser.add_argument("--upstream", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--rules", help="a JSON file with a list of rules")
    parser.add_argument("--hours", type=float, default=1, help="it ends by itself after this time")
    args = parser.parse_args()
    proxy = FaultProxy(args.upstream, args.port)
    if args.rules:
        with open(args.rules) as f:
            proxy.rules = [Rule(**row) for row in json.load(f)]
    with proxy:
        print(f"fault proxy (a fake) at {proxy.url}, in front of {args.upstream}", flush=True)
        try:
            time.sleep(args.hours * 3600)
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
