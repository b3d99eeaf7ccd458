//! Everything that takes a letter, one after another, as a person does it.

use harness::{Bundle, HttpRequest, Letter, PASSWORD};
use serde_json::{Value, json};

use crate::{bundle, kinds};

fn newest_token(bundle: &Bundle, email: &str) -> String {
    let letters = bundle.letters_to(email);
    letters
        .iter()
        .rev()
        .find_map(Letter::token)
        .expect("a token")
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, in its order")]
async fn register_verify_forget_reset_and_move_each_shows_in_the_audit_with_its_diff() {
    const NEW_PASSWORD: &str = "staple battery horse correct";
    let (old, new) = ("ada@example.com", "augusta@example.com");
    let bundle = bundle().await;
    let admin = bundle.admin().await;
    let post = async |path: &str, body: Value| bundle.post(path, &body).await;

    let registered = post(
        "/v1/auth/register",
        json!({ "email": old, "password": PASSWORD }),
    )
    .await;
    let id = registered.expect_status(201).text_at("/id");
    bundle.deliver().await;
    let verify = json!({ "token": newest_token(&bundle, old), "password": PASSWORD });
    let _ = post("/v1/auth/verify-email", verify)
        .await
        .expect_status(204);
    let before = bundle.sign_in(old).await;

    let _ = post("/v1/auth/forgot-password", json!({ "email": old }))
        .await
        .expect_status(202);
    bundle.deliver().await;
    let reset = json!({ "token": newest_token(&bundle, old), "password": NEW_PASSWORD });
    let _ = post("/v1/auth/reset-password", reset)
        .await
        .expect_status(204);
    assert!(!bundle.is_signed_in(&before).await);
    let _ = bundle
        .refresh(&before.refresh_token)
        .await
        .expect_status(401);

    let login = json!({ "email": old, "password": NEW_PASSWORD });
    let token = post("/v1/auth/login", login)
        .await
        .expect_status(200)
        .text_at("/accessToken");
    let ask = HttpRequest::new("POST", "/v1/users/me/email").bearer(&token);
    let _ = bundle
        .send(&ask.json(&json!({ "email": new })))
        .await
        .expect_status(202);
    bundle.deliver().await;
    assert_eq!(
        kinds(&bundle, old).last().expect("a letter"),
        "email_change_requested"
    );
    let confirm = HttpRequest::new("POST", "/v1/users/me/email/confirm").bearer(&token);
    let confirm = confirm.json(&json!({ "token": newest_token(&bundle, new) }));
    let _ = bundle.send(&confirm).await.expect_status(204);
    bundle.deliver().await;
    assert_eq!(
        kinds(&bundle, old),
        [
            "verify_email",
            "welcome",
            "reset_password",
            "password_changed",
            "email_change_requested",
            "email_changed",
        ]
    );
    assert_eq!(
        kinds(&bundle, new),
        ["confirm_email_change", "email_changed"]
    );

    let path = format!("/v1/users/{id}/audit?sort=time&limit=100");
    let audit = bundle
        .send_as(&admin, "GET", &path)
        .await
        .expect_status(200);
    let entries = audit.body["data"].as_array().expect("a list");
    let mut steps = Vec::new();
    for entry in entries
        .iter()
        .filter(|entry| entry["action"] != "mail.sent")
    {
        steps.push((
            entry["action"].clone(),
            entry["before"].clone(),
            entry["after"].clone(),
        ));
    }
    let step = |action: &str, before: Value, after: Value| (json!(action), before, after);
    let sign_in = |number: usize| steps[number].clone();
    let expected = [
        step(
            "user.registered",
            json!({}),
            json!({ "email": old, "emailVerified": false, "locale": "en", "role": "user", "status": "active" }),
        ),
        step(
            "email.verified",
            json!({ "emailVerified": false }),
            json!({ "emailVerified": true }),
        ),
        sign_in(2),
        step("password.changed", json!({}), json!({})),
        sign_in(4),
        step(
            "email.changed",
            json!({ "email": old }),
            json!({ "email": new }),
        ),
    ];
    assert_eq!(steps, expected);
    assert_eq!(
        (&steps[2].0, &steps[4].0),
        (&json!("session.created"), &json!("session.created"))
    );
    let sent = entries
        .iter()
        .filter(|entry| entry["action"] == "mail.sent");
    // But for the letter to the new address: it would tell whether that is free.
    assert_eq!(sent.count(), 7, "a note for each letter");
}
