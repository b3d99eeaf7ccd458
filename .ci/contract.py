"""Schemathesis hooks for .ci/contract: who calls the API, and which findings are none."""

import os
import secrets

import requests
import schemathesis
from hypothesis import strategies as st
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.generation.meta import TestPhase
from schemathesis.openapi.checks import MissingHeaderNotRejected, RejectedPositiveData, UseAfterFree

API = os.environ["CONTRACT_API"]
ROLE = os.environ["CONTRACT_ROLE"]
ROOT = {"email": "admin@example.com", "password": os.environ["CONTRACT_PASSWORD"]}

# What the API refuses with 400 although the schema allows it, because a schema cannot say it: fields, and their codes.
STRICTER_THAN_SCHEMA = {
    "authorizationEndpoint": {"invalid_value", "required", "unknown"},  # An https URL of the public Internet.
    "audience": {"invalid_format", "invalid_value"},  # A line break behind it; that of the API itself.
    "clientId": {"invalid_format", "invalid_value"},  # Printable ASCII; not the audience of the API.
    "clientSecret": {"invalid_format", "unknown"},  # Not for Apple.
    "code": {"invalid_format"},  # A line break behind it.
    "codeChallenge": {"invalid_format"},
    "codeVerifier": {"invalid_format"},
    "confidential": {"invalid_value"},  # As the client was made.
    "credential": {"invalid_value"},  # Only what an authenticator makes.
    "currentPassword": {"incorrect", "too_long"},
    "cursor": {"invalid_value"},  # Only a `nextCursor` of the same list.
    "deviceToken": {"invalid_format"},  # A line break behind it.
    "domains": {"invalid_format"},  # Of a deliverable address.
    "email": {"invalid_format"},  # Deliverable, with an ASCII local part.
    "except": {"invalid_value"},  # Only on the caller's own account.
    "fields.email": {"invalid_format"},
    "fields.emailVerified": {"invalid_format"},
    "fields.firstName": {"invalid_format"},
    "fields.lastName": {"invalid_format"},
    "fields.locale": {"invalid_format"},
    "fields.subject": {"invalid_format"},
    "firstName": {"invalid_format", "too_short"},  # Control characters; nothing but white space.
    "issuer": {"invalid_value", "required", "unknown"},  # One that answers, for the presets that take one.
    "keyId": {"invalid_format", "required", "unknown"},  # For Apple alone.
    "lastName": {"invalid_format", "too_short"},
    "month": {"invalid_format", "out_of_range"},  # A line break behind it; a year without accounts.
    "name": {"invalid_format", "too_short"},
    "newPassword": {"too_common", "too_long", "too_short", "too_similar"},
    "passkey.credential": {"invalid_value"},
    "password": {"too_common", "too_long", "too_short", "too_similar"},  # Too long in bytes, too short in NFC.
    "pending": {"invalid_value"},  # Only as start-totp has answered it.
    "postLogoutRedirectUris": {"invalid_format", "invalid_value"},
    "preferences": {"too_deep", "too_long"},
    "privateKey": {"invalid_format", "required", "unknown"},  # Apple's, in PEM.
    "provider": {"invalid_format"},
    "reason": {"invalid_format", "required", "too_short"},  # Required on another's account.
    "recoveryCode": {"invalid_format"},
    "redirectTo": {"invalid_value"},  # Only those of the setting.
    "redirectUris": {"invalid_format", "invalid_value"},  # As browsers write them.
    "rotateSecret": {"invalid_value"},  # Of a public client.
    "scope": {"invalid_format"},
    "scopes": {"invalid_format", "too_long"},  # A line break behind one; all together.
    "state": {"invalid_format"},
    "teamId": {"invalid_format", "required", "unknown"},
    "title": {"invalid_format", "too_short"},
    "tokenEndpoint": {"invalid_value", "required", "unknown"},
    "totp": {"invalid_format"},
    "until": {"out_of_range"},  # In the past.
    "userinfoEndpoint": {"invalid_value", "required", "unknown"},
}


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def post(path, body, headers=None):
    answer = requests.post(API + path, json=body, headers=headers, timeout=60)
    answer.raise_for_status()
    return answer.json()


def login(account):
    return post("/v1/auth/login", account)


def new_email():
    return f"{secrets.token_hex(8)}@contract.example.com"


class Caller(requests.auth.AuthBase):
    """A throw-away account of the wanted role: another one as soon as a call has ended or changed the last."""

    token = None

    def __call__(self, request):
        """Runs when a request is sent, but not for the ones that `ignored_auth` sends without a valid token."""
        if not self.is_usable():
            self.sign_in(self.make())
            assert self.is_usable(), f"no {ROLE} can be made"
        request.headers.update(bearer(self.token))
        return request

    def is_usable(self):
        me = requests.get(f"{API}/v1/users/me", headers=bearer(self.token), timeout=60)
        return me.ok and me.json()["role"] == ROLE

    def make(self):
        account = {"email": new_email(), "password": secrets.token_hex(16)}
        if ROLE == "user":
            post("/v1/auth/register", account)
        else:
            post("/v1/users", account | {"role": ROLE}, bearer(login(ROOT)["accessToken"]))
        return account

    def sign_in(self, account):
        self.token = login(account)["accessToken"]


def is_stateful(case):
    return case.meta.phase.name == TestPhase.STATEFUL


CALLER = Caller()
ROOT_ID = login(ROOT)["user"]["id"]

schemathesis.auth.set_from_requests(CALLER)
# What is drawn most often otherwise, such as 00000000, is too common.
schemathesis.openapi.format("password", st.text(max_size=20).map(lambda text: f"{text}, correct horse"))


@schemathesis.hook
def filter_case(context, case):
    """Not what is not UTF-8: `cargo lambda watch` answers it with 500 itself. Lambda gets such a body in base64."""
    try:
        if isinstance(case.body, bytes):
            case.body.decode()
        return all(str(value).isascii() for value in case.headers.values())
    except UnicodeDecodeError:
        return False


@schemathesis.hook
def before_call(context, case, kwargs):
    # The first admin makes the others: what would change that account goes to the caller's own.
    if case.method != "GET" and case.path_parameters.get("id") == ROOT_ID:
        case.path_parameters["id"] = "me"
    # The stateful phase gives up when the same steps get other answers the second time, such as 409.
    makes = is_stateful(case) and "201" in case.operation.definition.raw["responses"]
    if makes and "email" in case.body:
        case.body["email"] = new_email()
        case.headers.pop("Idempotency-Key", None)


@schemathesis.hook
def after_call(context, case, response):
    # A user goes on as the account just made, because the links from there are forbidden to any other.
    if ROLE == "user" and is_stateful(case) and case.path == "/v1/auth/register" and response.status_code == 201:
        CALLER.sign_in({name: case.body[name] for name in ("email", "password")})


@schemathesis.hook
def filter_failure(context, failure, case, response):
    # After the deletion of `me`, `me` is the next account; and a list without its elements is still a list.
    if isinstance(failure, UseAfterFree) and failure.free.endswith(("/me", "/sessions")):
        return False
    # The audit of an account outlives it.
    if isinstance(failure, UseAfterFree) and case.path.endswith("/audit"):
        return False
    # A form that is refused leads to the page that says so.
    if isinstance(failure, AcceptedNegativeData) and response.status_code == 303:
        return False
    if isinstance(failure, (MissingHeaderNotRejected, RejectedPositiveData)) and response.status_code == 400:
        # The page of a link that does not count.
        if response.headers["content-type"][0].startswith("text/html"):
            return False
        problem = response.json()
        # As OAuth 2.0 refuses: in the schema any text is a code, and none can be guessed.
        if "error" in problem:
            return False
        # In the schema any text is the token of a letter, and none can be guessed.
        if problem["code"] == "invalid_action_token":
            return False
        # Preferences may hold any number in the schema, but none from 2^63 on.
        if problem["detail"].endswith("numbers of 64 bits."):
            return False
        refused = [(error["field"], error["code"]) for error in problem.get("errors", [])]
        return not refused or any(code not in STRICTER_THAN_SCHEMA.get(field, ()) for field, code in refused)
    return True
