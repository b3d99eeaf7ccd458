//! The provider that comes with `cargo local`, set up for the bundle that is running, and sign-ins with it.

use local::Error;
use local::event::HttpRequest;
use local::services::{PROVIDER_CLIENT_ID, PROVIDER_CLIENT_SECRET, PROVIDER_PATH};
use local::settings::SIGNED_IN_URL;
use local::visit::{self, visit};
use serde_json::{Value, json};

use super::{Bundle, value_of};
use crate::run::invoke;

/// What it is called.
pub const PROVIDER: &str = "local";
/// The example of RFC 7636, appendix B.
const CODE_VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CODE_CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// Sets the provider up, unless there is one of its name.
pub async fn set_up(bundle: &Bundle, admin_password: Option<&str>) -> Result<(), Error> {
    let path = "/v1/auth/oauth";
    let request = HttpRequest::new("GET", path);
    let listed = bundle
        .send("list-sign-in-providers", path, &request)
        .await?;
    let mut providers = listed["data"].as_array().into_iter().flatten();
    if providers.any(|provider| provider["name"] == PROVIDER) {
        return Ok(());
    }
    let admin = bundle.admin_token(admin_password).await?;
    let body = json!({
        "preset": "oidc",
        "title": "Local provider",
        "clientId": PROVIDER_CLIENT_ID,
        "clientSecret": PROVIDER_CLIENT_SECRET,
        "issuer": format!("{}{PROVIDER_PATH}", bundle.settings.services),
    });
    let request = HttpRequest::new("PUT", "/v1/providers/local").bearer(&admin);
    let request = request.json(&body);
    bundle
        .send("put-provider", "/v1/providers/{name}", &request)
        .await?;
    Ok(())
}

/// What a function takes of a sign-in with the provider: a code, or an identity of the account.
pub async fn identity(
    bundle: &Bundle,
    binary: &str,
    values: &[(&'static str, String)],
) -> Result<Vec<(&'static str, String)>, Error> {
    let path = format!(
        "/v1/auth/oauth/{PROVIDER}/start?redirectTo={SIGNED_IN_URL}&codeChallenge={CODE_CHALLENGE}"
    );
    let route = "/v1/auth/oauth/{provider}/start";
    let event = HttpRequest::new("GET", &path).event(route);
    let gone = invoke(&bundle.template, &bundle.settings, "start-oauth", &event).await?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let cookie = text(&gone["cookies"][0]);
    let cookie = cookie.split(';').next().unwrap_or_default();
    let url = text(&gone["headers"]["location"]).parse()?;
    let back = visit(&url, value_of(values, "newEmail"), true).await?;
    let back = back.header("cookie", cookie);
    let event = back.event("/v1/auth/oauth/{provider}/callback");
    let answer = invoke(&bundle.template, &bundle.settings, "finish-oauth", &event).await?;
    let location = text(&answer["headers"]["location"]);
    let code = location.split("code=").nth(1).unwrap_or_default();
    let code = code.split('&').next().unwrap_or_default().to_owned();
    if binary != "unlink-identity" {
        return Ok(vec![
            ("oauthCode", code),
            ("codeVerifier", CODE_VERIFIER.to_owned()),
        ]);
    }
    let request = HttpRequest::new("POST", "/v1/users/me/identities");
    let request = request.bearer(value_of(values, "accessToken"));
    let request = request.json(&json!({ "code": code, "codeVerifier": CODE_VERIFIER }));
    let linked = bundle.send("link-identity", "/v1/users/{id}/identities", &request);
    Ok(vec![("identityId", text(&linked.await?["id"]))])
}

/// An ID token of the provider, and its nonce.
pub async fn id_token(
    bundle: &Bundle,
    values: &[(&'static str, String)],
) -> Result<[(&'static str, String); 2], Error> {
    let issuer = format!("{}{PROVIDER_PATH}", bundle.settings.services);
    let body = visit::id_token(&issuer, value_of(values, "newEmail"), true).await?;
    Ok(["idToken", "nonce"].map(|name| {
        let value = body[name].as_str().unwrap_or_default();
        (name, value.to_owned())
    }))
}
