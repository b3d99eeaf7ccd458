//! Guesses at codes by mail.

use harness::requests::post;
use serde_json::json;

use crate::bundle;
use crate::codes::{mailable, mailable_with_app, verify};

/// Another code of six digits.
fn wrong(code: &str) -> String {
    let number: u32 = code.parse().expect("digits");
    format!("{:06}", (number + 1) % 1_000_000)
}

#[tokio::test]
async fn a_code_has_five_tries_wherever_they_are_made() {
    let bundle = bundle().await;
    let account = mailable(&bundle).await;
    let body = bundle.mailed(&account.email).await;
    let guess = json!({
        "challenge": body["challenge"],
        "code": wrong(body["code"].as_str().expect("a code")),
    });
    let other = bundle.spawn("code-sign-in").await;
    for number in 0..5 {
        let request = post("/v1/auth/code/verify", &guess);
        let refused = if number % 2 == 0 {
            bundle.send(&request).await
        } else {
            bundle.send_to(&other, &request).await
        };
        assert_eq!(refused.expect_status(401).code(), "invalid_factor");
    }
    let refused = verify(&bundle, &body).await.expect_status(401);
    assert_eq!(refused.code(), "challenge_expired");
    // Another letter has its own five.
    let again = bundle.mailed(&account.email).await;
    let _ = verify(&bundle, &again).await.expect_status(200);
}

#[tokio::test]
async fn guesses_count_with_those_at_the_factors_and_strangers_use_nobodys_up() {
    const LIMIT: &str = "account-address=99/1s; factor: account=3/1h";
    let bundle = bundle().await;
    let [code, go_on] =
        ["code-sign-in", "continue"].map(|name| bundle.spawn_with(name, "RATE_LIMITS", LIMIT));
    let (code, go_on) = (code.await, go_on.await);
    // An account that codes do not sign in to: what is guessed there counts for nothing.
    let enrolled = bundle.enrolled().await;
    let email = &enrolled.account.email;
    let challenge = bundle.ask_for_code(email).await;
    let guess = post(
        "/v1/auth/code/verify",
        &json!({ "challenge": challenge, "code": "000000" }),
    );
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(bundle.send_to(&code, &guess).await.status);
    }
    assert_eq!(statuses, [401, 401, 401, 429]);
    let body = json!({
        "challenge": bundle.challenge(email).await,
        "totp": enrolled.app.next().await,
    });
    let request = post("/v1/auth/continue", &body);
    let _ = bundle.send_to(&go_on, &request).await.expect_status(200);

    // One that they do sign in to has one counter for all.
    let enrolled = mailable_with_app(&bundle).await;
    let email = &enrolled.account.email;
    let mailed = bundle.mailed(email).await;
    let asked = bundle
        .send_to(&code, &post("/v1/auth/code/verify", &mailed))
        .await;
    let challenge = asked.expect_status(403).text_at("/challenge");
    let guess = json!({ "challenge": challenge, "totp": "000000" });
    for status in [401, 401, 429] {
        let request = post("/v1/auth/continue", &guess);
        let _ = bundle.send_to(&go_on, &request).await.expect_status(status);
    }
    let again = bundle.mailed(email).await;
    let limited = bundle
        .send_to(&code, &post("/v1/auth/code/verify", &again))
        .await;
    assert_eq!(limited.expect_status(429).code(), "rate_limited");
}
