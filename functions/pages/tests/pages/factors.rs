//! Second factors and codes by mail, from page to page.

use harness::{Authenticator, Browser, PASSWORD};
use serde_json::json;

use crate::{between, bundle, link};

const TOTP: &str = "/account/factors/totp";
const HOUR: u64 = 3_600;

/// The secret that a page shows.
fn secret(browser: &Browser<'_>) -> String {
    let secret = between(browser.text(), "<p class=\"mono secret\">", "</p>");
    secret.first().expect("a secret").replace(' ', "")
}

/// The recovery codes that a page shows.
fn codes(browser: &Browser<'_>) -> Vec<String> {
    let list = between(browser.text(), "<ul class=\"codes mono\">", "</ul>");
    let list = list.first().copied().unwrap_or_default();
    between(list, "<li>", "</li>")
        .into_iter()
        .map(str::to_owned)
        .collect()
}

/// Sets up an app, from the account page: the app, and its recovery codes.
async fn set_up(browser: &mut Browser<'_>) -> (Authenticator, Vec<String>) {
    browser.open(TOTP).await;
    let app = Authenticator::new(&secret(browser));
    browser.submit(TOTP, &[("code", &app.next().await)]).await;
    assert_eq!(browser.at, "/account/factors/codes", "{}", browser.text());
    (app, codes(browser))
}

#[tokio::test]
async fn an_app_is_set_up_and_its_recovery_codes_are_shown_once() {
    let bundle = bundle().await;
    let mut browser = Browser::new(&bundle);
    browser.sign_up("ada@example.com").await;
    browser.open(TOTP).await;
    let shown = secret(&browser);
    for wrong in ["000000", "12345", ""] {
        browser.submit(TOTP, &[("code", wrong)]).await;
        assert_eq!(browser.at, TOTP);
        assert!(
            browser.text().contains("<title>Error: "),
            "{wrong}: {}",
            browser.text()
        );
        assert_eq!(
            secret(&browser),
            shown,
            "{wrong}: the app has scanned it already"
        );
    }
    let app = Authenticator::new(&shown);
    let form = browser.form(TOTP, &[("code", &app.next().await)]);
    // Sent twice at once, it shows the codes all the same.
    let _ = browser.send(form.clone()).await.expect_status(303);
    let answer = browser.send(form.clone()).await;
    browser.follow(TOTP, answer).await;
    assert_eq!(browser.at, "/account/factors/codes");
    assert!(browser.text().contains("The authenticator app is set up."));
    assert_eq!(codes(&browser).len(), 10, "{}", browser.text());

    browser.open("/account/factors/codes").await;
    assert_eq!(browser.at, "/account", "they are shown once");
    assert!(browser.text().contains("Codes left: 10"));
    let answer = browser.send(form).await;
    browser.follow(TOTP, answer).await;
    assert_eq!(
        browser.at, "/account",
        "a form that was sent twice sets up nothing"
    );
    assert_eq!(bundle.items_of_type("totp").len(), 1);

    browser.open("/account").await;
    browser.submit("/account/factors/codes", &[]).await;
    assert_eq!(codes(&browser).len(), 10);
    browser.open("/account").await;
    browser.submit("/account/factors/remove", &[]).await;
    assert!(browser.text().contains("Removed.") && browser.text().contains("Not set up."));
}

#[tokio::test]
async fn a_second_factor_is_asked_for_and_not_again_on_a_trusted_device() {
    let bundle = bundle().await;
    let email = "ada@example.com";
    let mut first = Browser::new(&bundle);
    first.sign_up(email).await;
    let (app, codes) = set_up(&mut first).await;

    let mut browser = Browser::new(&bundle);
    browser.open("/sign-in?next=/account/delete").await;
    let password = [("email", email), ("password", PASSWORD)];
    browser.submit("/sign-in", &password).await;
    assert_eq!(browser.path(), "/sign-in/factor");
    assert!(
        !browser.is_signed_in().await,
        "the password alone lets nobody in"
    );
    browser.open("/sign-in/factor").await;
    browser
        .submit(
            "/sign-in/factor",
            &[("totp", "000000"), ("rememberDevice", "true")],
        )
        .await;
    assert_eq!(browser.path(), "/sign-in/factor");
    assert!(
        browser
            .text()
            .contains("The code is wrong or was used before."),
        "{}",
        browser.text()
    );
    assert!(browser.text().contains(" checked>") && !browser.text().contains("000000"));
    let code = app.next().await;
    browser.submit("/sign-in/factor", &[("totp", &code)]).await;
    assert_eq!(browser.at, "/account/delete", "{}", browser.text());
    assert!(browser.cookies.contains_key("__Host-latchkey-device"));

    browser.open("/account").await;
    assert!(browser.text().contains("No second step is asked for here."));
    browser
        .submit("/account/sign-out", &[("scope", "session")])
        .await;
    browser.sign_in(email).await;
    assert_eq!(browser.at, "/account", "it is trusted");
    browser.submit("/account/devices/forget", &[]).await;
    assert!(
        browser.text().contains("The device is forgotten."),
        "{}",
        browser.text()
    );
    browser
        .submit("/account/sign-out", &[("scope", "session")])
        .await;
    browser.sign_in(email).await;
    assert_eq!(browser.at, "/sign-in/factor", "it is trusted no more");
    browser
        .submit("/sign-in/factor", &[("recoveryCode", &codes[0])])
        .await;
    assert_eq!(browser.at, "/account");

    let mut lost = Browser::new(&bundle);
    lost.open("/sign-in/factor").await;
    assert_eq!(
        lost.at, "/sign-in",
        "without a sign-in there is nothing to go on with"
    );
}

#[tokio::test]
async fn where_everybody_needs_one_it_is_set_up_during_the_sign_in() {
    let bundle = bundle().await;
    bundle.set("SECOND_FACTOR", "required");
    let mut browser = Browser::new(&bundle);
    browser.open("/sign-up?next=/account/delete").await;
    let account = [("email", "ada@example.com"), ("password", PASSWORD)];
    browser.submit("/sign-up", &account).await;
    assert_eq!(browser.path(), "/sign-in/set-up", "{}", browser.text());
    let shown = secret(&browser);
    browser
        .submit("/sign-in/set-up", &[("code", "000000")])
        .await;
    assert_eq!(browser.path(), "/sign-in/set-up");
    assert_eq!(secret(&browser), shown);
    assert!(!browser.is_signed_in().await);
    browser.open("/sign-in/set-up").await;
    let app = Authenticator::new(&secret(&browser));
    browser
        .submit("/sign-in/set-up", &[("code", &app.next().await)])
        .await;
    assert_eq!(browser.at, "/sign-in/recovery-codes");
    assert_eq!(codes(&browser).len(), 10);
    assert_eq!(bundle.items_of_type("session").len(), 0);
    browser.submit("/sign-in/factor", &[]).await;
    assert_eq!(browser.at, "/account/delete", "{}", browser.text());
    browser.open("/account").await;
    browser.submit("/account/factors/remove", &[]).await;
    assert!(
        browser
            .text()
            .contains("Your account must have a second step."),
        "{}",
        browser.text()
    );
}

#[tokio::test]
async fn what_takes_a_recent_proof_asks_for_it_and_keeps_what_was_typed() {
    let bundle = bundle().await;
    let mut browser = Browser::new(&bundle);
    browser.sign_up("ada@example.com").await;
    bundle.age_proofs(HOUR);
    browser
        .submit("/account/email", &[("email", "new@example.com")])
        .await;
    assert_eq!(
        browser.at,
        "/account/confirm?next=%2Faccount",
        "{}",
        browser.text()
    );
    browser
        .submit("/account/confirm", &[("password", "not the password")])
        .await;
    assert_eq!(browser.path(), "/account/confirm");
    assert!(browser.at.ends_with("?next=%2Faccount"), "{}", browser.at);
    browser
        .submit("/account/confirm", &[("password", PASSWORD)])
        .await;
    assert_eq!(browser.at, "/account");
    assert!(
        browser.text().contains("You can go on now."),
        "{}",
        browser.text()
    );
    browser
        .submit("/account/email", &[("email", "new@example.com")])
        .await;
    assert!(
        browser
            .text()
            .contains("An email with a link went to the new address."),
        "{}",
        browser.text()
    );

    bundle.age_proofs(HOUR);
    browser.open("/account/delete").await;
    assert_eq!(browser.at, "/account/confirm?next=%2Faccount%2Fdelete");
    browser
        .submit("/account/confirm", &[("password", PASSWORD)])
        .await;
    assert_eq!(browser.at, "/account/delete");
}

#[tokio::test]
async fn what_was_typed_is_there_after_the_proof() {
    let bundle = bundle().await;
    let mut browser = Browser::new(&bundle);
    browser.sign_up("ada@example.com").await;
    let (app, _) = set_up(&mut browser).await;
    bundle.age_proofs(HOUR);
    browser.open("/account").await;
    browser
        .submit("/account/email", &[("email", "new@example.com")])
        .await;
    assert_eq!(browser.path(), "/account/confirm");
    assert!(
        !browser.text().contains("name=\"password\""),
        "the password is not enough"
    );
    let code = app.next().await;
    browser.submit("/account/confirm", &[("totp", &code)]).await;
    assert_eq!(browser.at, "/account");
    let sent = browser.form("/account/email", &[]);
    assert!(
        sent.body
            .unwrap_or_default()
            .contains("email=new%40example.com"),
        "{}",
        browser.text()
    );
}

#[tokio::test]
async fn a_code_by_mail_signs_in() {
    let bundle = bundle().await;
    bundle.set("CODE_SIGN_IN", "everybody");
    let account = bundle.account().await;
    bundle.edit_user(&account.id, "email_verified", &json!({ "BOOL": true }));
    let mut browser = Browser::new(&bundle);
    ask(&mut browser, &account.email).await;
    let code = bundle.code(&account.email, "sign_in_code").await;
    browser.submit("/sign-in/code", &[("code", "000000")]).await;
    assert_eq!(browser.path(), "/sign-in/code");
    assert!(
        browser.text().contains("The code is wrong"),
        "{}",
        browser.text()
    );
    browser.submit("/sign-in/code", &[("code", &code)]).await;
    assert_eq!(browser.at, "/account/delete", "{}", browser.text());

    let mut again = Browser::new(&bundle);
    ask(&mut again, &account.email).await;
    again.open("/sign-in/code?again=true").await;
    ask_here(&mut again, "nobody@example.com").await;
    assert!(
        again.text().contains("nobody@example.com"),
        "nobody is told who has an account"
    );
}

#[tokio::test]
async fn the_link_beside_the_code_signs_in_the_browser_that_asked() {
    let bundle = bundle().await;
    bundle.set("CODE_SIGN_IN", "everybody");
    let account = bundle.account().await;
    bundle.edit_user(&account.id, "email_verified", &json!({ "BOOL": true }));
    let mut browser = Browser::new(&bundle);
    ask(&mut browser, &account.email).await;
    let (path, token) = link(&bundle, &account.email, "sign_in_code").await;
    let sessions = bundle.items_of_type("session").len();

    let mut other = Browser::new(&bundle);
    other.open(&path).await;
    assert_eq!(other.at, "/sign-in/code");
    assert!(
        !other.text().contains(&token),
        "it counts in the browser that asked alone"
    );
    let forged = other.any_form("/sign-in/code", &[("token", &token)]);
    let answer = other.send(forged).await;
    other.follow("/sign-in/code", answer).await;
    assert_eq!(other.at, "/sign-in");
    assert_eq!(bundle.items_of_type("session").len(), sessions);

    browser.open(&path).await;
    assert_eq!(browser.at, "/sign-in/code");
    assert_eq!(
        bundle.items_of_type("session").len(),
        sessions,
        "opening does nothing"
    );
    browser.submit("/sign-in/code", &[]).await;
    assert_eq!(browser.at, "/account/delete", "{}", browser.text());
    assert!(
        !browser
            .history
            .iter()
            .any(|address| address.contains(&token))
    );
}

async fn ask(browser: &mut Browser<'_>, email: &str) {
    browser.open("/sign-in?next=/account/delete").await;
    assert!(
        browser
            .text()
            .contains("href=\"/sign-in/code?next=/account/delete\"")
    );
    browser.open("/sign-in/code?next=/account/delete").await;
    ask_here(browser, email).await;
}

async fn ask_here(browser: &mut Browser<'_>, email: &str) {
    browser.submit("/sign-in/code", &[("email", email)]).await;
    assert_eq!(browser.path(), "/sign-in/code");
    let _ = browser.form("/sign-in/code", &[("code", "")]);
}
