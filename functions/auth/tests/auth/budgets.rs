//! What every endpoint may cost: the design's chart, counted.

use harness::{Cost, HttpRequest, PASSWORD};
use serde_json::json;

use crate::bundle;

#[tokio::test]
async fn every_endpoint_costs_what_the_chart_says() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    for function in ["register", "login", "refresh", "logout", "change-password"] {
        let _ = bundle.function(function).await;
    }

    let body = json!({ "email": "ada@example.com", "password": PASSWORD, "firstName": "Ada" });
    let register = HttpRequest::new("POST", "/v1/auth/register").json(&body);
    assert_eq!(
        bundle.cost_of(&register).await,
        Cost::new(1, 1, 0.0, 5.0),
        "register"
    );
    let mut again = body.clone();
    again["email"] = json!("grace@example.com");
    let register = HttpRequest::new("POST", "/v1/auth/register")
        .header("idempotency-key", "a-key-of-a-client")
        .json(&again);
    assert_eq!(
        bundle.cost_of(&register).await,
        Cost::new(1, 1, 0.0, 7.0),
        "register with an idempotency key"
    );
    let repeat = bundle.cost_of(&register).await;
    assert_eq!(
        (repeat.round_trips, repeat.read_units),
        (3, 2.0),
        "a repeat"
    );

    let body = json!({ "email": account.email, "password": PASSWORD });
    let login = HttpRequest::new("POST", "/v1/auth/login").json(&body);
    assert_eq!(
        bundle.cost_of(&login).await,
        Cost::new(3, 3, 2.0, 1.0),
        "login"
    );

    let body = json!({ "refreshToken": account.refresh_token });
    let refresh = HttpRequest::new("POST", "/v1/auth/refresh").json(&body);
    assert_eq!(
        bundle.cost_of(&refresh).await,
        Cost::new(2, 1, 1.0, 1.0),
        "refresh"
    );

    let body = json!({ "currentPassword": PASSWORD, "newPassword": PASSWORD });
    let change = HttpRequest::new("POST", "/v1/auth/change-password")
        .bearer(&account.access_token)
        .json(&body);
    assert_eq!(
        bundle.cost_of(&change).await,
        Cost::new(3, 3, 3.0, 7.0),
        "change-password"
    );

    let logout = |path| HttpRequest::new("POST", path).bearer(&account.access_token);
    let others = logout("/v1/auth/logout?scope=others");
    assert_eq!(
        bundle.cost_of(&others).await,
        Cost::new(2, 2, 2.0, 5.0),
        "logout others"
    );
    assert_eq!(
        bundle.cost_of(&logout("/v1/auth/logout")).await,
        Cost::new(2, 2, 2.0, 1.0),
        "logout"
    );
    let again = bundle.sign_in(&account.email).await;
    let all = HttpRequest::new("POST", "/v1/auth/logout?scope=all").bearer(&again.access_token);
    assert_eq!(
        bundle.cost_of(&all).await,
        Cost::new(2, 2, 2.0, 2.0),
        "logout all"
    );
}

#[tokio::test]
async fn every_policy_is_exactly_what_its_function_does() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let other = bundle.sign_in(&account.email).await;
    let _ = bundle
        .send_as(&other, "POST", "/v1/auth/logout?scope=others")
        .await
        .expect_status(204);
    let account = bundle.sign_in(&account.email).await;
    let newest = bundle
        .refresh(&account.refresh_token)
        .await
        .text_at("/refreshToken");
    let body = json!({ "refreshToken": newest });
    let _ = bundle
        .post("/v1/auth/logout?scope=all", &body)
        .await
        .expect_status(204);
    let last = bundle.sign_in(&account.email).await;
    let body = json!({ "currentPassword": PASSWORD, "newPassword": PASSWORD });
    let change = HttpRequest::new("POST", "/v1/auth/change-password")
        .bearer(&last.access_token)
        .json(&body);
    let _ = bundle.send(&change).await.expect_status(204);
    let _ = bundle
        .send_as(&last, "DELETE", "/v1/auth/logout")
        .await
        .expect_status(204);
    // A login that finds an outdated hash replaces it.
    crate::login::use_outdated_hash(&bundle);
    let body = json!({ "email": account.email, "password": PASSWORD });
    let _ = bundle
        .post("/v1/auth/login", &body)
        .await
        .expect_status(200);

    for _ in 0..2 {
        let request = HttpRequest::new("POST", "/v1/auth/register")
            .header("idempotency-key", "a-key-of-a-client")
            .json(&json!({ "email": "ada@example.com", "password": PASSWORD }));
        let _ = bundle.send(&request).await.expect_status(201);
    }

    let calls = bundle.recorder().take();
    for function in ["register", "login", "refresh", "logout", "change-password"] {
        bundle.assert_policy(&calls, function);
    }
}
