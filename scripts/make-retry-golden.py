#!/usr/bin/env python3
"""Writes test/golden/retry.json: what botocore's standard mode retries, after which delay, at what cost.

Run it with the judges' Python (scripts/setup.sh --env, JUDGE_PYTHON). `--check` writes nothing and
fails when the file differs. botocore keeps the behaviour of November 2026 behind a variable.

Left out, because the program differs on purpose: HTTP 429 without a code (throttled here),
CloudFormation's LimitExceededException (a quota), S3's BadDigest (botocore retries it in its older
mode only) and ConditionalRequestConflict (S3's manual asks for a retry).
"""
import json
import os
import pathlib
import sys

os.environ["AWS_NEW_RETRIES_2026"] = "true"
import botocore  # noqa: E402
from botocore.awsrequest import AWSResponse  # noqa: E402
from botocore.exceptions import ConnectionError, EndpointConnectionError, ReadTimeoutError  # noqa: E402
from botocore.retries import quota, standard  # noqa: E402

FILE = pathlib.Path(__file__).resolve().parent.parent / "test" / "golden" / "retry.json"
CODES = sorted(set(standard.ThrottledRetryableChecker._THROTTLED_ERROR_CODES)
               | set(standard.TransientRetryableChecker._TRANSIENT_ERROR_CODES)
               | {"", "AccessDenied", "AccessDeniedException", "ValidationError", "ExpiredToken", "InternalError",
                  "ServiceUnavailable", "NoSuchKey", "AlreadyExistsException", "IDPCommunicationError", "throttling"})
STATUSES = [200, 301, 400, 403, 500, 501, 502, 503, 504]
SERVICES = ["cloudformation", "lambda", "sts"]
FAILURES = {"unreachable": EndpointConnectionError(endpoint_url="x"), "timeout": ReadTimeoutError(endpoint_url="x"),
            "protocol": ConnectionError(error="x"), "too_large": ValueError("ours"), "cancelled": KeyboardInterrupt()}


class Operation:
    """Enough of an operation model: no modelled errors; the name decides one special case."""
    error_shapes = ()

    def __init__(self, service):
        self.service_model = type("M", (), {"service_id": type("I", (str,), {"hyphenize": lambda s: s})(service),
                                            "service_name": service})()
        self.name = "AssumeRoleWithWebIdentity" if service == "sts" else "X"


def context(service="lambda", status=None, code="", failure=None, attempt=1, hint=None):
    response = parsed = None
    if failure is None:
        headers = {} if hint is None else {"x-amz-retry-after": str(hint)}
        response = AWSResponse("https://x", status, headers, None)
        parsed = {"Error": {"Code": code}} if code else {}
    return standard.RetryContext(attempt, Operation(service), parsed, response, failure, {})


DETECTOR = standard.ThrottlingErrorDetector(standard.RetryEventAdapter())


def class_of(ctx):
    if not standard.StandardRetryConditions(3).is_retryable(ctx):
        return "never"
    return "throttled" if DETECTOR.is_throttling_error_from_context(ctx) else "transient"


def classes():
    """service, status, code, failure below HTTP, class"""
    for service in SERVICES:
        for status in STATUSES:
            for code in CODES:
                if service == "cloudformation" and code == "LimitExceededException":
                    continue
                yield [service, status, code, "none", class_of(context(service, status, code))]
    for name, failure in FAILURES.items():
        yield ["lambda", 0, "", name, class_of(context(failure=failure))]


def delays():
    """class, number of the retry, random number, hint in ms, delay in ms"""
    for name, code in (("transient", "RequestTimeout"), ("throttled", "Throttling")):
        for retry in range(8):
            for random in (0.0, 0.25, 0.999):
                for hint in (None, 0, 10, 700, 4000, 60000):
                    backoff = standard.ExponentialBackoff(random=lambda r=random: r, service_name="lambda",
                                                          throttling_detector=DETECTOR)
                    seconds = backoff.delay_amount(context(status=400, code=code, attempt=retry + 1, hint=hint))
                    yield [name, retry, random, -1 if hint is None else hint, round(seconds * 1000, 3)]


def bucket():
    """step, whether it was paid for, tokens left"""
    tokens = quota.RetryQuota()
    checker = standard.RetryQuotaChecker(tokens, DETECTOR)
    good = context(status=200).http_response
    steps = ["ok"] * 2 + ["transient"] * 36 + ["throttled"] * 3 + ["ok"] * 3 + ["ok after transient", "ok after throttled"] * 3
    for step in steps + ["transient"] * 4 + ["ok after transient"] * 60:
        if step.startswith("ok"):
            cost = {"transient": 14, "throttled": 5}.get(step[9:])
            checker.release_retry_quota({} if cost is None else {"retry_quota_capacity": cost}, good)
            paid = True
        else:
            paid = checker.acquire_retry_quota(context(status=400, code="Throttling" if step == "throttled" else "RequestTimeout"))
        yield [step, paid, tokens.available_capacity]


def main():
    assert standard.NEW_RETRIES_ENABLED
    parts = {"classes": classes(), "delays": delays(), "bucket": bucket()}
    text = "{\n" + ",\n".join(f'"{name}": [\n' + ",\n".join(json.dumps(r) for r in rows) + "\n]" for name, rows in parts.items()) + "\n}\n"
    if "--check" not in sys.argv[1:]:
        FILE.write_text(text)
    elif FILE.read_text() != text:
        print(f"{FILE.name}: botocore {botocore.__version__} says otherwise")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
