"""One application, deployed by us and by the peers, each to a stack of its own on one local AWS.

Our stack is what `aws-copilot deploy` makes of examples/todo. The peers are given everything that is ours to
make: the emitted template (its zip made a local file, as their packaging wants it), the finished zip, the
files of the site and all parameters, read back from AWS after our deployment. So what is timed is the same for all: find out what
changed, upload it, make a change set, execute it, bring the site into its bucket. Builds are in none of the
figures: ours are in the program's cache before the clock starts (`deploy --dry-run` builds and writes nothing at AWS).
"""
import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import local_aws

ACCOUNT, REGION = local_aws.ACCOUNT, local_aws.REGION
STACK = f"{local_aws.QUALIFIER}-todo-dev"
OUR_PARAMETERS = "ArtifactBucket BackendKey BackendSha256B64 PermissionsBoundary ReleasePath SecretsPath".split()

PROJECT_FILE = f"""version: 1
app:
  name: todo
  backend: {{ dir: backend, asgi: "app.main:app", health: /api/health }}
  frontend: {{ dir: frontend, build: build, out: dist }}
environments:
  dev:
    account: "{ACCOUNT}"
    region: {REGION}
    target: lambda-http
    approve: any-change
    variables: {{ LOG_LEVEL: info }}
"""
# Only the user's own settings may let a machine say yes, and only for a pinned account. With it one process
# does what a person's deployment does, and one clock times it.
USER_SETTINGS = f'version: 1\naccounts:\n  "{ACCOUNT}": {{ approve: never }}\n'


class BenchError(Exception):
    """One sentence for a person."""


class Ours:
    """A locked copy of examples/todo, and the program as the user `keys` of `aws`, with a state of its own."""

    def __init__(self, runner, program, folder, aws, keys, state):
        self.runner, self.program, self.folder = runner, program, folder
        self.todo = folder / "todo"
        tools = runner.tools
        self.env = runner.env(
            **local_aws.environment(aws, keys, REGION), HOME=str(folder), XDG_STATE_HOME=str(folder / state), XDG_CACHE_HOME=str(folder / "cache"),
            XDG_CONFIG_HOME=str(folder / "config"), AWSCOPILOT_ENDPOINT_PROFILE="ministack",
            AWSCOPILOT_UV=tools["UV"], AWSCOPILOT_PNPM=tools["PNPM"], AWSCOPILOT_NODE=tools["NODE22"] + "/node")

    def prepare(self):
        shutil.copytree(local_aws.ROOT / "examples/todo", self.todo,
                        ignore=shutil.ignore_patterns("node_modules", ".venv", "dist", "__pycache__"))
        self.runner.must([self.runner.tools["UV"], "lock", "--quiet"], self.env, self.todo / "backend")
        (self.todo / "aws-copilot.yml").write_text(PROJECT_FILE)
        settings = self.folder / "config/aws-copilot/config.yml"
        settings.parent.mkdir(parents=True)
        settings.write_text(USER_SETTINGS)
        settings.chmod(0o600)
        self.runner.must(["git", "init", "--quiet", "--initial-branch", "main"], self.env, self.todo)
        self.commit("todo")

    def commit(self, words):
        self.runner.must(["git", "add", "--all"], self.env, self.todo)
        self.runner.must(["git", "-c", "user.name=bench", "-c", "user.email=bench@localhost", "commit", "--quiet",
                          "--allow-empty", "--message", words], self.env, self.todo)

    def set_version(self, number):
        """The one line that changes."""
        file = self.todo / "backend/app/main.py"
        text, n = re.subn(r"^VERSION = .*", f'VERSION = "1.{number}.0"', file.read_text(), flags=re.M)
        if n != 1:
            raise BenchError(f"{file} has {n} lines VERSION = ..., one was expected")
        file.write_text(text)
        self.commit(f"version 1.{number}.0")

    def run(self, *words):
        """Runs the program; returns what it cost, with its events and its result."""
        argv = [self.program, "-C", str(self.todo), *words, "--json", "--non-interactive", "--trust-repository",
                "--account", ACCOUNT, "--region", REGION, "--app", "todo", "--env", "dev"]
        sample = self.runner.measure(argv, self.env, self.folder)
        sample["events"] = [json.loads(line) for line in sample["stdout"].splitlines()]
        sample["result"] = sample["events"][-1] if sample["events"] else {}
        if sample["exit"] != 0:
            raise BenchError(f"aws-copilot {' '.join(words)} ended with exit {sample['exit']}: "
                             f"{json.dumps(sample['result'])[:800]} {sample['stderr'][-800:]}")
        return sample

    def build(self):
        """Brings the builds of this version into the program's cache; nothing is written at AWS."""
        self.run("deploy", "--dry-run")

    def deploy(self, expected):
        """Deploys what is in the folder; `expected` is the status: success or no_change."""
        sample = self.run("deploy", "--yes")
        if sample["result"].get("status") != expected:
            raise BenchError(f"aws-copilot deploy ended as {sample['result'].get('status')}, {expected} was expected")
        probes = [event for event in sample["events"] if event["type"] == "probe"]
        sample["probe_ms"] = float(sum(probe.get("elapsed_ms", 0) for probe in probes))
        sample["deploy_ms"] = sample["wall_ms"] - sample["probe_ms"]
        return sample


class Release:
    """What our last deployment made, read back from AWS into a folder the peers deploy from."""

    def __init__(self, aws, folder):
        self.folder = folder
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        cfn, s3 = aws.client("cloudformation"), aws.client("s3")
        stack = cfn.describe_stacks(StackName=STACK)["Stacks"][0]
        shown = {p["ParameterKey"]: p["ParameterValue"] for p in stack["Parameters"]}
        self.parameters = {name: shown[name] for name in OUR_PARAMETERS} | {"OriginVerify": "0" * 64}
        self.zip = folder / "backend.zip"
        self.zip.write_bytes(s3.get_object(Bucket=shown["ArtifactBucket"], Key=shown["BackendKey"])["Body"].read())
        self.code_sha256 = base64.b64encode(hashlib.sha256(self.zip.read_bytes()).digest()).decode()
        self.site = folder / "site"
        bucket = next(o["OutputValue"] for o in stack["Outputs"] if o["OutputKey"] == "SiteBucket")
        for item in s3.list_objects_v2(Bucket=bucket)["Contents"]:
            file = self.site / item["Key"]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read())
        text = cfn.get_template(StackName=STACK)["TemplateBody"]
        template = json.loads(text) if isinstance(text, str) else text
        self.included = self.write("included.json", template)
        template["Resources"]["Backend"]["Properties"]["Code"] = "./backend.zip"
        self.template = self.write("template.json", template)

    def write(self, name, template):
        file = self.folder / name
        file.write_text(json.dumps(template, indent=1))
        return file


class Peer:
    """A tool that deploys a Release to a stack of its own name. The site goes up by the aws CLI for all of them."""

    def __init__(self, runner, aws, folder):
        self.runner, self.aws, self.folder = runner, aws, folder / self.name
        self.stack = f"bench-{self.name}"
        self.bucket = f"bench-artifacts-{self.name}"
        self.folder.mkdir(parents=True)
        keys = {"AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "local"}
        self.env = runner.env(**local_aws.environment(aws, keys, REGION), HOME=str(self.folder), AWS_PAGER="", CI="1",
                              SAM_CLI_TELEMETRY="0")
        self.site_bucket = ""

    def prepare(self):
        self.aws.client("s3").create_bucket(Bucket=self.bucket,
                                            CreateBucketConfiguration={"LocationConstraint": REGION})

    def outputs(self):
        stack = self.aws.client("cloudformation").describe_stacks(StackName=self.stack)["Stacks"][0]
        if stack["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            raise BenchError(f"{self.name} left its stack {stack['StackStatus']}")
        return {o["OutputKey"]: o["OutputValue"] for o in stack["Outputs"]}

    def sync(self, release):
        return f'"{self.runner.peers["awscli"]}/bin/aws" s3 sync --only-show-errors "{release.site}" "s3://{self.site_bucket}"'

    def parameter_words(self, release):
        return " ".join(f"'{name}={value}'" for name, value in release.parameters.items())

    def run(self, release):
        """Deploys; the first time without the site, whose bucket does not exist yet."""
        script = "set -e\n" + self.script(release) + ("\n" + self.sync(release) if self.site_bucket else "") + "\n"
        sample = self.runner.measure(["/bin/sh", "-c", script], self.env | self.more_env(release), self.folder)
        if sample["exit"] != 0:
            raise BenchError(f"{self.name} ended with exit {sample['exit']}: {sample['stderr'][-1500:]}")
        outputs = self.outputs()
        self.site_bucket = outputs["SiteBucket"]
        function = self.aws.client("lambda").get_function_configuration(FunctionName=outputs["BackendFunction"])
        if function["CodeSha256"] != release.code_sha256:
            raise BenchError(f"{self.name} says it deployed, but the function has other code")
        return sample

    def more_env(self, release):
        return {}


class AwsCli(Peer):
    name = "aws"

    def script(self, release):
        aws = f'"{self.runner.peers["awscli"]}/bin/aws" cloudformation'
        return (f'{aws} package --template-file "{release.template}" --s3-bucket {self.bucket} '
                f'--output-template-file packaged.json --use-json\n'
                f'{aws} deploy --template-file packaged.json --stack-name {self.stack} --no-fail-on-empty-changeset '
                f'--capabilities CAPABILITY_IAM CAPABILITY_NAMED_IAM --parameter-overrides {self.parameter_words(release)}')


class Sam(Peer):
    name = "sam"

    def script(self, release):
        return (f'"{self.runner.peers["sam"]}/bin/sam" deploy -t "{release.template}" --stack-name {self.stack} '
                f'--s3-bucket {self.bucket} --region {REGION} --no-confirm-changeset --no-fail-on-empty-changeset '
                f'--no-progressbar --capabilities CAPABILITY_IAM CAPABILITY_NAMED_IAM '
                f'--parameter-overrides {self.parameter_words(release)}')


class Cdk(Peer):
    name = "cdk"

    def __init__(self, runner, aws, folder):
        super().__init__(runner, aws, folder)
        self.modules = Path(runner.peers["cdk"]) / "node_modules"
        self.env |= {"NODE_PATH": str(self.modules), "PATH": f"{runner.tools['NODE22']}:{self.env['PATH']}"}

    def prepare(self):
        sample = self.runner.measure([str(self.modules / ".bin/cdk"), "bootstrap", f"aws://{ACCOUNT}/{REGION}"], self.env,
                                     self.folder)
        if sample["exit"] != 0:
            raise BenchError(f"cdk bootstrap ended with exit {sample['exit']}: {sample['stderr'][-1500:]}")

    def script(self, release):
        app = Path(__file__).with_name("cdk_app.js")
        return (f'"{self.modules}/.bin/cdk" deploy --app \'node "{app}"\' --require-approval never '
                f'--no-notices --no-version-reporting --output cdk.out {self.stack}')

    def more_env(self, release):
        work = {"name": self.stack, "account": ACCOUNT, "region": REGION, "template": str(release.included),
                "zip": str(release.zip), "parameters": release.parameters}
        return {"BENCH_WORK": json.dumps(work)}


def peers_of(runner, aws, folder):
    """The peers that are installed. All of them need the aws CLI for the site."""
    wanted = ((AwsCli, "awscli"), (Sam, "sam"), (Cdk, "cdk"))
    if not runner.peers["awscli"]:
        return []
    return [kind(runner, aws, folder) for kind, package in wanted if runner.peers[package]]

