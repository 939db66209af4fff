"""init, import, env: aws-copilot.yml from what is there, with a yes where something would be lost."""
import json
import secrets
import shutil

import lab
from local_aws import REGION

MAIN = '''import os

from fastapi import FastAPI

GREETING = os.environ["GREETING"]
app = FastAPI()


@app.get("/api/health")
def health():
    return {}
'''
PYPROJECT = '[project]\nname = "shop"\nversion = "0"\nrequires-python = ">=3.11"\ndependencies = ["fastapi"]\n'
COPILOT = '''name: api
type: Load Balanced Web Service # the kind
image: { build: Dockerfile, port: 8000 }
http: { path: '/', healthcheck: { path: /api/health } }
cpu: 256
count: 1
variables:
  GREETING: hello
  STRIPE_API_KEY: %s
secrets:
  DATABASE_URL: /shop/db
environments:
  prod:
    count: 3
    variables: { GREETING: good day }
  a-very-long-environment: { count: 9 }
'''
SAM = '''version = 0.1
[default.deploy.parameters]
stack_name = "shop"
region = "eu-north-1"
parameter_overrides = "Level=\\"debug\\" Stage=dev"
[prod.deploy.parameters]
stack_name = "shop-prod"
region = "eu-west-1"
parameter_overrides = "Level=warning"
'''
TEMPLATE = '''Globals: { Function: { Runtime: python3.12 } }
Resources:
  Api:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.main.handler
      Environment: { Variables: { LEVEL: !Ref Level, TABLE: !GetAtt Table.Arn, FIXED: yes-indeed } }
  Table: { Type: AWS::DynamoDB::Table }
'''
COMPOSE = '''x-common: &common { restart: always }
services:
  web:
    <<: *common
    build: { context: . }
    command: uvicorn app.main:app --host 0.0.0.0
    ports: ["8000:8000"]
    env_file: .env
    environment:
      - GREETING=hello
      - SECRET_KEY=%s
      - DATABASE_URL=postgres://me:%s@db/shop
      - FROM_SHELL
      - SHELL_TOKEN
      - REFERENCE=${ELSEWHERE}
  db:
    image: postgres:16
    environment: { POSTGRES_PASSWORD: %s }
'''
FLIGHT = {"environments": [{
    "id": "prod", "region": "us-west-2", "source": {"branch": "main"}, "services": [
        {"id": "api", "type": "web", "startCommand": "gunicorn -k uvicorn.workers.UvicornWorker app.main:create --factory",
         "healthCheckPath": "/api/health", "cpu": 1,
         "envVariables": {"GREETING": "hi", "TOKEN": {"fromParameterStore": "/x"}, "API_TOKEN": "VALUE"}},
        {"id": "db", "type": "rds"}, {"id": "jobs", "type": "worker"}]}]}
PROCFILE = "release: alembic upgrade head\nweb: uvicorn app.main:app --port $PORT\nworker: celery -A app worker\n"


class Files(lab.Case):
    def setUp(self):
        super().setUp()
        self.value = "sk_live_" + secrets.token_hex(16)
        self.repo = self.dir / "shop"
        self.write("app/main.py", MAIN)
        self.write("pyproject.toml", PYPROJECT)
        self.write("uv.lock", "version = 1\n")
        self.yml = self.repo / "aws-copilot.yml"

    def write(self, name, text):
        path = self.repo / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def go(self, *args, code=0, stdin="", json=True, **env):
        run = self.run_program(*args, *(["--json"] if json else []), env=self.env(**env), cwd=self.repo, stdin=stdin)
        self.assertEqual(run.code, code, str(run))
        self.assertNotIn(self.value, str(run))
        return run

    def took(self, run):
        return {(r["env"], r["field"]): r["value"] for r in run.of_type("took")}

    def left(self, run):
        return {r["what"] for r in run.of_type("left")}

    # --- import ---

    def test_the_manifests_of_copilot(self):
        self.write("copilot/.workspace", "application: shop\n")
        self.write("copilot/api/manifest.yml", COPILOT % self.value)
        self.write("copilot/jobs/manifest.yml", "name: jobs\ntype: Scheduled Job\n")
        self.write("copilot/environments/staging/manifest.yml", "name: staging\ntype: Environment\n")
        run = self.go("import")
        took = self.took(run)
        self.assertEqual(took, {
            ("", "app.name"): "shop", ("", "backend.health"): "/api/health", ("", "env.GREETING"): "hello",
            ("", "env.STRIPE_API_KEY"): True, ("", "env.DATABASE_URL"): True, ("prod", "environment"): "prod",
            ("prod", "env.GREETING"): "good day", ("staging", "environment"): "staging"})
        self.assertGreaterEqual(self.left(run), {"cpu", "count", "image", "jobs", "a-very-long-environment"})
        self.assertIn("copilot/api/manifest.yml:8", {r["where"] for r in run.of_type("took")})
        text = self.yml.read_text()
        self.assertNotIn(self.value, text)
        prod, staging = text.split("  prod:\n")[1].split("  staging:\n")
        self.assertIn('GREETING: "good day"', prod)
        self.assertIn("GREETING: hello", staging)
        for part in (prod, staging):
            self.assertIn("- STRIPE_API_KEY", part)
        self.go("inspect", "-e", "prod")
        again = self.go("import")
        self.assertFalse(again.of_type("written"))

    def test_samconfig_and_its_template(self):
        self.write("samconfig.toml", SAM)
        self.write("template.yaml", TEMPLATE)
        run = self.go("import")
        self.assertEqual(self.took(run), {
            ("", "region"): "eu-north-1", ("", "backend.python"): "3.12", ("", "env.LEVEL"): "debug", ("", "env.FIXED"): "yes-indeed",
            ("prod", "environment"): "prod", ("prod", "region"): "eu-west-1", ("prod", "env.LEVEL"): "warning",
            ("prod", "env.FIXED"): "yes-indeed"})
        self.assertGreaterEqual(self.left(run), {"stack_name", "Handler", "env.TABLE", "Table (AWS::DynamoDB::Table)"})
        self.assertIn("region: eu-west-1", self.yml.read_text())

    def test_a_compose_file(self):
        self.write("compose.yaml", COMPOSE % ((self.value,) * 3))
        run = self.go("import", "-e", "dev")
        self.assertEqual(self.took(run), {
            ("", "backend.asgi"): "app.main:app", ("", "env.GREETING"): "hello", ("", "env.SECRET_KEY"): True,
            ("", "env.DATABASE_URL"): True, ("", "env.SHELL_TOKEN"): True})
        self.assertGreaterEqual(self.left(run), {"ports", ".env", "db", "env.FROM_SHELL", "env.REFERENCE"})
        self.assertNotIn(self.value, self.yml.read_text())
        self.assertIn("  dev:\n", self.yml.read_text())

    def test_flightcontrol_and_a_procfile(self):
        self.write("flightcontrol.json", json.dumps(FLIGHT).replace("VALUE", self.value))
        self.write("Procfile", PROCFILE)
        run = self.go("import")
        self.assertEqual(self.took(run), {
            ("prod", "environment"): "prod", ("prod", "region"): "us-west-2", ("prod", "env.GREETING"): "hi",
            ("prod", "env.TOKEN"): True, ("prod", "env.API_TOKEN"): True, ("", "backend.health"): "/api/health",
            ("", "backend.asgi"): "app.main:create()"})
        self.assertGreaterEqual(self.left(run), {"cpu", "db (rds)", "jobs (worker)", "source", "release", "worker", "backend.asgi"})

    def test_what_cannot_be_read_is_told_and_the_rest_is_taken(self):
        self.write("flightcontrol.json", "{ not json")
        self.write("samconfig.toml", "version = 0.1\n[default\nregion = =\n")
        self.write("compose.yaml", "services: [\n")
        self.write("copilot/api/manifest.yml", "name: api\n\ttype: x\n")
        self.write("copilot/.workspace", "application: " + "x" * 70000)
        self.write("Procfile", "web: uvicorn app.main:app\n")
        run = self.go("import")
        self.assertEqual(self.took(run), {("", "backend.asgi"): "app.main:app"})
        self.assertGreaterEqual(self.left(run), {"flightcontrol.json", "compose.yaml", "copilot/api/manifest.yml", "copilot/.workspace"})

    def test_nothing_is_overwritten_without_a_yes(self):
        self.write("Procfile", "web: uvicorn app.main:create --factory\n")
        self.write("aws-copilot.yml", "version: 1 # mine\napp: { name: shop, backend: { dir: ., asgi: \"app.main:app\" } }\n")
        before = self.yml.read_text()
        run = self.go("import", "--non-interactive", code=2)
        self.assertRegex(run.result["error"]["message"], "there already")
        self.assertEqual(self.yml.read_text(), before)
        with self.talk("import", env=self.env(), cwd=self.repo) as talk:
            talk.expect(r"\+ backend.asgi = app.main:create\(\)  \(Procfile:1\)")
            talk.expect(r"- version: 1 # mine")
            talk.expect(r"\+     asgi: .app.main:create\(\).")
            talk.expect(r"Replace it\?")
            talk.send_line("no")
            self.assertEqual(talk.wait(), 8)
        self.assertEqual(self.yml.read_text(), before)
        self.go("import", "-y")
        self.assertIn("app.main:create()", self.yml.read_text())
        shutil.rmtree(self.repo)
        self.repo.mkdir()
        self.go("import", code=6)

    # --- init ---

    def test_init_tells_all_that_is_missing_and_shows_what_it_would_replace(self):
        main = (self.repo / "app/main.py")
        main.write_text(MAIN.replace("app = FastAPI", 'OTHER = os.environ["OTHER"]\nKEY = os.environ["SECRET_KEY"]\napp = FastAPI'))
        run = self.go("init", "--non-interactive", "--app", "shop", code=2)
        self.assertRegex(run.result["error"]["message"], r"2 answers are missing: env.GREETING, env.OTHER")
        self.assertFalse(self.yml.exists())
        with self.talk("init", "--app", "shop", env=self.env(), cwd=self.repo) as talk:
            talk.expect("GREETING")
            talk.send_line("hello")
            talk.expect("OTHER")
            talk.send_line("world")
            talk.expect(r"\+ version: 1")
            self.assertEqual(talk.wait(), 0)
        text = self.yml.read_text()
        for line in ("GREETING: hello", "OTHER: world", "- SECRET_KEY", "asgi:"):
            self.assertIn(line, text)
        self.go("init", "--non-interactive")
        self.assertEqual(self.yml.read_text(), text)
        self.write("aws-copilot.yml", "# mine\n" + text)
        self.go("init", "--non-interactive", code=2)
        self.assertTrue(self.yml.read_text().startswith("# mine\n"))

    # --- env ---

    def test_environments_are_listed_and_added(self):
        self.write("aws-copilot.yml", "version: 1\napp: { name: shop }\nenvironments:\n  # the first\n  dev:\n    region: eu-west-1\n"
                                      "    variables: { GREETING: hello }\n    secrets: [SECRET_KEY]\n")
        (row,) = self.go("env", "ls", region=False).of_type("environment")
        self.assertEqual((row["name"], row["variables"], row["secrets"]), ("dev", ["GREETING"], [{"name": "SECRET_KEY", "status": "unknown"}]))
        self.assertTrue(row["note"])
        self.assertRegex(self.go("env", json=False, region=False).stdout, r"AWS was not asked: ")
        run = self.go("env", "add", "prod", code=2)
        self.assertRegex(run.result["error"]["message"], "--account and --region")
        self.go("env", "add", "much-too-long-a-name", "--account", "1" * 12, "--region", REGION, code=2)
        self.go("env", "add", "prod", "--account", "210987654321", "--region", REGION)
        self.assertIn('  # the first\n  dev:\n', self.yml.read_text())
        self.assertIn(f'  prod:\n    account: "210987654321"\n    region: {REGION}\n', self.yml.read_text())
        self.go("env", "add", "prod", "--account", "210987654321", "--region", REGION, code=1)
        with self.talk("env", "add", "test", env=self.env(region=False), cwd=self.repo) as talk:
            talk.expect(r"Which AWS account")
            talk.send_line("12")
            talk.expect(r"must be the 12 digits")
            talk.send_line("123456789012")
            talk.expect(r"Which AWS region\?")
            talk.send_line(REGION)
            talk.expect(r"\+   test:")
            self.assertEqual(talk.wait(), 0)
        self.assertEqual([r["name"] for r in self.go("env", "ls", region=False).of_type("environment")], ["dev", "prod", "test"])

    def test_what_aws_says_of_an_environment(self):
        account = str(400000000000 + secrets.randbelow(10**9))
        self.aws.bootstrap(account=account)
        keys = self.aws.deployer("lister", account=account)
        self.aws.client("ssm", account=account).put_parameter(Name="/depl/shop/dev/SECRET_KEY", Value=self.value, Type="SecureString")
        self.write("aws-copilot.yml", f"version: 1\napp: {{ name: shop }}\nenvironments:\n  dev: {{ account: \"{account}\", region: {REGION}, secrets: [SECRET_KEY, OTHER] }}\n"
                                      f"  prod: {{ account: \"210987654321\", region: {REGION} }}\n")
        env = {"keys": keys, "region": False, "AWSCOPILOT_ENDPOINT_PROFILE": "ministack"}
        dev, prod = self.go("env", "ls", **env).of_type("environment")
        self.assertEqual(dev["secrets"], [{"name": "SECRET_KEY", "status": "set", "version": 1}, {"name": "OTHER", "status": "missing"}])
        self.assertEqual(dev["stack_status"], "")
        self.assertRegex(prod["note"], account)
