//! The application that sample events are of, and a sign-in with it.

use local::Error;
use local::application::{self, CLIENT_ID, CODE_VERIFIER, SERVICE_ID};
use serde_json::Value;

use super::{Bundle, text, value_of};
use crate::run::invoke;

/// What a function takes of an application: its client, a code, a token, or the consent that it was given.
pub async fn of(
    bundle: &Bundle,
    binary: &str,
    admin_token: &str,
    values: &[(&'static str, String)],
) -> Result<Vec<(&'static str, String)>, Error> {
    let run = async |binary: &'static str, event: Value| {
        invoke(&bundle.template, &bundle.settings, binary, &event).await
    };
    let registration = match binary {
        "revoke-grant" => application::foreign_registration(admin_token),
        "introspect-token" => application::registration_for_service(admin_token),
        _ => application::registration(admin_token),
    };
    run("put-client", registration).await?;
    let mut found = vec![("clientId", CLIENT_ID.to_owned())];
    if binary == "authorize-page" {
        return Ok(found);
    }
    let origin = &bundle.settings.issuer;
    let credentials = ["email", "password"].map(|name| value_of(values, name));
    let cookies = application::sign_in(run, origin, credentials).await?;
    let answer = run("authorize-page", application::authorization(&cookies)).await?;
    if binary == "revoke-grant" {
        let consenting = application::consenting(origin, &cookies, &answer)?;
        run("authorize-page", consenting).await?;
        return Ok(found);
    }
    let code = application::code(&answer)?;
    if binary == "token" {
        found.push(("codeVerifier", CODE_VERIFIER.to_owned()));
        found.push(("clientCode", code));
        return Ok(found);
    }
    let tokens = body(&run("token", application::spending(&code)).await?)?;
    found.push(("clientAccessToken", text(&tokens["access_token"])));
    found.push(("clientRefreshToken", text(&tokens["refresh_token"])));
    if binary == "introspect-token" {
        let registration = application::service_registration(admin_token);
        let service = body(&run("put-client", registration).await?)?;
        found.push(("serviceId", SERVICE_ID.to_owned()));
        found.push(("clientSecret", text(&service["clientSecret"])));
    }
    Ok(found)
}

fn body(answer: &Value) -> Result<Value, Error> {
    let body = answer["body"].as_str().unwrap_or_default();
    Ok(serde_json::from_str(body)?)
}
