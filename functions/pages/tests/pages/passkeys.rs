//! Passkeys, as the script of the pages sends them.

use harness::{Browser, HttpRequest, PASSWORD, Passkey};
use serde_json::Value;

use crate::bundle;

/// What the script asks, with the form that it belongs to.
async fn options(browser: &mut Browser<'_>, form: &str) -> Value {
    let path = format!("{form}/options");
    let asked = browser.form(form, &[("ceremony", ""), ("credential", "")]);
    let asked = HttpRequest { path, ..asked };
    browser.send(asked).await.expect_status(200).body
}

/// Makes a passkey for the form, and sends it.
async fn create(browser: &mut Browser<'_>, form: &str, name: &str) -> Passkey {
    let asked = options(browser, form).await;
    let passkey = Passkey::new(&asked["options"]);
    let credential = passkey.registration(&asked["options"]).to_string();
    let ceremony = asked["ceremony"].as_str().unwrap_or_default();
    let mut fields = vec![("ceremony", ceremony), ("credential", &credential)];
    if !name.is_empty() {
        fields.push(("name", name));
    }
    browser.submit(form, &fields).await;
    passkey
}

/// Shows a passkey to the form.
async fn show(browser: &mut Browser<'_>, form: &str, passkey: &Passkey) {
    let asked = options(browser, form).await;
    let credential = passkey.assertion(&asked["options"]).to_string();
    let ceremony = asked["ceremony"].as_str().unwrap_or_default();
    browser
        .submit(form, &[("ceremony", ceremony), ("credential", &credential)])
        .await;
}

#[tokio::test]
async fn a_passkey_is_added_renamed_signed_in_with_and_removed() {
    let bundle = bundle().await;
    let mut browser = Browser::new(&bundle);
    browser.sign_up("ada@example.com").await;
    let passkey = create(&mut browser, "/account/passkeys", "Laptop").await;
    assert_eq!(browser.at, "/account/factors/codes", "{}", browser.text());
    browser.open("/account").await;
    assert!(
        browser.text().contains("<strong>Laptop</strong>"),
        "{}",
        browser.text()
    );

    let stale = browser.form("/account/passkeys/rename", &[("name", "Old")]);
    browser
        .submit("/account/passkeys/rename", &[("name", "Phone")])
        .await;
    assert!(
        browser.text().contains("The passkey is renamed."),
        "{}",
        browser.text()
    );
    let answer = browser.send(stale).await;
    browser.follow("/account/passkeys/rename", answer).await;
    assert!(
        browser.text().contains("Your account has changed"),
        "{}",
        browser.text()
    );
    assert!(browser.text().contains("<strong>Phone</strong>"));
    browser
        .submit("/account/passkeys/rename", &[("name", &"x".repeat(101))])
        .await;
    assert!(
        browser.text().contains("Use at most 100 characters."),
        "{}",
        browser.text()
    );

    let mut other = Browser::new(&bundle);
    other.open("/sign-in?next=/account/delete").await;
    show(&mut other, "/sign-in/passkey", &passkey).await;
    assert_eq!(other.at, "/account/delete", "{}", other.text());

    let mut second = Browser::new(&bundle);
    second.sign_in("ada@example.com").await;
    assert_eq!(second.at, "/sign-in/factor");
    show(&mut second, "/sign-in/factor", &passkey).await;
    assert_eq!(second.at, "/account", "{}", second.text());

    bundle.age_proofs(3_600);
    second.open("/account/delete").await;
    assert_eq!(second.path(), "/account/confirm");
    show(&mut second, "/account/confirm", &passkey).await;
    assert_eq!(second.at, "/account/delete", "{}", second.text());

    second.open("/account").await;
    second.submit("/account/passkeys/remove", &[]).await;
    assert!(
        second.text().contains("The passkey is removed."),
        "{}",
        second.text()
    );
    let mut last = Browser::new(&bundle);
    last.open("/sign-in").await;
    show(&mut last, "/sign-in/passkey", &passkey).await;
    assert_eq!(last.at, "/sign-in");
    assert!(
        last.text()
            .contains("This passkey no longer belongs to an account."),
        "{}",
        last.text()
    );
    assert!(
        last.text().contains("data-unknown-credential=\"{&quot;"),
        "{}",
        last.text()
    );
}

#[tokio::test]
async fn a_passkey_is_set_up_during_a_sign_in_that_must_have_one() {
    let bundle = bundle().await;
    bundle.set("SECOND_FACTOR", "required");
    let mut browser = Browser::new(&bundle);
    browser.open("/sign-up").await;
    let account = [("email", "ada@example.com"), ("password", PASSWORD)];
    browser.submit("/sign-up", &account).await;
    assert_eq!(browser.at, "/sign-in/set-up");
    let _ = create(&mut browser, "/sign-in/set-up", "").await;
    assert_eq!(browser.at, "/sign-in/recovery-codes", "{}", browser.text());
    browser.submit("/sign-in/factor", &[]).await;
    assert_eq!(browser.at, "/account");
}

#[tokio::test]
async fn without_a_script_the_form_says_so() {
    let bundle = bundle().await;
    let mut browser = Browser::new(&bundle);
    browser.open("/sign-in").await;
    browser.submit("/sign-in/passkey", &[]).await;
    assert_eq!(browser.at, "/sign-in");
    assert!(
        browser.text().contains("<title>Error: "),
        "{}",
        browser.text()
    );
    let mut signed_in = Browser::new(&bundle);
    signed_in.sign_up("ada@example.com").await;
    signed_in
        .submit("/account/passkeys", &[("name", "Laptop")])
        .await;
    assert_eq!(signed_in.at, "/account");
    assert_eq!(bundle.items_of_type("passkey").len(), 0);
}
