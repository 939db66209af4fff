"""What things cost: `estimate` against a calculation of its own, the ceiling and the difference on the road.

The sums are computed here from the printed table docs/tables/prices.md and from what the pages say of each service, in
decimals; the program computes in binary. docs/cost.md says who judged the prices themselves.
"""
import json
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import lab
import todo

ROOT = Path(__file__).resolve().parents[2]
HOURS = Decimal(730)
MICRO = Decimal("0.000001")


def prices(region):
    """item -> dollars for one unit, from the table that the program prints."""
    rows = [[cell.strip() for cell in line.strip("|\n").split("|")]
            for line in (ROOT / "docs/tables/prices.md").read_text().splitlines() if line.startswith("|")]
    column = rows[0].index(region)
    prices = rows[2:next(i for i, row in enumerate(rows) if row[0] == "compared")]
    return {row[0]: Decimal(row[column].rstrip(" ~")) for row in prices if row[column]}


def lambda_http(region, requests, ms, site, storage, out, log_kb, mb=1024):
    """A month of src/aws/templates/lambda-http.json: {item: dollars}, each rounded to a millionth."""
    p = prices(region)
    where = "Europe" if region.startswith("eu-") else "North America"
    r, million = Decimal(requests), Decimal(10) ** 6
    guard = min(r, HOURS)  # the authorizer's answers are kept for an hour
    gb = r * Decimal(log_kb) / million
    sums = {
        "requests": [r / million * p["requests"], guard / million * p["requests"]],
        "duration, arm64": [r * ms / 1000 * mb / 1024 * p["duration, arm64"], guard / 100 / 8 * p["duration, arm64"]],
        "X-Ray traces recorded": [r / 20 / million * p["X-Ray traces recorded"]],
        "log data written": [gb * p["log data written"]],
        "log data kept": [gb * Decimal("0.15") * p["log data kept"]],
        "HTTP API requests": [r / million * p["HTTP API requests"]],
        f"HTTPS requests, viewers in {where}": [(r + site) / 10000 * p[f"HTTPS requests, viewers in {where}"]],
        f"data out, viewers in {where}": [out * p[f"data out, viewers in {where}"]],
        "CloudFront function calls": [site / million * p["CloudFront function calls"]],
        "storage, Standard": [storage * p["storage, Standard"]],
    }
    return {item: sum(part.quantize(MICRO, ROUND_HALF_UP) for part in parts) for item, parts in sums.items()}


class Estimate(lab.Case):
    def estimate(self, *args, **more):
        run = self.run_program("estimate", *args, "--json", endpoint="", **more)
        self.assertEqual((run.code, run.stderr), (0, ""), str(run))
        return json.loads(run.stdout)

    def test_what_there_is_none_of_is_not_told(self):
        file = self.dir / "t.yaml"
        for text, last in (("Resources: {}\n", "without tax."), ("Resources: {R: {Type: AWS::IAM::Role}}\n", "without tax. 1 type has no charge of its own.")):
            file.write_text(text)
            run = self.run_program("estimate", str(file), "--region", "eu-west-1", endpoint="")
            self.assertEqual(run.stdout.splitlines()[:3], ["At least $0.00 a month in eu-west-1", "", "Assumed (change it with --requests and the like):"])
            self.assertTrue(run.stdout.rstrip().endswith(last), run.stdout)

    def test_a_template_costs_what_the_table_and_the_use_say(self):
        template = str(ROOT / "src/aws/templates/lambda-http.json")
        for region, use in (("us-east-1", (100000, 120, 500000, 1, 10, "1.2")),
                            ("eu-central-1", (1000000, 120, 5000000, 2, 60, "1.2")),
                            ("ap-northeast-1", (123457, 33, 77, 3, 1, "0.7"))):
            names = ("requests", "duration-ms", "site-requests", "storage-gb", "transfer-gb", "log-kb")
            cost = self.estimate(template, "--region", region, *(f"--{n}={v}" for n, v in zip(names, use)))
            got = {}
            for line in cost["lines"]:
                usd = Decimal(line["quantity"]) * Decimal(line["unit_usd"])
                self.assertLessEqual(abs(usd - Decimal(line["usd"])), MICRO, line)
                got[line["item"]] = got.get(line["item"], 0) + Decimal(line["usd"])
            want = {k: v for k, v in lambda_http(region, *use[:5], use[5]).items() if v}
            self.assertEqual(set(got), set(want))
            for item, usd in want.items():
                self.assertLessEqual(abs(got[item] - usd), 2 * MICRO, (region, item))
            self.assertEqual(cost["not_priced"], [])
            self.assertEqual(sum(got.values()), Decimal(cost["usd_month"]))
            self.assertEqual(Decimal(cost["micro_usd"]) * MICRO, Decimal(cost["usd_month"]))

    def test_the_worked_example_of_the_project_holds(self):
        # One million calls of 120 ms with 1 GB, five million files, 60 GB: $13.94 with logs' storage as the page has it.
        cost = self.estimate(str(ROOT / "src/aws/templates/lambda-http.json"), "--region=us-east-1", "--requests=1000000",
                             "--site-requests=5000000", "--transfer-gb=60", "--storage-gb=0", "--log-kb=0")
        extra = ("X-Ray traces recorded", "CloudFront function calls")
        usd = sum(Decimal(row["usd"]) for row in cost["lines"] if row["item"] not in extra)
        self.assertLess(abs(usd - Decimal("13.90")), Decimal("0.01"))

    def test_text_says_at_least_and_what_is_missing(self):
        path = self.dir / "t.yaml"
        path.write_text("Resources:\n  Nat: {Type: AWS::EC2::NatGateway}\n  Key: {Type: AWS::SecretsManager::Secret}\n  Db:\n    Type: AWS::RDS::DBInstance\n"
                        "    Properties: {Engine: oracle-ee, DBInstanceClass: db.t3.large}\n  New: {Type: AWS::New::Thing}\n")
        run = self.run_program("estimate", str(path), "--region", "us-east-1", endpoint="")
        self.assertEqual(run.code, 0)
        for words in ("At least $33.25 a month in us-east-1", "secret, 1 ×", "730 × $0.045 per hour", "Not priced",
                      "data processed", "oracle-ee", "AWS::New::Thing", "(default)", "without tax"):
            self.assertIn(words, run.stdout)

    def test_what_is_here_is_priced_without_aws(self):
        repo = self.copy_repo(ROOT / "examples/todo")
        cost = self.estimate("--region", "eu-west-1", cwd=repo)
        self.assertTrue(Decimal(cost["usd_month"]) > 1)
        self.assertEqual(self.run_program("estimate", cwd=repo, endpoint="", AWS_REGION=None).code, 2)

    def test_bad_input_is_told_apart(self):
        for args, code, words in ((["nosuch.yaml", "--region=us-east-1"], 6, "nosuch.yaml"),
                                  ([str(ROOT / "LICENSE"), "--region=us-east-1"], 2, "JSON or YAML"),
                                  (["--region=us-east-1", "--requests=-1"], 2, "plain number"),
                                  (["--region=us-east-1", "--requests=1e6"], 2, "plain number"),
                                  (["--region=us-east-1"], 5, "inspect says why")):
            run = self.run_program("estimate", *args, endpoint="", cwd=self.dir)
            self.assertEqual(run.code, code, str(run))
            self.assertIn(words, run.stderr)


class Road(todo.TodoCase):
    """The cost between the plan and the yes, and at the end."""

    def test_every_paper_says_what_it_costs_and_an_update_says_what_it_adds(self):
        self.bootstrapped()
        self.todo()
        planned = self.plan()
        first = self.approve(planned)
        plan, change = (planned.of_type(kind)[0] for kind in ("plan", "changeset"))
        yes = first.of_type("approval")[0]
        self.assertEqual(plan["cost"]["usd_month"], change["cost"]["after_usd"])
        self.assertEqual((change["cost"]["before_usd"], change["cost"]["not_priced"]), ("0", []))
        self.assertEqual(yes["cost"], change["cost"]["text"])
        self.assertRegex(yes["cost"], r"^at least \+\$[0-9.]+ a month, prices of 20\d\d-\d\d-\d\d, 100000 requests a month; prices not compared with AWS's list: \d+$")
        self.assertEqual(first.result["cost"]["usd_month"], plan["cost"]["usd_month"])
        self.edit("backend/app/main.py", "FastAPI(", "FastAPI(description='other', ")
        text = self.go("plan", *self.CONFIRMED, "--requests=200000", json=False)
        self.assertEqual(text.code, 10, str(text))
        self.assertRegex(text.stderr, r"at least \+\$0\.00 a month \(from \$([0-9.]+) to \$\1\)")
        self.assertIn("200000 requests a month", " ".join(text.stderr.split()))

    def test_over_the_ceiling_nothing_is_made(self):
        self.bootstrapped()
        self.todo("    cost_ceiling_usd: 1\n")
        run = self.plan(code=5)
        self.says(run, r"at least \$2", r"more than the ceiling of \$1\.00", error="policy")
        self.assertIn("raise cost_ceiling_usd to", run.result["error"]["remedy"])
        self.assertEqual([row["code"] for row in run.of_type("finding") if row["verdict"] == "deny"], ["over_cost_ceiling"])
        self.nothing_at_aws()
        within = self.plan("plan", "--requests=1000", "--site-requests=1000", "--transfer-gb=1")
        self.assertEqual(within.result["status"], "waiting")
