//! Guesses at codes by mail.

use harness::requests::post;
use serde_json::json;

use crate::bundle;
use crate::codes::{mailable_with_app, verify};

/// Another code of six digits.
fn wrong(code: &str) -> String {
    let number: u32 = code.parse().expect("digits");
    format!("{:06}", (number + 1) % 1_000_000)
}

#[tokio::test]
async fn a_code_has_five_tries_wherever_they_are_made() {
    let bundle = bundle().await;
    let account = bundle.mailable().await;
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
async fn bug_42_guesses_at_codes_lock_nobody_out_of_anything_else() {
    const LIMIT: &str = "account-address=99/1s; code-guess: account=3/1h; factor: account=1/1h";
    let bundle = bundle().await;
    let [code, go_on] =
        ["code-sign-in", "continue"].map(|name| bundle.spawn_with(name, "RATE_LIMITS", LIMIT));
    let (code, go_on) = (code.await, go_on.await);
    let enrolled = mailable_with_app(&bundle).await;
    let email = &enrolled.account.email;
    let challenge = bundle.ask_for_code(email).await;
    let letter = bundle.letter(email, "sign_in_code").await;
    let right = letter.code().expect("a code");
    let with = |name: &str, shown: &str| {
        let body = json!({ "challenge": challenge, name: shown });
        post("/v1/auth/code/verify", &body)
    };
    let guess = with("code", &wrong(right));
    for status in [401, 401, 401, 429, 429, 429, 429] {
        let answer = bundle.send_to(&code, &guess).await;
        let _ = answer.expect_status(status);
    }
    let limited = bundle.send_to(&code, &with("code", right)).await;
    assert_eq!(limited.expect_status(429).code(), "rate_limited");
    // What was limited has tried nothing; and the link cannot be guessed.
    let token = letter.token().expect("a link");
    let answer = bundle.send_to(&code, &with("token", &token)).await;
    let challenge = answer.expect_status(403).text_at("/challenge");
    // Nor has anybody used up the guesses at the app.
    let body = json!({ "challenge": challenge, "totp": enrolled.app.next().await });
    let request = post("/v1/auth/continue", &body);
    let _ = bundle.send_to(&go_on, &request).await.expect_status(200);
}
