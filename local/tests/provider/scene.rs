//! A client of the provider, and a browser before it.

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use local::documents::Documents;
use local::services::{PROVIDER_CLIENT_ID, PROVIDER_CLIENT_SECRET, Services};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response, Url};
use serde_json::Value;

pub const REDIRECT_URI: &str = "http://localhost:3000/callback?a=b";
/// Nothing in it may be taken for HTML, for a place in a page, or for an end of a parameter.
pub const STATE: &str = "\"><b>'{parameters}{body}&amp;+%20=é";
/// The example of RFC 7636 §B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub const REQUEST: [(&str, &str); 8] = [
    ("response_type", "code"),
    ("client_id", PROVIDER_CLIENT_ID),
    ("redirect_uri", REDIRECT_URI),
    ("scope", "openid email profile"),
    ("state", STATE),
    ("nonce", "n-1"),
    ("code_challenge", CHALLENGE),
    ("code_challenge_method", "S256"),
];

type Fields = Vec<(String, String)>;

pub async fn services() -> Services {
    let services = Services::in_memory(Documents::in_memory()).await;
    services.expect("a free port")
}

fn client() -> Client {
    let client = Client::builder().redirect(Policy::none()).build();
    client.expect("a client")
}

/// `REQUEST` with a parameter set, or without it where the value is empty.
pub fn with(name: &str, value: &str) -> Fields {
    let mut fields = owned(&REQUEST);
    fields.retain(|(other, _)| other != name);
    if !value.is_empty() {
        fields.push((name.to_owned(), value.to_owned()));
    }
    fields
}

pub fn owned(fields: &[(&str, &str)]) -> Fields {
    let fields = fields.iter();
    fields
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

pub fn encoded(fields: &[(String, String)]) -> String {
    let mut url = Url::parse("http://localhost/").expect("a URL");
    url.query_pairs_mut().extend_pairs(fields);
    url.query().unwrap_or_default().to_owned()
}

pub async fn ask(services: &Services, fields: &[(String, String)]) -> Response {
    let url = format!(
        "{}/authorize?{}",
        services.provider().issuer(),
        encoded(fields)
    );
    client().get(url).send().await.expect("an answer")
}

pub fn form(services: &Services, path: &str, fields: &[(String, String)]) -> RequestBuilder {
    let url = format!("{}{path}", services.provider().issuer());
    client()
        .post(url)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(encoded(fields))
}

pub async fn post(services: &Services, path: &str, fields: &[(String, String)]) -> Response {
    let sent = form(services, path, fields).send().await;
    sent.expect("an answer")
}

/// The hidden fields of a page, as a browser reads them.
pub fn hidden(page: &str) -> Fields {
    let unescape = |text: &str| {
        let text = text.replace("&lt;", "<").replace("&gt;", ">");
        let text = text.replace("&quot;", "\"").replace("&#39;", "'");
        text.replace("&amp;", "&")
    };
    let inputs = page.split("<input type=\"hidden\" name=\"").skip(1);
    inputs
        .map(|rest| {
            let (name, rest) = rest.split_once("\" value=\"").expect("a value");
            let (value, _) = rest.split_once("\">\n").expect("an end");
            (unescape(name), unescape(value))
        })
        .collect()
}

/// Answers the page with a button.
pub async fn press(services: &Services, request: &[(String, String)], answer: &str) -> Response {
    let page = ask(services, request).await;
    assert_eq!(page.status(), 200);
    let mut fields = hidden(&page.text().await.expect("text"));
    fields.extend(owned(&[
        ("email", "Ada@Example.org"),
        ("name", "Ada King Lovelace"),
        ("verified", "true"),
        ("answer", answer),
    ]));
    post(services, "/authorize", &fields).await
}

/// What came back in a redirect.
pub fn redirected(answer: &Response) -> Fields {
    assert_eq!(answer.status(), 303);
    let location = header(answer, "location");
    assert!(location.starts_with(REDIRECT_URI), "{location}");
    let location = Url::parse(location).expect("a URL");
    location.query_pairs().into_owned().collect()
}

pub fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    let value = answer.headers().get(name);
    value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

pub fn value_of<'a>(fields: &'a Fields, name: &str) -> &'a str {
    let found = fields.iter().find(|(other, _)| other == name);
    found.map_or("", |(_, value)| value.as_str())
}

pub async fn code(services: &Services, request: &[(String, String)]) -> String {
    let answer = redirected(&press(services, request, "sign-in").await);
    value_of(&answer, "code").to_owned()
}

/// A token request without what authenticates the client.
pub fn exchange(code: &str) -> Fields {
    owned(&[
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", VERIFIER),
    ])
}

pub fn authenticated(mut fields: Fields) -> Fields {
    fields.extend(owned(&[
        ("client_id", PROVIDER_CLIENT_ID),
        ("client_secret", PROVIDER_CLIENT_SECRET),
    ]));
    fields
}

pub async fn redeem(services: &Services, code: &str) -> Response {
    post(services, "/token", &authenticated(exchange(code))).await
}

pub async fn json_of(answer: Response) -> Value {
    answer.json().await.expect("JSON")
}

pub async fn tokens(services: &Services) -> Value {
    let code = code(services, &owned(&REQUEST)).await;
    json_of(redeem(services, &code).await).await
}

pub async fn get(services: &Services, path: &str) -> Value {
    let url = format!("{}{path}", services.provider().issuer());
    json_of(reqwest::get(url).await.expect("an answer")).await
}

/// The claims of an ID token, if the published keys verify it.
pub async fn verified(services: &Services, id_token: &Value) -> Option<Value> {
    let token = id_token.as_str().expect("a token");
    let keys: JwkSet = serde_json::from_value(get(services, "/jwks").await).expect("keys");
    let kid = jsonwebtoken::decode_header(token).expect("a header").kid;
    let key = DecodingKey::from_jwk(keys.find(&kid.expect("a kid"))?).expect("a key");
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_audience(&[PROVIDER_CLIENT_ID]);
    validation.set_issuer(&[services.provider().issuer()]);
    validation.set_required_spec_claims(&["iss", "sub", "aud", "exp"]);
    let claims = jsonwebtoken::decode::<Value>(token, &key, &validation);
    Some(claims.expect("a valid token").claims)
}

pub async fn userinfo(services: &Services, authorization: &str) -> Response {
    let url = format!("{}/userinfo", services.provider().issuer());
    let request = Client::new().get(url);
    let request = if authorization.is_empty() {
        request
    } else {
        request.header("authorization", authorization)
    };
    request.send().await.expect("an answer")
}
