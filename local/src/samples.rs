//! `cargo local event <bin>`: sample events with live tokens and ids.

mod application;
pub mod oauth;

use std::time::{Duration, Instant};

use local::authenticator::Authenticator;
use local::event::{HttpRequest, names, sample};
use local::passkey::Passkey;
use local::services::{Inbox, Letter};
use local::settings::Settings;
use local::template::Template;
use local::{Error, workspace_root};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::run::{ADMIN_EMAIL, invoke};
use crate::state::State;

/// How long a letter may take: the functions that send it start with it.
const LETTER_TIMEOUT: Duration = Duration::from_secs(20);

/// Prints the sample event of a function, for an account made for it in the running bundle.
pub async fn print(binary: &str) -> Result<(), Error> {
    let root = workspace_root();
    let state = State::running().await?;
    let bundle = Bundle {
        template: Template::load(&root)?,
        settings: state.settings(),
    };
    let password = Uuid::new_v4().to_string();
    let address = || format!("sample-{}@example.com", Uuid::new_v4().simple());
    let (email, new_email) = (address(), address());
    let credentials = json!({ "email": email, "password": password });
    let user = bundle
        .post("register", "/v1/auth/register", &credentials)
        .await?;
    let tokens = bundle.post("login", "/v1/auth/login", &credentials).await?;
    let access_token = text(&tokens["accessToken"]);
    let path = "/v1/users/me/sessions";
    let request = HttpRequest::new("GET", path).bearer(&access_token);
    let sessions = bundle
        .send("list-sessions", "/v1/users/{id}/sessions", &request)
        .await?;
    let admin_token = if names(&root, binary, "adminToken")? {
        bundle.admin_token(state.admin_password.as_deref()).await?
    } else {
        String::new()
    };

    let mut values: Vec<(&'static str, String)> = vec![
        ("accessToken", access_token),
        ("adminToken", admin_token),
        ("refreshToken", text(&tokens["refreshToken"])),
        ("userId", text(&user["id"])),
        ("sessionId", text(&sessions["data"][0]["id"])),
        ("email", email),
        ("password", password),
        ("newEmail", new_email),
    ];
    if names(&root, binary, "actionToken")? {
        let token = bundle.action_token(&state, binary, &values).await?;
        values.push(("actionToken", token));
    }
    if names(&root, binary, "totp")? || names(&root, binary, "factorId")? {
        let factor = bundle.factor(binary, &values).await?;
        values.extend(factor);
    }
    if ["ceremony", "passkeyId"]
        .iter()
        .any(|name| names(&root, binary, name).unwrap_or(false))
    {
        let passkey = bundle.passkey(binary, &values).await?;
        values.extend(passkey);
    }
    if names(&root, binary, "deviceId")? {
        let device = bundle.device(&values).await?;
        values.push(("deviceId", device));
    }
    if names(&root, binary, "code")? {
        let code = bundle.code(&state, binary, &values).await?;
        values.extend(code);
    }
    if ["oauthCode", "identityId"]
        .iter()
        .any(|name| names(&root, binary, name).unwrap_or(false))
    {
        let identity = oauth::identity(&bundle, binary, &values).await?;
        values.extend(identity);
    }
    if names(&root, binary, "idToken")? {
        values.extend(oauth::id_token(&bundle, &values).await?);
    }
    if ["clientId", "clientAccessToken"]
        .iter()
        .any(|name| names(&root, binary, name).unwrap_or(false))
    {
        let admin = bundle.admin_token(state.admin_password.as_deref()).await?;
        let application = application::of(&bundle, binary, &admin, &values).await?;
        values.extend(application);
    }
    values.push(("provider", oauth::PROVIDER.to_owned()));
    let values = borrowed(&values);
    let event = sample(&root, binary, &values)?;
    println!("{}", serde_json::to_string_pretty(&event)?);
    Ok(())
}

/// The functions, each run once beside the bundle that is running.
pub struct Bundle {
    /// What they are.
    pub template: Template,
    /// What they are to know.
    pub settings: Settings,
}

impl Bundle {
    /// Sends JSON to a function.
    pub async fn post(&self, binary: &str, path: &str, body: &Value) -> Result<Value, Error> {
        let request = HttpRequest::new("POST", path).json(body);
        self.send(binary, path, &request).await
    }

    /// Sends a request to a function.
    pub async fn send(
        &self,
        binary: &str,
        route: &str,
        request: &HttpRequest,
    ) -> Result<Value, Error> {
        let (status, body) = self.ask(binary, route, request).await?;
        if status >= 300 {
            return Err(format!("{binary} answered {body}").into());
        }
        Ok(body)
    }

    /// The status of an answer, and its body.
    async fn ask(
        &self,
        binary: &str,
        route: &str,
        request: &HttpRequest,
    ) -> Result<(u64, Value), Error> {
        let event = request.event(route);
        let answer = invoke(&self.template, &self.settings, binary, &event).await?;
        let body = serde_json::from_str(answer["body"].as_str().unwrap_or_default())?;
        Ok((answer["statusCode"].as_u64().unwrap_or_default(), body))
    }

    /// What a function takes of a second factor: one that is to be confirmed, or one that the account has.
    async fn factor(
        &self,
        binary: &str,
        values: &[(&'static str, String)],
    ) -> Result<Vec<(&'static str, String)>, Error> {
        const START: &str = "/v1/users/{id}/factors/totp";
        let bearer =
            |path: &str| HttpRequest::new("POST", path).bearer(value_of(values, "accessToken"));
        let path = "/v1/users/me/factors/totp";
        let started = self.send("start-totp", START, &bearer(path)).await?;
        let app = Authenticator::new(&text(&started["secret"]));
        let pending = text(&started["pending"]);
        let code = app.next().await;
        if binary == "confirm-totp" {
            return Ok(vec![("pending", pending), ("totp", code)]);
        }
        let request = bearer(&format!("{path}/confirm"));
        let request = request.json(&json!({ "pending": pending, "code": code }));
        let route = format!("{START}/confirm");
        let confirmed = self.send("confirm-totp", &route, &request).await?;
        let [email, password] = ["email", "password"].map(|name| value_of(values, name));
        let path = "/v1/auth/login";
        let credentials = json!({ "email": email, "password": password });
        let request = HttpRequest::new("POST", path).json(&credentials);
        let (_, needed) = self.ask("login", path, &request).await?;
        Ok(vec![
            ("factorId", text(&confirmed["id"])),
            ("challenge", text(&needed["challenge"])),
            ("totp", app.next().await),
        ])
    }

    /// A device that the account trusts.
    async fn device(&self, values: &[(&'static str, String)]) -> Result<String, Error> {
        let factor = self.factor("continue", values).await?;
        let body = json!({
            "challenge": value_of(&factor, "challenge"),
            "totp": value_of(&factor, "totp"),
            "rememberDevice": true,
        });
        self.post("continue", "/v1/auth/continue", &body).await?;
        let request = HttpRequest::new("GET", "/v1/users/me/devices");
        let request = request.bearer(value_of(values, "accessToken"));
        let route = "/v1/users/{id}/devices";
        let listed = self.send("list-devices", route, &request).await?;
        Ok(text(&listed["data"][0]["id"]))
    }

    /// What a function takes of a passkey: one that is to be added, or one that the account has.
    async fn passkey(
        &self,
        binary: &str,
        values: &[(&'static str, String)],
    ) -> Result<Vec<(&'static str, String)>, Error> {
        const ROUTE: &str = "/v1/users/{id}/passkeys";
        let bearer =
            |path: &str| HttpRequest::new("POST", path).bearer(value_of(values, "accessToken"));
        let path = "/v1/users/me/passkeys";
        let request = bearer(&format!("{path}/options"));
        let route = format!("{ROUTE}/options");
        let started = self.send("start-passkey", &route, &request).await?;
        let passkey = Passkey::new(&started["options"]);
        let registration = passkey.registration(&started["options"]);
        if binary == "add-passkey" {
            return Ok(vec![
                ("ceremony", text(&started["ceremony"])),
                ("passkeyRegistration", within_text(&registration)),
            ]);
        }
        let body = json!({ "ceremony": started["ceremony"], "credential": registration });
        let request = bearer(path).json(&body);
        let added = self.send("add-passkey", ROUTE, &request).await?;
        let options = "/v1/auth/passkey/options";
        let anybody = json!({});
        let started = self.post("start-passkey-sign-in", options, &anybody);
        let started = started.await?;
        Ok(vec![
            ("passkeyId", text(&added["id"])),
            ("ceremony", text(&started["ceremony"])),
            (
                "passkeyAssertion",
                within_text(&passkey.assertion(&started["options"])),
            ),
        ])
    }

    /// The token of the letter whose link leads to the page of this function's name.
    async fn action_token(
        &self,
        state: &State,
        binary: &str,
        values: &[(&str, String)],
    ) -> Result<String, Error> {
        // What asks for the letter; that of a new account comes by itself.
        let asking = match binary {
            "reset-password" => Some("forgot-password"),
            "confirm-email-change" => Some("change-email"),
            _ => None,
        };
        if let Some(asking) = asking {
            let event = sample(&workspace_root(), asking, &borrowed(values))?;
            let answer = invoke(&self.template, &self.settings, asking, &event).await?;
            if answer["statusCode"]
                .as_u64()
                .is_none_or(|status| status >= 300)
            {
                return Err(format!("{asking} answered {}", answer["body"]).into());
            }
        }
        let pages = ['?', '#'].map(|mark| format!("/{binary}{mark}token="));
        let addresses = [value_of(values, "email"), value_of(values, "newEmail")];
        find_letter(state, |letter| {
            let leads_there = pages.iter().any(|page| letter.text.contains(page));
            let is_own = addresses.contains(&letter.to.as_str()) && leads_there;
            is_own.then(|| letter.token()).flatten()
        })
        .await
    }

    /// What a function takes of a letter with a code: one that completes an account without a password, or one that
    /// signs in to it.
    async fn code(
        &self,
        state: &State,
        binary: &str,
        values: &[(&'static str, String)],
    ) -> Result<Vec<(&'static str, String)>, Error> {
        const REGISTER: &str = "/v1/auth/register/passkey";
        let email = json!({ "email": value_of(values, "newEmail") });
        let path = format!("{REGISTER}/options");
        let started = self.post("start-passkey-registration", &path, &email);
        let started = started.await?;
        let credential = Passkey::new(&started["options"]).registration(&started["options"]);
        let code = letter_code(state, &email["email"], "registration_code").await?;
        if binary == "register-with-passkey" {
            return Ok(vec![
                ("registration", text(&started["challenge"])),
                ("code", code),
                ("passkeyRegistration", within_text(&credential)),
            ]);
        }
        let body =
            json!({ "challenge": started["challenge"], "code": code, "credential": credential });
        self.post("register-with-passkey", REGISTER, &body).await?;
        let asked = self.post("start-code-sign-in", "/v1/auth/code", &email);
        Ok(vec![
            ("codeChallenge", text(&asked.await?["challenge"])),
            (
                "code",
                letter_code(state, &email["email"], "sign_in_code").await?,
            ),
        ])
    }

    /// A token of the admin that the first run made.
    pub async fn admin_token(&self, password: Option<&str>) -> Result<String, Error> {
        let credentials = json!({ "email": ADMIN_EMAIL, "password": password });
        let tokens = self.post("login", "/v1/auth/login", &credentials).await;
        let tokens = tokens.map_err(|error| {
            format!("the admin that cargo local made cannot sign in any more: {error}")
        })?;
        Ok(text(&tokens["accessToken"]))
    }
}

/// What is found in the newest letter that has it, once there is one.
async fn find_letter(
    state: &State,
    find: impl Fn(&Letter) -> Option<String>,
) -> Result<String, Error> {
    let inbox = Inbox::in_folder(state.inbox());
    let started = Instant::now();
    while started.elapsed() < LETTER_TIMEOUT {
        if let Some(found) = inbox.messages()?.iter().rev().find_map(&find) {
            return Ok(found);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err("the letter did not arrive: is cargo local running?".into())
}

/// The code in a letter of this name.
async fn letter_code(state: &State, email: &Value, name: &str) -> Result<String, Error> {
    find_letter(state, |letter| {
        let is_it = letter.to == *email && letter.name() == name;
        is_it.then(|| letter.code().map(str::to_owned)).flatten()
    })
    .await
}

fn borrowed<'a>(values: &'a [(&'a str, String)]) -> Vec<(&'a str, &'a str)> {
    let values = values.iter();
    values
        .map(|(name, value)| (*name, value.as_str()))
        .collect()
}

pub fn value_of<'a>(values: &'a [(&str, String)], name: &str) -> &'a str {
    let value = values.iter().find(|(other, _)| *other == name);
    value.map_or("", |(_, value)| value)
}

/// As it stands within a body, which is a text in the event.
fn within_text(value: &Value) -> String {
    value.to_string().replace('"', "\\\"")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
