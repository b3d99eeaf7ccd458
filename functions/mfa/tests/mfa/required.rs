//! A second factor that an operator asks for.

use harness::requests::{post, sign_in};
use harness::{Account, Answer, Authenticator, Bundle, HttpRequest, PASSWORD};
use serde_json::json;

use crate::{bundle, claims};

const START: &str = "/v1/users/me/factors/totp";

async fn sign_in_where(bundle: &Bundle, setting: &str, account: &Account) -> Answer {
    let login = bundle.spawn_with("login", "SECOND_FACTOR", setting).await;
    let request = sign_in(&account.email, PASSWORD);
    bundle.send_to(&login, &request).await
}

#[tokio::test]
async fn who_has_none_sets_one_up_during_the_sign_in() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let sessions = bundle.items_of_type("session").len();
    let answer = sign_in_where(&bundle, "required", &account).await;
    let answer = answer.expect_status(403);
    assert_eq!(answer.code(), "factor_required");
    assert_eq!(answer.body["factors"], json!([]));
    assert_eq!(answer.body["enrollable"], json!(["totp", "passkey"]));
    let challenge = answer.text_at("/challenge");
    let required = bundle
        .spawn_with("continue", "SECOND_FACTOR", "required")
        .await;
    let go_on = |challenge: &str| post("/v1/auth/continue", &json!({ "challenge": challenge }));
    let refused = bundle.send_to(&required, &go_on(&challenge)).await;
    assert_eq!(refused.expect_status(403).code(), "factor_required");

    let started = bundle.post(START, &json!({ "challenge": challenge })).await;
    let started = started.expect_status(200);
    let app = Authenticator::new(&started.text_at("/secret"));
    let body = json!({
        "challenge": challenge,
        "pending": started.text_at("/pending"),
        "code": app.next().await,
    });
    let confirmed = bundle.post(&format!("{START}/confirm"), &body).await;
    let confirmed = confirmed.expect_status(201);
    assert_eq!(
        confirmed.body["recoveryCodes"].as_array().map(Vec::len),
        Some(10)
    );
    assert_eq!(
        bundle.items_of_type("session").len(),
        sessions,
        "no session yet"
    );

    let challenge = confirmed.text_at("/challenge");
    let answer = bundle.send_to(&required, &go_on(&challenge)).await;
    let token = answer.expect_status(200).text_at("/accessToken");
    assert_eq!(claims(&token)["amr"], json!(["pwd", "otp", "mfa"]));
    let again = bundle.send_to(&required, &go_on(&challenge)).await;
    assert_eq!(again.expect_status(401).code(), "challenge_expired");
    bundle.assert_invariants();
}

#[tokio::test]
async fn a_challenge_sets_up_nothing_beside_a_factor() {
    let bundle = bundle().await;
    let enrolled = bundle.enrolled().await;
    let challenge = bundle.challenge(&enrolled.account.email).await;
    let refused = bundle.post(START, &json!({ "challenge": challenge })).await;
    assert_eq!(refused.expect_status(401).code(), "challenge_expired");
    let refused = bundle
        .post(START, &json!({ "challenge": "lkch_AAAA" }))
        .await;
    assert_eq!(refused.expect_status(401).code(), "challenge_expired");
    let refused = bundle.send(&HttpRequest::new("POST", START)).await;
    assert_eq!(refused.expect_status(401).code(), "missing_token");
}

#[tokio::test]
async fn of_moderators_and_admins_alone() {
    let bundle = bundle().await;
    for (role, status) in [("user", 200), ("moderator", 403), ("admin", 403)] {
        let account = bundle.account_with_role(role).await;
        let answer = sign_in_where(&bundle, "admins", &account).await;
        let _ = answer.expect_status(status);
    }
}

#[tokio::test]
async fn the_last_one_stays_where_one_is_required() {
    let bundle = bundle().await;
    let enrolled = bundle.enrolled().await;
    let path = format!("/v1/users/me/factors/{}", enrolled.factor_id);
    let request = HttpRequest::new("DELETE", &path).bearer(&enrolled.account.access_token);
    let required = bundle
        .spawn_with("delete-factor", "SECOND_FACTOR", "required")
        .await;
    let refused = bundle.send_to(&required, &request).await.expect_status(409);
    assert_eq!(refused.code(), "last_factor");
    let admins = bundle
        .spawn_with("delete-factor", "SECOND_FACTOR", "admins")
        .await;
    let _ = bundle.send_to(&admins, &request).await.expect_status(204);
}
