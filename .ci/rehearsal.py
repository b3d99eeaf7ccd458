"""Deploys target/expanded-full.json to ministack and uses it, as .ci/deploy says. Takes the folder of the binaries."""

import io
import json
import re
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import botocore.session
from botocore.config import Config

import ministack

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "target" / "deploy"
STACK = "latchkey"
PACKAGES = "latchkey-packages"
PARAMETERS = {
    "Issuer": "https://auth.example.com",
    "MailFrom": "Example <accounts@example.com>",
    "AppUrl": "https://app.example.com",
    "AllowedOrigins": "https://app.example.com",
    "AlarmTopicArn": f"arn:aws:sns:{ministack.REGION}:{ministack.ACCOUNT}:alarms",
}
EMAIL, ADMIN = "ada@example.com", "admin@example.com"
FIRST, SECOND = "correct horse battery", "staple battery horse correct"


class Clock:
    """Prints a line a step, with what it took."""

    def __init__(self):
        self.start = self.last = time.monotonic()

    def step(self, text):
        now = time.monotonic()
        print(f"{now - self.last:6.2f} s  {text}", flush=True)
        self.last = now


def check(holds, *seen):
    if not holds:
        raise AssertionError(" ".join(str(what) for what in seen))


def eventually(read, what):
    """What `read` finds, as soon as there is something: what follows a request comes when it comes."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if found := read():
            return found
        time.sleep(0.2)
    raise AssertionError(f"a minute without {what}")


def package(binaries, binary):
    """A zip as Lambda takes it, of a copy without symbols."""
    copy = FOLDER / binary
    subprocess.run(["strip", "-o", copy, binaries / binary], check=True)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.write(copy, "bootstrap")
    copy.unlink()
    return packed.getvalue()


class Stack:
    """The deployed stack, as its operator and its users reach it."""

    def __init__(self, emulator):
        self.emulator = emulator
        self.session = botocore.session.get_session()
        self.session.set_credentials("test", "test")
        self.outputs = {}

    def client(self, service):
        config = Config(s3={"addressing_style": "path"}, retries={"max_attempts": 0}, read_timeout=120)
        url = self.emulator.url
        return self.session.create_client(service, region_name=ministack.REGION, endpoint_url=url, config=config)

    def deploy(self, template):
        body = json.dumps(template, separators=(",", ":"))
        self.client("s3").put_object(Bucket=PACKAGES, Key="template.json", Body=body.encode())
        cloudformation = self.client("cloudformation")
        cloudformation.create_stack(
            StackName=STACK,
            TemplateURL=f"{self.emulator.url}/{PACKAGES}/template.json",
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in PARAMETERS.items()],
            Capabilities=["CAPABILITY_IAM"],
        )

        def settled():
            stack = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
            return None if stack["StackStatus"].endswith("_IN_PROGRESS") else stack

        stack = eventually(settled, "a stack")
        events = cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
        failed = [event for event in events if "FAILED" in event["ResourceStatus"]]
        check(stack["StackStatus"] == "CREATE_COMPLETE", stack["StackStatus"], failed)
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        self.api = self.outputs["ApiUrl"].removeprefix("https://").split(".")[0]
        pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=STACK)
        resources = [resource for page in pages for resource in page["StackResourceSummaries"]]
        self.names = {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in resources}

    def invoke(self, function, payload):
        answer = self.client("lambda").invoke(FunctionName=function, Payload=json.dumps(payload).encode())
        text = answer["Payload"].read()
        check("FunctionError" not in answer, function, text)
        return json.loads(text)

    def call(self, method, path, expected, body=None, token=None, form=None):
        """One request: the status has to be the expected one, and the body comes back."""
        headers = {"content-type": "application/json"} if body is not None else {}
        data = None if body is None else json.dumps(body).encode()
        if form is not None:
            headers = {"content-type": "application/x-www-form-urlencoded"}
            data = urllib.parse.urlencode(form).encode()
        if token:
            headers["authorization"] = f"Bearer {token}"
        url = f"{self.emulator.url}/_aws/execute-api/{self.api}/$default{path}"
        request = urllib.request.Request(url, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                status, text = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read()
        check(status == expected, f"{method} {path}: {status}, not {expected}:", text.decode())
        return json.loads(text) if text else None

    def letter(self, to, link):
        """The token in the newest letter to an address that leads to this page."""
        with urllib.request.urlopen(f"{self.emulator.url}/_ministack/ses/messages", timeout=10) as answer:
            messages = json.load(answer)["messages"].get(ministack.ACCOUNT, [])
        for message in reversed(messages):
            found = re.search(rf"/{link}#token=(\S+)", message["BodyText"])
            if found and any(to in address for address in message["To"]):
                return found[1]
        return None

    def audit(self, path, token):
        return [entry["action"] for entry in self.call("GET", path, 200, token=token)["data"]]


def use(stack, clock):
    """From the first key to a deleted account."""
    stack.invoke(stack.names["RotateKeysFunction"], {})
    keys = stack.call("GET", "/.well-known/jwks.json", 200)["keys"]
    check(keys and keys[0]["kty"] == "RSA", keys)
    clock.step("rotate-keys made a signing key, and the JWKS has it")

    admin = {"email": ADMIN, "password": FIRST}
    check(stack.invoke(stack.outputs["CreateAdminFunctionName"], admin)["created"] is True)
    check(stack.invoke(stack.outputs["CreateAdminFunctionName"], admin)["created"] is False)
    clock.step("create-admin made one admin, and no second")

    check(stack.call("GET", "/v1/health", 200)["status"] == "ok")
    user = stack.call("POST", "/v1/auth/register", 201, {"email": EMAIL, "password": FIRST, "firstName": "Ada"})
    check(user["email"] == EMAIL and user["role"] == "user", user)
    clock.step("register: 201")

    tokens = stack.call("POST", "/v1/auth/login", 200, {"email": EMAIL, "password": FIRST})
    check(tokens["user"]["id"] == user["id"], tokens["user"])
    clock.step("login, behind its alias: 200")

    me = stack.call("GET", "/v1/users/me", 200, token=tokens["accessToken"])
    check(me["id"] == user["id"], me)
    check(stack.call("GET", "/v1/users/me", 401)["code"] == "missing_token")
    clock.step("me: 200, and 401 without a token")

    fresh = stack.call("POST", "/v1/auth/refresh", 200, {"refreshToken": tokens["refreshToken"]})
    check(fresh["refreshToken"] != tokens["refreshToken"])
    clock.step("refresh, behind its alias: 200")

    stack.call("DELETE", "/v1/auth/logout", 204, token=fresh["accessToken"])
    refused = stack.call("GET", "/v1/users/me", 401, token=fresh["accessToken"])
    check(refused["code"] == "invalid_token", refused)
    clock.step("logout: 204, and its access token is refused")

    verify = eventually(lambda: stack.letter(EMAIL, "verify-email"), "a letter")
    clock.step("the stream, the bus, the queue and send-mail: a letter to verify the address")
    stack.call("POST", "/v1/auth/verify-email", 204, {"token": verify, "password": FIRST})
    clock.step("verify-email, with the token of the letter")

    stack.call("POST", "/v1/auth/forgot-password", 202, {"email": EMAIL})
    reset = eventually(lambda: stack.letter(EMAIL, "reset-password"), "a letter")
    stack.call("POST", "/v1/auth/reset-password", 204, {"token": reset, "password": SECOND})
    stack.call("POST", "/v1/auth/login", 401, {"email": EMAIL, "password": FIRST})
    tokens = stack.call("POST", "/v1/auth/login", 200, {"email": EMAIL, "password": SECOND})
    clock.step("forgot-password, its letter, reset-password: the new password signs in and the old does not")

    boss = stack.call("POST", "/v1/auth/login", 200, admin)["accessToken"]
    listed = stack.call("GET", "/v1/users", 200, token=boss)["data"]
    check({one["email"] for one in listed} == {EMAIL, ADMIN}, listed)
    clock.step("list-users as admin, by the index")

    client = {"name": "Web shop", "redirectUris": ["https://shop.example.com/signed-in"], "confidential": True}
    check(stack.call("PUT", "/v1/clients/web-shop", 201, client, boss)["clientSecret"].startswith("lkcs_"))
    discovery = stack.call("GET", "/.well-known/openid-configuration", 200)
    check(discovery["token_endpoint"] == f"{PARAMETERS['Issuer']}/oauth2/token", discovery)
    refused = stack.call("GET", "/oauth2/userinfo", 401, token=boss)
    check(refused["error"] == "invalid_token", refused)
    clock.step("put-client: 201, discovery names what clients call, and userinfo takes no token of a session")

    check(stack.call("GET", "/v1/users/me/grants", 200, token=boss) == {"data": []})
    gone = stack.call("DELETE", "/v1/users/me/grants/web-shop", 404, token=boss)
    check(gone["code"] == "grant_not_found", gone)
    secret = stack.call("PUT", "/v1/clients/web-shop", 200, client | {"rotateSecret": True}, boss)["clientSecret"]
    form = {"token": boss, "client_id": "web-shop", "client_secret": secret}
    check(stack.call("POST", "/oauth2/introspect", 200, form=form) == {"active": False})
    check(stack.call("POST", "/oauth2/revoke", 200, form=form) is None)
    clock.step("list-grants and revoke-grant find no access, introspect-token and revoke-token no token of a client")

    of_user = f"/v1/users/{user['id']}/audit"
    wanted = {"user.registered", "email.verified", "password.changed", "session.created", "session.revoked"}
    eventually(lambda: wanted <= set(stack.audit(of_user, boss)), f"{wanted} in the audit")
    check("user.registered" in stack.audit("/v1/audit", boss))
    clock.step("record-audit: the account's entries, and the month's")

    stack.call("DELETE", "/v1/users/me", 204, token=tokens["accessToken"])
    stack.call("POST", "/v1/auth/login", 401, {"email": EMAIL, "password": SECOND})
    check(stack.call("GET", f"/v1/users/{user['id']}", 404, token=boss)["code"] == "user_not_found")
    eventually(lambda: "user.deleted" in stack.audit(of_user, boss), "user.deleted in the audit")
    clock.step("delete-user: 204, no sign-in any more, and the audit knows it")

    dynamodb = stack.client("dynamodb")
    query = {
        "TableName": stack.outputs["TableName"],
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": {":pk": {"S": f"USER#{user['id']}"}},
    }

    def left():
        return [item["sk"]["S"] for item in dynamodb.query(**query)["Items"]]

    eventually(lambda: left() == ["TOMBSTONE"], "only the tombstone left of the account")
    clock.step("purge-user, by the bus: only the tombstone is left of the account")


def roles_matter(stack, clock):
    """The emulator asks a function's own role: without its policy a function can do nothing, and others still can."""
    iam = stack.client("iam")
    role = stack.names["GetUserFunctionRole"]
    admin = stack.call("POST", "/v1/auth/login", 200, {"email": ADMIN, "password": FIRST})["accessToken"]
    stack.call("GET", "/v1/users/me", 200, token=admin)
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        iam.delete_role_policy(RoleName=role, PolicyName=name)
    refused = stack.call("GET", "/v1/users/me", 503, token=admin)
    check(refused["code"] == "unavailable", refused)
    stack.call("GET", "/v1/users", 200, token=admin)
    clock.step("without its policy get-user answers 503, and list-users still 200")


def nothing_failed(stack, clock):
    """What was given up on on the way: nothing."""
    for output in ("DeadLettersUrl", "MailQueueUrl"):
        queue = {"QueueUrl": stack.outputs[output], "AttributeNames": ["ApproximateNumberOfMessages"]}
        waiting = stack.client("sqs").get_queue_attributes(**queue)["Attributes"]["ApproximateNumberOfMessages"]
        check(int(waiting) == 0, output, waiting)
    failed = stack.client("s3").list_objects_v2(Bucket=stack.outputs["FailedRecordsBucket"])
    check(failed["KeyCount"] == 0, failed)
    clock.step("no dead letter, no failed record")


def main():
    binaries = Path(sys.argv[1])
    FOLDER.mkdir(parents=True, exist_ok=True)
    template = json.loads((ROOT / "target" / "expanded-full.json").read_text())
    functions = [one for one in template["Resources"].values() if one["Type"] == "AWS::Lambda::Function"]
    names = [function["Metadata"]["BuildProperties"]["Binary"] for function in functions]
    clock = Clock()
    with ThreadPoolExecutor() as workers:
        packages = dict(zip(names, workers.map(lambda name: package(binaries, name), names)))
    clock.step(f"{len(packages)} functions packed, {sum(map(len, packages.values())) / 1e6:.0f} MB")

    ministack.rewrite(template)
    executable = Path(sys.executable).parent / "ministack"
    with ministack.Emulator(executable, FOLDER) as emulator:
        try:
            stack = Stack(emulator)
            s3 = stack.client("s3")
            s3.create_bucket(
                Bucket=PACKAGES, CreateBucketConfiguration={"LocationConstraint": ministack.REGION}
            )
            for name, package_ in packages.items():
                s3.put_object(Bucket=PACKAGES, Key=f"{name}.zip", Body=package_)
            # As README asks: the sender's domain is verified. It is the recipients' too, as SES's sandbox wants it.
            stack.client("sesv2").create_email_identity(EmailIdentity="example.com")
            clock.step("ministack answers, has the packages and may send letters")
            stack.deploy(template)
            clock.step(f"the stack stands: {len(stack.names)} resources")
            use(stack, clock)
            nothing_failed(stack, clock)
            roles_matter(stack, clock)
        except BaseException:
            print(f"\n== the end of {emulator.log}\n{emulator.log.read_text()[-4000:]}", file=sys.stderr)
            raise
    print(f"{time.monotonic() - clock.start:6.2f} s  in all")


main()
