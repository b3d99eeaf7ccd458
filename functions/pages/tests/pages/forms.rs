//! What becomes of forms: POST, redirect, GET.

use harness::requests::by;
use harness::{Browser, HttpRequest, PASSWORD};
use serde_json::json;

use crate::{bundle, pages, user};

#[tokio::test]
async fn every_form_is_answered_by_a_redirect_to_a_page() {
    let bundle = bundle().await;
    let mut number = 0;
    for operation in pages("POST") {
        // Of an application that is not known nothing is asked.
        if operation.path.ends_with("/options") || operation.path == "/consent" {
            continue;
        }
        for is_signed_in in [false, true] {
            let mut browser = Browser::new(&bundle);
            if is_signed_in {
                number += 1;
                browser.sign_up(&format!("form{number}@example.com")).await;
            } else {
                browser.open("/sign-in").await;
            }
            let what = format!("{}, signed in: {is_signed_in}", operation.path);
            let form = browser.any_form(&operation.path, &[]);
            let answer = browser.send(form).await;
            assert_eq!(answer.status, 303, "{what}: {}", answer.text);
            browser.follow("/", answer).await;
            let page = browser.page.as_ref().expect("a page");
            assert_eq!(page.media_type(), "text/html", "{what}");
            // The page of a letter's link is none without it.
            assert!([200, 400].contains(&page.status), "{what}: {}", page.text);
        }
    }
    assert!(number > 20, "{number} forms");
}

#[tokio::test]
async fn what_is_refused_keeps_what_was_typed_but_passwords_and_says_why_beside_the_field() {
    let bundle = bundle().await;
    let mut browser = Browser::new(&bundle);
    browser.open("/sign-up?next=/account/delete").await;
    let long = "x".repeat(101);
    let typed = [
        ("email", "nobody"),
        ("password", "pass-1"),
        ("firstName", "Ada"),
        ("lastName", &long),
    ];
    browser.submit("/sign-up", &typed).await;
    assert_eq!(browser.at, "/sign-up?next=%2Faccount%2Fdelete");
    let text = browser.text();
    for error in [
        "<p class=\"error\" id=\"sign-up-email-error\">This is no email address.",
        "<p class=\"error\" id=\"sign-up-password-error\">Use at least 8 characters.",
        "<p class=\"error\" id=\"sign-up-lastName-error\">Use at most 100 characters.",
        "<a href=\"#sign-up-email\">",
        "<title>Error: ",
    ] {
        assert!(text.contains(error), "{error} in {text}");
    }
    assert!(
        text.contains("value=\"nobody\"") && text.contains("value=\"Ada\"") && text.contains(&long)
    );
    assert!(!text.contains("pass-1"), "a password is shown");
    assert_eq!(bundle.items_of_type("user").len(), 0);
    browser
        .submit(
            "/sign-up",
            &[
                ("email", "ada@example.com"),
                ("password", PASSWORD),
                ("lastName", ""),
            ],
        )
        .await;
    assert_eq!(
        browser.at,
        "/account/delete",
        "it leads where it would have: {}",
        browser.text()
    );

    browser.open("/account").await;
    let passwords = [
        ("currentPassword", "wrong-1-password"),
        ("newPassword", "wrong-2"),
    ];
    browser.submit("/account/password", &passwords).await;
    assert_eq!(browser.at, "/account");
    assert!(
        browser.text().contains("id=\"password-newPassword-error\""),
        "{}",
        browser.text()
    );
    let passwords = [
        ("currentPassword", "wrong-1-password"),
        ("newPassword", "another long passphrase 3"),
    ];
    browser.submit("/account/password", &passwords).await;
    assert!(
        browser
            .text()
            .contains("This is not your current password."),
        "{}",
        browser.text()
    );
    assert!(!browser.text().contains("wrong-") && !browser.text().contains("another long"));
    browser
        .submit("/account/email", &[("email", "ada@example.com")])
        .await;
    assert!(
        browser.text().contains("This is your address already."),
        "{}",
        browser.text()
    );

    let mut other = Browser::new(&bundle);
    other.open("/sign-in").await;
    other
        .submit(
            "/sign-in",
            &[
                ("email", "ada@example.com"),
                ("password", "wrong-3-password"),
            ],
        )
        .await;
    assert!(
        other
            .text()
            .contains("The address or the password is wrong."),
        "{}",
        other.text()
    );
    assert!(
        other.text().contains("value=\"ada@example.com\"") && !other.text().contains("wrong-3")
    );
}

#[tokio::test]
async fn a_form_that_is_sent_twice_is_done_once() {
    let bundle = bundle().await;
    let mut browser = Browser::new(&bundle);
    browser.open("/sign-up").await;
    let account = [("email", "ada@example.com"), ("password", PASSWORD)];
    let twice = browser.dressed(browser.form("/sign-up", &account));
    for _ in 0..2 {
        let answer = bundle.send(&twice).await;
        assert_eq!(answer.header("location"), "/account", "{}", answer.text);
    }
    assert_eq!(bundle.items_of_type("user").len(), 1);

    browser.open("/sign-in").await;
    let twice = browser.form("/sign-in", &account);
    // The second time with the session that the first one has begun.
    for _ in 0..2 {
        let answer = browser.send(twice.clone()).await;
        browser.follow("/sign-in", answer).await;
        assert_eq!(browser.at, "/account", "{}", browser.text());
    }
    let profile = [("firstName", "Ada"), ("locale", "es")];
    let twice = browser.dressed(browser.form("/account/profile", &profile));
    for _ in 0..2 {
        let answer = browser.send(twice.clone()).await;
        browser.follow("/account/profile", answer).await;
        assert!(browser.text().contains("Saved."), "{}", browser.text());
    }
    assert_eq!(user(&bundle, "ada@example.com")["version"]["N"], "2");

    let scope = [("scope", "session")];
    let twice = browser.dressed(browser.form("/account/sign-out", &scope));
    for _ in 0..2 {
        let answer = bundle.send(&twice).await;
        assert_eq!(answer.header("location"), "/sign-in", "{}", answer.text);
    }

    browser.sign_in("ada@example.com").await;
    browser.open("/account/delete").await;
    let twice = browser.dressed(browser.form("/account/delete", &[]));
    let answer = bundle.send(&twice).await;
    assert_eq!(answer.header("location"), "/goodbye", "{}", answer.text);
    let answer = bundle.send(&twice).await.expect_status(303);
    assert!(answer.header("location").starts_with("/sign-in"));
    assert_eq!(bundle.items_of_type("user").len(), 0);
}

#[tokio::test]
async fn a_profile_that_has_changed_meanwhile_is_not_overwritten() {
    let bundle = bundle().await;
    let mut browser = Browser::new(&bundle);
    browser.sign_up("ada@example.com").await;
    let account = bundle.sign_in("ada@example.com").await;
    let change = by(&account, "PATCH", "/v1/users/me").json(&json!({ "lastName": "King" }));
    let _ = bundle.send(&change).await.expect_status(200);
    browser
        .submit("/account/profile", &[("firstName", "Augusta")])
        .await;
    assert_eq!(browser.at, "/account");
    assert!(
        browser
            .text()
            .contains("Your account has changed since you opened this page."),
        "{}",
        browser.text()
    );
    assert_eq!(user(&bundle, "ada@example.com")["last_name"]["S"], "King");
    // What was typed is there, and is saved when it is sent again.
    browser
        .submit("/account/profile", &[("lastName", "King")])
        .await;
    assert!(browser.text().contains("Saved."), "{}", browser.text());
    let saved = user(&bundle, "ada@example.com");
    assert_eq!(saved["first_name"]["S"], "Augusta");
    assert_eq!(saved["last_name"]["S"], "King");
    browser
        .submit("/account/profile", &[("firstName", ""), ("lastName", "")])
        .await;
    let saved = user(&bundle, "ada@example.com");
    assert!(
        saved["first_name"].is_null() && saved["last_name"].is_null(),
        "what was cleared is gone: {saved}"
    );
}

#[tokio::test]
async fn what_was_done_is_said_once_and_on_its_own_page() {
    let bundle = bundle().await;
    let mut browser = Browser::new(&bundle);
    browser.sign_up("ada@example.com").await;
    let form = browser.form("/account/profile", &[("firstName", "Ada")]);
    let _ = browser.send(form).await.expect_status(303);
    browser.open("/account/factors/totp").await;
    assert!(
        !browser.text().contains("Saved."),
        "another page does not say it"
    );
    browser.open("/account").await;
    assert!(browser.text().contains("Saved."));
    assert!(!browser.cookies.contains_key("__Host-latchkey-flash"));
    browser.open("/account").await;
    assert!(!browser.text().contains("Saved."));
}

#[tokio::test]
async fn too_many_tries_are_told_with_the_time_to_wait() {
    let bundle = bundle().await;
    bundle.set(
        "RATE_LIMITS",
        "account-address=2/1h address=9/1h account=9/1h",
    );
    let mut browser = Browser::new(&bundle);
    for _ in 0..3 {
        browser.open("/sign-in").await;
        browser
            .submit(
                "/sign-in",
                &[("email", "ada@example.com"), ("password", "wrong")],
            )
            .await;
    }
    assert_eq!(browser.at, "/sign-in");
    let told = [
        "Wait 30 minutes",
        "Wait 60 minutes",
        "Wait 29 minutes",
        "Wait 59 minutes",
    ];
    assert!(
        told.iter().any(|told| browser.text().contains(told)),
        "{}",
        browser.text()
    );
}

#[tokio::test]
async fn a_page_speaks_the_language_that_was_chosen_and_so_do_its_letters() {
    let bundle = bundle().await;
    let mut browser = Browser::new(&bundle);
    let speaks = |browser: &Browser<'_>, code: &str| {
        let html = format!("<html lang=\"{code}\">");
        assert!(browser.text().contains(&html), "{code}: {}", browser.text());
    };
    browser.open("/sign-in").await;
    speaks(&browser, "en");
    browser.headers = vec![(
        "accept-language".to_owned(),
        "fr, es-MX;q=0.8, de;q=0.5".to_owned(),
    )];
    browser.open("/sign-in").await;
    speaks(&browser, "es");
    browser.open("/sign-up?next=/account/delete").await;
    let link = "href=\"/sign-up?next=%2Faccount%2Fdelete&amp;lang=de\"";
    assert!(browser.text().contains(link), "{}", browser.text());
    for unknown in ["fr", "xx", "", "de%0d%0aX:1", "de&lang=de"] {
        browser.open(&format!("/sign-up?lang={unknown}")).await;
        speaks(&browser, "es");
    }
    browser
        .open("/sign-up?next=%2Faccount%2Fdelete&lang=de")
        .await;
    speaks(&browser, "de");
    let account = [("email", "ada@example.com"), ("password", PASSWORD)];
    browser.submit("/sign-up", &account).await;
    assert_eq!(browser.at, "/account/delete");
    speaks(&browser, "de");
    assert_eq!(user(&bundle, "ada@example.com")["locale"]["S"], "de");
    let letter = bundle.letter("ada@example.com", "verify_email").await;
    assert!(letter.html.contains("lang=\"de\""), "{}", letter.html);
}

#[tokio::test]
async fn head_is_answered_as_get_and_does_nothing() {
    let bundle = bundle().await;
    let mut browser = Browser::new(&bundle);
    browser.sign_up("ada@example.com").await;
    let before = bundle.items();
    for operation in pages("GET") {
        let head = HttpRequest::new("HEAD", &operation.path);
        let answer = browser.send(head).await;
        assert!(
            [200, 303, 400, 404].contains(&answer.status),
            "{}: {}",
            operation.path,
            answer.status
        );
    }
    assert_eq!(bundle.items(), before);
}

#[tokio::test]
async fn what_is_no_form_is_refused() {
    let bundle = bundle().await;
    let mut browser = Browser::new(&bundle);
    browser.open("/sign-in").await;
    let form = browser.form(
        "/sign-in",
        &[("email", "ada@example.com"), ("password", PASSWORD)],
    );
    let body = form.body.unwrap_or_default();
    for content_type in [
        "text/plain",
        "application/json",
        "multipart/form-data; boundary=x",
    ] {
        let request = HttpRequest::new("POST", "/sign-in").body(content_type, &body);
        assert_eq!(browser.send(request).await.status, 415, "{content_type}");
    }
    let large = format!("{body}&firstName={}", "x".repeat(300_000));
    let request =
        HttpRequest::new("POST", "/sign-in").body("application/x-www-form-urlencoded", &large);
    assert_eq!(browser.send(request).await.status, 413);
    for garbage in ["", "=", "&&&", "%", "%ff=%fe", "formToken", "formToken=%00"] {
        let request =
            HttpRequest::new("POST", "/sign-in").body("application/x-www-form-urlencoded", garbage);
        assert_eq!(browser.send(request).await.status, 403, "{garbage}");
    }
}
