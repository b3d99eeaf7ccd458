//! Ways back into an account, and its second factor: none of them is a way around it.

use harness::{Letter, PASSWORD};
use serde_json::json;

use crate::bundle;

const NEW: &str = "staple battery horse correct";

async fn reset(bundle: &harness::Bundle, email: &str) {
    let ask = json!({ "email": email });
    let _ = bundle
        .post("/v1/auth/forgot-password", &ask)
        .await
        .expect_status(202);
    bundle.deliver().await;
    let letters = bundle.letters_to(email);
    let token = letters.last().and_then(Letter::token).expect("a token");
    let body = json!({ "token": token, "password": NEW });
    let _ = bundle
        .post("/v1/auth/reset-password", &body)
        .await
        .expect_status(204);
}

#[tokio::test]
async fn a_reset_password_neither_removes_a_factor_nor_skips_it() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    bundle.edit_user(&account.id, "email_verified", &json!({ "BOOL": true }));
    let enrolled = bundle.enrol(&account).await;
    reset(&bundle, &account.email).await;
    let body = json!({ "email": account.email, "password": NEW });
    let answer = bundle
        .post("/v1/auth/login", &body)
        .await
        .expect_status(403);
    assert_eq!(answer.code(), "factor_required");
    let body =
        json!({ "challenge": answer.text_at("/challenge"), "totp": enrolled.app.next().await });
    let _ = bundle
        .post("/v1/auth/continue", &body)
        .await
        .expect_status(200);
}

#[tokio::test]
async fn bug_30_a_reset_removes_the_factor_of_a_stranger() {
    let bundle = bundle().await;
    let body = json!({ "email": "victim@example.com", "password": PASSWORD });
    let _ = bundle
        .post("/v1/auth/register", &body)
        .await
        .expect_status(201);
    let stranger = bundle.sign_in("victim@example.com").await;
    let hijacked = bundle.enrol(&stranger).await;
    let challenge = bundle.challenge("victim@example.com").await;
    reset(&bundle, "victim@example.com").await;
    assert!(bundle.items_of_type("totp").is_empty());
    assert!(bundle.items_of_type("recovery_codes").is_empty());
    bundle.assert_invariants();
    let body = json!({ "challenge": challenge, "totp": hijacked.app.next().await });
    let refused = bundle.post("/v1/auth/continue", &body).await;
    assert_eq!(refused.expect_status(401).code(), "challenge_expired");
    let body = json!({ "email": "victim@example.com", "password": NEW });
    let _ = bundle
        .post("/v1/auth/login", &body)
        .await
        .expect_status(200);
}
