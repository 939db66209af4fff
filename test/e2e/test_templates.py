"""The templates as they are in their files on the local AWS, and the deployer policy judged call by call."""
import base64
import hashlib
import io
import json
import time
import zipfile

import lab
from botocore.exceptions import ClientError

TEMPLATES = lab.ROOT / "src/aws/templates"
RELEASE = "/releases/0123456789abcdef"
TAGS = [{"Key": "app", "Value": "todo"}, {"Key": "env", "Value": "dev"}, {"Key": "managed-by", "Value": "aws-copilot"}]


def body(name):
    return json.dumps(json.loads((TEMPLATES / f"{name}.json").read_text()), separators=(",", ":"))


def pairs(parameters):
    return [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]


def backend_zip():
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        file.writestr("_deploy_bridge.py", "def handler(event, context):\n    return {'statusCode': 204}\n")
    return data.getvalue()


class Templates(lab.Case):
    def client(self, service, keys):
        return self.aws.client(service, account=self.account, keys=keys)

    def create(self, cfn, stack, template, parameters, **more):
        """Creates a stack by a change set, as the program does; returns its id, status and outputs."""
        made = cfn.create_change_set(StackName=stack, ChangeSetName="d-1", ChangeSetType="CREATE", TemplateBody=template,
                                     Parameters=pairs(parameters), Capabilities=["CAPABILITY_IAM"], Tags=TAGS, **more)
        described = cfn.describe_change_set(StackName=made["StackId"], ChangeSetName=made["Id"])
        self.assertEqual(described["Status"], "CREATE_COMPLETE", described.get("StatusReason"))
        cfn.execute_change_set(StackName=made["StackId"], ChangeSetName=made["Id"])
        deadline = time.monotonic() + 90
        while True:
            found = cfn.describe_stacks(StackName=made["StackId"])["Stacks"][0]
            if not found["StackStatus"].endswith("IN_PROGRESS") or time.monotonic() > deadline:
                break
            time.sleep(0.05)
        failures = [event for event in cfn.describe_stack_events(StackName=made["StackId"])["StackEvents"]
                    if event["ResourceStatus"].endswith("FAILED")]
        self.assertEqual((found["StackStatus"], failures), ("CREATE_COMPLETE", []))
        return made, {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]}

    def backend_parameters(self, s3, bucket, outputs):
        data = backend_zip()
        digest = hashlib.sha256(data)
        key = f"backend/{digest.hexdigest()}.zip"
        s3.put_object(Bucket=bucket, Key=key, Body=data, IfNoneMatch="*")
        return {"ArtifactBucket": bucket, "BackendKey": key, "ReleasePath": RELEASE, "SecretsPath": "/depl/todo/dev",
                "BackendSha256B64": base64.b64encode(digest.digest()).decode(), "OriginVerify": "0" * 64,
                "PermissionsBoundary": outputs["RoleBoundary"]}

    def denied(self, call):
        with self.assertRaises(ClientError) as raised:
            call()
        self.assertRegex(raised.exception.response["Error"]["Code"], "^(AccessDenied|UnauthorizedOperation)")

    def test_every_file_reaches_create_complete_unchanged(self):
        keys = self.aws.user("ada", account=self.account)
        cfn, s3 = self.client("cloudformation", keys), self.client("s3", keys)
        _, outputs = self.create(cfn, "bootstrap-depl", body("bootstrap"), {"Qualifier": "depl"})
        self.create(cfn, "depl-site-dev", body("static"), {"ReleasePath": RELEASE})
        # The statement TlsOnly refuses uploads over plain HTTP: why the endpoint profile drops it here.
        with self.assertRaisesRegex(ClientError, "explicit deny in a resource-based policy"):
            s3.put_object(Bucket=outputs["Artifacts"], Key="backend/x.zip", Body=b"", IfNoneMatch="*")
        s3.create_bucket(Bucket=f"plain-{self.account}", CreateBucketConfiguration={"LocationConstraint": self.region})
        parameters = self.backend_parameters(s3, f"plain-{self.account}", outputs)
        _, outputs = self.create(cfn, "depl-todo-dev", body("lambda-http"), parameters)
        self.assertEqual(sorted(outputs), ["BackendFunction", "BackendVersion", "DistributionId", "SiteBucket", "Url"])
        self.assertTrue(outputs["SiteBucket"].startswith("depl-todo-dev-sitebucket-"), outputs)  # the policies name it so

    def test_the_deployer_may_do_a_whole_deployment(self):
        outputs = self.aws.bootstrap(account=self.account)
        keys = self.aws.deployer(account=self.account)
        cfn, s3, ssm, functions = (self.client(name, keys) for name in ("cloudformation", "s3", "ssm", "lambda"))
        artifacts = outputs["Artifacts"]
        cfn.describe_stacks(StackName="bootstrap-depl")
        functions.get_account_settings()

        # The lock, and artefacts.
        lock = {"Bucket": artifacts, "Key": "locks/depl-todo-dev/1"}
        s3.put_object(**lock, Body=b"{}", IfNoneMatch="*")
        parameters = self.backend_parameters(s3, artifacts, outputs)
        s3.head_object(Bucket=artifacts, Key=parameters["BackendKey"])
        with self.assertRaisesRegex(ClientError, "404"):
            s3.head_object(Bucket=artifacts, Key="backend/none.zip")
        upload = s3.create_multipart_upload(Bucket=artifacts, Key="backend/big.zip")["UploadId"]
        s3.abort_multipart_upload(Bucket=artifacts, Key="backend/big.zip", UploadId=upload)

        # The change set and what is read of the stack.
        template = body("lambda-http")
        cfn.get_template_summary(TemplateBody=template)
        made, stack = self.create(cfn, "depl-todo-dev", template, parameters, RoleARN=outputs["ExecutionRole"])
        name = {"StackName": made["StackId"]}
        for call in (cfn.list_change_sets, cfn.describe_stack_resources, cfn.list_stack_resources, cfn.get_template,
                     cfn.describe_stack_resource_drifts, cfn.detect_stack_drift):
            call(**name)
        cfn.describe_events(**name, ChangeSetName=made["Id"])
        for on in (True, False):
            cfn.update_termination_protection(**name, EnableTerminationProtection=on)

        # The release, the way back, secrets, logs.
        site = stack["SiteBucket"]
        drop_tls_only_on(self.aws, site, self.account)
        s3.put_object(Bucket=site, Key="releases/0123456789abcdef/index.html", Body=b"<p>")
        versions = s3.list_object_versions(Bucket=site)["Versions"]
        s3.delete_object(Bucket=site, Key=versions[0]["Key"], VersionId=versions[0]["VersionId"])
        function = {"FunctionName": stack["BackendFunction"]}
        alias = functions.get_alias(**function, Name="live")
        functions.update_alias(**function, Name="live", FunctionVersion=alias["FunctionVersion"])
        functions.list_versions_by_function(**function)
        functions.invoke(**function, Qualifier="live", Payload=b"{}")
        ssm.put_parameter(Name="/depl/todo/dev/KEY", Value="v", Type="SecureString", Overwrite=True)
        ssm.get_parameters_by_path(Path="/depl/todo/dev", Recursive=True)
        ssm.get_parameter_history(Name="/depl/todo/dev/KEY")
        ssm.delete_parameters(Names=["/depl/todo/dev/KEY"])
        resources = cfn.describe_stack_resources(**name)["StackResources"]
        group = next(row["PhysicalResourceId"] for row in resources if row["LogicalResourceId"] == "BackendLogs")
        self.client("logs", keys).filter_log_events(logGroupName=group)
        edge = self.client("cloudfront", keys)
        found = edge.get_distribution(Id=stack["DistributionId"])
        config = found["Distribution"]["DistributionConfig"]
        config["Origins"]["Items"] = config["Origins"]["Items"][:1]
        self.denied(lambda: edge.update_distribution(  # the release path moves by change set only
            Id=stack["DistributionId"], IfMatch=found["ETag"], DistributionConfig=config))
        cfn.delete_stack(**name, RoleARN=outputs["ExecutionRole"])
        s3.delete_object(**lock)

    def test_the_deployer_may_not_reach_further(self):
        outputs = self.aws.bootstrap(account=self.account)
        keys = self.aws.deployer(account=self.account)
        cfn, s3, functions = (self.client(name, keys) for name in ("cloudformation", "s3", "lambda"))
        record = {"Bucket": outputs["Artifacts"], "Key": "approvals/1.json"}
        s3.put_object(**record, Body=b"{}", IfNoneMatch="*")
        static = {"TemplateBody": body("static"), "Parameters": pairs({"ReleasePath": RELEASE}),
                  "ChangeSetName": "d-1", "ChangeSetType": "CREATE", "RoleARN": outputs["ExecutionRole"]}
        for what, call in {
            "delete a record": lambda: s3.delete_object(**record),
            "delete a version of a record": lambda: s3.delete_object(**record, VersionId="x"),
            "change a bucket's policy": lambda: s3.put_bucket_policy(Bucket=outputs["Artifacts"], Policy="{}"),
            "make a bucket": lambda: s3.create_bucket(
                Bucket="depl-x-sitebucket-1", CreateBucketConfiguration={"LocationConstraint": self.region}),
            "change a foreign stack": lambda: cfn.create_change_set(StackName="other", **static),
            "change its own rights": lambda: cfn.create_change_set(StackName="bootstrap-depl", **static),
            "create a stack at once": lambda: cfn.create_stack(StackName="depl-x-dev", TemplateBody=body("static")),
            "update a stack at once": lambda: cfn.update_stack(StackName="depl-x-dev", TemplateBody=body("static")),
            "delete a function": lambda: functions.delete_function(FunctionName="depl-todo-dev-Backend"),
            "change a function": lambda: functions.update_function_configuration(FunctionName="depl-x", Timeout=9),
            "list distributions": lambda: self.client("cloudfront", keys).list_distributions(),
            "become somebody": lambda: self.client("sts", keys).assume_role(
                RoleArn=outputs["ExecutionRole"], RoleSessionName="mallory"),
            "make a user": lambda: self.client("iam", keys).create_user(UserName="mallory"),
            "read machines": lambda: self.client("ec2", keys).describe_instances(),
        }.items():
            with self.subTest(what):
                self.denied(call)


def drop_tls_only_on(aws, bucket, account):
    """This stack was made from the unchanged file; the profile would have left the statement out."""
    s3 = aws.client("s3", account=account)
    policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    policy["Statement"] = [s for s in policy["Statement"] if s["Sid"] != "TlsOnly"]
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
