//! Markup in whatever a page shows: it is shown as text.

use harness::requests::by;
use harness::{Browser, HttpRequest, PASSWORD};
use serde_json::json;

use crate::bundle;

/// Ends an attribute, a tag or a script, and is seen by what it is looked for.
const MARKUP: [&str; 6] = [
    "\"><script>alert(1)</script>",
    "'><img src=x onerror=alert(1)>",
    "</title><svg/onload=alert(1)>",
    "{{ 7 * 7 }}{% raw %}<b>alert(1)</b>",
    "<!--<a href=javascript:alert(1)>",
    "\" autofocus onfocus=alert(1) x=\"",
];

/// Asserts that nothing of it is markup in this page.
#[track_caller]
fn assert_escaped(what: &str, text: &str) {
    for piece in [
        "<script>alert",
        "<img src=x",
        "<svg",
        "<b>alert",
        "<!--",
        "<a href=javascript",
        "\" autofocus onfocus",
        "7 * 7 }}<",
    ] {
        assert!(!text.contains(piece), "{what}: {piece} in {text}");
    }
    // Quotes as well, where it stands in an attribute.
    for tag in text
        .split('<')
        .skip(1)
        .filter_map(|tag| tag.split('>').next())
    {
        assert_eq!(tag.matches('"').count() % 2, 0, "{what}: <{tag}>");
        let outside: String = tag.split('"').step_by(2).collect();
        assert!(!outside.contains("alert(1)"), "{what}: <{tag}>");
    }
}

#[tokio::test]
async fn what_is_stored_is_shown_as_text() {
    let bundle = bundle().await;
    let admin = bundle.provider_trusted("none").await;
    for (number, markup) in MARKUP.into_iter().enumerate() {
        let email = format!("markup{number}@example.com");
        let title = json!({ "title": markup, "emailTrust": "none" });
        let put = bundle.put_provider(&admin, &title).await;
        assert_eq!(put.status, 200, "{}", put.text);
        let mut browser = Browser::new(&bundle);
        browser.headers = vec![("user-agent".to_owned(), markup.to_owned())];
        browser.sign_up(&email).await;
        let names = [("firstName", markup), ("lastName", markup)];
        browser.submit("/account/profile", &names).await;
        assert!(
            browser.text().contains("Saved."),
            "{markup}: {}",
            browser.text()
        );
        let account = bundle.sign_in(&email).await;
        let name = json!({ "name": markup });
        let app = bundle.application_with("shop", &name).await;
        let _ = app.sign_in(&mut browser, &account).await;
        let (_, added) = bundle.add_passkey(&account).await;
        let rename = format!("/v1/users/me/passkeys/{}", added.text_at("/id"));
        let rename = by(&account, "PATCH", &rename).json(&json!({ "name": markup }));
        let _ = bundle.send(&rename).await.expect_status(200);
        for path in [
            "/account",
            "/account/confirm",
            "/account/delete",
            "/sign-in/provider?provider=local",
        ] {
            browser.open(path).await;
            assert_escaped(&format!("{path} with {markup}"), browser.text());
        }
        let shown = markup
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;");
        let shown = shown.replace('"', "&quot;").replace('\'', "&#39;");
        browser.open("/account").await;
        assert!(
            browser
                .text()
                .contains(&format!("<strong>{shown}</strong>")),
            "{shown} in {}",
            browser.text()
        );
        let mut stranger = Browser::new(&bundle);
        stranger.open("/sign-in").await;
        assert_escaped(&format!("sign-in with {markup}"), stranger.text());
    }
}

#[tokio::test]
async fn what_is_typed_is_shown_as_text() {
    let bundle = bundle().await;
    let mut browser = Browser::new(&bundle);
    for markup in MARKUP {
        for (path, fields) in [
            ("/sign-in", vec![("email", markup), ("password", markup)]),
            (
                "/sign-up",
                vec![
                    ("email", markup),
                    ("password", PASSWORD),
                    ("firstName", markup),
                    ("lastName", markup),
                ],
            ),
            ("/forgot-password", vec![("email", markup)]),
            ("/verify-email/resend", vec![("email", markup)]),
            ("/sign-in/code", vec![("email", markup)]),
        ] {
            browser.open(&format!("{path}?again=true")).await;
            browser.submit(path, &fields).await;
            let what = format!("{path} with {markup}");
            assert_eq!(browser.path(), path, "{what}: {}", browser.text());
            assert_escaped(&what, browser.text());
        }
        // A quoted local part is an address that has markup in it, if it is taken at all.
        let address = "\"<script>alert(1)</script>\"@example.com";
        browser.open("/forgot-password").await;
        browser
            .submit("/forgot-password", &[("email", address)])
            .await;
        assert_escaped("an address", browser.text());
    }
    let mut owner = Browser::new(&bundle);
    owner.sign_up("ada@example.com").await;
    for markup in MARKUP {
        let long = markup.repeat(8);
        owner.open("/account").await;
        owner
            .submit(
                "/account/profile",
                &[("firstName", &long), ("locale", markup)],
            )
            .await;
        assert_escaped(&format!("profile with {markup}"), owner.text());
        owner.open("/account").await;
        owner.submit("/account/email", &[("email", markup)]).await;
        assert_escaped(&format!("address with {markup}"), owner.text());
        owner.open("/account").await;
        owner.submit("/account/passkeys", &[("name", &long)]).await;
        assert_escaped(&format!("passkey with {markup}"), owner.text());
        for (path, name) in [
            ("/account/sessions/revoke", "id"),
            ("/account/identities/unlink", "id"),
            ("/account/devices/forget", "id"),
            ("/account/applications/revoke", "client"),
        ] {
            let form = owner.any_form(path, &[(name, markup)]);
            let answer = owner.send(form).await;
            owner.follow(path, answer).await;
            assert_escaped(&format!("{path} with {markup}"), owner.text());
        }
    }
}

#[tokio::test]
async fn what_stands_in_an_address_is_shown_as_text() {
    let bundle = bundle().await;
    let _ = bundle.provider_trusted("none").await;
    let mut browser = Browser::new(&bundle);
    for markup in MARKUP {
        for (path, name) in [
            ("/sign-in", "next"),
            ("/sign-in", "lang"),
            ("/sign-up", "next"),
            ("/sign-in/code", "next"),
            ("/sign-in/code", "token"),
            ("/reset-password", "token"),
            ("/verify-email", "token"),
            ("/accept-invitation", "token"),
            ("/sign-in/provider", "provider"),
            ("/sign-in/signed-in", "error"),
            ("/sign-in/signed-in", "error_description"),
            ("/sign-in/signed-in", "code"),
            ("/check-mail", "next"),
            ("/goodbye", "notice"),
        ] {
            // As it is, and as browsers send it.
            let mut url = harness::Url::parse("http://localhost").expect("a URL");
            url.query_pairs_mut().append_pair(name, markup);
            let query = url.query().unwrap_or_default().to_owned();
            browser.open(&format!("{path}?{query}")).await;
            assert_escaped(&format!("{path}?{query}"), browser.text());
            let raw = HttpRequest {
                query: format!("{name}={markup}"),
                ..HttpRequest::new("GET", path)
            };
            let answer = browser.send(raw).await;
            browser.follow(path, answer).await;
            assert_escaped(&format!("{path}?{name}={markup}"), browser.text());
        }
        for name in [
            "flash", "pending", "letter", "language", "form", "device", "session",
        ] {
            let mut browser = Browser::new(&bundle);
            browser
                .cookies
                .insert(format!("__Host-latchkey-{name}"), markup.replace(';', ""));
            browser.open("/sign-in").await;
            assert_escaped(&format!("cookie {name} with {markup}"), browser.text());
        }
    }
}
