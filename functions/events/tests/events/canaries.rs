//! Row 53: what must be secret is nowhere but where it belongs.

use harness::{HttpRequest, Letter};
use serde_json::{Value, json};

use crate::bundle;

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, in its order")]
async fn bug_53_no_log_line_item_entry_or_event_shows_a_password_or_a_token() {
    let bundle = bundle().await;
    let admin = bundle.admin().await;
    let email = "canary@example.com";
    let passwords = [
        "canary-one horse battery",
        "canary-two horse battery",
        "canary-three horse battery",
    ];
    let mut secrets: Vec<String> = passwords
        .iter()
        .map(|&password| password.to_owned())
        .collect();
    let post = async |path: &str, body: Value| bundle.post(path, &body).await;
    let _ = post(
        "/v1/auth/register",
        json!({ "email": email, "password": passwords[0] }),
    )
    .await
    .expect_status(201);
    let _ = post(
        "/v1/auth/login",
        json!({ "email": email, "password": "canary-wrong" }),
    )
    .await
    .expect_status(401);
    secrets.push("canary-wrong".to_owned());
    let mut signed_in = Vec::new();
    let mut sign_in = async |password: &str| {
        let login = json!({ "email": email, "password": password });
        let answer = bundle
            .post("/v1/auth/login", &login)
            .await
            .expect_status(200);
        let tokens = (
            answer.text_at("/accessToken"),
            answer.text_at("/refreshToken"),
        );
        signed_in.push(tokens.clone());
        tokens
    };
    let (access, refresh) = sign_in(passwords[0]).await;
    bundle.deliver().await;
    let token = |bundle: &harness::Bundle, email: &str| {
        let letters = bundle.letters_to(email);
        letters
            .iter()
            .rev()
            .find_map(Letter::token)
            .expect("a token")
    };
    let verification = token(&bundle, email);
    let verify = json!({ "token": verification, "password": passwords[0] });
    let _ = post("/v1/auth/verify-email", verify)
        .await
        .expect_status(204);
    let change = HttpRequest::new("POST", "/v1/auth/change-password").bearer(&access);
    let change =
        change.json(&json!({ "currentPassword": passwords[0], "newPassword": passwords[1] }));
    let _ = bundle.send(&change).await.expect_status(204);
    let _ = post("/v1/auth/forgot-password", json!({ "email": email }))
        .await
        .expect_status(202);
    bundle.deliver().await;
    let reset = token(&bundle, email);
    let body = json!({ "token": reset, "password": passwords[2] });
    let _ = post("/v1/auth/reset-password", body)
        .await
        .expect_status(204);
    let (access, _) = sign_in(passwords[2]).await;
    let ask = HttpRequest::new("POST", "/v1/users/me/email").bearer(&access);
    let _ = bundle
        .send(&ask.json(&json!({ "email": "moved@example.com" })))
        .await
        .expect_status(202);
    bundle.deliver().await;
    let moving = token(&bundle, "moved@example.com");
    let confirm = HttpRequest::new("POST", "/v1/users/me/email/confirm").bearer(&access);
    let _ = bundle
        .send(&confirm.json(&json!({ "token": moving })))
        .await
        .expect_status(204);
    let _ = bundle.refresh(&refresh).await.expect_status(401);
    let _ = bundle
        .send_as(&admin, "GET", "/v1/audit")
        .await
        .expect_status(200);
    bundle.deliver().await;

    secrets.extend([verification, reset, moving]);
    for (access, refresh) in signed_in {
        secrets.extend([access, refresh]);
    }
    let logs = bundle.logs().await;
    assert!(logs.len() > 20, "there are logs");
    let letters: Vec<String> = bundle
        .letters()
        .iter()
        .map(|letter| format!("{}{}", letter.subject, letter.html))
        .collect();
    let places = [
        ("logs", logs.join("\n")),
        ("items", json!(bundle.items()).to_string()),
        ("events", json!(bundle.bus_events()).to_string()),
    ];
    for secret in &secrets {
        for (place, text) in &places {
            assert!(!text.contains(secret), "{place} show {secret}");
        }
        let is_link = secret.starts_with("lkat_");
        assert!(
            is_link || letters.iter().all(|letter| !letter.contains(secret)),
            "{secret}"
        );
    }
    let (_, logs) = &places[0];
    assert!(
        !logs.contains("$argon2") && !logs.contains(email),
        "logs name nobody"
    );
}
