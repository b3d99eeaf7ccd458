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
        Cost::new(2, 2, 3.0, 2.0),
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
    assert_eq!(cost(&ask).await, Cost::new(1, 1, 4.0, 0.0), "authorize");
    let url = browser.visit(&app.path(&[])).await.expect("led back");
    let spend = app.spending(&code_in(&url));
    assert_eq!(cost(&spend).await, Cost::new(2, 2, 5.0, 2.0), "token, code");
    let tokens = app.tokens(&account).await;
    let refresh = app.refreshing(&tokens.text_at("/refresh_token"));
    let cost_of_refresh = cost(&refresh).await;
    assert_eq!(cost_of_refresh, Cost::new(2, 2, 5.0, 1.0), "token, refresh");
    let told = HttpRequest::new("GET", "/oauth2/userinfo");
    let told = told.bearer(&tokens.text_at("/access_token"));
    assert_eq!(cost(&told).await, Cost::new(1, 1, 5.0, 0.0), "userinfo");
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

#[tokio::test]
async fn access_and_its_end_cost_what_the_chart_says() {
    let bundle = bundle().await;
    let admin = bundle.admin().await;
    let account = bundle.account().await;
    let audience = json!({
        "audience": "https://orders.example.com", "confidential": true, "rotateSecret": true,
    });
    let app = bundle.application_with("others", &audience).await;
    let service = bundle.application_with("orders", &audience).await;
    for function in [
        "list-grants",
        "revoke-grant",
        "introspect-token",
        "revoke-token",
    ] {
        let _ = bundle.function(function).await;
    }
    let own = "/v1/users/me/grants";
    let others = format!("/v1/users/{}/grants", account.id);
    let none = by(&account, "GET", own);
    let counted = async |what: &str, request: &HttpRequest, expected: Cost| {
        let _ = bundle.recorder().take();
        assert_eq!(bundle.cost_of(request).await, expected, "{what}");
    };
    counted("list-grants, none", &none, Cost::new(2, 1, 3.0, 0.0)).await;
    let tokens = app.tokens(&account).await;
    let listing = Cost::new(3, 2, 4.0, 0.0);
    counted("list-grants", &by(&account, "GET", own), listing).await;
    let listing = Cost::new(3, 2, 5.0, 0.0);
    counted(
        "list-grants, another's",
        &by(&admin, "GET", &others),
        listing,
    )
    .await;

    let [access, refresh] = ["/access_token", "/refresh_token"].map(|name| tokens.text_at(name));
    for (what, request, units) in [
        ("access", app.introspecting(&access), 5.0),
        ("refresh", app.introspecting(&refresh), 5.0),
        ("to a service", service.introspecting(&access), 6.0),
        ("forged", app.introspecting("lkcr_AAAA"), 1.0),
    ] {
        counted(what, &request, Cost::new(1, 1, units, 0.0)).await;
    }
    let once = Cost::new(2, 2, 1.0, 1.0);
    counted("revoke-token, access", &app.revoking(&access), once).await;
    let tokens = app.tokens(&account).await;
    let refresh = tokens.text_at("/refresh_token");
    counted("revoke-token, refresh", &app.revoking(&refresh), once).await;
    let nothing = Cost::new(1, 1, 1.0, 0.0);
    counted("revoke-token, forged", &app.revoking("lkcr_AAAA"), nothing).await;

    let taking = by(&account, "DELETE", &format!("{own}/others"));
    counted("revoke-grant", &taking, Cost::new(2, 2, 2.0, 1.0)).await;
    let _ = app.code(&account).await;
    let taking = by(&admin, "DELETE", &format!("{others}/others"));
    counted(
        "revoke-grant, another's",
        &taking,
        Cost::new(2, 2, 3.0, 1.0),
    )
    .await;
}
