//! The application that sample events are of, and a sign-in with it.

use local::Error;
use local::application::{self, CLIENT_ID, CODE_VERIFIER};
use serde_json::Value;

use super::{Bundle, text, value_of};
use crate::run::invoke;

/// What a function takes of an application: its client, a code, or an access token.
pub async fn of(
    bundle: &Bundle,
    binary: &str,
    admin_token: &str,
    values: &[(&'static str, String)],
) -> Result<Vec<(&'static str, String)>, Error> {
    let run = async |binary: &'static str, event: Value| {
        invoke(&bundle.template, &bundle.settings, binary, &event).await
    };
    run("put-client", application::registration(admin_token)).await?;
    let mut found = vec![("clientId", CLIENT_ID.to_owned())];
    if binary == "authorize-page" {
        return Ok(found);
    }
    let credentials = ["email", "password"].map(|name| value_of(values, name));
    let cookies = application::sign_in(run, &bundle.settings.issuer, credentials).await?;
    let answer = run("authorize-page", application::authorization(&cookies)).await?;
    let code = application::code(&answer)?;
    if binary == "userinfo" {
        let answer = run("token", application::spending(&code)).await?;
        let tokens: Value = serde_json::from_str(answer["body"].as_str().unwrap_or_default())?;
        found.push(("clientAccessToken", text(&tokens["access_token"])));
    } else {
        found.push(("codeVerifier", CODE_VERIFIER.to_owned()));
        found.push(("clientCode", code));
    }
    Ok(found)
}
