//! Codes by mail: whom they sign in, and how often.

use harness::requests::{by, new_email, post};
use harness::{Account, Bundle, Enrolled};
use serde_json::{Value, json};

use crate::{bundle, claims};

/// An account that codes sign in to, with an authenticator app.
pub async fn mailable_with_app(bundle: &Bundle) -> Enrolled {
    let account = bundle.mailable().await;
    bundle.enrol(&account).await
}

pub async fn verify(bundle: &Bundle, body: &Value) -> harness::Answer {
    bundle.post("/v1/auth/code/verify", body).await
}

#[tokio::test]
async fn a_code_signs_in_who_asked_for_it_once() {
    let bundle = bundle().await;
    let account = bundle.mailable().await;
    let body = bundle.mailed(&account.email).await;
    let answer = verify(&bundle, &body).await.expect_status(200);
    assert_eq!(answer.body["user"]["id"], account.id.as_str());
    let token = claims(&answer.text_at("/accessToken"));
    assert_eq!(token["amr"], json!(["email"]));
    assert_eq!(token["acr"], "aal1");
    // Neither the code again, nor the link of the same letter.
    let letter = bundle.letter(&account.email, "sign_in_code").await;
    let link = json!({ "challenge": body["challenge"], "token": letter.token() });
    for again in [&body, &link] {
        let refused = verify(&bundle, again).await.expect_status(401);
        assert_eq!(refused.code(), "challenge_expired");
    }
    // With spaces, as people type it.
    let mut body = bundle.mailed(&account.email).await;
    let code = body["code"].as_str().expect("a code");
    body["code"] = format!("{} {}", &code[..3], &code[3..]).into();
    let _ = verify(&bundle, &body).await.expect_status(200);
    bundle.assert_invariants();
}

#[tokio::test]
async fn bug_92_a_link_signs_in_where_it_was_asked_for_and_nowhere_else() {
    let bundle = bundle().await;
    let account = bundle.mailable().await;
    let challenge = bundle.ask_for_code(&account.email).await;
    let letter = bundle.letter(&account.email, "sign_in_code").await;
    let token = letter.token().expect("a link");
    assert!(
        letter.text.contains("/sign-in#token=lkmt_"),
        "{}",
        letter.text
    );
    // Whoever opens it elsewhere has no challenge, or one of their own.
    let refused = verify(&bundle, &json!({ "token": token })).await;
    assert_eq!(refused.expect_status(400).code(), "invalid_fields");
    let own = bundle.ask_for_code(&account.email).await;
    let body = json!({ "challenge": own, "token": token });
    let refused = verify(&bundle, &body).await.expect_status(401);
    assert_eq!(refused.code(), "invalid_factor");
    // That has spent nothing.
    let body = json!({ "challenge": challenge, "token": token });
    let _ = verify(&bundle, &body).await.expect_status(200);
}

#[tokio::test]
async fn bug_82_a_mailed_code_and_a_mailed_link_do_not_skip_the_second_factor() {
    let bundle = bundle().await;
    let enrolled = mailable_with_app(&bundle).await;
    let email = &enrolled.account.email;
    let sessions = bundle.items_of_type("session").len();
    let code = bundle.mailed(email).await;
    let challenge = bundle.ask_for_code(email).await;
    let letter = bundle.letter(email, "sign_in_code").await;
    let link = json!({ "challenge": challenge, "token": letter.token() });
    for body in [&code, &link] {
        let asked = verify(&bundle, body).await.expect_status(403);
        assert_eq!(asked.code(), "factor_required");
        assert_eq!(asked.body["factors"], json!(["totp", "recovery_code"]));
    }
    assert_eq!(bundle.items_of_type("session").len(), sessions);
    let asked = verify(&bundle, &code).await.expect_status(403);
    let body =
        json!({ "challenge": asked.text_at("/challenge"), "totp": enrolled.app.next().await });
    let answer = bundle.post("/v1/auth/continue", &body).await;
    let token = claims(&answer.expect_status(200).text_at("/accessToken"));
    assert_eq!(token["amr"], json!(["email", "otp", "mfa"]));
    assert_eq!(token["acr"], "aal2");
    // The code is spent by that session.
    let asked = verify(&bundle, &code).await.expect_status(403);
    let recovery = json!({
        "challenge": asked.text_at("/challenge"),
        "recoveryCode": enrolled.codes[0],
    });
    let refused = bundle.post("/v1/auth/continue", &recovery).await;
    assert_eq!(refused.expect_status(401).code(), "challenge_expired");
}

#[tokio::test]
async fn bug_83_one_mailbox_is_not_two_factors() {
    let bundle = bundle().await;
    let enrolled = mailable_with_app(&bundle).await;
    let email = &enrolled.account.email;
    let code = bundle.mailed(email).await;
    let asked = verify(&bundle, &code).await.expect_status(403);
    let challenge = asked.text_at("/challenge");
    // Another letter goes on with nothing: neither as a field of its own, nor in place of another challenge.
    let second = bundle.mailed(email).await;
    let letter = bundle.letter(email, "sign_in_code").await;
    let as_field = json!({ "challenge": challenge, "code": second["code"] });
    let as_totp = json!({ "challenge": challenge, "totp": second["code"] });
    let as_link = json!({ "challenge": challenge, "token": letter.token() });
    for (body, status) in [(as_field, 400), (as_totp, 401), (as_link, 400)] {
        let _ = bundle
            .post("/v1/auth/continue", &body)
            .await
            .expect_status(status);
    }
    let crossed = [
        (
            "/v1/auth/code/verify",
            json!({ "challenge": challenge, "code": second["code"] }),
        ),
        (
            "/v1/auth/continue",
            json!({ "challenge": second["challenge"] }),
        ),
    ];
    for (path, body) in crossed {
        let refused = bundle.post(path, &body).await.expect_status(401);
        assert_eq!(refused.code(), "challenge_expired");
    }
}

#[tokio::test]
async fn whose_address_it_is_nobody_learns() {
    let bundle = bundle().await;
    let with_password = bundle.account().await;
    bundle.edit_user(
        &with_password.id,
        "email_verified",
        &json!({ "BOOL": true }),
    );
    let unverified = bundle.account().await;
    bundle.edit_user(&unverified.id, "passwordless", &json!({ "BOOL": true }));
    let suspended = bundle.mailable().await;
    bundle.edit_user(&suspended.id, "status", &json!({ "S": "suspended" }));
    let known = bundle.mailable().await;
    let enrolled = mailable_with_app(&bundle).await.account;
    let emails = [
        new_email(),
        with_password.email,
        unverified.email,
        suspended.email,
        known.email,
        enrolled.email,
    ];
    let _ = bundle.function("code-sign-in").await;
    let _ = bundle.ask_for_code(&new_email()).await;
    let mut seen = Vec::new();
    for email in &emails {
        let request = post("/v1/auth/code", &json!({ "email": email }));
        let _ = bundle.recorder().take();
        let asked = bundle.send(&request).await.expect_status(202);
        let cost_of_asking = bundle.recorder().take().len();
        // Nobody has another's code: any guess looks alike.
        let guess = json!({ "challenge": asked.text_at("/challenge"), "code": "000000" });
        let refused = verify(&bundle, &guess).await.expect_status(401);
        let cost = bundle.recorder().take().len();
        // As long as its address makes it.
        let length = (asked.text_at("/challenge").len() - "lkcc_".len()) * 3 / 4 - email.len();
        let mut names: Vec<_> = asked.body.as_object().expect("an object").keys().collect();
        names.sort();
        assert_eq!(names, ["challenge", "expiresIn"]);
        seen.push((cost_of_asking, cost, refused.code().to_owned(), length));
    }
    assert!(seen.iter().all(|one| *one == seen[0]), "{seen:?}");
    bundle.deliver().await;
    for (email, letters) in emails.iter().zip([0, 0, 0, 0, 1, 1]) {
        let sent = bundle.letters_to(email).into_iter();
        let codes = sent
            .filter(|letter| letter.name() == "sign_in_code")
            .count();
        assert_eq!(codes, letters, "{email}");
    }
}

#[tokio::test]
async fn accounts_with_a_password_are_mailed_codes_where_everybody_is() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    bundle.edit_user(&account.id, "email_verified", &json!({ "BOOL": true }));
    let by_default = bundle.spawn("code-sign-in").await;
    bundle.set("CODE_SIGN_IN", "everybody");
    let body = bundle.mailed(&account.email).await;
    let request = post("/v1/auth/code/verify", &body);
    let refused = bundle
        .send_to(&by_default, &request)
        .await
        .expect_status(401);
    assert_eq!(refused.code(), "invalid_factor");
    let _ = bundle.send(&request).await.expect_status(200);
}

#[tokio::test]
async fn a_code_ends_with_any_change_of_the_account() {
    let bundle = bundle().await;
    for (attribute, value) in [
        ("credential_version", json!({ "N": "9" })),
        ("session_epoch", json!({ "N": "9" })),
        ("email_verified", json!({ "BOOL": false })),
    ] {
        let account = bundle.mailable().await;
        let body = bundle.mailed(&account.email).await;
        bundle.edit_user(&account.id, attribute, &value);
        let refused = verify(&bundle, &body).await.expect_status(401);
        assert_eq!(refused.code(), "invalid_factor", "{attribute}");
    }
    // Who is suspended meanwhile learns that, as with a password.
    let account = bundle.mailable().await;
    let body = bundle.mailed(&account.email).await;
    bundle.edit_user(&account.id, "status", &json!({ "S": "suspended" }));
    let refused = verify(&bundle, &body).await.expect_status(403);
    assert_eq!(refused.code(), "account_suspended");
}

#[tokio::test]
async fn bug_87_no_code_and_no_link_is_kept() {
    let bundle = bundle().await;
    let account = bundle.mailable().await;
    let body = bundle.mailed(&account.email).await;
    let letter = bundle.letter(&account.email, "sign_in_code").await;
    let token = letter.token().expect("a link");
    let code = body["code"].as_str().expect("a code");
    for item in bundle.items() {
        let text = item.to_string();
        let is_kept = text.contains(&token) || text.contains(&format!("\"{code}\""));
        assert!(!is_kept, "{text}");
    }
    for event in bundle.bus_events() {
        let text = event.to_string();
        let is_told = text.contains(&token) || text.contains(&format!("\"{code}\""));
        assert!(!is_told, "{text}");
    }
}

#[tokio::test]
async fn a_code_stands_in_for_a_password_on_a_trusted_device() {
    let bundle = bundle().await;
    let enrolled = mailable_with_app(&bundle).await;
    let email = &enrolled.account.email;
    let asked = verify(&bundle, &bundle.mailed(email).await).await;
    let body = json!({
        "challenge": asked.expect_status(403).text_at("/challenge"),
        "totp": enrolled.app.next().await,
        "rememberDevice": true,
    });
    let answer = bundle.post("/v1/auth/continue", &body).await;
    let device = answer.expect_status(200).text_at("/deviceToken");
    let mut body = bundle.mailed(email).await;
    body["deviceToken"] = device.into();
    let answer = verify(&bundle, &body).await.expect_status(200);
    let token = claims(&answer.text_at("/accessToken"));
    assert_eq!(token["amr"], json!(["email", "device"]));
    assert_eq!(token["acr"], "aal1");
}

#[tokio::test]
async fn a_body_names_one_of_code_and_link() {
    let bundle = bundle().await;
    let challenge = bundle.ask_for_code(&new_email()).await;
    for (body, field) in [
        (json!({ "challenge": challenge }), "code"),
        (
            json!({ "challenge": challenge, "code": "000000", "token": "x" }),
            "token",
        ),
        (json!({ "challenge": challenge, "code": "12345" }), "code"),
        (json!({ "code": "000000" }), "challenge"),
    ] {
        let refused = verify(&bundle, &body).await.expect_status(400);
        let fields = refused.field_codes();
        assert_eq!(fields[0].0, field, "{body}");
    }
    for challenge in ["", "lkcc_", "lkcc_AAAA", "lkch_AAAA"] {
        let body = json!({ "challenge": challenge, "code": "000000" });
        let refused = verify(&bundle, &body).await.expect_status(401);
        assert_eq!(refused.code(), "challenge_expired");
    }
}

#[tokio::test]
async fn a_session_by_code_is_a_recent_proof_where_there_is_no_factor() {
    let bundle = bundle().await;
    let account = bundle.mailable().await;
    let answer = verify(&bundle, &bundle.mailed(&account.email).await).await;
    let fresh = Account {
        access_token: answer.expect_status(200).text_at("/accessToken"),
        ..account
    };
    let added = bundle.add_passkey(&fresh).await.1;
    assert_eq!(added.status, 201);
    let list = by(&fresh, "GET", "/v1/users/me/sessions");
    let listed = bundle.send(&list).await.expect_status(200);
    let amr: Vec<_> = listed.body["data"]
        .as_array()
        .into_iter()
        .flatten()
        .collect();
    assert!(
        amr.iter().any(|session| session["amr"][0] == "email"),
        "{amr:?}"
    );
}

#[tokio::test]
async fn a_code_starts_no_session_after_the_sign_out_of_the_one_it_started() {
    let bundle = bundle().await;
    let account = bundle.mailable().await;
    let body = bundle.mailed(&account.email).await;
    let answer = verify(&bundle, &body).await.expect_status(200);
    let own = Account {
        access_token: answer.text_at("/accessToken"),
        ..account
    };
    let out = by(&own, "DELETE", "/v1/auth/logout");
    let _ = bundle.send(&out).await.expect_status(204);
    let refused = verify(&bundle, &body).await.expect_status(401);
    assert_eq!(refused.code(), "challenge_expired");
}
