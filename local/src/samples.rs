//! `cargo local event <bin>`: sample events with live tokens and ids.

use local::event::{HttpRequest, names, sample};
use local::settings::Settings;
use local::template::Template;
use local::{Error, workspace_root};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::run::{ADMIN_EMAIL, invoke};
use crate::state::State;

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

    let values = [
        ("accessToken", access_token),
        ("adminToken", admin_token),
        ("refreshToken", text(&tokens["refreshToken"])),
        ("userId", text(&user["id"])),
        ("sessionId", text(&sessions["data"][0]["id"])),
        ("email", email),
        ("password", password),
        ("newEmail", new_email),
    ];
    let values = values
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
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

    async fn send(&self, binary: &str, route: &str, request: &HttpRequest) -> Result<Value, Error> {
        let event = request.event(route);
        let answer = invoke(&self.template, &self.settings, binary, &event).await?;
        let body = answer["body"].as_str().unwrap_or_default();
        if answer["statusCode"]
            .as_u64()
            .is_none_or(|status| status >= 300)
        {
            return Err(format!("{binary} answered {body}").into());
        }
        Ok(serde_json::from_str(body)?)
    }

    /// A token of the admin that the first run made.
    async fn admin_token(&self, password: Option<&str>) -> Result<String, Error> {
        let credentials = json!({ "email": ADMIN_EMAIL, "password": password });
        let tokens = self.post("login", "/v1/auth/login", &credentials).await;
        let tokens = tokens.map_err(|error| {
            format!("the admin that cargo local made cannot sign in any more: {error}")
        })?;
        Ok(text(&tokens["accessToken"]))
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
