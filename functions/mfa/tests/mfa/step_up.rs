//! Proving anew who has signed in.

use harness::requests::by;
use harness::{Account, Answer, Bundle, PASSWORD};
use serde_json::{Value, json};

use crate::{bundle, claims};

async fn step_up(bundle: &Bundle, account: &Account, body: &Value) -> Answer {
    let request = by(account, "POST", "/v1/auth/step-up").json(body);
    bundle.send(&request).await
}

#[tokio::test]
async fn without_a_factor_the_password_does() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    bundle.age_proofs(3_600);
    let deletion = by(&account, "DELETE", "/v1/users/me");
    let refused = bundle.send(&deletion).await.expect_status(403);
    assert_eq!(refused.code(), "reauthentication_required");
    let wrong = json!({ "password": "not the password" });
    let refused = step_up(&bundle, &account, &wrong).await.expect_status(401);
    assert_eq!(refused.code(), "invalid_credentials");
    let proved = step_up(&bundle, &account, &json!({ "password": PASSWORD })).await;
    let token = proved.expect_status(200).text_at("/accessToken");
    let before = claims(&account.access_token);
    let after = claims(&token);
    assert_eq!(after["sid"], before["sid"]);
    assert_eq!(after["amr"], json!(["pwd"]));
    assert!(after["auth_time"].as_u64() >= before["auth_time"].as_u64());
    let _ = bundle.send(&deletion).await.expect_status(204);
}

#[tokio::test]
async fn with_a_factor_the_password_does_not() {
    let bundle = bundle().await;
    let enrolled = bundle.enrolled().await;
    bundle.age_proofs(3_600);
    let account = &enrolled.account;
    let refused = step_up(&bundle, account, &json!({ "password": PASSWORD })).await;
    let refused = refused.expect_status(403);
    assert_eq!(refused.code(), "factor_required");
    assert_eq!(refused.body["factors"], json!(["totp", "recovery_code"]));
    assert_eq!(refused.body.get("challenge"), None);
    let deletion = by(account, "DELETE", "/v1/users/me");
    let _ = bundle.send(&deletion).await.expect_status(403);
    for wrong in [
        json!({ "totp": enrolled.app.old() }),
        json!({ "recoveryCode": "aaaa-aaaa-aaaa-aaaa-aaaa-aaaa" }),
    ] {
        let refused = step_up(&bundle, account, &wrong).await.expect_status(401);
        assert_eq!(refused.code(), "invalid_factor");
    }
    let code = json!({ "totp": enrolled.app.next().await });
    let proved = step_up(&bundle, account, &code).await.expect_status(200);
    let token = proved.text_at("/accessToken");
    assert_eq!(claims(&token)["amr"], json!(["pwd", "otp", "mfa"]));
    let again = step_up(&bundle, account, &code).await.expect_status(401);
    assert_eq!(again.code(), "invalid_factor");
    let _ = bundle.send(&deletion).await.expect_status(204);
}

#[tokio::test]
async fn a_session_from_before_the_factor_is_proved_by_it() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let other = bundle.sign_in(&account.email).await;
    let enrolled = bundle.enrol(&account).await;
    let body = json!({ "recoveryCode": enrolled.codes[0] });
    let proved = step_up(&bundle, &other, &body).await.expect_status(200);
    let token = proved.text_at("/accessToken");
    assert_eq!(claims(&token)["amr"], json!(["pwd", "recovery", "mfa"]));
    let sessions = bundle
        .send(&by(&other, "GET", "/v1/users/me/sessions"))
        .await;
    let sessions = sessions.expect_status(200);
    assert_eq!(
        sessions.body["data"][0]["amr"],
        json!(["pwd", "recovery", "mfa"])
    );
    bundle.deliver().await;
    let events = json!(bundle.bus_events()).to_string();
    assert!(events.contains("session.proved"));
}

#[tokio::test]
async fn what_proves_nothing_changes_nothing() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let before = bundle.accounts();
    for (wrong, field) in [
        (json!({}), "password"),
        (
            json!({ "password": PASSWORD, "totp": "123456" }),
            "password",
        ),
        (json!({ "totp": "12" }), "totp"),
        (json!({ "code": "123456", "password": PASSWORD }), "code"),
    ] {
        let refused = step_up(&bundle, &account, &wrong).await.expect_status(400);
        assert_eq!(refused.field_codes()[0].0, field);
    }
    let refused = step_up(&bundle, &account, &json!({ "totp": "123456" })).await;
    assert_eq!(refused.expect_status(401).code(), "invalid_factor");
    assert_eq!(bundle.accounts(), before);
}
