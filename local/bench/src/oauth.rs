//! Sign-ins with another provider for the accounts that the bench sends for: the one that comes with `cargo local`.

use harness::oauth::{CODE_CHALLENGE, CODE_VERIFIER, sent_back};
use harness::{Answer, HttpRequest};
use local::Error;
use local::services::{PROVIDER_CLIENT_ID, PROVIDER_CLIENT_SECRET};
use local::settings::SIGNED_IN_URL;
use local::visit::{id_token, visit};
use serde_json::{Value, json};

use crate::events::{Account, admin};
use crate::setup::{Setup, invoke};

const START: &str = "/v1/auth/oauth/{provider}/start";
const CALLBACK: &str = "/v1/auth/oauth/{provider}/callback";
const IDENTITIES: &str = "/v1/users/{id}/identities";

/// What a sign-in leaves for a function to work with.
#[derive(Default)]
pub struct Identified {
    /// The request with which the browser comes back.
    pub back: Option<HttpRequest>,
    /// The body with the code of the application.
    pub body: Value,
    /// The id of the identity, where it is linked.
    pub id: String,
}

/// The request that sends a browser there.
pub fn start() -> HttpRequest {
    let path = format!(
        "/v1/auth/oauth/local/start?redirectTo={SIGNED_IN_URL}&codeChallenge={CODE_CHALLENGE}"
    );
    HttpRequest::new("GET", &path)
}

/// The provider as it is set up, under a title.
pub fn provider(setup: &Setup, title: &str) -> Value {
    json!({
        "preset": "oidc",
        "title": title,
        "clientId": PROVIDER_CLIENT_ID,
        "clientSecret": PROVIDER_CLIENT_SECRET,
        "issuer": setup.services.provider().issuer(),
    })
}

/// A sign-in for each account; none for functions that need none.
pub async fn of(
    setup: &Setup,
    binary: &str,
    accounts: &[Account],
) -> Result<Vec<Identified>, Error> {
    let needs = [
        "delete-provider",
        "exchange-oauth",
        "finish-oauth",
        "id-token-sign-in",
        "link-identity",
        "list-identities",
        "list-providers",
        "list-sign-in-providers",
        "start-oauth",
        "unlink-identity",
    ];
    if !needs.contains(&binary) {
        return Ok(Vec::new());
    }
    let admin = admin(setup).await?;
    let put = HttpRequest::new("PUT", "/v1/providers/local").bearer(&admin.access_token);
    let put = put
        .json(&provider(setup, "Provider"))
        .event("/v1/providers/{name}");
    invoke(&setup.function("put-provider").await?, &put).await?;
    if [
        "delete-provider",
        "list-providers",
        "list-sign-in-providers",
        "start-oauth",
    ]
    .contains(&binary)
    {
        return Ok(Vec::new());
    }
    let (go, finish, link) = (
        setup.function("start-oauth").await?,
        setup.function("finish-oauth").await?,
        setup.function("link-identity").await?,
    );
    let mut identified = Vec::with_capacity(accounts.len());
    for (number, account) in accounts.iter().enumerate() {
        let email = format!("external{number}@example.org");
        if binary == "id-token-sign-in" {
            let issuer = setup.services.provider().issuer();
            let body = id_token(issuer, &email, true).await?;
            identified.push(Identified {
                body,
                ..Identified::default()
            });
            continue;
        }
        let gone = Answer::from_event(&invoke(&go, &start().event(START)).await?);
        let cookie = gone.cookies.first().ok_or("no cookie was set")?;
        let cookie = cookie.split(';').next().unwrap_or_default();
        let url = gone.header("location").parse().map_err(|_| "no URL")?;
        let back = visit(&url, &email, true).await?;
        let back = back.header("cookie", cookie);
        if binary == "finish-oauth" {
            let back = Some(back);
            identified.push(Identified {
                back,
                ..Identified::default()
            });
            continue;
        }
        let answer = Answer::from_event(&invoke(&finish, &back.event(CALLBACK)).await?);
        let body = json!({ "code": sent_back(&answer, "code"), "codeVerifier": CODE_VERIFIER });
        let mut id = String::new();
        if ["list-identities", "unlink-identity"].contains(&binary) {
            let request = HttpRequest::new("POST", "/v1/users/me/identities");
            let request = request.bearer(&account.access_token).json(&body);
            let linked = invoke(&link, &request.event(IDENTITIES)).await?;
            id = Answer::from_event(&linked).text_at("/id");
        }
        identified.push(Identified {
            back: None,
            body,
            id,
        });
    }
    Ok(identified)
}
