#!/usr/bin/env python3
"""Writes test/golden/endpoints.json: where botocore's endpoint rules send each service.

Run it with the judges' Python (scripts/setup.sh --env, JUDGE_PYTHON). `--check` writes nothing and
fails when the file differs from what botocore says now. A null address is a combination that does
not exist.
"""
import json
import pathlib
import sys

import botocore
import botocore.loaders
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import EndpointProviderError

FILE = pathlib.Path(__file__).resolve().parent.parent / "test" / "golden" / "endpoints.json"
SERVICES = ["cloudformation", "cloudfront", "iam", "lambda", "logs", "s3", "ssm", "sts"]
REGIONS = ["us-east-1", "us-west-2", "eu-central-1", "ap-southeast-5", "mx-central-1", "il-central-1",
           "cn-north-1", "cn-northwest-1", "us-gov-west-1", "us-gov-east-1"]


def address(provider, region, fips, dualstack):
    try:
        endpoint = provider.resolve_endpoint(Region=region, UseFIPS=fips, UseDualStack=dualstack)
    except EndpointProviderError:
        return None, None
    scheme = (endpoint.properties.get("authSchemes") or [{}])[0]
    return endpoint.url, scheme.get("signingRegion", region)


def rows():
    loader = botocore.loaders.Loader()
    partitions = loader.load_data("partitions")
    for service in SERVICES:
        provider = EndpointProvider(loader.load_service_model(service, "endpoint-rule-set-1"), partitions)
        for region in REGIONS:
            for fips in (False, True):
                for dualstack in (False, True):
                    url, signed = address(provider, region, fips, dualstack)
                    yield {"service": service, "region": region, "fips": fips, "dualstack": dualstack,
                           "url": url, "signing_region": signed}


def main():
    text = "[\n" + ",\n".join(json.dumps(r) for r in rows()) + "\n]\n"
    if "--check" not in sys.argv[1:]:
        FILE.write_text(text)
    elif FILE.read_text() != text:
        print(f"{FILE.name}: botocore {botocore.__version__} says otherwise")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
