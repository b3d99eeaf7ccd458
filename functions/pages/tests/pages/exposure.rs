//! What a page could tell others: by its address, by where it is shown, by what follows it.

use harness::requests::by;
use harness::{Browser, HttpRequest};
use serde_json::json;

use crate::{bundle, link, pages};

#[tokio::test]
async fn bug_108_the_token_of_a_letter_is_in_no_address_of_a_page() {
    let bundle = bundle().await;
    bundle.set("CODE_SIGN_IN", "everybody");
    let account = bundle.account().await;
    let mut browser = Browser::new(&bundle);
    browser.sign_in(&account.email).await;
    let (verify, _) = link(&bundle, &account.email, "verify_email").await;
    bundle.edit_user(&account.id, "email_verified", &json!({ "BOOL": true }));
    browser.open("/account").await;
    browser
        .submit("/account/email", &[("email", "moved@example.com")])
        .await;
    let mut reader = Browser::new(&bundle);
    reader.open("/forgot-password").await;
    reader
        .submit("/forgot-password", &[("email", &account.email)])
        .await;
    reader.open("/sign-in/code").await;
    reader
        .submit("/sign-in/code", &[("email", &account.email)])
        .await;
    let admin = bundle.admin().await;
    let create = by(&admin, "POST", "/v1/users").json(&json!({ "email": "invited@example.com" }));
    let _ = bundle.send(&create).await.expect_status(201);
    let links = [
        verify,
        link(&bundle, &account.email, "reset_password").await.0,
        link(&bundle, &account.email, "sign_in_code").await.0,
        link(&bundle, "invited@example.com", "invitation").await.0,
        link(&bundle, "moved@example.com", "confirm_email_change")
            .await
            .0,
    ];
    let before = bundle.items();
    for path in links {
        let (page, token) = path.split_once("?token=").expect("a link");
        let visitor = if page == "/sign-in/code" {
            &mut reader
        } else {
            &mut browser
        };
        for also in ["", "&lang=de", "&next=/account"] {
            let opened = HttpRequest::new("GET", &format!("{path}{also}"));
            let first = visitor.send(opened).await.expect_status(303);
            assert_eq!(first.header("location"), page, "the first answer moves it");
            assert_eq!(first.text, "");
            assert_eq!(first.header("referrer-policy"), "no-referrer");
            assert!(
                !first.cookies.iter().any(|cookie| cookie.contains(token)),
                "{page}: in clear"
            );
        }
        visitor.open(page).await;
        assert_eq!(visitor.at, page);
        for (place, _) in visitor.text().match_indices(token) {
            let before = &visitor.text()[..place];
            assert!(
                before.ends_with("name=\"token\" value=\""),
                "{page}: not in a field"
            );
        }
    }
    assert_eq!(bundle.items(), before, "opening a link does nothing");
}

#[tokio::test]
async fn bug_108_no_page_is_framed_or_tells_where_it_was() {
    let bundle = bundle().await;
    let mut browser = Browser::new(&bundle);
    browser.sign_up("ada@example.com").await;
    let mut stranger = Browser::new(&bundle);
    for visitor in [&mut browser, &mut stranger] {
        let mut shown = 0;
        for operation in pages("GET") {
            let answer = visitor.send(HttpRequest::new("GET", &operation.path)).await;
            if answer.status == 303 {
                continue;
            }
            let policy = answer.header("content-security-policy");
            for directive in [
                "default-src 'none'",
                "script-src 'self'",
                "form-action 'self'",
                "frame-ancestors 'none'",
                "base-uri 'none'",
            ] {
                assert!(
                    policy.split("; ").any(|found| found == directive),
                    "{}: {policy}",
                    operation.path
                );
            }
            assert_eq!(answer.header("referrer-policy"), "same-origin");
            assert_eq!(answer.header("cache-control"), "no-store");
            shown += 1;
        }
        assert!(shown > 8, "{shown}");
    }
}
