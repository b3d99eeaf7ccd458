//! What every endpoint may cost: the chart of docs/endpoints.md, counted.

use harness::requests::{by, post};
use harness::{Cost, HttpRequest};
use serde_json::json;

use crate::bundle;

const EXCHANGE: &str = "/v1/auth/oauth/exchange";

#[tokio::test]
async fn every_endpoint_costs_what_the_chart_says() {
    let bundle = bundle().await;
    let _ = bundle.provider_trusted("linking").await;
    for function in ["start-oauth", "finish-oauth", "exchange-oauth"] {
        let _ = bundle.function(function).await;
    }
    let back = bundle.identified("ada@example.org", true).await;
    let _ = bundle.recorder().take();
    let cost = async |request: &HttpRequest| {
        let _ = bundle.recorder().take();
        bundle.cost_of(request).await
    };
    assert_eq!(cost(&back).await, Cost::new(2, 1, 1.0, 1.0), "finish-oauth");
    let start = format!(
        "/v1/auth/oauth/local/start?redirectTo=http://localhost:3000/signed-in&codeChallenge={}",
        harness::oauth::CODE_CHALLENGE
    );
    let start = HttpRequest::new("GET", &start);
    assert_eq!(cost(&start).await, Cost::new(1, 1, 1.0, 0.0), "start-oauth");

    let new = post(
        EXCHANGE,
        &bundle.identity_code("ada@example.org", true).await,
    );
    assert_eq!(
        cost(&new).await,
        Cost::new(5, 4, 2.0, 10.0),
        "exchange-oauth, new"
    );
    let known = post(
        EXCHANGE,
        &bundle.identity_code("ada@example.org", true).await,
    );
    assert_eq!(
        cost(&known).await,
        Cost::new(5, 4, 3.0, 3.0),
        "exchange-oauth, known"
    );
    let account = bundle.account().await;
    bundle.edit_user(&account.id, "email_verified", &json!({ "BOOL": true }));
    let linking = post(EXCHANGE, &bundle.identity_code(&account.email, true).await);
    assert_eq!(
        cost(&linking).await,
        Cost::new(7, 6, 4.0, 8.0),
        "exchange-oauth, linked"
    );
    let unverified = bundle.account().await;
    let taking = post(
        EXCHANGE,
        &bundle.identity_code(&unverified.email, true).await,
    );
    assert_eq!(
        cost(&taking).await,
        Cost::new(7, 6, 4.0, 12.0),
        "exchange-oauth, taken over"
    );
    // Its provider is read beside the limit, and its keys are known from the second on.
    let path = "/v1/auth/oauth/local/id-token";
    let first = post(path, &bundle.id_token("ida@example.org", true).await);
    let _ = bundle.send(&first).await.expect_status(200);
    let known = post(path, &bundle.id_token("ida@example.org", true).await);
    assert_eq!(
        cost(&known).await,
        Cost::new(6, 4, 4.0, 3.0),
        "id-token-sign-in, known"
    );
}

#[tokio::test]
async fn what_owners_and_admins_do_costs_what_the_chart_says() {
    let bundle = bundle().await;
    let admin = bundle.provider_trusted("linking").await;
    for function in [
        "put-provider",
        "list-providers",
        "delete-provider",
        "list-sign-in-providers",
        "link-identity",
        "list-identities",
        "unlink-identity",
    ] {
        let _ = bundle.function(function).await;
    }
    let cost = async |request: &HttpRequest| {
        let _ = bundle.recorder().take();
        bundle.cost_of(request).await
    };
    let identities = "/v1/users/me/identities";
    let owner = bundle.account().await;
    let code = bundle.identity_code("more@example.org", true).await;
    let link = by(&owner, "POST", identities).json(&code);
    assert_eq!(
        cost(&link).await,
        Cost::new(2, 2, 3.0, 5.0),
        "link-identity"
    );
    let list = by(&owner, "GET", identities);
    assert_eq!(
        cost(&list).await,
        Cost::new(2, 2, 3.0, 0.0),
        "list-identities"
    );
    let id = bundle.send(&list).await.text_at("/data/0/id");
    let unlink = by(&owner, "DELETE", &format!("{identities}/{id}"));
    assert_eq!(
        cost(&unlink).await,
        Cost::new(2, 2, 2.0, 5.0),
        "unlink-identity"
    );

    let put = by(&admin, "PUT", "/v1/providers/local").json(&json!({
        "preset": "oidc", "clientId": "a", "issuer": bundle.peer().issuer(),
    }));
    assert_eq!(cost(&put).await, Cost::new(2, 2, 3.0, 2.0), "put-provider");
    let list = by(&admin, "GET", "/v1/providers");
    assert_eq!(
        cost(&list).await,
        Cost::new(2, 2, 3.0, 0.0),
        "list-providers"
    );
    let public = HttpRequest::new("GET", "/v1/auth/oauth");
    assert_eq!(
        cost(&public).await,
        Cost::new(1, 1, 1.0, 0.0),
        "list-sign-in-providers"
    );
    let delete = by(&admin, "DELETE", "/v1/providers/local");
    assert_eq!(
        cost(&delete).await,
        Cost::new(2, 2, 3.0, 1.0),
        "delete-provider"
    );
}
