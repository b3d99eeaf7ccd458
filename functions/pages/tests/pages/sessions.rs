//! The session of a browser: where it begins, what it is not, and where it ends.

use harness::requests::by;
use harness::{Account, Browser, Bundle, HttpRequest, PASSWORD};
use serde_json::json;

use crate::{bundle, link};

const SESSION: &str = "__Host-latchkey-session";
const DAY: u64 = 24 * 60 * 60;

async fn signed_in(bundle: &Bundle) -> (Account, Browser<'_>) {
    let account = bundle.account().await;
    let mut browser = Browser::new(bundle);
    browser.sign_in(&account.email).await;
    assert_eq!(browser.path(), "/account");
    (account, browser)
}

/// A browser with this as its session.
fn planted<'a>(bundle: &'a Bundle, session: &str) -> Browser<'a> {
    let mut browser = Browser::new(bundle);
    browser
        .cookies
        .insert(SESSION.to_owned(), session.to_owned());
    browser
}

#[tokio::test]
async fn bug_107_a_sign_in_ends_the_session_that_was_there_and_begins_its_own() {
    let bundle = bundle().await;
    let (_, attacker) = signed_in(&bundle).await;
    let fixed = attacker.cookies[SESSION].clone();
    let victim = bundle.account().await;
    // The attacker's cookie is in the victim's browser.
    let mut browser = planted(&bundle, &fixed);
    browser.open("/account/confirm").await;
    let credentials = [("email", victim.email.as_str()), ("password", PASSWORD)];
    let form = browser.any_form("/sign-in", &credentials);
    let answer = browser.send(form).await;
    browser.follow("/sign-in", answer).await;
    assert_eq!(browser.at, "/account");
    assert!(browser.text().contains(&victim.email), "{}", browser.text());
    let own = browser.cookies[SESSION].clone();
    assert_ne!(own, fixed);
    // What the attacker has is neither the victim's session nor one at all.
    let mut attacker = planted(&bundle, &fixed);
    assert!(!attacker.is_signed_in().await);
    assert!(browser.is_signed_in().await);

    // The same by every other way in.
    let mut again = planted(&bundle, &own);
    again.open("/account").await;
    let form = again.any_form(
        "/sign-up",
        &[("email", "new@example.com"), ("password", PASSWORD)],
    );
    let answer = again.send(form).await;
    again.follow("/sign-up", answer).await;
    assert!(again.text().contains("new@example.com"), "{}", again.text());
    assert!(
        !planted(&bundle, &own).is_signed_in().await,
        "the one before is over"
    );
}

#[tokio::test]
async fn bug_107_nothing_but_a_session_of_ours_is_one() {
    let bundle = bundle().await;
    let (account, mut browser) = signed_in(&bundle).await;
    let session = browser.cookies[SESSION].clone();

    let elsewhere = Bundle::without_keys(env!("CARGO_BIN_EXE_sign-in-page")).await;
    let secret = "Bf6hYt2kLw9sPz4vXc8nQm1jRg7dUe3aTi5oHyWbVxKpZqEr";
    elsewhere.set("SESSION_SECRET", secret);
    let _ = elsewhere.invoke("rotate-keys", &json!({})).await;
    for kind in ["user", "credential"] {
        for item in bundle.items_of_type(kind) {
            elsewhere.put(&item);
        }
    }
    let mut there = Browser::new(&elsewhere);
    there.sign_in(&account.email).await;
    assert!(there.is_signed_in().await, "{}", there.text());
    for item in elsewhere.items_of_type("session") {
        bundle.put(&item);
    }

    browser.open("/account").await;
    let form = browser.form("/account/profile", &[("firstName", "Ada")]);
    let token = browser.form_token();
    let _ = browser.send(form).await.expect_status(303);
    let _ = browser
        .send(HttpRequest::new("GET", "/verify-email?token=lk_x"))
        .await;
    let mut pending = Browser::new(&bundle);
    pending.open("/sign-in/code").await;
    pending
        .submit("/sign-in/code", &[("email", &account.email)])
        .await;

    let bend = |at: usize| {
        let mut bytes = session.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        String::from_utf8(bytes).expect("ASCII")
    };
    let (prefix, sealed) = session.split_at(5);
    for (what, value) in [
        ("of another secret", there.cookies[SESSION].clone()),
        ("a flash", browser.cookies["__Host-latchkey-flash"].clone()),
        (
            "a letter",
            browser.cookies["__Host-latchkey-letter"].clone(),
        ),
        (
            "a pending sign-in",
            pending.cookies["__Host-latchkey-pending"].clone(),
        ),
        (
            "the form cookie",
            browser.cookies["__Host-latchkey-form"].clone(),
        ),
        ("a form token", token.clone()),
        ("an access token", account.access_token.clone()),
        ("a refresh token", account.refresh_token.clone()),
        ("an id", account.id.clone()),
        ("changed at its beginning", bend(6)),
        ("changed in its middle", bend(session.len() / 2)),
        ("changed at its end", bend(session.len() - 2)),
        ("cut", session[..session.len() - 4].to_owned()),
        ("without its prefix", sealed.to_owned()),
        ("with its prefix alone", prefix.to_owned()),
        (
            "a form token that says it is one",
            token.replace("lkft_", prefix),
        ),
        ("empty", String::new()),
        ("long", "A".repeat(8_000)),
        ("in quotes", format!("\"{session}\"")),
    ] {
        let mut browser = planted(&bundle, &value);
        assert!(!browser.is_signed_in().await, "{what}: {value}");
    }
    assert!(
        planted(&bundle, &session).is_signed_in().await,
        "the session itself is one"
    );

    // And it is nothing else.
    for name in ["flash", "pending", "letter", "device", "form", "language"] {
        let mut browser = Browser::new(&bundle);
        browser
            .cookies
            .insert(format!("__Host-latchkey-{name}"), session.clone());
        for path in [
            "/sign-in",
            "/sign-in/code",
            "/sign-in/factor",
            "/reset-password",
            "/check-mail",
            "/account",
        ] {
            browser.open(path).await;
            assert!(!browser.text().contains(&account.email), "{name} at {path}");
        }
    }
}

#[tokio::test]
async fn the_json_api_takes_no_cookie() {
    let bundle = bundle().await;
    let (_, mut browser) = signed_in(&bundle).await;
    let session = browser.cookies[SESSION].clone();
    for (method, path) in [
        ("GET", "/v1/users/me"),
        ("DELETE", "/v1/users/me"),
        ("GET", "/v1/users/me/sessions"),
        ("POST", "/v1/auth/logout"),
    ] {
        let answer = browser.send(HttpRequest::new(method, path)).await;
        assert_eq!(answer.status, 401, "{method} {path}");
        let bearer = HttpRequest::new(method, path).bearer(&session);
        assert_eq!(browser.send(bearer).await.status, 401, "{method} {path}");
    }
    let refresh = json!({ "refreshToken": session });
    assert_eq!(bundle.post("/v1/auth/refresh", &refresh).await.status, 401);
    assert!(browser.is_signed_in().await);
}

#[tokio::test]
async fn a_session_that_is_over_is_over_in_the_browser_at_once() {
    let bundle = bundle().await;
    let admin = bundle.admin().await;
    let (account, mut suspended) = signed_in(&bundle).await;
    let path = format!("/v1/users/{}/status", account.id);
    let suspend = by(&admin, "PUT", &path).json(&json!({ "status": "suspended" }));
    let answer = bundle.send(&suspend).await;
    assert!(answer.status < 300, "{}", answer.text);
    ended(&mut suspended).await;
    suspended.sign_in(&account.email).await;
    assert_eq!(suspended.at, "/sign-in");
    assert!(
        suspended.text().contains("This account is suspended."),
        "{}",
        suspended.text()
    );

    let (account, mut revoked) = signed_in(&bundle).await;
    let sessions = by(&account, "DELETE", "/v1/users/me/sessions?except=current");
    let _ = bundle.send(&sessions).await.expect_status(204);
    ended(&mut revoked).await;

    let (account, mut deleted) = signed_in(&bundle).await;
    let delete = by(&account, "DELETE", "/v1/users/me");
    let _ = bundle.send(&delete).await.expect_status(204);
    ended(&mut deleted).await;

    for (attribute, days) in [("idle_until", 31), ("ends_at", 400)] {
        let (_, mut expired) = signed_in(&bundle).await;
        bundle.age_sessions(attribute, days * DAY);
        ended(&mut expired).await;
    }
}

/// Asserts that whoever is there is told that they are signed out.
async fn ended(browser: &mut Browser<'_>) {
    let token = browser.form_token();
    let session = browser.cookies[SESSION].clone();
    browser.open("/account").await;
    assert_eq!(browser.at, "/sign-in?next=%2Faccount");
    assert!(
        browser
            .text()
            .contains("You were signed out. Please sign in again."),
        "{}",
        browser.text()
    );
    assert!(!browser.cookies.contains_key(SESSION));
    // A form that is still open does nothing, either.
    for path in [
        "/account/profile",
        "/account/password",
        "/account/delete",
        "/account/factors/codes",
    ] {
        let fields = [
            ("formToken".to_owned(), token.clone()),
            ("firstName".to_owned(), "X".to_owned()),
        ];
        browser.cookies.insert(SESSION.to_owned(), session.clone());
        let late = Browser::filled(path, &fields);
        let answer = browser.send(late).await;
        assert_eq!(answer.status, 303, "{path}: {}", answer.text);
        assert_eq!(
            answer.header("location"),
            "/sign-in?next=%2Faccount",
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_session_in_use_is_kept_alive_once_an_hour() {
    let bundle = bundle().await;
    let (account, mut browser) = signed_in(&bundle).await;
    let session = bundle.session_of(&account);
    let idle_until = || {
        let sessions = bundle.items_of_type("session").into_iter();
        let mut own = sessions.filter(|found| found["id"]["S"] == *session);
        own.next().map(|own| own["idle_until"].clone())
    };
    let before = idle_until();
    assert!(browser.is_signed_in().await);
    assert_eq!(idle_until(), before, "not within the hour");
    bundle.age_sessions("rotated_at", 3_660);
    assert!(browser.is_signed_in().await);
    assert_ne!(idle_until(), before);
    // Its refresh tokens, which nobody has, are as they were.
    assert!(bundle.is_signed_in(&account).await);
}

#[tokio::test]
async fn every_page_of_somebody_signed_in_has_the_way_out() {
    let bundle = bundle().await;
    let (account, mut browser) = signed_in(&bundle).await;
    let (verify, _) = link(&bundle, &account.email, "verify_email").await;
    for path in [
        "/account",
        "/account/delete",
        "/account/confirm",
        "/account/factors/totp",
        &verify,
    ] {
        browser.open(path).await;
        let sign_out = browser.form("/account/sign-out", &[("scope", "session")]);
        let body = sign_out.body.clone().unwrap_or_default();
        assert!(body.contains("scope=session"), "{path}: {body}");
    }
    browser
        .submit("/account/sign-out", &[("scope", "session")])
        .await;
    assert_eq!(browser.at, "/sign-in");
    assert!(!browser.is_signed_in().await);
}
