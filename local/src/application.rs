//! An application that has somebody sign in at the pages, and what the functions behind them take of that.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Url;
use serde_json::{Value, json};

use crate::Error;
use crate::event::HttpRequest;

/// The client that it is.
pub const CLIENT_ID: &str = "sample";
/// The example of RFC 7636, appendix B.
pub const CODE_VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CODE_CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const REDIRECT_URI: &str = "https://shop.example.com/signed-in";
/// The client whose API the access tokens are for.
pub const SERVICE_ID: &str = "sample-api";
const AUDIENCE: &str = "https://api.shop.example.com";
const FORM: &str = "application/x-www-form-urlencoded";

/// Registers it, by an admin with this access token. It is the operator's own: nobody is asked for consent.
#[must_use]
pub fn registration(admin_token: &str) -> Value {
    let body = json!({ "name": "Sample", "redirectUris": [REDIRECT_URI], "firstParty": true });
    put(admin_token, CLIENT_ID, &body)
}

/// Registers it as one of somebody else: people are asked.
#[must_use]
pub fn foreign_registration(admin_token: &str) -> Value {
    let body = json!({ "name": "Sample", "redirectUris": [REDIRECT_URI] });
    put(admin_token, CLIENT_ID, &body)
}

/// Registers it with an API, whose service may know what its access tokens are for.
#[must_use]
pub fn registration_for_service(admin_token: &str) -> Value {
    let body = json!({
        "name": "Sample",
        "redirectUris": [REDIRECT_URI],
        "firstParty": true,
        "audience": AUDIENCE,
    });
    put(admin_token, CLIENT_ID, &body)
}

/// Registers that service. The answer has a secret, each time another.
#[must_use]
pub fn service_registration(admin_token: &str) -> Value {
    let body = json!({
        "name": "Sample API",
        "redirectUris": [REDIRECT_URI],
        "confidential": true,
        "audience": AUDIENCE,
        "rotateSecret": true,
    });
    put(admin_token, SERVICE_ID, &body)
}

fn put(admin_token: &str, id: &str, body: &Value) -> Value {
    let path = format!("/v1/clients/{id}");
    let request = HttpRequest::new("PUT", &path).bearer(admin_token);
    request.json(body).event("/v1/clients/{clientId}")
}

/// Signs somebody in at the pages, which are at this origin: the cookies of their browser.
///
/// # Errors
/// When they are not signed in.
pub async fn sign_in(
    invoke: impl AsyncFn(&'static str, Value) -> Result<Value, Error>,
    origin: &str,
    [email, password]: [&str; 2],
) -> Result<String, Error> {
    let path = "/sign-in";
    let shown = invoke("sign-in-page", HttpRequest::new("GET", path).event(path)).await?;
    let page = shown["body"].as_str().unwrap_or_default();
    let token = form_token(page).ok_or("the sign-in page has no form")?;
    let fields = [
        ("formToken", token),
        ("email", email),
        ("password", password),
    ];
    let sent = HttpRequest::new("POST", path).header("origin", origin);
    let sent = sent.header("cookie", &cookies(&shown));
    let answer = invoke("sign-in-page", sent.body(FORM, &form(&fields)).event(path)).await?;
    let cookies = cookies(&answer);
    if cookies.contains("latchkey-session=") {
        return Ok(cookies);
    }
    Err(format!("{email} was not signed in").into())
}

/// The token that forms of a page carry.
fn form_token(page: &str) -> Option<&str> {
    let rest = page.split("name=\"formToken\" value=\"").nth(1)?;
    rest.split('"').next()
}

/// Sends a browser with these cookies to sign in.
#[must_use]
pub fn authorization(cookies: &str) -> Value {
    let path = "/oauth2/authorize";
    let request = HttpRequest::new("GET", &format!("{path}?{}", authorization_query()));
    request.header("cookie", cookies).event(path)
}

/// Says yes to all that the page asks that an authorization was answered with.
///
/// # Errors
/// When it asks nothing.
pub fn consenting(origin: &str, before: &str, asked: &Value) -> Result<Value, Error> {
    let page = asked["body"].as_str().unwrap_or_default();
    let token = form_token(page).ok_or("nobody is asked for consent")?;
    let query = authorization_query();
    let fields = [
        ("formToken", token),
        ("request", query.as_str()),
        ("decision", "allow"),
        ("scope", "profile"),
        ("scope", "email"),
        ("scope", "offline_access"),
    ];
    let path = "/consent";
    let kept = [before.to_owned(), cookies(asked)];
    let kept: Vec<&str> = (kept.iter().map(String::as_str))
        .filter(|cookies| !cookies.is_empty())
        .collect();
    let request = HttpRequest::new("POST", path).header("origin", origin);
    let request = request.header("cookie", &kept.join("; "));
    Ok(request.body(FORM, &form(&fields)).event(path))
}

fn authorization_query() -> String {
    form(&[
        ("response_type", "code"),
        ("client_id", CLIENT_ID),
        ("redirect_uri", REDIRECT_URI),
        ("scope", "openid profile email offline_access"),
        ("code_challenge", CODE_CHALLENGE),
        ("code_challenge_method", "S256"),
    ])
}

/// The code with which it comes back.
///
/// # Errors
/// When it has none.
pub fn code(answer: &Value) -> Result<String, Error> {
    let location = answer["headers"]["location"].as_str().unwrap_or_default();
    let url = Url::parse(location)?;
    let mut parameters = url.query_pairs();
    let code = parameters.find(|(name, _)| name == "code");
    let (_, code) = code.ok_or_else(|| format!("sent to {location} without a code"))?;
    Ok(code.into_owned())
}

/// Spends a code.
#[must_use]
pub fn spending(code: &str) -> Value {
    trade(&[
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", CODE_VERIFIER),
        ("client_id", CLIENT_ID),
    ])
}

/// Trades a refresh token.
#[must_use]
pub fn refreshing(token: &str) -> Value {
    trade(&[
        ("grant_type", "refresh_token"),
        ("refresh_token", token),
        ("client_id", CLIENT_ID),
    ])
}

/// Asks whether a token counts, as the service with this secret.
#[must_use]
pub fn introspecting(token: &str, secret: &str) -> Value {
    let fields = [
        ("token", token),
        ("client_id", SERVICE_ID),
        ("client_secret", secret),
    ];
    sent("/oauth2/introspect", &fields)
}

/// Gives a token back.
#[must_use]
pub fn revoking(token: &str) -> Value {
    let fields = [("token", token), ("client_id", CLIENT_ID)];
    sent("/oauth2/revoke", &fields)
}

fn trade(fields: &[(&str, &str)]) -> Value {
    sent("/oauth2/token", fields)
}

fn sent(path: &str, fields: &[(&str, &str)]) -> Value {
    let request = HttpRequest::new("POST", path).body(FORM, &form(fields));
    request.event(path)
}

/// Fields as a form sends them.
fn form(fields: &[(&str, &str)]) -> String {
    let encoded = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
    let pairs = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", encoded(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// What a browser keeps of an answer, as it sends it.
fn cookies(answer: &Value) -> String {
    let set = answer["cookies"].as_array().into_iter().flatten();
    let set = set.filter_map(Value::as_str);
    let kept = set.filter(|cookie| !cookie.contains("Max-Age=0"));
    let pairs: Vec<&str> = kept.filter_map(|cookie| cookie.split(';').next()).collect();
    pairs.join("; ")
}
