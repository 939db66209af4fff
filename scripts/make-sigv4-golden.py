#!/usr/bin/env python3
"""Writes test/golden/sigv4/*.json: request shapes and the Authorization that botocore gives them.

Run it with the judges' Python (scripts/setup.sh --env, JUDGE_PYTHON). `--check` writes nothing and
fails when a file differs from what botocore says now.
"""
import datetime
import json
import pathlib
import sys
from unittest import mock
from urllib.parse import quote

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "test" / "golden" / "sigv4"
TIME = datetime.datetime(2026, 11, 24, 14, 46, 13, tzinfo=datetime.timezone.utc)
KEY, SECRET = "GOLDENKEYOFNOBODY", "golden/secret+of/no=account"
TOKEN = "golden//session+token==" * 8
FORM = [["Content-Type", "application/x-www-form-urlencoded; charset=utf-8"]]
JSON11 = [["Content-Type", "application/x-amz-json-1.1"], ["X-Amz-Target", "AmazonSSM.GetParametersByPath"]]
ARN = "arn:aws:lambda:eu-central-1:123456789012:function:a-b:live"


def case(name, service="cloudformation", method="GET", path="/", raw=None, params=(), headers=(), body="",
         host=None, region="eu-central-1", token="", unsigned=False, secret=SECRET, time=TIME):
    """`raw` is a path before percent-encoding; the program encodes it and must get `path`."""
    if raw is not None:
        path = quote(raw, safe="/~")
    return {"name": name, "service": service, "region": region, "host": host or f"{service}.{region}.amazonaws.com",
            "method": method, "path": path, "raw_path": raw, "params": [list(p) for p in params],
            "headers": [list(h) for h in headers], "body": body, "token": token, "unsigned": unsigned,
            "access_key": KEY, "secret_key": secret, "time_ms": int(time.timestamp() * 1000)}


def s3(name, **more):
    return case(name, service="s3", host=more.pop("host", "bucket.s3.eu-central-1.amazonaws.com"), **more)


def awslambda(name, tail, **more):
    return case(name, service="lambda", path="/2015-03-31/functions/" + tail, **more)


FILES = {
    "query": [
        case("no query"),
        case("one pair", params=[("a", "b")]),
        case("unsorted", params=[("z", "1"), ("a", "2"), ("m", "3")]),
        case("same name, values unsorted", params=[("a", "z"), ("a", "b"), ("a", "")]),
        case("names that are prefixes", params=[("ab", "1"), ("a", "2"), ("a-b", "3"), ("a.b", "4")]),
        case("without a value", params=[("uploads", None)]),
        case("without a value among others", params=[("z", None), ("a", "1"), ("uploads", None)]),
        case("empty value", params=[("versions", ""), ("a", "1")]),
        case("plus", params=[("q", "a+b")]),
        case("equals sign", params=[("token", "abc==")]),
        case("percent", params=[("q", "100%25")]),
        case("space", params=[("q", "a b  c")]),
        case("slash and colon", params=[("prefix", "a/b:c")]),
        case("ampersand and question mark", params=[("q", "a&b?c=d")]),
        case("unreserved", params=[("q", "AZaz09-._~")]),
        case("reserved", params=[("q", "!*'();:@&=+$,/?#[]")]),
        case("utf-8", params=[("q", "grün 東京 🚀")]),
        case("utf-8 name", params=[("ü", "1"), ("z", "2")]),
        case("encoded order differs from raw order", params=[("a~", "1"), ("a(", "2"), ("aA", "3")]),
        case("upper case before lower", params=[("b", "1"), ("B", "2"), ("a", "3"), ("A", "4")]),
        case("many", params=[(f"k{i % 7}", str(i)) for i in range(40)]),
        case("control characters", params=[("q", "tab\tand\x7f")]),
    ],
    "path": [
        case("empty path", path=""),
        case("one segment", path="/a"),
        case("slash at the end", path="/a/b/"),
        case("double slashes", path="//a///b//"),
        case("dot segments", path="/a/./b/../c"),
        case("dots above the root", path="/../../a"),
        case("a dot at the end", path="/a/b/."),
        case("two dots at the end", path="/a/b/.."),
        case("only dots", path="/./../"),
        case("three dots are a name", path="/.../a"),
        case("a space", raw="/a b/c"),
        case("an encoded slash", path="/a%2Fb"),
        case("lower-case hex", path="/a%2fb"),
        case("unreserved characters", raw="/AZaz09-._~"),
        case("reserved characters", raw="/!*'();:@&=+$,"),
        case("utf-8", raw="/grün/東京"),
        awslambda("an ARN in the path", quote(ARN, safe="") + "/aliases/live"),
        awslambda("an ARN, version query", quote(ARN, safe="") + "/versions", params=[("Marker", "a/b=="), ("MaxItems", "50")]),
        awslambda("invocation", "a-b/invocations", method="POST", params=[("Qualifier", "live")],
                  headers=[("X-Amz-Log-Type", "Tail"), ("X-Amz-Invocation-Type", "RequestResponse")], body="{}"),
    ],
    "headers": [
        case("padded and inner blanks", headers=[("X-Amz-Meta", "  a   b \t c  ")]),
        case("repeated", headers=[("X-Amz-R", "two"), ("X-Amz-R", "one")]),
        case("repeated in other case, apart", headers=[("X-Amz-R", "b"), ("Accept", "x"), ("x-amz-r", "a")]),
        case("empty", headers=[("X-Amz-Empty", "")]),
        case("common prefix", headers=[("X-Amz-A", "1"), ("X-Amz-Ab", "2"), ("X-Amz-A-B", "3"), ("X-Amz", "4")]),
        case("unsorted", headers=[("Zeta", "1"), ("Alpha", "2"), ("Content-Type", "text/plain")]),
        case("not signed", headers=[("User-Agent", "x"), ("Expect", "100-continue"), ("Connection", "close"),
                                    ("X-Amzn-Trace-Id", "1"), ("X-Amz-Kept", "1")]),
        case("quotes, commas, semicolons", headers=[("X-Amz-V", 'a, "b;  c"; d=e')]),
        case("session token", token=TOKEN),
        case("session token and query", token=TOKEN, params=[("b", "1"), ("a", "2")]),
        case("a port", host="127.0.0.1:4566"),
        case("a name with a port", host="localhost:4566", params=[("a", "b")]),
        case("IPv6 with a port", host="[::1]:4566"),
        case("many", headers=[(f"X-Amz-Meta-{i}", str(i)) for i in range(30)]),
    ],
    "body": [
        case("form", method="POST", headers=FORM, body="Action=DescribeStacks&Version=2010-05-15"),
        case("empty POST", method="POST", headers=FORM),
        case("utf-8 body", method="POST", headers=FORM, body="Action=X&Description=gr%C3%BCn 東京"),
        case("STS", service="sts", method="POST", headers=FORM, body="Action=GetCallerIdentity&Version=2011-06-15"),
        case("SSM", service="ssm", method="POST", headers=JSON11, body='{"Path":"/depl/todo/prod"}', token=TOKEN),
        case("logs", service="logs", method="POST", body='{"logGroupName":"/aws/lambda/x"}',
             headers=[["Content-Type", "application/x-amz-json-1.1"], ["X-Amz-Target", "Logs_20140328.FilterLogEvents"]]),
        case("CloudFront", service="cloudfront", region="us-east-1", host="cloudfront.amazonaws.com",
             path="/2020-05-31/distribution/E123/invalidation", method="POST", body="<InvalidationBatch/>"),
        case("China", region="cn-north-1", host="cloudformation.cn-north-1.amazonaws.com.cn", method="POST", headers=FORM),
        case("another day, the last second", time=datetime.datetime(2027, 12, 31, 23, 59, 59, tzinfo=datetime.timezone.utc)),
        case("a leap day", time=datetime.datetime(2028, 2, 29, 0, 0, 0, tzinfo=datetime.timezone.utc)),
        case("a long secret", secret="s" * 200),
        case("a PUT with JSON", service="lambda", method="PUT", path="/2015-03-31/functions/x/aliases/live",
             headers=[["Content-Type", "application/json"]], body='{"FunctionVersion":"7"}'),
        case("DELETE", service="lambda", method="DELETE", path="/2015-03-31/functions/x", params=[("Qualifier", "3")]),
    ],
    "s3": [
        s3("list", params=[("list-type", "2"), ("prefix", "a/b"), ("delimiter", "/")]),
        s3("uploads", method="POST", params=[("uploads", None)], path="/backend/x.zip"),
        s3("part", method="PUT", params=[("partNumber", "2"), ("uploadId", "a.b_c-d~e==")], path="/k", body="data"),
        s3("put", method="PUT", path="/backend/0.zip", body="zip bytes",
           headers=[("Content-Type", "application/zip"), ("If-None-Match", "*"),
                    ("x-amz-checksum-sha256", "a+b/c="), ("x-amz-expected-bucket-owner", "123456789012")]),
        s3("plus and equals in the key", raw="/a+b=c"),
        s3("space in the key", raw="/a b"),
        s3("dots stay", path="/a/../b/./c"),
        s3("double slashes stay", path="//a//b/"),
        s3("percent in the key", raw="/100%/%2F"),
        s3("utf-8 key", raw="/grün/東京.html"),
        s3("reserved in the key", raw="/!*'();:@&=+$,[]"),
        s3("path style", host="s3.eu-central-1.amazonaws.com", path="/bucket/key"),
        s3("path style on loopback", host="127.0.0.1:4566", path="/bucket/key", method="PUT", body="x"),
        s3("unsigned payload", method="PUT", path="/stream", body="anything", unsigned=True),
        s3("session token", token=TOKEN, method="HEAD", path="/k"),
        s3("delete batch", method="POST", params=[("delete", None)], body="<Delete/>"),
        s3("versions", params=[("versions", None), ("key-marker", "a b"), ("version-id-marker", "x=y")]),
        s3("get with a checksum", path="/k", headers=[("x-amz-checksum-mode", "ENABLED")]),
    ],
}


def authorization(c):
    """What botocore says. The URL carries the query as a client sends it, encoded."""
    query = "&".join(quote(k, safe="-_.~") + ("" if v is None else "=" + quote(v, safe="-_.~")) for k, v in c["params"])
    request = AWSRequest(method=c["method"], url=f"https://{c['host']}{c['path']}" + (f"?{query}" if query else ""),
                         data=c["body"].encode())
    for name, value in c["headers"]:
        request.headers.add_header(name, value)
    request.context["client_config"] = Config(s3={"payload_signing_enabled": not c["unsigned"]})
    signer = botocore.auth.S3SigV4Auth if c["service"] == "s3" else botocore.auth.SigV4Auth
    now = datetime.datetime.fromtimestamp(c["time_ms"] / 1000, datetime.timezone.utc)
    with mock.patch("botocore.auth.get_current_datetime", return_value=now):
        signer(Credentials(c["access_key"], c["secret_key"], c["token"] or None), c["service"], c["region"]).add_auth(request)
    return request.headers["Authorization"]


def main():
    wrong = 0
    for name, cases in FILES.items():
        for c in cases:
            c["authorization"] = authorization(c)
        text = "[\n" + ",\n".join(json.dumps(c, ensure_ascii=False) for c in cases) + "\n]\n"
        path = FOLDER / f"{name}.json"
        if "--check" not in sys.argv[1:]:
            path.write_text(text)
        elif path.read_text() != text:
            print(f"{path.name}: botocore {botocore.__version__} signs otherwise")
            wrong = 1
    print(f"{sum(map(len, FILES.values()))} cases by botocore {botocore.__version__}")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
