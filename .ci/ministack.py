"""ministack, an emulator of AWS: started, stopped, and given a template that it can take.

It is somebody else's reading of how CloudFormation, IAM, API Gateway and Lambda behave. Where it cannot take what AWS
takes, the expanded template is rewritten, here and nowhere else.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.request

import policies

REGION = "eu-central-1"
ACCOUNT = "000000000000"


def cut_codedeploy(template):
    """It has no CodeDeploy. The aliases stay, and move without a canary."""
    resources = template["Resources"]
    for name in [name for name, resource in resources.items() if resource["Type"].startswith("AWS::CodeDeploy::")]:
        del resources[name]
    for resource in resources.values():
        resource.pop("UpdatePolicy", None)


def cut_metric_math(template):
    """Its alarms take no expression over metrics: "Properties.Metrics (metric math) is not supported"."""
    resources = template["Resources"]
    for name, resource in list(resources.items()):
        if resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in resource["Properties"]:
            del resources[name]


def write_out_routes(template):
    """It does not read an API's Body: routes become resources of their own, and so does what each function answers."""
    resources = template["Resources"]
    for name, resource in list(resources.items()):
        if resource["Type"] != "AWS::ApiGatewayV2::Api":
            continue
        body = resource["Properties"].pop("Body")
        resource["Properties"].pop("FailOnWarnings", None)
        resource["Properties"].update(Name=body["info"]["title"], ProtocolType="HTTP")
        for path, methods in body["paths"].items():
            # Of an area that can be switched off.
            condition, methods, _ = methods.get("Fn::If", [None, methods, None])
            there = {"Condition": condition} if condition else {}
            for method, integration in merged(methods).items():
                logical_id = name + re.sub(r"[^A-Za-z0-9]", "", f"{method.title()}{path.title()}")
                answers = f"{name}{function_of(integration)}Integration"
                resources[answers] = there | {
                    "Type": "AWS::ApiGatewayV2::Integration",
                    "Properties": {
                        "ApiId": {"Ref": name},
                        "IntegrationType": integration["type"].upper(),
                        "IntegrationMethod": integration["httpMethod"],
                        "IntegrationUri": integration["uri"],
                        "CredentialsArn": integration["credentials"],
                        "PayloadFormatVersion": integration["payloadFormatVersion"],
                    },
                }
                resources[f"{logical_id}Route"] = there | {
                    "Type": "AWS::ApiGatewayV2::Route",
                    "Properties": {
                        "ApiId": {"Ref": name},
                        "RouteKey": f"{method.upper()} {path}",
                        "Target": {"Fn::Sub": f"integrations/${{{answers}}}"},
                    },
                }


def function_of(integration):
    return re.search(r"(\w+)\.Arn", integration["uri"]["Fn::Sub"])[1]


def merged(methods):
    """What is invoked, by method. A stack has 500 resources, and each route is one there: a path whose methods all lead to one
    function is one route for any."""
    integrations = {method: operation["x-amazon-apigateway-integration"] for method, operation in methods.items()}
    first, *others = integrations.values()
    if others and all(function_of(other) == function_of(first) for other in others):
        return {"any": first}
    return integrations


def number_the_concurrency(template):
    """It compares a mapping's MaximumConcurrency with numbers, and a parameter is text."""
    for resource in template["Resources"].values():
        scaling = resource.get("Properties", {}).get("ScalingConfig")
        if scaling:
            parameter = template["Parameters"][scaling["MaximumConcurrency"]["Ref"]]
            scaling["MaximumConcurrency"] = int(parameter["Default"])


def name_secrets_by_arn(template):
    """Ref of a secret is its name there, and its ARN in AWS, which policies and functions count on."""
    resources = template["Resources"]
    secrets = {name for name, resource in resources.items() if resource["Type"] == "AWS::SecretsManager::Secret"}

    def written(value):
        if isinstance(value, list):
            return [written(item) for item in value]
        if not isinstance(value, dict):
            return value
        if value.get("Ref") in secrets:
            return {"Fn::GetAtt": [value["Ref"], "Id"]}
        return {key: written(inner) for key, inner in value.items()}

    for part in ("Resources", "Outputs"):
        template[part] = written(template[part])


def widen_letters(template):
    """It asks SES's SendEmail of every resource, and does not know the condition key ses:FromAddress."""
    for resource in template["Resources"].values():
        for policy in policies.possible(resource.get("Properties", {}).get("Policies", [])):
            for statement in policy["PolicyDocument"]["Statement"]:
                if statement["Action"] == "ses:SendEmail":
                    del statement["Condition"]
                    statement["Resource"] = "*"


REWRITES = [
    cut_codedeploy,
    cut_metric_math,
    write_out_routes,
    number_the_concurrency,
    name_secrets_by_arn,
    widen_letters,
]


def rewrite(template):
    """Makes all of them, and says what each was for."""
    for change in REWRITES:
        before = len(template["Resources"])
        change(template)
        more = len(template["Resources"]) - before
        print(f"  rewritten ({more:+} resources): {change.__doc__}")


class Emulator:
    """One that listens on the loopback interface alone, and checks the policies of whoever calls."""

    def __init__(self, executable, folder):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "ministack.log"
        self.temporary = folder / "tmp"
        self.temporary.mkdir(parents=True, exist_ok=True)
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "TMPDIR": str(self.temporary),
            "AUTH": "true",
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "AWS_ENDPOINT_URL": self.url,  # For the functions.
            "MINISTACK_HOST": "127.0.0.1",
            "MINISTACK_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }
        with self.log.open("w") as log:
            # A group of its own: the functions are its children and end with it.
            self.process = subprocess.Popen(
                [str(executable)], env=environment, cwd=folder, stdout=log, stderr=log, start_new_session=True
            )

    def __enter__(self):
        try:
            self.wait()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def wait(self):
        end = time.monotonic() + 60
        while time.monotonic() < end and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=5):
                    return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError(f"ministack does not answer:\n{self.log.read_text()[-2000:]}")

    def stop(self):
        try:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait(10)
            os.killpg(self.process.pid, signal.SIGKILL)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        shutil.rmtree(self.temporary, ignore_errors=True)
