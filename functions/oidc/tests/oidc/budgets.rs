//! What every endpoint may cost: the chart of docs/endpoints.md, counted.

use harness::application::code_in;
use harness::requests::by;
use harness::{Browser, Cost, HttpRequest};
use serde_json::json;

use crate::bundle;

#[tokio::test]
async fn every_endpoint_costs_what_the_chart_says() {
    let bundle = bundle().await;
    let admin = bundle.account_with_role("admin").await;
    for function in ["put-client", "list-clients", "delete-client"] {
        let _ = bundle.function(function).await;
    }
    let cost = async |request: &HttpRequest| {
        let _ = bundle.recorder().take();
        bundle.cost_of(request).await
    };
    let put = |name: &str| {
        let body = json!({ "name": name, "confidential": true });
        by(&admin, "PUT", "/v1/clients/shop").json(&body)
    };
    assert_eq!(
        cost(&put("Shop")).await,
        Cost::new(2, 2, 2.0, 2.0),
        "put-client, new"
    );
    assert_eq!(
        cost(&put("Ours")).await,
        Cost::new(2, 2, 3.0, 2.0),
        "put-client, changed"
    );
    assert_eq!(
        cost(&put("Ours")).await,
        Cost::new(1, 1, 3.0, 0.0),
        "put-client, as it is"
    );
    let list = by(&admin, "GET", "/v1/clients");
    assert_eq!(cost(&list).await, Cost::new(2, 2, 3.0, 0.0), "list-clients");
    let delete = by(&admin, "DELETE", "/v1/clients/shop");
    assert_eq!(
        cost(&delete).await,
        Cost::new(2, 2, 3.0, 1.0),
        "delete-client"
    );
}

#[tokio::test]
async fn an_application_costs_what_the_chart_says() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let app = bundle.application("shop", true, false).await;
    let others = bundle.application("others", false, true).await;
    let mut browser = Browser::new(&bundle);
    let _ = app.sign_in(&mut browser, &account).await;
    let _ = others.tokens(&account).await;
    let _ = app.tokens(&account).await;
    for function in ["token", "userinfo", "authorize-page"] {
        let _ = bundle.function(function).await;
    }
    let cost = async |request: &HttpRequest| {
        let _ = bundle.recorder().take();
        bundle.cost_of(request).await
    };
    let ask = browser.dressed(HttpRequest::new("GET", &app.path(&[])));
    assert_eq!(cost(&ask).await, Cost::new(1, 1, 3.0, 0.0), "authorize");
    let url = browser.visit(&app.path(&[])).await.expect("led back");
    let spend = app.spending(&code_in(&url));
    assert_eq!(cost(&spend).await, Cost::new(2, 2, 3.0, 2.0), "token, code");
    let tokens = app.tokens(&account).await;
    let refresh = app.refreshing(&tokens.text_at("/refresh_token"));
    let cost_of_refresh = cost(&refresh).await;
    assert_eq!(cost_of_refresh, Cost::new(2, 2, 4.0, 1.0), "token, refresh");
    let told = HttpRequest::new("GET", "/oauth2/userinfo");
    let told = told.bearer(&tokens.text_at("/access_token"));
    assert_eq!(cost(&told).await, Cost::new(1, 1, 4.0, 0.0), "userinfo");
    // With a consent, which is read beside.
    let tokens = others.tokens(&account).await;
    let told = HttpRequest::new("GET", "/oauth2/userinfo");
    let told = told.bearer(&tokens.text_at("/access_token"));
    assert_eq!(
        cost(&told).await,
        Cost::new(1, 1, 5.0, 0.0),
        "userinfo, consent"
    );
}
