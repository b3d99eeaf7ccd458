//! What every endpoint may cost: the design's chart, counted.

use harness::{Account, Cost, HttpRequest, PASSWORD};
use serde_json::{Value, json};

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

    let patch = |path: &str, token: &str, name: &str| {
        HttpRequest::new("PATCH", path)
            .bearer(token)
            .json(&json!({ "firstName": name }))
    };
    let own = patch("/v1/users/me", &account.access_token, "Ada");
    assert_eq!(
        bundle.cost_of(&own).await,
        Cost::new(2, 2, 2.0, 2.0),
        "update-user, own"
    );
    assert_eq!(
        bundle.cost_of(&own).await,
        Cost::new(1, 1, 2.0, 0.0),
        "update-user, nothing to change"
    );
    let other = patch(&path, &admin.access_token, "Grace");
    assert_eq!(
        bundle.cost_of(&other).await,
        Cost::new(2, 2, 3.0, 2.0),
        "update-user, another's"
    );

    let delete = HttpRequest::new("DELETE", &path).bearer(&admin.access_token);
    assert_eq!(
        bundle.cost_of(&delete).await,
        Cost::new(5, 4, 3.0, 10.0),
        "delete-user"
    );
    let second = bundle.account_with_role("admin").await;
    let delete = HttpRequest::new("DELETE", "/v1/users/me").bearer(&second.access_token);
    assert_eq!(
        bundle.cost_of(&delete).await,
        Cost::new(5, 4, 2.0, 12.0),
        "delete-user, an admin"
    );
}

#[tokio::test]
async fn administration_costs_what_the_chart_says() {
    let bundle = bundle().await;
    let (admin, account) = (bundle.admin().await, bundle.account().await);
    for function in [
        "list-users",
        "create-user",
        "set-user-role",
        "set-user-status",
        "get-preferences",
        "put-preferences",
    ] {
        let _ = bundle.function(function).await;
    }
    let path = |rest: &str| format!("/v1/users/{}{rest}", account.id);
    let cost = async |method: &str, path: &str, body: Option<Value>, by: &Account| {
        let request = HttpRequest::new(method, path).bearer(&by.access_token);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        bundle.cost_of(&request).await
    };
    // Half a read unit for each 4 KB of the page.
    let listed = cost("GET", "/v1/users", None, &admin).await;
    assert_eq!(listed, Cost::new(3, 1, 3.0, 0.0), "list-users");
    let filtered = cost("GET", "/v1/users?role=user", None, &admin).await;
    assert_eq!(
        filtered,
        Cost::new(2, 1, 2.5, 0.0),
        "list-users, nobody counts these"
    );
    let found = format!("/v1/users?email={}", account.email);
    let found = cost("GET", &found, None, &admin).await;
    assert_eq!(found, Cost::new(3, 2, 3.5, 0.0), "list-users, by address");

    let refused = HttpRequest::new("GET", "/v1/users").bearer(&account.access_token);
    let _ = bundle.recorder().take();
    let _ = bundle.send(&refused).await.expect_status(403);
    let refused = Cost::of(&bundle.recorder().take());
    assert_eq!(
        refused,
        Cost::new(1, 1, 2.0, 0.0),
        "who may not list makes the index read nothing"
    );

    let new = |email: &str, role: &str| {
        Some(json!({ "email": email, "password": PASSWORD, "role": role }))
    };
    let created = cost("POST", "/v1/users", new("a@example.com", "user"), &admin).await;
    assert_eq!(created, Cost::new(2, 2, 2.0, 5.0), "create-user");
    let created = cost("POST", "/v1/users", new("b@example.com", "admin"), &admin).await;
    assert_eq!(created, Cost::new(2, 2, 2.0, 7.0), "create-user, an admin");

    for (role, write_units) in [("moderator", 2.0), ("admin", 5.0), ("user", 5.0)] {
        let body = Some(json!({ "role": role }));
        let set = cost("PUT", &path("/role"), body, &admin).await;
        assert_eq!(
            set,
            Cost::new(2, 2, 3.0, write_units),
            "set-user-role {role}"
        );
    }
    for status in ["suspended", "active"] {
        let body = Some(json!({ "status": status }));
        let set = cost("PUT", &path("/status"), body, &admin).await;
        assert_eq!(set, Cost::new(2, 2, 3.0, 2.0), "set-user-status {status}");
    }

    let preferences = "/v1/users/me/preferences";
    let again = bundle.sign_in(&account.email).await;
    let body = Some(json!({ "theme": "dark" }));
    let put = cost("PUT", preferences, body, &again).await;
    assert_eq!(put, Cost::new(2, 2, 3.0, 4.0), "put-preferences, the first");
    let own = cost("GET", preferences, None, &again).await;
    assert_eq!(own, Cost::new(1, 1, 3.0, 0.0), "get-preferences");
    let other = cost("GET", &path("/preferences"), None, &admin).await;
    assert_eq!(
        other,
        Cost::new(1, 1, 4.0, 0.0),
        "get-preferences, another's"
    );
    let large = Some(json!({ "text": "x".repeat(16_000) }));
    let put = cost("PUT", preferences, large, &again).await;
    assert_eq!(put, Cost::new(2, 2, 3.0, 34.0), "put-preferences, 16 KB");
    let own = cost("GET", preferences, None, &again).await;
    assert_eq!(own, Cost::new(1, 1, 6.0, 0.0), "get-preferences, 16 KB");
}

#[tokio::test]
async fn a_change_of_address_costs_what_the_chart_says_and_its_policies_are_exactly_what_it_does() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    for function in ["change-email", "confirm-email-change"] {
        let _ = bundle.function(function).await;
    }
    let post = |path: &str, body: &Value| {
        HttpRequest::new("POST", path)
            .bearer(&account.access_token)
            .json(body)
    };
    let ask = post("/v1/users/me/email", &json!({ "email": "new@example.com" }));
    assert_eq!(
        bundle.cost_of(&ask).await,
        Cost::new(6, 4, 2.0, 5.0),
        "change-email"
    );
    bundle.deliver().await;
    let letter = bundle.letters_to("new@example.com").remove(0);
    let confirm = post(
        "/v1/users/me/email/confirm",
        &json!({ "token": letter.token() }),
    );
    assert_eq!(
        bundle.cost_of(&confirm).await,
        Cost::new(2, 2, 4.0, 9.0),
        "confirm-email-change"
    );
    let ask = post("/v1/users/me/email", &json!({ "email": "New@example.com" }));
    let _ = bundle.send(&ask).await.expect_status(202);
    bundle.deliver().await;
    let letter = bundle.letters_to("New@example.com").remove(0);
    let confirm = post(
        "/v1/users/me/email/confirm",
        &json!({ "token": letter.token() }),
    );
    assert_eq!(
        bundle.cost_of(&confirm).await,
        Cost::new(2, 2, 4.0, 2.0),
        "confirm-email-change, another spelling"
    );
    for function in ["change-email", "confirm-email-change"] {
        bundle.restart(function).await;
    }
    let ask = post(
        "/v1/users/me/email",
        &json!({ "email": "third@example.com" }),
    );
    let _ = bundle.recorder().take();
    let _ = bundle.send(&ask).await.expect_status(202);
    let mut calls = bundle.recorder().take();
    bundle.deliver().await;
    let letter = bundle.letters_to("third@example.com").remove(0);
    let confirm = post(
        "/v1/users/me/email/confirm",
        &json!({ "token": letter.token() }),
    );
    let _ = bundle.recorder().take();
    let _ = bundle.send(&confirm).await.expect_status(204);
    calls.extend(bundle.recorder().take());
    for function in ["change-email", "confirm-email-change"] {
        bundle.assert_policy(&calls, function);
    }
}

#[tokio::test]
async fn the_first_admin_costs_what_the_readme_says() {
    let bundle = bundle().await;
    let _ = bundle.admin().await;
    let mut calls = bundle.recorder().take();
    calls.retain(|call| call.function == "create-admin");
    assert_eq!(Cost::of(&calls), Cost::new(1, 1, 0.0, 7.0));
}
