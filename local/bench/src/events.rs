//! What the bench sends: for each function events that it serves with success. Those that need nothing made for them
//! get their sample in `events/`.

use local::event::{HttpRequest, sample};
use local::function::Function;
use local::queues::message;
use local::{Error, workspace_root};
use serde_json::{Value, json};

use crate::applications;
use crate::clients;
use crate::codes;
use crate::factors;
use crate::mail::{bus_event, stream_event, token};
use crate::oauth;
use crate::passkeys;
use crate::setup::{Setup, invoke};

/// The password of every account here.
pub const PASSWORD: &str = "correct horse battery staple";

/// Accounts that take turns, so that events differ.
pub const ACCOUNTS: usize = 20;

/// Entries of the audit where it is listed.
const AUDIT_ENTRIES: usize = 100;

/// Whether serving an event leaves nothing to do for the same event: the table is to be brought back first.
pub fn consumes(binary: &str) -> bool {
    [
        "add-passkey",
        "code-sign-in",
        "confirm-email-change",
        "confirm-totp",
        "continue",
        "create-admin",
        "delete-client",
        "delete-factor",
        "delete-passkey",
        "delete-provider",
        "delete-user",
        "exchange-oauth",
        "finish-oauth",
        "forget-device",
        "id-token-sign-in",
        "link-identity",
        "logout",
        "passkey-sign-in",
        "purge-user",
        "refresh",
        "register-with-passkey",
        "reset-password",
        "revoke-grant",
        "revoke-session",
        "revoke-token",
        "token",
        "unlink-identity",
        "verify-email",
    ]
    .contains(&binary)
}

/// So many events for a function. Makes the accounts they are about.
#[expect(clippy::too_many_lines, reason = "an arm for each function")]
pub async fn of(setup: &Setup, binary: &str, count: usize) -> Result<Vec<Value>, Error> {
    let sign_in = SignIn::start(setup).await?;
    let other = sign_in.account("other").await?;
    let mut accounts = Vec::with_capacity(ACCOUNTS);
    for number in 0..ACCOUNTS {
        accounts.push(sign_in.account(&format!("account{number}")).await?);
    }
    let admin = match binary {
        "create-admin" => Account::default(),
        _ => admin(setup).await?,
    };
    let tokens = action_tokens(setup, binary, &accounts).await?;
    prepare(setup, binary, &accounts).await?;
    let factors = factors::of(setup, binary, &accounts).await?;
    let passkeys = passkeys::of(setup, binary, &accounts).await?;
    let codes = codes::of(setup, binary, &accounts).await?;
    let identified = oauth::of(setup, binary, &accounts).await?;
    let applied = applications::of(setup, binary, &admin, &accounts).await?;
    clients::of(setup, binary, &admin).await?;
    let mut events = Vec::with_capacity(count);
    for number in 0..count {
        let turn = number % ACCOUNTS;
        let own = &accounts[turn];
        // A header of its own makes an event another one.
        let request = |method: &str, path: &str, token: &str| {
            let request = HttpRequest::new(method, path).bearer(token);
            request.header("x-number", &number.to_string())
        };
        let own_request = |method: &str, path: &str| request(method, path, &own.access_token);
        let admins = |method: &str, path: &str| request(method, path, &admin.access_token);
        let post = |path: &str, body: &Value| HttpRequest::new("POST", path).json(body).event(path);
        let others = |rest: &str| format!("/v1/users/{}{rest}", other.id);
        let action_token = tokens.get(turn);
        let email = |kind: &str| json!({ "email": format!("{kind}{number}@example.com") });
        events.push(match binary {
            "register" => post(
                "/v1/auth/register",
                &credentials(&format!("r{number}"), PASSWORD),
            ),
            "login" => post(
                "/v1/auth/login",
                &credentials(&format!("account{turn}"), PASSWORD),
            ),
            "refresh" => post(
                "/v1/auth/refresh",
                &json!({ "refreshToken": own.refresh_token }),
            ),
            "logout" => own_request("POST", "/v1/auth/logout").event("/v1/auth/logout"),
            "change-password" => {
                let passwords = [PASSWORD, "staple battery horse correct"];
                let round = number / ACCOUNTS;
                let [current, new] = [passwords[round % 2], passwords[(round + 1) % 2]];
                own_request("POST", "/v1/auth/change-password")
                    .json(&json!({ "currentPassword": current, "newPassword": new }))
                    .event("/v1/auth/change-password")
            }
            "forgot-password" => post("/v1/auth/forgot-password", &email("f")),
            "resend-verification" => post("/v1/auth/resend-verification", &email("v")),
            "verify-email" => own_request("POST", "/v1/auth/verify-email")
                .json(&json!({ "token": action_token }))
                .event("/v1/auth/verify-email"),
            "reset-password" => post(
                "/v1/auth/reset-password",
                &json!({ "token": action_token, "password": PASSWORD }),
            ),
            "change-email" => own_request("POST", "/v1/users/me/email")
                .json(&email("e"))
                .event("/v1/users/{id}/email"),
            "confirm-email-change" => own_request("POST", "/v1/users/me/email/confirm")
                .json(&json!({ "token": action_token }))
                .event("/v1/users/{id}/email/confirm"),
            "list-user-audit" => {
                own_request("GET", "/v1/users/me/audit").event("/v1/users/{id}/audit")
            }
            "list-audit" => admins("GET", "/v1/audit").event("/v1/audit"),
            "record-audit" | "publish-events" => {
                stream_event(number, &uuid::Uuid::new_v4().to_string())
            }
            "send-mail" => message(&bus_event("password.changed", Some(&own.id), &json!({}))),
            "purge-user" => bus_event("user.deleted", Some(&own.id), &json!({})),
            "get-user" => own_request("GET", "/v1/users/me").event("/v1/users/{id}"),
            "update-user" => own_request("PATCH", "/v1/users/me")
                .json(&json!({ "firstName": format!("Ada {number}") }))
                .event("/v1/users/{id}"),
            "delete-user" => own_request("DELETE", "/v1/users/me").event("/v1/users/{id}"),
            "create-admin" => credentials(&format!("a{number}"), PASSWORD),
            "list-users" => admins("GET", "/v1/users").event("/v1/users"),
            "create-user" => admins("POST", "/v1/users")
                .json(&credentials(&format!("c{number}"), PASSWORD))
                .event("/v1/users"),
            "set-user-role" => admins("PUT", &others("/role"))
                .json(&json!({ "role": (["user", "moderator"][number % 2]) }))
                .event("/v1/users/{id}/role"),
            "set-user-status" => admins("PUT", &others("/status"))
                .json(&json!({ "status": (["active", "suspended"][number % 2]) }))
                .event("/v1/users/{id}/status"),
            "get-preferences" => {
                own_request("GET", "/v1/users/me/preferences").event("/v1/users/{id}/preferences")
            }
            "put-preferences" => own_request("PUT", "/v1/users/me/preferences")
                .json(&json!({ "number": number }))
                .event("/v1/users/{id}/preferences"),
            "list-sessions" => {
                own_request("GET", "/v1/users/me/sessions").event("/v1/users/{id}/sessions")
            }
            "revoke-session" => {
                let path = format!("/v1/users/{}/sessions/{}", other.id, other.session()?);
                admins("DELETE", &path).event("/v1/users/{id}/sessions/{sid}")
            }
            "revoke-sessions" => own_request("DELETE", "/v1/users/me/sessions?except=current")
                .event("/v1/users/{id}/sessions"),
            "rotate-keys" => json!({}),
            "get-jwks" => {
                own_request("GET", "/.well-known/jwks.json").event("/.well-known/jwks.json")
            }
            "get-openid-configuration" => own_request("GET", "/.well-known/openid-configuration")
                .event("/.well-known/openid-configuration"),
            "continue" => {
                let factor = &factors[turn];
                let code = &factor.recovery_codes[number / ACCOUNTS % factor.recovery_codes.len()];
                let body = json!({ "challenge": factor.challenge, "recoveryCode": code });
                post("/v1/auth/continue", &body)
            }
            "confirm-totp" => {
                let factor = &factors[turn];
                let body = json!({ "pending": factor.pending, "code": factor.code });
                own_request("POST", "/v1/users/me/factors/totp/confirm")
                    .json(&body)
                    .event("/v1/users/{id}/factors/totp/confirm")
            }
            "delete-factor" => {
                let path = format!("/v1/users/me/factors/{}", factors[turn].id);
                own_request("DELETE", &path).event("/v1/users/{id}/factors/{fid}")
            }
            "forget-device" => {
                let path = format!("/v1/users/me/devices/{}", factors[turn].device);
                own_request("DELETE", &path).event("/v1/users/{id}/devices/{did}")
            }
            "add-passkey" => own_request("POST", "/v1/users/me/passkeys")
                .json(&passkeys[turn].body)
                .event("/v1/users/{id}/passkeys"),
            "rename-passkey" => own_request("PATCH", &passkey_path(&passkeys[turn].id))
                .json(&json!({ "name": format!("Laptop {number}") }))
                .event("/v1/users/{id}/passkeys/{pid}"),
            "delete-passkey" => own_request("DELETE", &passkey_path(&passkeys[turn].id))
                .event("/v1/users/{id}/passkeys/{pid}"),
            "passkey-sign-in" => post("/v1/auth/passkey", &passkeys[turn].body),
            "start-code-sign-in" => post("/v1/auth/code", &email("k")),
            "code-sign-in" => post("/v1/auth/code/verify", &codes[turn]),
            "start-passkey-registration" => post("/v1/auth/register/passkey/options", &email("p")),
            "register-with-passkey" => post("/v1/auth/register/passkey", &codes[turn]),
            "put-provider" => admins("PUT", "/v1/providers/local")
                .json(&oauth::provider(setup, &format!("Provider {number}")))
                .event("/v1/providers/{name}"),
            "list-providers" => admins("GET", "/v1/providers").event("/v1/providers"),
            "delete-provider" => {
                admins("DELETE", "/v1/providers/local").event("/v1/providers/{name}")
            }
            "list-sign-in-providers" => {
                HttpRequest::new("GET", "/v1/auth/oauth").event("/v1/auth/oauth")
            }
            "start-oauth" => oauth::start().event("/v1/auth/oauth/{provider}/start"),
            "finish-oauth" => {
                let back = identified[turn].back.as_ref().ok_or("nobody came back")?;
                back.event("/v1/auth/oauth/{provider}/callback")
            }
            "exchange-oauth" => post("/v1/auth/oauth/exchange", &identified[turn].body),
            "id-token-sign-in" => HttpRequest::new("POST", "/v1/auth/oauth/local/id-token")
                .json(&identified[turn].body)
                .event("/v1/auth/oauth/{provider}/id-token"),
            "link-identity" => own_request("POST", "/v1/users/me/identities")
                .json(&identified[turn].body)
                .event("/v1/users/{id}/identities"),
            "list-identities" => {
                own_request("GET", "/v1/users/me/identities").event("/v1/users/{id}/identities")
            }
            "unlink-identity" => {
                let path = format!("/v1/users/me/identities/{}", identified[turn].id);
                own_request("DELETE", &path).event("/v1/users/{id}/identities/{iid}")
            }
            "authorize-page" | "introspect-token" | "list-grants" | "revoke-grant"
            | "revoke-token" | "token" | "userinfo" => applied[turn].clone(),
            "put-client" => admins("PUT", "/v1/clients/shop")
                .json(&clients::client(number))
                .event("/v1/clients/{clientId}"),
            "list-clients" => admins("GET", "/v1/clients").event("/v1/clients"),
            "delete-client" => admins("DELETE", "/v1/clients/shop").event("/v1/clients/{clientId}"),
            "health" => HttpRequest::new("GET", "/v1/health?deep=true").event("/v1/health"),
            other => {
                let values = [
                    ("accessToken", own.access_token.as_str()),
                    ("adminToken", &admin.access_token),
                    ("sessionId", &own.session()?),
                    ("password", PASSWORD),
                ];
                sample(&workspace_root(), other, &values)?
            }
        });
    }
    Ok(events)
}

fn passkey_path(id: &str) -> String {
    format!("/v1/users/me/passkeys/{id}")
}

/// Brings about what a function is to find.
async fn prepare(setup: &Setup, binary: &str, accounts: &[Account]) -> Result<(), Error> {
    match binary {
        "list-audit" | "list-user-audit" => {
            let record_audit = setup.function("record-audit").await?;
            for number in 0..AUDIT_ENTRIES {
                let event = stream_event(number, &accounts[number % ACCOUNTS].id);
                invoke(&record_audit, &event).await?;
            }
        }
        "purge-user" => {
            let delete_user = setup.function("delete-user").await?;
            for account in accounts {
                let request = HttpRequest::new("DELETE", "/v1/users/me");
                let request = request.bearer(&account.access_token);
                invoke(&delete_user, &request.event("/v1/users/{id}")).await?;
            }
        }
        "confirm-email-change" => {
            let change_email = setup.function("change-email").await?;
            for (number, account) in accounts.iter().enumerate() {
                let request = HttpRequest::new("POST", "/v1/users/me/email");
                let request = request.bearer(&account.access_token);
                let request = request.json(&json!({ "email": moved(number) }));
                invoke(&change_email, &request.event("/v1/users/{id}/email")).await?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// The address an account moves to.
fn moved(number: usize) -> String {
    format!("moved{number}@example.com")
}

/// For each account the token of the letter that a function takes, if it takes one.
async fn action_tokens(
    setup: &Setup,
    binary: &str,
    accounts: &[Account],
) -> Result<Vec<String>, Error> {
    let letter = match binary {
        "verify-email" => "verify_email",
        "reset-password" => "reset_password",
        "confirm-email-change" => "confirm_email_change",
        _ => return Ok(Vec::new()),
    };
    let send_mail = setup.function("send-mail").await?;
    let mut tokens = Vec::new();
    for (number, account) in accounts.iter().enumerate() {
        let email = match binary {
            "confirm-email-change" => moved(number),
            _ => format!("account{number}@example.com"),
        };
        let asked = json!({ "letter": letter, "email": email });
        tokens.push(token(setup, &send_mail, &account.id, &asked).await?);
    }
    Ok(tokens)
}

/// The first admin, made by whoever asks first.
pub async fn admin(setup: &Setup) -> Result<Account, Error> {
    let create_admin = setup.function("create-admin").await?;
    let admin = credentials("admin", PASSWORD);
    invoke(&create_admin, &admin).await?;
    SignIn::start(setup).await?.account("admin").await
}

/// Makes accounts and signs them in.
pub struct SignIn {
    register: Function,
    login: Function,
}

/// An account that has signed in.
#[derive(Default)]
pub struct Account {
    id: String,
    /// Its access token.
    pub access_token: String,
    /// Its refresh token.
    pub refresh_token: String,
}

impl SignIn {
    /// Starts what it takes.
    pub async fn start(setup: &Setup) -> Result<Self, Error> {
        Ok(Self {
            register: setup.function("register").await?,
            login: setup.function("login").await?,
        })
    }

    /// Signs an account in, which is registered if it is new.
    pub async fn account(&self, name: &str) -> Result<Account, Error> {
        let body = credentials(name, PASSWORD);
        let post = |path: &str| HttpRequest::new("POST", path).json(&body).event(path);
        // Refused where it is registered already.
        let registered = self.register.invoke(&post("/v1/auth/register")).await;
        registered.map_err(|error| error.0)?;
        let answer = invoke(&self.login, &post("/v1/auth/login")).await?;
        let tokens: Value = serde_json::from_str(answer["body"].as_str().unwrap_or_default())?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Ok(Account {
            id: text(&tokens["user"]["id"]),
            access_token: text(&tokens["accessToken"]),
            refresh_token: text(&tokens["refreshToken"]),
        })
    }
}

impl Account {
    /// Its session, out of the access token.
    fn session(&self) -> Result<String, Error> {
        use base64::Engine;
        let claims = self.access_token.split('.').nth(1).unwrap_or_default();
        let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(claims)?;
        let claims: Value = serde_json::from_slice(&claims)?;
        Ok(claims["sid"].as_str().unwrap_or_default().to_owned())
    }
}

fn credentials(name: &str, password: &str) -> Value {
    json!({ "email": format!("{name}@example.com"), "password": password })
}
