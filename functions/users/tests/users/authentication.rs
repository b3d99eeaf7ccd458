//! What every protected endpoint does with the token it is given.

use harness::{Bundle, Fault, HttpRequest};
use serde_json::json;

use crate::bundle;

const PROTECTED: [(&str, &str); 4] = [
    ("GET", "/v1/users/me"),
    ("PATCH", "/v1/users/me"),
    ("PUT", "/v1/users/me"),
    ("DELETE", "/v1/users/me"),
];

fn request(method: &str, path: &str) -> HttpRequest {
    let request = HttpRequest::new(method, path);
    if method.starts_with('P') {
        return request.json(&json!({ "firstName": "Ada" }));
    }
    request
}

async fn refused(bundle: &Bundle, request: &HttpRequest, code: &str) {
    let answer = bundle.send(request).await.expect_status(401);
    assert_eq!(answer.code(), code);
    let challenge = answer.header("www-authenticate");
    assert!(
        challenge.starts_with("Bearer realm=\"latchkey\""),
        "{challenge}"
    );
}

#[tokio::test]
async fn bug_51_only_one_well_formed_bearer_header_is_a_token() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let token = &account.access_token;
    for (method, path) in PROTECTED {
        refused(&bundle, &request(method, path), "missing_token").await;
        let in_query = format!("{path}?access_token={token}");
        let answer = bundle
            .send(&request(method, &in_query))
            .await
            .expect_status(400);
        assert_eq!(answer.field_codes(), [("access_token", "unknown")]);
        for header in ["Bearer", "Basic YTpi", "Bearer\tx", "token"] {
            refused(
                &bundle,
                &request(method, path).header("authorization", header),
                "invalid_token",
            )
            .await;
        }
        let twice = request(method, path).bearer(token).bearer(token);
        refused(&bundle, &twice, "invalid_token").await;
    }
    let lower =
        HttpRequest::new("GET", "/v1/users/me").header("authorization", &format!("bearer {token}"));
    let _ = bundle.send(&lower).await.expect_status(200);
}

#[tokio::test]
async fn bug_12_bug_20_a_tampered_token_is_refused_without_reading_the_user() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let _ = bundle
        .send_as(&account, "GET", "/v1/users/me")
        .await
        .expect_status(200);
    let _ = bundle.recorder().take();
    let token = &account.access_token;
    for position in (0..token.len()).step_by(token.len() / 40) {
        let mut forged = token.clone().into_bytes();
        forged[position] = if forged[position] == b'a' { b'b' } else { b'a' };
        let forged = String::from_utf8(forged).expect("ASCII");
        let request = HttpRequest::new("GET", "/v1/users/me").bearer(&forged);
        refused(&bundle, &request, "invalid_token").await;
    }
    let (message, _) = token.rsplit_once('.').expect("a JWT");
    for unsigned in [format!("{message}."), message.to_owned()] {
        let request = HttpRequest::new("GET", "/v1/users/me").bearer(&unsigned);
        refused(&bundle, &request, "invalid_token").await;
    }
    let operations = bundle.recorder().take();
    assert!(
        operations.iter().all(|call| call.operation == "Query"),
        "{operations:?}"
    );
    assert!(
        operations.len() <= 1,
        "an unknown key reloads the ring at most every 30 s"
    );
}

#[tokio::test]
async fn bug_15_made_up_key_ids_reload_the_ring_at_most_once() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let _ = bundle
        .send_as(&account, "GET", "/v1/users/me")
        .await
        .expect_status(200);
    let _ = bundle.recorder().take();
    for number in 0..20 {
        // {"typ":"at+jwt","alg":"RS256","kid":"<number>"}
        let header = base64url(&format!(
            "{{\"typ\":\"at+jwt\",\"alg\":\"RS256\",\"kid\":\"{number}\"}}"
        ));
        let (_, rest) = account.access_token.split_once('.').expect("a JWT");
        let request = HttpRequest::new("GET", "/v1/users/me").bearer(&format!("{header}.{rest}"));
        refused(&bundle, &request, "invalid_token").await;
    }
    assert!(bundle.recorder().take().len() <= 1);
}

fn base64url(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
}

#[tokio::test]
async fn bug_64_an_unprocessed_key_is_never_taken_for_absence() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    bundle
        .recorder()
        .disturb(|operation| (operation == "BatchGetItem").then_some(Fault::LeaveUnprocessed));
    let answer = bundle
        .send_as(&account, "GET", "/v1/users/me")
        .await
        .expect_status(503);
    assert_eq!(
        (answer.code(), answer.header("retry-after")),
        ("unavailable", "1")
    );
    let mut once = true;
    bundle.recorder().disturb(move |operation| {
        (operation == "BatchGetItem" && std::mem::take(&mut once))
            .then_some(Fault::LeaveUnprocessed)
    });
    assert!(bundle.is_signed_in(&account).await);
}

#[tokio::test]
async fn a_store_error_answers_503_on_every_endpoint_and_changes_nothing() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let before = bundle.accounts();
    bundle.recorder().disturb(|_| Some(Fault::Refuse));
    for (method, path) in PROTECTED {
        let request = request(method, path).bearer(&account.access_token);
        let answer = bundle.send(&request).await.expect_status(503);
        assert_eq!(answer.code(), "unavailable");
        assert!(!answer.text.contains("DynamoDB") && !answer.text.contains("latchkey\""));
    }
    bundle.recorder().calm();
    assert_eq!(bundle.accounts(), before);
}

#[tokio::test]
async fn bug_21_bug_52_nothing_about_a_token_is_remembered() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let get_user = bundle.function("get-user").await;
    for _ in 0..20 {
        let _ = bundle
            .send_as(&account, "GET", "/v1/users/me")
            .await
            .expect_status(200);
    }
    let before = get_user.memory().expect("memory").0;
    for _ in 0..200 {
        let other = bundle
            .refresh(&account.refresh_token)
            .await
            .expect_status(200);
        let request =
            HttpRequest::new("GET", "/v1/users/me").bearer(&other.text_at("/accessToken"));
        let _ = bundle.send(&request).await.expect_status(200);
    }
    let after = get_user.memory().expect("memory").0;
    assert!(after < before + 2 * 1024 * 1024, "{before} -> {after}");
    let _ = bundle
        .send_as(&account, "POST", "/v1/auth/logout")
        .await
        .expect_status(204);
    assert!(!bundle.is_signed_in(&account).await);
}
