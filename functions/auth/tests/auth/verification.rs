use harness::{Account, Answer, Bundle, HttpRequest, PASSWORD};
use serde_json::json;

use crate::bundle;

async fn verify(bundle: &Bundle, account: &Account, token: &str) -> Answer {
    let request = HttpRequest::new("POST", "/v1/auth/verify-email")
        .bearer(&account.access_token)
        .json(&json!({ "token": token }));
    bundle.send(&request).await
}

/// An account, and the token in the letter it got.
async fn registered(bundle: &Bundle) -> (Account, String) {
    let account = bundle.account().await;
    bundle.deliver().await;
    let letter = bundle.letters_to(&account.email).remove(0);
    assert_eq!(letter.name(), "verify_email");
    (account, letter.token().expect("a token"))
}

async fn is_verified(bundle: &Bundle, account: &Account) -> bool {
    let me = bundle.send_as(account, "GET", "/v1/users/me").await;
    me.body["emailVerified"] == true
}

#[tokio::test]
async fn the_signed_in_owner_of_the_address_verifies_it_and_is_welcomed() {
    let bundle = bundle().await;
    let (account, token) = registered(&bundle).await;
    assert!(!is_verified(&bundle, &account).await);
    let _ = verify(&bundle, &account, &token).await.expect_status(204);
    assert!(is_verified(&bundle, &account).await);
    bundle.deliver().await;
    let letters = bundle.letters_to(&account.email);
    assert_eq!(letters.last().expect("a letter").name(), "welcome");
}

#[tokio::test]
async fn bug_77_a_second_click_of_the_owner_is_no_failure_and_writes_nothing() {
    let bundle = bundle().await;
    let (account, token) = registered(&bundle).await;
    let other = bundle.account().await;
    let _ = verify(&bundle, &account, &token).await.expect_status(204);
    bundle.deliver().await;
    let (before, told) = (bundle.accounts(), bundle.bus_events().len());
    let with = |password: &str| json!({ "token": token, "password": password });
    let post = async |body| bundle.post("/v1/auth/verify-email", &body).await;

    let _ = verify(&bundle, &account, &token).await.expect_status(204);
    let _ = post(with(PASSWORD)).await.expect_status(204);
    // To whom the link means nothing, it still means nothing.
    let foreign = verify(&bundle, &other, &token).await.expect_status(400);
    assert_eq!(foreign.code(), "invalid_action_token");
    let guess = post(with("not the password")).await.expect_status(401);
    assert_eq!(guess.code(), "invalid_credentials");
    bundle.deliver().await;
    assert_eq!(
        (bundle.accounts(), bundle.bus_events().len()),
        (before, told)
    );
    // Nor does one that died with the password before.
    let cut = json!({ "N": "2" });
    bundle.edit(
        |item| item["credential_version"]["N"] == "1",
        "credential_version",
        &cut,
    );
    let _ = verify(&bundle, &account, &token).await.expect_status(400);
}

#[tokio::test]
async fn bug_30_a_click_alone_verifies_nothing() {
    let bundle = bundle().await;
    let (account, token) = registered(&bundle).await;
    let other = bundle.account().await;
    let post = async |body| bundle.post("/v1/auth/verify-email", &body).await;
    let answer = post(json!({ "token": token })).await.expect_status(401);
    assert_eq!(answer.code(), "missing_token");
    let wrong = json!({ "token": token, "password": "not the password" });
    let answer = post(wrong).await.expect_status(401);
    assert_eq!(answer.code(), "invalid_credentials");
    let foreign = verify(&bundle, &other, &token).await.expect_status(400);
    assert_eq!(foreign.code(), "invalid_action_token");
    assert!(!is_verified(&bundle, &account).await);
    let _ = post(json!({ "token": token, "password": PASSWORD }))
        .await
        .expect_status(204);
    assert!(is_verified(&bundle, &account).await);
}

#[tokio::test]
async fn bug_18_no_other_token_verifies() {
    let bundle = bundle().await;
    let (account, token) = registered(&bundle).await;
    let forgot = json!({ "email": account.email });
    let _ = bundle
        .post("/v1/auth/forgot-password", &forgot)
        .await
        .expect_status(202);
    bundle.deliver().await;
    let letters = bundle.letters_to(&account.email);
    let reset = letters
        .last()
        .and_then(harness::Letter::token)
        .expect("a token");
    for wrong in [
        reset.as_str(),
        &account.access_token,
        &account.refresh_token,
        &token[1..],
        &token[..token.len() - 1],
        "",
    ] {
        let answer = verify(&bundle, &account, wrong).await.expect_status(400);
        assert_eq!(answer.code(), "invalid_action_token", "{wrong}");
    }
    let body = json!({ "token": token, "password": PASSWORD });
    let answer = bundle
        .post("/v1/auth/reset-password", &body)
        .await
        .expect_status(400);
    assert_eq!(answer.code(), "invalid_action_token");
    // Nor is the token of a letter good for anything else.
    let bearer = HttpRequest::new("POST", "/v1/auth/logout").bearer(&token);
    let _ = bundle.send(&bearer).await.expect_status(401);
    let _ = bundle.refresh(&token).await.expect_status(401);
}

#[tokio::test]
async fn a_new_letter_is_sent_to_whom_it_helps_and_to_nobody_else() {
    let bundle = bundle().await;
    let (account, token) = registered(&bundle).await;
    let verified = bundle.account().await;
    bundle.edit_user(&verified.id, "email_verified", &json!({ "BOOL": true }));
    bundle.deliver().await;
    let resend = async |email: &str| {
        let body = json!({ "email": email });
        bundle
            .post("/v1/auth/resend-verification", &body)
            .await
            .expect_status(202)
            .text
    };
    let before = bundle.letters().len();
    let spelled = account.email.to_uppercase();
    let answers = [
        resend(&spelled).await,
        resend(&verified.email).await,
        resend("nobody@example.com").await,
    ];
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    bundle.deliver().await;
    // To the address as it was registered, not as it was typed.
    let letters = bundle.letters_to(&account.email);
    assert_eq!((bundle.letters().len(), letters.len()), (before + 1, 2));
    let newer = letters[1].token().expect("a token");
    let _ = verify(&bundle, &account, &newer).await.expect_status(204);
    let _ = verify(&bundle, &account, &token).await.expect_status(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn bug_77_of_two_clicks_at_once_one_is_written_and_neither_fails() {
    let bundle = bundle().await;
    let (account, token) = registered(&bundle).await;
    let (one, two) = (
        bundle.spawn("verify-email").await,
        bundle.spawn("verify-email").await,
    );
    bundle
        .recorder()
        .set_delay(std::time::Duration::from_millis(100));
    let request = HttpRequest::new("POST", "/v1/auth/verify-email")
        .bearer(&account.access_token)
        .json(&json!({ "token": token }));
    let (first, second) = tokio::join!(
        bundle.send_to(&one, &request),
        bundle.send_to(&two, &request)
    );
    assert_eq!((first.status, second.status), (204, 204));
    assert_eq!(bundle.items_of_type("user")[0]["version"]["N"], "2");
}

#[tokio::test]
async fn where_it_is_required_nobody_signs_in_before() {
    let bundle = bundle().await;
    let (account, token) = registered(&bundle).await;
    let login = bundle
        .spawn_with("login", "REQUIRE_VERIFIED_EMAIL", "true")
        .await;
    let sign_in = async |password: &str| {
        let body = json!({ "email": account.email, "password": password });
        let request = HttpRequest::new("POST", "/v1/auth/login").json(&body);
        bundle.send_to(&login, &request).await
    };
    let _ = bundle.recorder().take();
    let answer = sign_in(PASSWORD).await.expect_status(403);
    assert_eq!(answer.code(), "email_unverified");
    let unverified = bundle.recorder().take().len();
    let _ = sign_in("not the password").await.expect_status(401);
    // The same work: three limits, two reads and one hash.
    assert_eq!((unverified, bundle.recorder().take().len()), (5, 5));
    let _ = verify(&bundle, &account, &token).await.expect_status(204);
    let _ = sign_in(PASSWORD).await.expect_status(200);
}
