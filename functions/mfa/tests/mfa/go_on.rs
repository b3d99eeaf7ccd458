//! Going on with a sign-in that lacks a second factor.

use harness::requests::{post, sign_in};
use harness::{Answer, Bundle, Function, PASSWORD};
use serde_json::{Value, json};

use crate::{bundle, claims};

async fn go_on(bundle: &Bundle, body: &Value) -> Answer {
    bundle.send(&post("/v1/auth/continue", body)).await
}

#[tokio::test]
async fn password_and_code_sign_in() {
    let bundle = bundle().await;
    let enrolled = bundle.enrolled().await;
    let sessions = bundle.items_of_type("session").len();
    let answer = bundle
        .send(&sign_in(&enrolled.account.email, PASSWORD))
        .await;
    let answer = answer.expect_status(403);
    assert_eq!(answer.code(), "factor_required");
    assert_eq!(answer.body["factors"], json!(["totp", "recovery_code"]));
    assert_eq!(answer.body["enrollable"], json!([]));
    assert_eq!(
        bundle.items_of_type("session").len(),
        sessions,
        "nothing is written"
    );

    let body =
        json!({ "challenge": answer.text_at("/challenge"), "totp": enrolled.app.next().await });
    let answer = go_on(&bundle, &body).await.expect_status(200);
    let token = answer.text_at("/accessToken");
    assert_eq!(claims(&token)["amr"], json!(["pwd", "otp", "mfa"]));
    assert_eq!(claims(&token)["acr"], "aal2");
    let refreshed = bundle.refresh(&answer.text_at("/refreshToken")).await;
    let token = refreshed.expect_status(200).text_at("/accessToken");
    assert_eq!(claims(&token)["amr"], json!(["pwd", "otp", "mfa"]));

    // A challenge works once, whatever else is shown with it.
    let again = go_on(&bundle, &body).await.expect_status(401);
    assert_eq!(again.code(), "invalid_factor", "the code was used");
    let mut other = body.clone();
    other["totp"] = json!(enrolled.app.next().await);
    let again = go_on(&bundle, &other).await.expect_status(401);
    assert_eq!(again.code(), "challenge_expired");
    bundle.assert_invariants();
}

#[tokio::test]
async fn bug_90_a_code_signs_in_once() {
    let bundle = bundle().await;
    let enrolled = bundle.enrolled().await;
    let email = &enrolled.account.email;
    let [one, two] = [bundle.challenge(email).await, bundle.challenge(email).await];
    let code = enrolled.app.last().await;
    let body = |challenge: &str| json!({ "challenge": challenge, "totp": code });
    let _ = go_on(&bundle, &body(&one)).await.expect_status(200);
    let again = go_on(&bundle, &body(&two)).await.expect_status(401);
    assert_eq!(again.code(), "invalid_factor");
    // What was refused has spent nothing: the challenge lives.
    let recovery = json!({ "challenge": two, "recoveryCode": enrolled.codes[0] });
    let _ = go_on(&bundle, &recovery).await.expect_status(200);
}

#[tokio::test]
async fn bug_87_89_a_recovery_code_signs_in_once() {
    let bundle = bundle().await;
    let enrolled = bundle.enrolled().await;
    let email = &enrolled.account.email;
    let typed = enrolled.codes[3].to_uppercase().replace('-', " ");
    let body = json!({ "challenge": bundle.challenge(email).await, "recoveryCode": typed });
    let answer = go_on(&bundle, &body).await.expect_status(200);
    let token = answer.text_at("/accessToken");
    assert_eq!(claims(&token)["amr"], json!(["pwd", "recovery", "mfa"]));
    let codes = bundle.items_of_type("recovery_codes").remove(0);
    assert_eq!(codes["codes"]["SS"].as_array().map(Vec::len), Some(9));

    let body = json!({ "challenge": bundle.challenge(email).await, "recoveryCode": typed });
    let again = go_on(&bundle, &body).await.expect_status(401);
    assert_eq!(again.code(), "invalid_factor");
    for code in enrolled
        .codes
        .iter()
        .enumerate()
        .filter(|(number, _)| *number != 3)
    {
        let body = json!({ "challenge": bundle.challenge(email).await, "recoveryCode": code.1 });
        let _ = go_on(&bundle, &body).await.expect_status(200);
    }
    bundle.assert_invariants();
}

#[tokio::test]
async fn what_is_not_a_factor_signs_nobody_in() {
    let bundle = bundle().await;
    let enrolled = bundle.enrolled().await;
    let other = bundle.enrolled().await;
    let sessions = bundle.items_of_type("session").len();
    let challenge = bundle.challenge(&enrolled.account.email).await;
    let body = |name: &str, value: &str| json!({ "challenge": challenge, name: value });
    for (name, value) in [
        ("totp", enrolled.app.old()),
        ("totp", other.app.next().await),
        ("recoveryCode", other.codes[0].clone()),
        ("recoveryCode", "aaaa-aaaa-aaaa-aaaa-aaaa-aaaa".to_owned()),
    ] {
        let refused = go_on(&bundle, &body(name, &value)).await.expect_status(401);
        assert_eq!(refused.code(), "invalid_factor", "{name}");
    }
    // Nothing presented is nothing proved.
    let nothing = go_on(&bundle, &json!({ "challenge": challenge })).await;
    let nothing = nothing.expect_status(403);
    assert_eq!(nothing.code(), "factor_required");
    for (wrong, field) in [
        (json!({ "totp": "123456" }), "challenge"),
        (json!({ "challenge": challenge, "totp": "1" }), "totp"),
        (
            json!({ "challenge": challenge, "recoveryCode": "1" }),
            "recoveryCode",
        ),
        (
            json!({ "challenge": challenge, "password": PASSWORD }),
            "password",
        ),
        (
            json!({ "challenge": challenge, "totp": "123456", "recoveryCode": enrolled.codes[0] }),
            "recoveryCode",
        ),
    ] {
        let refused = go_on(&bundle, &wrong).await.expect_status(400);
        assert_eq!(refused.field_codes()[0].0, field, "{wrong}");
    }
    for forged in ["", "lkch_", "lkch_AAAA", &challenge[..challenge.len() - 1]] {
        let body = json!({ "challenge": forged, "totp": enrolled.app.old() });
        let refused = go_on(&bundle, &body).await.expect_status(401);
        assert_eq!(refused.code(), "challenge_expired", "{forged}");
    }
    assert_eq!(bundle.items_of_type("session").len(), sessions);
}

#[tokio::test]
async fn a_challenge_ends_with_what_it_stands_on() {
    let bundle = bundle().await;
    for (attribute, value) in [
        ("credential_version", json!({ "N": "2" })),
        ("session_epoch", json!({ "N": "7" })),
        ("id", json!({ "S": "01890000-0000-7000-8000-000000000000" })),
    ] {
        let enrolled = bundle.enrolled().await;
        let challenge = bundle.challenge(&enrolled.account.email).await;
        bundle.edit_user(&enrolled.account.id, attribute, &value);
        let body = json!({ "challenge": challenge, "totp": enrolled.app.next().await });
        let refused = go_on(&bundle, &body).await.expect_status(401);
        assert_eq!(refused.code(), "challenge_expired", "{attribute}");
    }
    let enrolled = bundle.enrolled().await;
    let challenge = bundle.challenge(&enrolled.account.email).await;
    bundle.edit_user(&enrolled.account.id, "status", &json!({ "S": "suspended" }));
    let body = json!({ "challenge": challenge, "totp": enrolled.app.next().await });
    let refused = go_on(&bundle, &body).await.expect_status(403);
    assert_eq!(refused.code(), "account_suspended");
}

#[tokio::test]
async fn what_the_account_does_not_name_counts_for_nothing() {
    let bundle = bundle().await;
    let enrolled = bundle.enrolled().await;
    let challenge = bundle.challenge(&enrolled.account.email).await;
    for mut user in bundle.items_of_type("user") {
        user.as_object_mut().map(|user| user.remove("factors"));
        bundle.put(&user);
    }
    let body = json!({ "challenge": challenge, "totp": enrolled.app.next().await });
    let refused = go_on(&bundle, &body).await.expect_status(401);
    assert_eq!(refused.code(), "invalid_factor");
    let body = json!({ "challenge": challenge, "recoveryCode": enrolled.codes[0] });
    let refused = go_on(&bundle, &body).await.expect_status(401);
    assert_eq!(refused.code(), "invalid_factor");
}

#[tokio::test]
async fn guesses_are_counted_for_the_account_whatever_they_are_of() {
    let bundle = bundle().await;
    let enrolled = bundle.enrolled().await;
    let limited = bundle.spawn_with("continue", "RATE_LIMITS", "").await;
    let challenge = bundle.challenge(&enrolled.account.email).await;
    let guess = |name: &str, value: &str| {
        post(
            "/v1/auth/continue",
            &json!({ "challenge": challenge, name: value }),
        )
    };
    let wrong = "aaaa-aaaa-aaaa-aaaa-aaaa-aaaa";
    for number in 0..10 {
        let guess = if number % 2 == 0 {
            guess("totp", &enrolled.app.old())
        } else {
            guess("recoveryCode", wrong)
        };
        let _ = bundle.send_to(&limited, &guess).await.expect_status(401);
    }
    let right = guess("totp", &enrolled.app.next().await);
    let refused = bundle.send_to(&limited, &right).await.expect_status(429);
    assert_eq!(refused.code(), "rate_limited");
    // The password has a counter of its own.
    let login = bundle.spawn_with("login", "RATE_LIMITS", "").await;
    let answer = bundle
        .send_to(&login, &sign_in(&enrolled.account.email, PASSWORD))
        .await;
    let _ = answer.expect_status(403);
}

/// `continue` with this secret behind factors, and the one before it.
async fn after_rotation(bundle: &Bundle, current: &str, previous: &str) -> Function {
    let mut environment = bundle.environment("continue");
    environment.retain(|(name, _)| name != "FACTOR_SECRET");
    environment.push(("FACTOR_SECRET".to_owned(), current.to_owned()));
    environment.push(("FACTOR_SECRET_PREVIOUS".to_owned(), previous.to_owned()));
    let started = Function::start(&bundle.binary("continue"), &environment).await;
    started.unwrap_or_else(|error| panic!("{error}"))
}

#[tokio::test]
async fn an_app_in_use_outlives_every_rotation_of_the_secret_behind_it() {
    const SECOND: &str = "mH2pQv8ZrT4kXc9LwB6nYd3JfG7sKa5EuN1xVt0RoPqWiCyM";
    const THIRD: &str = "qW3eRt9YuI5oPa0SdF7gHj2KlZ8xCv4BnM6tGbNhYjUkIlOp";
    let bundle = bundle().await;
    let environment = bundle.environment("continue");
    let first = environment.iter().find(|(name, _)| name == "FACTOR_SECRET");
    let (_, first) = first.expect("a secret");
    let (used, unused) = (bundle.enrolled().await, bundle.enrolled().await);
    let rotations = [(SECOND, first.as_str()), (THIRD, SECOND)];
    for (number, (current, previous)) in rotations.into_iter().enumerate() {
        let go_on = after_rotation(&bundle, current, previous).await;
        for (enrolled, status) in [(&used, 200), (&unused, 401)] {
            if status == 401 && number == 0 {
                continue;
            }
            // As if time had passed: the same step counts again.
            bundle.edit_type("totp", "last_step", &json!({ "N": "0" }));
            let body = json!({
                "challenge": bundle.challenge(&enrolled.account.email).await,
                "totp": enrolled.app.last().await,
            });
            let request = post("/v1/auth/continue", &body);
            let answer = bundle.send_to(&go_on, &request).await;
            let _ = answer.expect_status(status);
        }
    }
}
