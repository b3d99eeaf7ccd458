//! The applications that have access, on the account page.

use harness::{Account, Browser, Bundle, HttpRequest};
use serde_json::json;

use crate::{between, bundle};

const REVOKE: &str = "/account/applications/revoke";
const NOBODY: &str = "No application has access to your account.";

async fn signed_in(bundle: &Bundle) -> (Account, Browser<'_>) {
    let account = bundle.account().await;
    let mut browser = Browser::new(bundle);
    browser.sign_in(&account.email).await;
    assert_eq!(browser.path(), "/account");
    (account, browser)
}

/// What the page shows of applications.
fn section<'a>(browser: &'a Browser<'_>) -> &'a str {
    let opening = "<section aria-labelledby=\"applications\">";
    let sections = between(browser.text(), opening, "</section>");
    assert_eq!(sections.len(), 1, "{}", browser.text());
    sections[0]
}

#[tokio::test]
async fn an_application_is_shown_and_loses_its_access() {
    let bundle = bundle().await;
    let (account, mut browser) = signed_in(&bundle).await;
    assert!(section(&browser).contains(NOBODY), "{}", section(&browser));
    let shop = bundle
        .application_with("shop", &json!({ "name": "Web shop" }))
        .await;
    let zoo = bundle
        .application_with("zoo", &json!({ "name": "Zoo" }))
        .await;
    let ours = bundle
        .application_with("ours", &json!({ "name": "Ours", "firstParty": true }))
        .await;
    assert!(browser.visit(&shop.path(&[])).await.is_none(), "it asks");
    let less = [("decision", "allow"), ("scope", "profile")];
    let _ = browser.answer("/consent", &less).await.expect("led back");
    let _ = zoo.sign_in(&mut browser, &account).await;
    let _ = ours.sign_in(&mut browser, &account).await;
    let tokens = [shop.tokens(&account).await, zoo.tokens(&account).await];

    browser.open("/account").await;
    let shown = section(&browser);
    assert!(shown.contains("These have access to your account."));
    let names = between(shown, "<strong>", "</strong>");
    assert_eq!(names, ["Web shop", "Zoo"]);
    let scopes = between(shown, "<p class=\"muted\">", "</p>");
    assert!(scopes[0].contains("name and language"), "{shown}");
    assert!(!scopes[0].contains("email address"), "{shown}");
    assert!(scopes[1].contains("email address"), "{shown}");
    let buttons = between(shown, "action=\"", "\"");
    assert_eq!(buttons, [REVOKE, REVOKE]);

    // The button of the second one.
    let form = browser.any_form(REVOKE, &[("client", "zoo")]);
    let twice = form.clone();
    let answer = browser.send(form).await.expect_status(303);
    browser.follow(REVOKE, answer).await;
    assert_eq!(browser.at, "/account");
    let said = "The application has no access any more.";
    assert!(browser.text().contains(said), "{}", browser.text());
    let left = between(section(&browser), "<strong>", "</strong>");
    assert_eq!(left, ["Web shop"]);
    let [of_shop, of_zoo] = tokens.map(|tokens| tokens.text_at("/access_token"));
    let _ = zoo.userinfo(&of_zoo).await.expect_status(401);
    let _ = shop.userinfo(&of_shop).await.expect_status(200);
    browser.open("/account").await;
    assert!(!browser.text().contains(said), "it is said once");

    // Clicked twice, or in two tabs.
    let answer = browser.send(twice).await.expect_status(303);
    browser.follow(REVOKE, answer).await;
    assert_eq!(browser.at, "/account");
    let said = "Access was taken back already.";
    assert!(browser.text().contains(said), "{}", browser.text());
    let left = between(section(&browser), "<strong>", "</strong>");
    assert_eq!(left, ["Web shop"]);

    // The button itself, long after the sign-in.
    bundle.age_proofs(3_600);
    browser.open("/account").await;
    browser.submit(REVOKE, &[]).await;
    assert_eq!(browser.at, "/account", "no proof is asked for");
    assert!(section(&browser).contains(NOBODY), "{}", section(&browser));
    let _ = shop.userinfo(&of_shop).await.expect_status(401);
    // The session lives on, and so does our own application.
    assert!(browser.is_signed_in().await);
    assert!(browser.visit(&ours.path(&[])).await.is_some());
    assert!(browser.visit(&shop.path(&[])).await.is_none(), "it asks");
}

#[tokio::test]
async fn nobody_removes_the_applications_of_others() {
    let bundle = bundle().await;
    let (account, mut browser) = signed_in(&bundle).await;
    let app = bundle.application("shop", false, false).await;
    let tokens = app.tokens(&account).await;
    let (_, mut other) = signed_in(&bundle).await;
    assert!(section(&other).contains(NOBODY), "{}", section(&other));
    for client in ["shop", "nobody", "", "Shop", "../me"] {
        let form = other.any_form(REVOKE, &[("client", client)]);
        let answer = other.send(form).await.expect_status(303);
        other.follow(REVOKE, answer).await;
        assert_eq!(other.at, "/account", "{client}");
        let said = "The application has no access any more.";
        assert!(!other.text().contains(said), "{client}");
    }
    app.assert_live(&tokens, "another's").await;
    browser.open("/account").await;
    assert_eq!(
        between(section(&browser), "<strong>", "</strong>"),
        ["Shop"]
    );
}

#[tokio::test]
async fn where_there_are_no_applications_none_is_shown() {
    let bundle = bundle().await;
    bundle.set("OIDC", "off");
    let (_, mut browser) = signed_in(&bundle).await;
    for mark in ["id=\"applications\"", "href=\"#applications\"", NOBODY] {
        assert!(!browser.text().contains(mark), "{mark}");
    }
    let form = browser.any_form(REVOKE, &[("client", "shop")]);
    let _ = browser.send(form).await.expect_status(404);
    let opened = browser.send(HttpRequest::new("GET", "/account")).await;
    let _ = opened.expect_status(200);
}
