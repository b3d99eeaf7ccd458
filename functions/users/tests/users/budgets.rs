//! What every endpoint may cost: the design's chart, counted.

use harness::{Cost, HttpRequest};
use serde_json::json;

use crate::bundle;

#[tokio::test]
async fn every_endpoint_costs_what_the_chart_says() {
    let bundle = bundle().await;
    let (admin, account) = (bundle.admin().await, bundle.account().await);
    for function in ["get-user", "update-user", "delete-user"] {
        let _ = bundle.function(function).await;
    }
    let path = format!("/v1/users/{}", account.id);
    let get = |path: &str, token: &str| HttpRequest::new("GET", path).bearer(token);
    let own = get("/v1/users/me", &account.access_token);
    assert_eq!(
        bundle.cost_of(&own).await,
        Cost::new(1, 1, 2.0, 0.0),
        "get-user, own"
    );
    let other = get(&path, &admin.access_token);
    assert_eq!(
        bundle.cost_of(&other).await,
        Cost::new(1, 1, 3.0, 0.0),
        "get-user, another's"
    );

    let patch = |path: &str, token: &str| {
        HttpRequest::new("PATCH", path)
            .bearer(token)
            .json(&json!({ "firstName": "Ada" }))
    };
    let own = patch("/v1/users/me", &account.access_token);
    assert_eq!(
        bundle.cost_of(&own).await,
        Cost::new(2, 2, 2.0, 2.0),
        "update-user, own"
    );
    let other = patch(&path, &admin.access_token);
    assert_eq!(
        bundle.cost_of(&other).await,
        Cost::new(2, 2, 3.0, 2.0),
        "update-user, another's"
    );

    let delete = HttpRequest::new("DELETE", &path).bearer(&admin.access_token);
    assert_eq!(
        bundle.cost_of(&delete).await,
        Cost::new(2, 2, 3.0, 7.0),
        "delete-user"
    );
    let second = bundle.account_with_role("admin").await;
    bundle.edit(
        |item| item["type"]["S"] == "admin_counter",
        "active",
        &json!({ "N": "2" }),
    );
    let delete = HttpRequest::new("DELETE", "/v1/users/me").bearer(&second.access_token);
    assert_eq!(
        bundle.cost_of(&delete).await,
        Cost::new(2, 2, 2.0, 9.0),
        "delete-user, an admin"
    );
}

#[tokio::test]
async fn the_first_admin_costs_what_the_readme_says() {
    let bundle = bundle().await;
    let _ = bundle.admin().await;
    let mut calls = bundle.recorder().take();
    calls.retain(|call| call.function == "create-admin");
    assert_eq!(Cost::of(&calls), Cost::new(1, 1, 0.0, 7.0));
}

#[tokio::test]
async fn every_policy_is_exactly_what_its_function_does() {
    let bundle = bundle().await;
    let admin = bundle.admin().await;
    let second = bundle.account_with_role("admin").await;
    bundle.edit(
        |item| item["type"]["S"] == "admin_counter",
        "active",
        &json!({ "N": "2" }),
    );
    let _ = bundle
        .send_as(&admin, "GET", "/v1/users/me")
        .await
        .expect_status(200);
    let patch = HttpRequest::new("PATCH", "/v1/users/me").bearer(&admin.access_token);
    let _ = bundle
        .send(&patch.json(&json!({ "firstName": "Ada" })))
        .await
        .expect_status(200);
    let path = format!("/v1/users/{}", second.id);
    let _ = bundle
        .send_as(&admin, "DELETE", &path)
        .await
        .expect_status(204);
    let calls = bundle.recorder().take();
    for function in ["get-user", "update-user", "delete-user", "create-admin"] {
        bundle.assert_policy(&calls, function);
    }
}
