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
        Cost::new(4, 3, 0.0, 8.0),
        "register"
    );
    let mut again = body.clone();
    again["email"] = json!("grace@example.com");
    let register = HttpRequest::new("POST", "/v1/auth/register")
        .header("idempotency-key", "a-key-of-a-client")
        .json(&again);
    assert_eq!(
        bundle.cost_of(&register).await,
        Cost::new(4, 3, 0.0, 10.0),
        "register with an idempotency key"
    );
    let repeat = bundle.cost_of(&register).await;
    assert_eq!(
        (repeat.round_trips, repeat.read_units),
        (5, 2.0),
        "a repeat"
    );

    let body = json!({ "email": account.email, "password": PASSWORD });
    let login = HttpRequest::new("POST", "/v1/auth/login").json(&body);
    assert_eq!(
        bundle.cost_of(&login).await,
        Cost::new(6, 3, 2.0, 4.0),
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
        Cost::new(6, 4, 3.0, 10.0),
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
async fn what_takes_a_letter_costs_what_the_chart_says_and_its_policy_is_exactly_what_it_does() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let (other, third) = (bundle.account().await, bundle.account().await);
    let functions = [
        "forgot-password",
        "resend-verification",
        "verify-email",
        "reset-password",
    ];
    for function in functions {
        let _ = bundle.function(function).await;
    }
    let post = |path: &str, body: &serde_json::Value| HttpRequest::new("POST", path).json(body);
    bundle.deliver().await;
    let mut calls = Vec::new();
    for path in ["/v1/auth/forgot-password", "/v1/auth/resend-verification"] {
        let asked = post(path, &json!({ "email": account.email }));
        let cost = bundle.cost_of(&asked).await;
        assert_eq!(cost, Cost::new(4, 3, 0.0, 4.0), "{path}");
        for email in [&other.email, &third.email] {
            let asked = post(path, &json!({ "email": email }));
            let _ = bundle.send(&asked).await.expect_status(202);
        }
        calls.extend(bundle.recorder().take());
        if path.contains("forgot") {
            bundle.deliver().await;
        }
    }

    let letters = |email: &str, name: &str| {
        let letters = bundle.letters_to(email).into_iter();
        letters
            .filter(|letter| letter.name() == name)
            .find_map(|letter| letter.token())
            .expect("a token")
    };
    let body = json!({ "token": letters(&account.email, "verify_email") });
    let signed_in = post("/v1/auth/verify-email", &body).bearer(&account.access_token);
    assert_eq!(
        bundle.cost_of(&signed_in).await,
        Cost::new(2, 2, 2.0, 2.0),
        "verify-email, signed in"
    );
    assert_eq!(
        bundle.cost_of(&signed_in).await,
        Cost::new(1, 1, 2.0, 0.0),
        "verify-email, again"
    );
    let body = json!({ "token": letters(&other.email, "verify_email"), "password": PASSWORD });
    assert_eq!(
        bundle.cost_of(&post("/v1/auth/verify-email", &body)).await,
        Cost::new(6, 3, 2.0, 5.0),
        "verify-email, with the password"
    );
    let reset = |email: &str| {
        let body = json!({ "token": letters(email, "reset_password"), "password": PASSWORD });
        post("/v1/auth/reset-password", &body)
    };
    assert_eq!(
        bundle.cost_of(&reset(&other.email)).await,
        Cost::new(3, 2, 2.0, 5.0),
        "reset-password"
    );
    assert_eq!(
        bundle.cost_of(&reset(&third.email)).await,
        Cost::new(3, 2, 2.0, 7.0),
        "reset-password, never verified"
    );

    for function in functions {
        bundle.restart(function).await;
    }
    let _ = bundle.recorder().take();
    let account = bundle.account().await;
    bundle.deliver().await;
    let _ = bundle.recorder().take();
    let verify = json!({ "token": letters(&account.email, "verify_email") });
    let bearer = post("/v1/auth/verify-email", &verify).bearer(&account.access_token);
    let _ = bundle.send(&bearer).await.expect_status(204);
    let with_password =
        json!({ "token": letters(&account.email, "verify_email"), "password": PASSWORD });
    let _ = bundle
        .send(&post("/v1/auth/verify-email", &with_password))
        .await
        .expect_status(204);
    let fourth = bundle.account().await;
    bundle.link(&fourth).await;
    let _ = bundle
        .send(&post(
            "/v1/auth/forgot-password",
            &json!({ "email": fourth.email }),
        ))
        .await
        .expect_status(202);
    calls.extend(bundle.recorder().take());
    bundle.deliver().await;
    let _ = bundle.recorder().take();
    let _ = bundle.send(&reset(&fourth.email)).await.expect_status(204);
    calls.extend(bundle.recorder().take());
    for function in functions {
        bundle.assert_policy(&calls, function);
    }
}
