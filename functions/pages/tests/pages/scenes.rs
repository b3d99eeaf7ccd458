//! What the pages do by themselves, in each of the situations in which they talk to the table in another way. What they
//! do for an operation is tried with the function that is there for it.

use harness::requests::new_email;
use harness::scenes::{Act, Scene, is, revoked};
use harness::{Account, Browser, Bundle, HttpRequest, PASSWORD, scene};
use serde_json::Value;

/// More than a session that is in use is left alone.
const OVER_AN_HOUR: u64 = 3_660;

fn scenes() -> Vec<Scene> {
    vec![
        scene!("show the account", "account-page", |bundle| {
            let (_, browser) = signed_in(bundle).await;
            Act::send(browser.dressed(get("/account")), 200)
        }),
        scene!("show who has access", "account-page", |bundle| {
            let (account, mut browser) = signed_in(bundle).await;
            let app = bundle.application("shown-app", false, false).await;
            let _ = app.sign_in(&mut browser, &account).await;
            Act::send(browser.dressed(get("/account")), 200)
        }),
        scene!("keep a session alive", "account-page", |bundle| {
            let (_, browser) = signed_in(bundle).await;
            bundle.age_sessions("rotated_at", OVER_AN_HOUR);
            let before = used_at(bundle);
            let request = browser.dressed(get("/account/delete"));
            Act::send(request, 200).done(move |bundle| used_at(bundle) > before)
        }),
        scene!("sign in over a session", "sign-in-page", |bundle| {
            let (account, browser) = signed_in(bundle).await;
            let before = bundle.session_of(&account);
            let fields = [("email", account.email.as_str()), ("password", PASSWORD)];
            let form = browser.any_form("/sign-in", &fields);
            Act::submit(browser.dressed(form), "/account").until(revoked(before))
        }),
        scene!("sign up, signed in already", "sign-up-page", |bundle| {
            let (_, browser) = signed_in(bundle).await;
            Act::submit(browser.dressed(get("/sign-up")), "/account")
        }),
        scene!("sign up over a session", "sign-up-page", |bundle| {
            let (account, browser) = signed_in(bundle).await;
            let before = bundle.session_of(&account);
            let email = new_email();
            let fields = [("email", email.as_str()), ("password", PASSWORD)];
            let form = browser.any_form("/sign-up", &fields);
            Act::submit(browser.dressed(form), "/account").until(revoked(before))
        })
        .own(),
        scene!("verify an address, signed in", "letter-page", |bundle| {
            let (account, mut browser) = signed_in(bundle).await;
            let token = bundle.token(&account.email, "verify_email").await;
            let opened = get(&format!("/verify-email?token={token}"));
            let _ = browser.send(opened).await.expect_status(303);
            Act::send(browser.dressed(get("/verify-email")), 200)
        }),
        scene!(
            "sign in for an application first",
            "authorize-page",
            |bundle| {
                let app = bundle.application("first-app", true, false).await;
                Act::send(get(&app.path(&[])), 303)
            }
        ),
        scene!(
            "ask what an application may have",
            "authorize-page",
            |bundle| {
                let (_, browser) = signed_in(bundle).await;
                let app = bundle.application("asking-app", false, false).await;
                Act::send(browser.dressed(get(&app.path(&[]))), 200)
            }
        ),
        scene!("agree", "authorize-page", |bundle| {
            let (account, mut browser) = signed_in(bundle).await;
            let app = bundle.application("agreed-app", false, false).await;
            assert!(browser.visit(&app.path(&[])).await.is_none());
            let form = browser.form("/consent", &[("decision", "allow")]);
            Act::send(browser.dressed(form), 200)
                .until(move |item| is(item, "consent", "user_id", &account.id))
        }),
        scene!("agree anew", "authorize-page", |bundle| {
            let (account, mut browser) = signed_in(bundle).await;
            let app = bundle.application("agreed-app", false, false).await;
            let _ = app.sign_in(&mut browser, &account).await;
            let again = app.path(&[("prompt", "consent")]);
            assert!(browser.visit(&again).await.is_none());
            let form = browser.form("/consent", &[("decision", "allow")]);
            Act::send(browser.dressed(form), 200).until(move |item| {
                is(item, "consent", "user_id", &account.id) && item["version"]["N"] != "1"
            })
        }),
        scene!("lead back, after an hour", "authorize-page", |bundle| {
            let (_, browser) = signed_in(bundle).await;
            let app = bundle.application("our-app", true, false).await;
            bundle.age_sessions("rotated_at", OVER_AN_HOUR);
            let before = used_at(bundle);
            let request = browser.dressed(get(&app.path(&[])));
            Act::send(request, 303).done(move |bundle| used_at(bundle) > before)
        }),
        scene!("set up an authenticator app", "security-page", |bundle| {
            let (_, browser) = signed_in(bundle).await;
            Act::send(browser.dressed(get("/account/factors/totp")), 200)
        }),
    ]
}

/// Read ahead, for tokens that operations answer with.
const KEYS: [&str; 5] = [
    "account-page: Query KEYS *",
    "authorize-page: Query KEYS *",
    "letter-page: Query KEYS *",
    "security-page: Query KEYS *",
    "sign-up-page: Query KEYS *",
];

harness::faults!("sign-in-page", scenes(), may_fail: &KEYS, workers: 16);

fn get(path: &str) -> HttpRequest {
    HttpRequest::new("GET", path)
}

async fn signed_in(bundle: &Bundle) -> (Account, Browser<'_>) {
    let account = bundle.account().await;
    let mut browser = Browser::new(bundle);
    browser.sign_in(&account.email).await;
    assert_eq!(browser.path(), "/account");
    (account, browser)
}

/// When the session that was used last was.
fn used_at(bundle: &Bundle) -> u64 {
    let sessions = bundle.items_of_type("session").into_iter();
    let moments =
        sessions.filter_map(|session: Value| session["rotated_at"]["N"].as_str()?.parse().ok());
    moments.max().unwrap_or_default()
}
