//! What somebody does with an account, from page to page.

use harness::requests::by;
use harness::{Browser, PASSWORD};
use serde_json::{Value, json};

use crate::{bundle, link, user};

const NEW_PASSWORD: &str = "a wholly different passphrase 7";

#[tokio::test]
async fn an_account_is_lived_through_on_the_pages() {
    let bundle = bundle().await;
    let email = "ada@example.com";
    let mut browser = Browser::new(&bundle);

    browser.open("/").await;
    assert_eq!(browser.at, "/sign-in?next=%2Faccount");
    browser.open("/sign-up?next=/account/delete").await;
    let account = [
        ("email", email),
        ("password", PASSWORD),
        ("firstName", "Ada"),
    ];
    browser.submit("/sign-up", &account).await;
    assert_eq!(browser.path(), "/account/delete", "{}", browser.text());
    browser.open("/account").await;
    assert!(
        browser.text().contains("not confirmed"),
        "{}",
        browser.text()
    );

    let (path, token) = link(&bundle, email, "verify_email").await;
    browser.open(&path).await;
    assert_eq!(browser.at, "/verify-email");
    assert_eq!(
        user(&bundle, email)["email_verified"]["BOOL"],
        false,
        "opening does nothing"
    );
    browser.submit("/verify-email", &[]).await;
    assert_eq!(browser.at, "/account");
    assert!(browser.text().contains("Your address is confirmed."));
    assert_eq!(user(&bundle, email)["email_verified"]["BOOL"], true);
    assert!(!browser.cookies.contains_key("__Host-latchkey-letter"));

    let profile = [
        ("firstName", "Augusta"),
        ("lastName", "King"),
        ("locale", "de"),
    ];
    browser.submit("/account/profile", &profile).await;
    assert!(browser.text().contains("Saved."), "{}", browser.text());
    assert_eq!(user(&bundle, email)["last_name"]["S"], "King");
    assert_eq!(user(&bundle, email)["locale"]["S"], "de");

    let mut other = Browser::new(&bundle);
    other.sign_in(email).await;
    assert_eq!(other.at, "/account");
    let passwords = [("currentPassword", PASSWORD), ("newPassword", NEW_PASSWORD)];
    browser.submit("/account/password", &passwords).await;
    assert!(
        browser.text().contains("Your password is changed."),
        "{}",
        browser.text()
    );
    assert!(browser.is_signed_in().await);
    assert!(
        !other.is_signed_in().await,
        "a new password ends every other session"
    );
    assert!(
        other.text().contains("You were signed out."),
        "{}",
        other.text()
    );

    browser.open("/account").await;
    browser
        .submit("/account/sign-out", &[("scope", "session")])
        .await;
    assert_eq!(browser.at, "/sign-in");
    assert!(browser.text().contains("You are signed out."));
    assert!(!browser.is_signed_in().await);

    browser.open("/forgot-password").await;
    browser
        .submit("/forgot-password", &[("email", email)])
        .await;
    assert_eq!(browser.at, "/check-mail");
    assert!(browser.text().contains(email));
    let (path, reset) = link(&bundle, email, "reset_password").await;
    browser.open(&path).await;
    assert_eq!(browser.at, "/reset-password");
    browser
        .submit("/reset-password", &[("password", PASSWORD)])
        .await;
    assert_eq!(browser.at, "/sign-in");
    assert!(
        browser.text().contains("Sign in with it now."),
        "{}",
        browser.text()
    );
    browser.sign_in(email).await;
    assert_eq!(browser.at, "/account");

    browser.open("/account/delete").await;
    browser.submit("/account/delete", &[]).await;
    assert_eq!(browser.at, "/goodbye");
    assert_eq!(user(&bundle, email), Value::Null);
    assert!(!browser.is_signed_in().await);

    for address in browser.history {
        assert!(
            !address.contains(&token) && !address.contains(&reset),
            "{address}"
        );
    }
}

#[tokio::test]
async fn an_address_is_verified_with_the_password_in_another_browser() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let (path, _) = link(&bundle, &account.email, "verify_email").await;
    let mut browser = Browser::new(&bundle);
    browser.open(&path).await;
    browser
        .submit("/verify-email", &[("password", "not the password")])
        .await;
    assert_eq!(browser.at, "/verify-email");
    assert!(
        browser
            .text()
            .contains("The address or the password is wrong."),
        "{}",
        browser.text()
    );
    browser
        .submit("/verify-email", &[("password", PASSWORD)])
        .await;
    assert_eq!(browser.at, "/sign-in");
    assert!(browser.text().contains("Your address is confirmed."));
    assert_eq!(
        user(&bundle, &account.email)["email_verified"]["BOOL"],
        true
    );
}

#[tokio::test]
async fn an_account_moves_to_another_address() {
    let bundle = bundle().await;
    let mut browser = Browser::new(&bundle);
    browser.sign_up("old@example.com").await;
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
    let (path, _) = link(&bundle, "new@example.com", "confirm_email_change").await;

    let mut elsewhere = Browser::new(&bundle);
    elsewhere.open(&path).await;
    assert_eq!(
        elsewhere.path(),
        "/sign-in",
        "whoever moves it is signed in"
    );
    elsewhere
        .submit(
            "/sign-in",
            &[("email", "old@example.com"), ("password", PASSWORD)],
        )
        .await;
    assert_eq!(
        elsewhere.at,
        "/confirm-email-change",
        "and goes on then: {}",
        elsewhere.text()
    );

    browser.open(&path).await;
    assert_eq!(browser.at, "/confirm-email-change");
    browser.submit("/confirm-email-change", &[]).await;
    assert_eq!(browser.at, "/account");
    assert!(
        browser.text().contains("<strong>new@example.com</strong>"),
        "{}",
        browser.text()
    );
}

#[tokio::test]
async fn an_invitation_is_accepted() {
    let bundle = bundle().await;
    let admin = bundle.admin().await;
    let invited = json!({ "email": "invited@example.com", "firstName": "Grace" });
    let create = by(&admin, "POST", "/v1/users").json(&invited);
    let answer = bundle.send(&create).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let (path, _) = link(&bundle, "invited@example.com", "invitation").await;
    let mut browser = Browser::new(&bundle);
    browser.open(&path).await;
    assert_eq!(browser.at, "/accept-invitation");
    browser
        .submit("/accept-invitation", &[("password", "short")])
        .await;
    assert_eq!(browser.at, "/accept-invitation");
    assert!(
        browser.text().contains("Use at least 8 characters."),
        "{}",
        browser.text()
    );
    browser
        .submit("/accept-invitation", &[("password", PASSWORD)])
        .await;
    assert_eq!(browser.at, "/sign-in", "{}", browser.text());
    browser.sign_in("invited@example.com").await;
    assert_eq!(browser.at, "/account");
}

#[tokio::test]
async fn a_link_that_no_longer_counts_leads_to_another_one() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let mut browser = Browser::new(&bundle);
    for page in ["/reset-password", "/accept-invitation", "/verify-email"] {
        browser.open(page).await;
        assert_eq!(
            browser.page.as_ref().map(|page| page.status),
            Some(400),
            "{page}"
        );
        assert!(
            browser.text().contains("This link no longer works"),
            "{page}"
        );
    }
    for (page, other) in [
        ("/reset-password", "/forgot-password"),
        ("/verify-email", "/verify-email/resend"),
    ] {
        browser.open(&format!("{page}?token=lk_none")).await;
        assert_eq!(browser.at, page);
        browser.submit(page, &[("password", PASSWORD)]).await;
        assert_eq!(browser.at, page);
        assert!(
            browser
                .text()
                .contains("This link no longer works. Ask for a new one.")
        );
        assert!(
            browser.text().contains(&format!("href=\"{other}\"")),
            "{}",
            browser.text()
        );
    }
    browser.open("/verify-email/resend").await;
    browser
        .submit("/verify-email/resend", &[("email", &account.email)])
        .await;
    assert_eq!(browser.at, "/check-mail");
    let (path, _) = link(&bundle, &account.email, "verify_email").await;
    browser.open(&path).await;
    browser
        .submit("/verify-email", &[("password", PASSWORD)])
        .await;
    assert_eq!(browser.at, "/sign-in");
}

#[tokio::test]
async fn where_addresses_are_verified_first_signing_up_leads_to_the_letter() {
    for (setting, value) in [
        ("REGISTRATION", "private"),
        ("REQUIRE_VERIFIED_EMAIL", "true"),
    ] {
        let bundle = bundle().await;
        bundle.set(setting, value);
        let mut browser = Browser::new(&bundle);
        let account = [("email", "new@example.com"), ("password", PASSWORD)];
        // The second time the address is known, which nobody is told.
        for _ in 0..2 {
            browser.open("/sign-up").await;
            browser.submit("/sign-up", &account).await;
            assert_eq!(browser.at, "/check-mail", "{setting}: {}", browser.text());
            assert!(browser.text().contains("new@example.com"));
            assert!(!browser.is_signed_in().await);
        }
        browser.open("/check-mail").await;
        assert_eq!(browser.path(), "/sign-in", "it is said once");
    }
}
