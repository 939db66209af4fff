"""One local AWS (MiniStack) a port, on loopback, with a bounded life; and the users that judge us on it.

Used by scripts/local-aws and by the end-to-end tests. Runs under the judges' Python (botocore does the
signing, so nothing of ours signs for itself). With auth, MiniStack verifies SigV4, the clock, IAM policies
and capabilities; a twelve-digit access key is the root of that account with any secret, so each test can
have an account of its own, and users made by IAM are judged for real.
"""
import functools
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import botocore.session
from botocore.config import Config

ROOT = Path(__file__).resolve().parent.parent.parent
ACCOUNT = "123456789012"
REGION = "eu-west-1"
QUALIFIER = "depl"
READY_S = 90
ADMINISTRATOR = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


_claims = []  # of ports, see free_port()


class LabError(Exception):
    """One sentence for a person."""


@functools.cache
def tools():
    """Returns the tool paths of scripts/setup.sh --env as a dict; asked once a process, and by run.py for its workers."""
    out = subprocess.run([str(ROOT / "scripts/setup.sh"), "--env"], check=True, capture_output=True, text=True).stdout
    return dict(re.findall(r"^export (\w+)=(.*)$", out, re.M))


def free_port():
    """A port that nobody is given by chance until it is bound: below those that the kernel hands out, and told to one caller
    of this machine only, as long as this process lives."""
    while True:
        port = random.randrange(20000, 32768)
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0aws-copilot-port-{port}")  # abstract: it goes with the process
            with socket.socket() as s:
                s.bind(("127.0.0.1", port))
        except OSError:
            claim.close()
            continue
        _claims.append(claim)
        return port


def _started(pid):
    """The kernel's start time of a process: with the pid it names a process for good. None when it is gone."""
    try:
        with open(f"/proc/{pid}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return None if fields[0] == "Z" else fields[19]
    except (OSError, IndexError):
        return None


@functools.cache
def _session():
    return botocore.session.Session()


def client_at(url, service, region, keys):
    """A botocore client of that endpoint which tries once. One session: it reads each service's model once a process."""
    return _session().create_client(
        service, region_name=region, endpoint_url=url, aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, connect_timeout=5,
                      read_timeout=60))


class LocalAws:
    """The local AWS of one port. Its state (pid, log, scratch, keys) is a folder in the cache."""

    def __init__(self, port):
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.tools = tools()
        self.dir = Path(self.tools["AWSCOPILOT_DEV_CACHE"]) / "local-aws" / str(port)

    # --- the process ---

    def record(self):
        """What start() wrote, when that very process still runs; else None."""
        try:
            record = json.loads((self.dir / "process.json").read_text())
        except (OSError, ValueError):
            return None
        return record if _started(record["pid"]) == record["started"] else None

    def healthy(self):
        try:
            with urllib.request.urlopen(self.url + "/_ministack/health", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False

    def start(self, auth=False, life_s=3 * 3600, is_ours=False):
        """Starts it and waits until it answers; returns False when it ran already with the same auth. `is_ours`: it ends with
        this process, however that ends."""
        record = self.record()
        if record and self.healthy():
            if record["auth"] != auth:
                raise LabError(f"a local AWS runs on port {self.port} {'with' if record['auth'] else 'without'} --auth; "
                               "stop it first")
            return False
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", self.port)) == 0:
                raise LabError(f"port {self.port} is in use by another program; choose one with --port")
        ministack = self.tools["MINISTACK"]
        if not os.access(ministack, os.X_OK):
            raise LabError("MiniStack is not installed; run scripts/setup.sh")
        shutil.rmtree(self.dir, ignore_errors=True)
        scratch = self.dir / "tmp"
        scratch.mkdir(parents=True)
        # Its functions inherit this environment, so nothing of the caller's is in it. Its own python3 comes
        # first on PATH, then Node for CloudFront functions. There is no docker here, whatever the machine has.
        env = {
            "PATH": f"{Path(ministack).parent}:{self.tools['NODE22']}:/usr/bin:/bin",
            "HOME": str(scratch), "TMPDIR": str(scratch), "LANG": "C.UTF-8",
            "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(self.port),
            "SFTP_ENABLED": "0", "IOT_MTLS_ENABLED": "0", "DOCKER_HOST": f"unix://{scratch}/no-docker.sock",
            "MINISTACK_ACCOUNT_ID": ACCOUNT, "MINISTACK_REGION": REGION, "AUTH": "true" if auth else "false",
            "STATE_DIR": str(scratch / "state"), "S3_DATA_DIR": str(scratch / "s3"),
        }
        with open(self.dir / "log", "wb") as log:
            ends = ["setpriv", "--pdeathsig", "TERM"] if is_ours else []
            process = subprocess.Popen([*ends, "timeout", "--kill-after=10", str(int(life_s)), ministack], env=env,
                                       cwd=scratch, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                       start_new_session=True)
        (self.dir / "process.json").write_text(json.dumps(
            {"pid": process.pid, "started": _started(process.pid), "auth": auth, "since": int(time.time()),
             "life_s": int(life_s)}))
        deadline = time.monotonic() + READY_S
        while not self.healthy():
            if process.poll() is not None or time.monotonic() > deadline:
                tail = (self.dir / "log").read_text(errors="replace")[-1500:]
                self.stop()
                raise LabError(f"the local AWS did not start on port {self.port}:\n{tail}")
            time.sleep(0.02)
        return True

    def stop(self):
        """Ends the process that start() started, and no other; returns False when it did not run."""
        record = self.record()
        if record:
            pid = record["pid"]
            os.kill(pid, signal.SIGTERM)  # `timeout` passes it on
            deadline = time.monotonic() + 10
            while _started(pid) == record["started"] and time.monotonic() < deadline:
                try:
                    os.waitpid(pid, os.WNOHANG)  # when it is our own child
                except ChildProcessError:
                    pass
                time.sleep(0.02)
            try:
                os.killpg(pid, signal.SIGKILL)  # workers of functions that outlived it; the group is its own
            except ProcessLookupError:
                pass
        shutil.rmtree(self.dir, ignore_errors=True)
        return record is not None

    def reset(self):
        urllib.request.urlopen(urllib.request.Request(self.url + "/_ministack/reset", method="POST"), timeout=30).read()

    def log(self):
        return (self.dir / "log").read_text(errors="replace")

    # --- users ---

    def client(self, service, region=REGION, account=ACCOUNT, keys=None):
        """A botocore client: of the account's root, or of the user whose `keys` these are."""
        return client_at(self.url, service, region,
                         keys or {"AWS_ACCESS_KEY_ID": account, "AWS_SECRET_ACCESS_KEY": "root"})

    def user(self, name, policy=ADMINISTRATOR, managed=(), account=ACCOUNT):
        """Makes an IAM user with this inline policy and these managed ones; returns its AWS_* keys."""
        iam = self.client("iam", account=account)
        iam.create_user(UserName=name)
        if policy:
            iam.put_user_policy(UserName=name, PolicyName="lab", PolicyDocument=json.dumps(policy))
        for arn in managed:
            iam.attach_user_policy(UserName=name, PolicyArn=arn)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}

    def bootstrap(self, region=REGION, account=ACCOUNT, qualifier=QUALIFIER):
        """Creates the account's bootstrap stack from the program's own template; returns its outputs.

        For tests whose subject is not the bootstrap. The one change is the endpoint profile's: without the
        statement TlsOnly, which this plain-HTTP AWS could not meet.
        """
        template = json.loads((ROOT / "src/aws/templates/bootstrap.json").read_text())
        drop_tls_only(template)
        cfn = self.client("cloudformation", region, account)
        cfn.create_stack(StackName=f"bootstrap-{qualifier}", TemplateBody=json.dumps(template),
                         Parameters=[{"ParameterKey": "Qualifier", "ParameterValue": qualifier}],
                         Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"])
        return self.bootstrap_outputs(region, account, qualifier, wait_s=30)

    def bootstrap_outputs(self, region=REGION, account=ACCOUNT, qualifier=QUALIFIER, wait_s=0):
        cfn = self.client("cloudformation", region, account)
        deadline = time.monotonic() + wait_s
        while True:
            try:
                stack = cfn.describe_stacks(StackName=f"bootstrap-{qualifier}")["Stacks"][0]
            except cfn.exceptions.ClientError:
                raise LabError(f"account {account} has no stack bootstrap-{qualifier} in {region}; "
                               "bootstrap it first, as its administrator") from None
            if stack["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
                return {o["OutputKey"]: o["OutputValue"] for o in stack["Outputs"]}
            if time.monotonic() > deadline:
                raise LabError(f"bootstrap-{qualifier} is {stack['StackStatus']}")
            time.sleep(0.1)

    def deployer(self, name="deployer", region=REGION, account=ACCOUNT, qualifier=QUALIFIER):
        """Makes a user with the deployer policy of the bootstrap stack and the relaxations; returns its keys."""
        outputs = self.bootstrap_outputs(region, account, qualifier)
        return self.user(name, relaxations(region, account, qualifier, outputs["ExecutionRole"]),
                         [outputs["DeployerPolicy"]], account)


def drop_tls_only(template):
    """Removes the statement TlsOnly from every bucket policy, in place."""
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::S3::BucketPolicy":
            document = resource["Properties"]["PolicyDocument"]
            document["Statement"] = [s for s in document["Statement"] if s.get("Sid") != "TlsOnly"]


def relaxations(region, account, qualifier, execution_role):
    """The policy of ministack-relaxations.json: what this AWS asks beyond the deployer policy."""
    text = (Path(__file__).parent / "ministack-relaxations.json").read_text()
    for name, value in (("${AWS::Region}", region), ("${AWS::AccountId}", account), ("${Qualifier}", qualifier),
                        ("${ExecutionRole}", execution_role)):
        text = text.replace(name, value)
    return {"Version": "2012-10-17",
            "Statement": [row["statement"] for row in json.loads(text)["relaxations"]]}


def environment(aws, keys, region):
    """What a program needs to reach the local AWS as that user, and nothing of the machine's own account."""
    return {"AWS_ENDPOINT_URL": aws.url, "AWS_REGION": region, "AWS_DEFAULT_REGION": region,
            "AWS_EC2_METADATA_DISABLED": "true", **keys}


def saved_keys(aws, name, make):
    """Keys are made once a user and instance, and kept beside its pid file for the next `env`."""
    file = aws.dir / f"keys-{name}.json"
    if not file.exists():
        text = json.dumps(make())
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as f:
            f.write(text)
    return json.loads(file.read_text())


def main(argv):
    import argparse
    parser = argparse.ArgumentParser(prog="scripts/local-aws", description="A local AWS for development, on loopback.")
    parser.add_argument("do", choices=["start", "stop", "status", "env"])
    parser.add_argument("--port", type=int, default=4566)
    parser.add_argument("--auth", action="store_true", help="verify signatures, the clock and permissions")
    parser.add_argument("--hours", type=float, default=3, help="it ends by itself after this time")
    parser.add_argument("--account", default=ACCOUNT)
    parser.add_argument("--region", default=REGION)
    parser.add_argument("--as", dest="who", choices=["deployer", "administrator"], default="deployer",
                        help="env: whose keys; the deployer exists once the account is bootstrapped")
    parser.add_argument("--bootstrap", action="store_true", help="env: bootstrap the account when it is not yet")
    args = parser.parse_args(argv)
    aws = LocalAws(args.port)
    try:
        if args.do == "start":
            began = aws.start(args.auth, args.hours * 3600)
            print(f"local AWS at {aws.url}" + ("" if began else " (it ran already)"))
        elif args.do == "stop":
            print("stopped" if aws.stop() else f"no local AWS runs on port {args.port}")
        elif args.do == "status":
            record = aws.record()
            if not (record and aws.healthy()):
                print(f"no local AWS runs on port {args.port}")
                return 1
            left = record["since"] + record["life_s"] - time.time()
            print(f"local AWS at {aws.url}, pid {record['pid']}, {'with' if record['auth'] else 'without'} auth, "
                  f"ends in {int(left / 60)} min")
        else:
            record = aws.record()
            if not record:
                raise LabError(f"no local AWS runs on port {args.port}; start it first")
            if not record["auth"]:
                keys = {"AWS_ACCESS_KEY_ID": args.account, "AWS_SECRET_ACCESS_KEY": "local"}
            elif args.who == "administrator":
                keys = saved_keys(aws, f"administrator-{args.account}",
                                  lambda: aws.user("administrator", account=args.account))
            else:
                if args.bootstrap:
                    try:
                        aws.bootstrap_outputs(args.region, args.account)
                    except LabError:
                        aws.bootstrap(args.region, args.account)
                keys = saved_keys(aws, f"deployer-{args.account}-{args.region}",
                                  lambda: aws.deployer(region=args.region, account=args.account))
            print("unset AWS_PROFILE AWS_SESSION_TOKEN")
            for name, value in environment(aws, keys, args.region).items():
                print(f"export {name}='{value}'")
    except LabError as e:
        print(f"local-aws: {e}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
