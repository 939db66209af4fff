"""Deployments that go well, from bootstrap to destroy, each line judged at the local AWS and not by what we say."""
import contextlib
import json
import re
import sqlite3

import lab
import todo

TYPES = {"start", "phase", "question", "finding", "changeset", "verdict", "approval", "event", "probe", "outputs", "warning",
         "result", "say", "progress", "plan", "where", "alert", "status", "log", "release", "session", "decision", "verified"}


class FirstDeployment(todo.TodoCase):

    def setUp(self):
        super().setUp()
        self.todo()

    def test_bootstrap_waits_for_a_yes_and_then_makes_bucket_and_roles(self):
        self.own_account()
        self.write_yml()
        self.keys = self.aws.user("root-like", account=self.account)
        run = self.plan("bootstrap")
        self.assertEqual(self.stack_status("bootstrap-depl"), "REVIEW_IN_PROGRESS")
        self.assertEqual(run.result["next"], f"aws-copilot approve {run.result['session']}")
        done = self.approve(run)
        self.assertEqual(done.result["status"], "success")
        self.assertEqual(self.stack_status("bootstrap-depl"), "CREATE_COMPLETE")
        self.assertIn(done.result["outputs"]["Artifacts"],
                      [b["Name"] for b in self.aws.client("s3", account=self.account).list_buckets()["Buckets"]])
        again = self.go("bootstrap", *self.CONFIRMED)
        self.ended(again, 0, "no_change")

    def test_the_first_deployment_waits_for_a_yes_and_then_answers(self):
        self.bootstrapped()
        run = self.plan()
        events = run.events
        self.assertEqual((events[0]["type"], events[0]["version"], events[0]["verb"]), ("start", 1, "deploy"))
        self.assertEqual(run.result["status"], "waiting")
        self.assertEqual({row["type"] for row in events} - TYPES, set())
        self.assertEqual([row["phase"] for row in run.of_type("phase")],
                         ["intake", "context", "ask", "preflight", "plan", "review", "dry_run", "review_set", "wait"])
        self.assertEqual([row["verdict"] for row in run.of_type("verdict")], ["allow", "allow"])
        where = run.of_type("where")[0]
        self.assertEqual((where["account"], where["region"], where["pinned"]), (self.account, self.region, "pinned"))
        self.assertEqual(self.stack_status(), "REVIEW_IN_PROGRESS")
        self.assertEqual(len(self.change_sets()), 1)

        done = self.approve(run)
        self.assertEqual(done.result["status"], "success")
        self.assertEqual([row["phase"] for row in done.of_type("phase")], ["execute", "validate", "closure"])
        build = run.of_type("plan")[0]["build_id"]
        url = done.result["url"]
        status, headers, body = self.get(url, "/api/health")
        self.assertEqual((status, headers["x-aws-copilot-build"], json.loads(body)["version"]), (200, build, "1.0.0"))
        self.assertIn(b"<div id=\"root\">", self.get(url)[2])
        self.assertEqual(self.get(url, "/deep/link")[0], 200)
        self.assertEqual(self.stack_status(), "CREATE_COMPLETE")

        for verb, kind in (("status", "status"), ("outputs", "outputs"), ("history", "release")):
            run = self.go(verb)
            self.ended(run, 0)
            self.assertEqual(len(run.of_type(kind)), 1, str(run))
        self.assertEqual(run.of_type("release")[0]["build_id"], build)
        self.assertEqual(self.go("outputs").of_type("outputs")[0]["outputs"]["Url"], url)
        self.assertIn(url, self.go("outputs", json=False).stdout)
        self.ended(self.go("logs", "--since", "10m"), 0)
        decisions = self.go("audit").of_type("decision")
        approval = [row for row in decisions if row["record"] == "approval"]
        self.assertEqual([(row["outcome"], row["actor"].split(",")[-1]) for row in approval], [("yes", "terminal")])
        answers = [(row["question"], row["answer"], row["actor"]) for row in decisions if row["record"] == "answer"]
        self.assertEqual(answers, [("approval", "yes", approval[0]["actor"])])
        self.assertRegex(self.go("audit", json=False).stdout, r"(?m)^ *\d+  \S+ \S+  answer    arn:\S+,terminal  approval yes")
        verified = self.go("audit", "verify").of_type("verified")[0]
        self.assertTrue(verified["ok"])
        self.assertGreaterEqual(verified["seals"], 1)

        self.no_change_is_success_and_leaves_no_set()
        self.one_line_changes_the_function_and_nothing_else(build)
        self.destroy_says_what_is_left_behind()

    def no_change_is_success_and_leaves_no_set(self):
        run = self.go("deploy", *self.CONFIRMED)
        self.ended(run, 0, "no_change")
        self.assertEqual(self.change_sets(), [])
        # Another state folder: the gate lets a user plan four times a minute.
        self.ended(self.go("plan", "--detailed-exitcode", "--expect-no-changes", *self.CONFIRMED,
                           XDG_STATE_HOME=str(self.dir / "other")), 0)

    def one_line_changes_the_function_and_nothing_else(self, before):
        self.edit("backend/app/main.py", 'VERSION = "1.0.0"', 'VERSION = "1.1.0"')
        run = self.plan("plan", "--expect-no-changes", code=7)
        changes = {row["logical_id"]: row for row in run.of_type("changeset")[0]["changes"]}
        kinds = {(row["type"], row["action"]) for row in changes.values()}
        self.assertLessEqual({("AWS::Lambda::Function", "Modify"), ("AWS::Lambda::Version", "Add"),
                              ("AWS::Lambda::Version", "Remove")}, kinds)
        # The alias moves; MiniStack does not list it. A new address of the code may touch the integration.
        self.assertLessEqual({kind for kind, _ in kinds}, {"AWS::Lambda::Function", "AWS::Lambda::Version", "AWS::Lambda::Alias",
                                                           "AWS::ApiGatewayV2::Integration"})
        self.assertNotIn("True", {row["replacement"] for row in changes.values()})
        self.ended(self.approve(run), 0)  # on record only
        self.assertEqual(self.stack_status(), "CREATE_COMPLETE")
        done = self.go("deploy", "--plan", run.result["session"])
        self.ended(done, 0, "success")
        # The version before leaves the stack and stays: it is what an alias goes back to.
        self.assertRegex(done.result["summary"]["done"], r"^1 resource added, \d changed, 0 removed, 1 detached and kept; the new version was asked")
        _, headers, body = self.get(done.result["url"], "/api/health")
        self.assertEqual(json.loads(body)["version"], "1.1.0")
        self.assertNotEqual(headers["x-aws-copilot-build"], before)
        self.assertEqual(len(self.go("history").of_type("release")), 2)

    def destroy_says_what_is_left_behind(self):
        bucket = self.go("outputs").of_type("outputs")[0]["outputs"]["SiteBucket"]
        done = self.destroy()
        self.assertEqual(done.result["status"], "success")
        self.assertIsNone(self.stack_status())
        left = [row for row in done.of_type("outputs") if row.get("left_behind")]
        self.assertIn(bucket, json.dumps(left))
        costs = {row["name"]: row["micro_usd"] for row in done.result["left_behind"] if not row.get("shared")}
        self.assertEqual(done.result["left_cost"]["micro_usd"], sum(costs.values()))
        self.assertTrue(done.result["left_cost"]["is_complete"], done.result)
        run = self.go("status")
        self.ended(run, 6)
        self.says(run, f"no stack {self.stack}", "aws-copilot deploy")


class Halves(todo.TodoCase):
    def deployed(self):
        self.todo()
        self.bootstrapped()
        done = self.deploy()
        self.assertEqual(done.result["status"], "success")
        return done.result["url"], done.of_type("probe")[0]

    def test_a_repository_without_a_back_end_is_a_static_site(self):
        self.halves = ("frontend",)
        url, probe = self.deployed()
        self.assertEqual([hop["name"] for hop in probe["hops"]], ["index", "asset"])
        self.assertIn(b"<div id=\"root\">", self.get(url)[2])
        kinds = {row["ResourceType"] for row in self.cfn().describe_stack_resources(StackName=self.stack)["StackResources"]}
        self.assertNotIn("AWS::Lambda::Function", kinds)

    def test_a_repository_without_a_front_end_is_an_api(self):
        self.halves = ("backend",)
        url, probe = self.deployed()
        self.assertEqual([hop["name"] for hop in probe["hops"]], ["health"])
        self.assertEqual(self.get(url, "/api/health")[0], 200)
        kinds = {row["ResourceType"] for row in self.cfn().describe_stack_resources(StackName=self.stack)["StackResources"]}
        self.assertNotIn("SiteBucket", kinds)


class Decisions(todo.TodoCase):
    """Of an application that is never executed: an account of its own, no probe."""

    def setUp(self):
        super().setUp()
        self.own_account()
        self.todo()
        self.bootstrapped()

    def test_plan_says_changes_by_its_exit_code_and_keeps_the_set(self):
        run = self.plan("plan", "--detailed-exitcode", code=2)
        self.assertEqual(len(self.change_sets()), 1)
        waiting = self.go("approvals").of_type("approval")
        self.assertEqual([row["session"] for row in waiting], [run.result["session"]])
        text = self.go("approvals", run.result["session"], json=False)
        self.assertIn(self.stack, text.stderr + text.stdout)

    def test_a_no_removes_the_change_set_and_the_empty_stack(self):
        run = self.plan()
        self.assertEqual(self.stack_status(), "REVIEW_IN_PROGRESS")
        done = self.approve(run, 5, "reject")
        self.assertEqual(done.result["status"], "refused")
        self.nothing_at_aws()
        again = self.go("approve", run.result["session"])
        self.ended(again, 1)
        self.says(again, "decided already", "audit")

    def test_a_dry_run_writes_nothing_at_aws(self):
        run = self.go("deploy", "--dry-run", *self.CONFIRMED)
        self.ended(run, 0, "success")
        self.assertEqual(len(run.of_type("plan")), 1)
        self.nothing_at_aws()
        bucket = self.aws.bootstrap_outputs(account=self.account)["Artifacts"]
        self.assertEqual(self.aws.client("s3", account=self.account).list_objects_v2(Bucket=bucket).get("KeyCount"), 0)

    def test_production_is_not_destroyed(self):
        (self.repo / "aws-copilot.yml").write_text((self.repo / "aws-copilot.yml").read_text().replace("  dev:", "  prod:"))
        name = f"depl-{self.app}-prod"
        template = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
        self.cfn().create_stack(StackName=name, TemplateBody=json.dumps(template))
        run = self.go("destroy", "-e", "prod", *self.CONFIRMED)
        self.ended(run, 5, "refused")
        self.says(run, "prod")
        self.assertEqual(self.stack_status(name), "CREATE_COMPLETE")


del lab


class Judged(todo.TodoCase):
    """Whoever reads the journal afterwards finds for each change at AWS who wanted it, when, and by which rule it might be."""
    halves = ("backend",)
    # What is sent, by the operation that sends it.
    SENT = [("CreateChangeSet", "", "preview"), ("ExecuteChangeSet", "", "apply"), ("PutObject", "/backend/", "upload"), ("PutObject", "/locks/", "lock"),
            ("PutObject", "/templates/", "preview"), ("PutObject", "/releases/", "publish"), ("PutObject", "/seals/", "publish"),
            ("PutObject", "/sessions/", "share"), ("PutObject", "/approvals/", "decide")]

    def test_each_change_of_a_deployment_has_its_verdict_in_the_journal(self):
        self.todo()
        self.bootstrapped()
        self.through_faults()
        session = self.deploy().result["session"]
        sent = [(row["action"], row["target"]) for row in self.fault.seen if row["method"] != "GET"
                and re.match("(Create|Update|Delete|Execute|Put|Set|Cancel|Publish|Add|Attach)", row["action"])]
        ops = [next((op for action, part, op in self.SENT if (action, part in target) == (row, True)), (row, target)) for row, target in sent]
        with contextlib.closing(sqlite3.connect(next(self.dir.rglob("store.db")))) as store:
            sessions = [row for row, in store.execute("SELECT id FROM sessions")]
        rows = [row for one in sessions for row in self.go("audit", one).of_type("decision")]
        judged = [row for row in rows if row["record"] == "intent"]
        self.assertEqual(set(ops) - {row["op"] for row in judged}, set(), "sent, and not in the journal")
        self.assertLessEqual({"preview", "apply", "upload", "lock", "publish"}, set(ops))
        for row in judged:
            self.assertTrue(row["outcome"] in ("allow", "ask") and row["reason"] and row["agent"] and row["phase"] and row["time_ms"], row)
        reviews = [(row["subject"], row["outcome"], row["agent"]) for row in rows if row["record"] == "verdict"]
        self.assertEqual(reviews, [("plan", "allow", "compliance"), ("set", "allow", "compliance")])
        shown = self.go("audit", session, json=False).stdout
        for words in ("executor", "apply", "allow", "compliance", "approval"):
            self.assertIn(words, shown)
