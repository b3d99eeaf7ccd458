//! Who learns what from the letters.

use super::{NEW, ask, asked, confirmation, token, verified};
use crate::bundle;

#[tokio::test]
async fn bug_78_every_request_sends_its_letter_and_one_is_kept() {
    let bundle = bundle().await;
    let (account, first) = asked(&bundle).await;
    let _ = ask(&bundle, &account, "third@example.com").await;
    bundle.deliver().await;
    let _ = ask(&bundle, &account, NEW).await.expect_status(202);
    bundle.deliver().await;
    assert_eq!(bundle.letters_to(NEW).len(), 2);
    assert_eq!(bundle.letters_to("third@example.com").len(), 1);
    let kept = bundle.items_of_type("email_change");
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0]["email"]["S"], NEW);
    assert!(kept[0]["ttl"]["N"].is_string());
    // Both links to the address that is wanted now lead there.
    let _ = bundle
        .send(&confirmation(&account, &first))
        .await
        .expect_status(204);
}

#[tokio::test]
async fn bug_23_an_address_that_is_taken_shows_to_its_owner_alone() {
    let bundle = bundle().await;
    let (account, other) = (bundle.account().await, bundle.account().await);
    let _ = ask(&bundle, &account, "warm@example.com").await;
    let _ = bundle.recorder().take();
    let free = ask(&bundle, &account, NEW).await.expect_status(202);
    let free_calls = bundle.recorder().take().len();
    let taken = ask(&bundle, &account, &other.email)
        .await
        .expect_status(202);
    assert_eq!(
        (free.text, free_calls),
        (taken.text, bundle.recorder().take().len())
    );
    bundle.deliver().await;
    let letters = bundle.letters_to(&other.email);
    let letter = letters.last().expect("a letter");
    assert_eq!(letter.name(), "account_exists");
    assert_eq!(letter.token(), None);
}

#[tokio::test]
async fn bug_23_nor_does_the_audit_of_who_asked_tell() {
    let bundle = bundle().await;
    let other = bundle.account().await;
    let mut seen = Vec::new();
    for email in [NEW, &other.email] {
        let account = verified(&bundle).await;
        let _ = ask(&bundle, &account, email).await.expect_status(202);
        bundle.deliver().await;
        let audit = bundle
            .send_as(&account, "GET", "/v1/users/me/audit?sort=time")
            .await
            .expect_status(200);
        let entries = audit.body["data"].as_array().expect("a list");
        let shown = |entry: &serde_json::Value| {
            (
                entry["action"].to_string(),
                entry["after"]["letter"].to_string(),
            )
        };
        let mut shown: Vec<_> = entries.iter().map(shown).collect();
        shown.sort_unstable();
        seen.push(shown);
    }
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test]
async fn an_address_that_may_be_a_strangers_gets_no_words_that_others_chose() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let _ = ask(&bundle, &account, "buy-now@evil.example")
        .await
        .expect_status(202);
    bundle.deliver().await;
    let confirm = confirmation(&account, &token(&bundle, "buy-now@evil.example"));
    let _ = bundle.send(&confirm).await.expect_status(204);
    bundle.deliver().await;
    for letter in bundle.letters_to(&account.email) {
        assert_eq!(letter.name(), "verify_email");
        assert!(!letter.text.contains("evil.example"));
    }
}
