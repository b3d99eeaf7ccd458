//! A browser at the provider that comes with `cargo local`: it fills in who it is, and is sent back.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use data_encoding::HEXLOWER;
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use serde_json::{Value, json};

use crate::Error;
use crate::event::HttpRequest;
use crate::services::{PROVIDER_CLIENT_ID, PROVIDER_CLIENT_SECRET};
use crate::settings::random_secret;

/// Where an application on this machine is sent back to.
const APPLICATION_URL: &str = "http://localhost/application";

/// Signs in as whoever has this address, where a browser was sent to this URL: the request with which it comes back,
/// without its cookie.
///
/// # Errors
/// When the provider does not send it back.
pub async fn visit(url: &Url, email: &str, is_verified: bool) -> Result<HttpRequest, Error> {
    let mut form = url.clone();
    let said = [
        ("email", email),
        ("name", "Ada Lovelace"),
        ("answer", "sign-in"),
    ];
    let verified = is_verified.then_some(("verified", "true"));
    form.query_pairs_mut()
        .extend_pairs(said)
        .extend_pairs(verified);
    let body = form.query().unwrap_or_default().to_owned();
    form.set_query(None);
    let client = Client::builder().redirect(Policy::none()).build()?;
    let sent = client
        .post(form)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
        .send();
    let answer = sent.await?;
    let location = answer.headers().get("location");
    let location = location.and_then(|url| url.to_str().ok());
    let location = location.ok_or_else(|| format!("the provider answered {}", answer.status()))?;
    let back = Url::parse(location)?;
    let query = back.query().unwrap_or_default();
    Ok(HttpRequest::new("GET", &format!("{}?{query}", back.path())))
}

/// The same of an application that asks the provider itself, as those on a phone do: what it sends to sign in with the ID
/// token it gets, which is of one use.
///
/// # Errors
/// When it gets none.
pub async fn id_token(issuer: &str, email: &str, is_verified: bool) -> Result<Value, Error> {
    let (nonce, verifier) = (random_secret(), random_secret());
    let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
    let asked = [
        ("response_type", "code"),
        ("client_id", PROVIDER_CLIENT_ID),
        ("redirect_uri", APPLICATION_URL),
        ("scope", "openid email profile"),
        (
            "nonce",
            &HEXLOWER.encode(digest(&SHA256, nonce.as_bytes()).as_ref()),
        ),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    let url = Url::parse_with_params(&format!("{issuer}/authorize"), asked)?;
    let back = visit(&url, email, is_verified).await?;
    let back = Url::parse(&format!("{APPLICATION_URL}?{}", back.query))?;
    let mut parameters = back.query_pairs();
    let code = parameters.find(|(name, _)| name == "code");
    let (_, code) = code.ok_or("the provider gave no code")?;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", APPLICATION_URL),
        ("client_id", PROVIDER_CLIENT_ID),
        ("client_secret", PROVIDER_CLIENT_SECRET),
        ("code_verifier", &verifier),
    ];
    let form = Url::parse_with_params("http://form/", form)?;
    let sent = Client::new()
        .post(format!("{issuer}/token"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form.query().unwrap_or_default().to_owned())
        .send();
    let tokens: Value = serde_json::from_slice(&sent.await?.bytes().await?)?;
    let token = tokens["id_token"].as_str();
    let token = token.ok_or("the provider gave no ID token")?;
    Ok(json!({ "idToken": token, "nonce": nonce }))
}
