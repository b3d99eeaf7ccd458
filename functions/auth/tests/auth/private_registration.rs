use harness::{HttpRequest, PASSWORD};
use serde_json::json;

use crate::bundle;

#[tokio::test]
async fn bug_22_bug_23_nobody_learns_that_an_address_has_an_account_but_its_owner() {
    let bundle = bundle().await;
    let register = bundle
        .spawn_with("register", "REGISTRATION", "private")
        .await;
    let account = bundle.account().await;
    bundle.deliver().await;
    let mut seen = Vec::new();
    for email in ["new@example.com", account.email.as_str()] {
        let body = json!({ "email": email, "password": PASSWORD });
        let request = HttpRequest::new("POST", "/v1/auth/register").json(&body);
        let _ = bundle.recorder().take();
        let answer = bundle.send_to(&register, &request).await.expect_status(202);
        let mut headers = answer.headers.clone();
        headers["x-request-id"] = json!("");
        let calls = bundle
            .recorder()
            .take()
            .into_iter()
            .map(|call| call.operation);
        seen.push((answer.text, headers, calls.collect::<Vec<_>>()));
    }
    assert_eq!(seen[0], seen[1]);
    bundle.deliver().await;
    let kinds = |email: &str| -> Vec<String> {
        let letters = bundle.letters_to(email).into_iter();
        letters.map(|letter| letter.name().to_owned()).collect()
    };
    assert_eq!(kinds("new@example.com"), ["verify_email"]);
    assert_eq!(kinds(&account.email), ["verify_email", "account_exists"]);
    // Signing in with the password that was tried does not tell either, before the address is verified.
    let login = bundle.spawn_with("login", "REGISTRATION", "private").await;
    let other = "another correct horse";
    let mut seen = Vec::new();
    for email in ["newer@example.com", account.email.as_str()] {
        let body = json!({ "email": email, "password": other });
        let request = HttpRequest::new("POST", "/v1/auth/register").json(&body);
        let _ = bundle.send_to(&register, &request).await.expect_status(202);
        let request = HttpRequest::new("POST", "/v1/auth/login").json(&body);
        let answer = bundle.send_to(&login, &request).await.expect_status(401);
        seen.push((answer.code().to_owned(), answer.text.len()));
    }
    assert_eq!(seen[0], seen[1]);
    bundle.deliver().await;
    let letter = bundle.letters_to("newer@example.com").remove(0);
    let verify = json!({ "token": letter.token(), "password": other });
    let _ = bundle
        .post("/v1/auth/verify-email", &verify)
        .await
        .expect_status(204);
    let body = json!({ "email": "newer@example.com", "password": other });
    let request = HttpRequest::new("POST", "/v1/auth/login").json(&body);
    let _ = bundle.send_to(&login, &request).await.expect_status(200);
    bundle.assert_invariants();
}

#[tokio::test]
async fn letters_are_in_the_language_of_the_registration() {
    let bundle = bundle().await;
    for (email, header, locale, expected) in [
        ("a@example.com", Some("de-AT, en;q=0.5"), None, "de"),
        ("b@example.com", Some("de"), Some("es"), "es"),
        ("c@example.com", Some("fr"), None, "en"),
        ("d@example.com", None, None, "en"),
    ] {
        let mut body = json!({ "email": email, "password": PASSWORD });
        if let Some(locale) = locale {
            body["locale"] = json!(locale);
        }
        let mut request = HttpRequest::new("POST", "/v1/auth/register").json(&body);
        if let Some(header) = header {
            request = request.header("accept-language", header);
        }
        let answer = bundle.send(&request).await.expect_status(201);
        assert_eq!(answer.text_at("/locale"), expected);
        bundle.deliver().await;
        let letter = bundle.letters_to(email).remove(0);
        assert!(
            letter.html.contains(&format!("lang=\"{expected}\"")),
            "{}",
            letter.html
        );
    }
    let body = json!({ "email": "e@example.com", "password": PASSWORD, "locale": "fr" });
    let answer = bundle
        .post("/v1/auth/register", &body)
        .await
        .expect_status(400);
    assert_eq!(answer.field_codes(), [("locale", "invalid_value")]);
}
