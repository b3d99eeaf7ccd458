//! `cargo local event <bin>`: sample events with live tokens and ids.

use local::event::{HttpRequest, sample};
use local::settings::Settings;
use local::template::Template;
use local::{Error, workspace_root};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use uuid::Uuid;

use crate::run::invoke;
use crate::state::State;

/// Prints the sample event of a function, for an account made for it in the running bundle.
pub async fn print(binary: &str) -> Result<(), Error> {
    let root = workspace_root();
    let state = State::existing()?;
    let port = state.dynamodb_port;
    if TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        return Err(format!("nothing listens on 127.0.0.1:{port}: start cargo local first").into());
    }
    let template = Template::load(&root)?;
    let settings = Settings {
        endpoint: format!("http://127.0.0.1:{port}"),
        issuer: format!("http://127.0.0.1:{}", state.port),
        session_secret: state.session_secret,
    };
    let password = Uuid::new_v4().to_string();
    let address = || format!("sample-{}@example.com", Uuid::new_v4().simple());
    let (email, new_email) = (address(), address());
    let credentials = json!({ "email": email, "password": password });
    let user = post(
        &template,
        &settings,
        "register",
        "/v1/auth/register",
        &credentials,
    )
    .await?;
    let tokens = post(
        &template,
        &settings,
        "login",
        "/v1/auth/login",
        &credentials,
    )
    .await?;

    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let values = [
        ("accessToken", text(&tokens["accessToken"])),
        ("refreshToken", text(&tokens["refreshToken"])),
        ("userId", text(&user["id"])),
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

async fn post(
    template: &Template,
    settings: &Settings,
    binary: &str,
    path: &str,
    body: &Value,
) -> Result<Value, Error> {
    let event = HttpRequest::new("POST", path).json(body).event(path);
    let answer = invoke(template, settings, binary, &event).await?;
    let body = answer["body"].as_str().unwrap_or_default();
    if answer["statusCode"]
        .as_u64()
        .is_none_or(|status| status >= 300)
    {
        return Err(format!("{binary} answered {body}").into());
    }
    Ok(serde_json::from_str(body)?)
}
