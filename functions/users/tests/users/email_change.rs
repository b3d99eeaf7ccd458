use harness::{Account, Answer, Bundle, HttpRequest, PASSWORD};
use serde_json::json;

use crate::bundle;

const NEW: &str = "augusta@example.com";

async fn ask(bundle: &Bundle, account: &Account, email: &str) -> Answer {
    let request = HttpRequest::new("POST", "/v1/users/me/email")
        .bearer(&account.access_token)
        .json(&json!({ "email": email }));
    bundle.send(&request).await
}

fn confirmation(account: &Account, token: &str) -> HttpRequest {
    HttpRequest::new("POST", "/v1/users/me/email/confirm")
        .bearer(&account.access_token)
        .json(&json!({ "token": token }))
}

/// The token in the newest letter to an address.
fn token(bundle: &Bundle, email: &str) -> String {
    let letters = bundle.letters_to(email);
    letters.last().expect("a letter").token().expect("a token")
}

/// An account whose address is known to be its owner's.
async fn verified(bundle: &Bundle) -> Account {
    let account = bundle.account().await;
    bundle.edit_user(&account.id, "email_verified", &json!({ "BOOL": true }));
    account
}

async fn asked(bundle: &Bundle) -> (Account, String) {
    let account = verified(bundle).await;
    let _ = ask(bundle, &account, NEW).await.expect_status(202);
    bundle.deliver().await;
    let token = token(bundle, NEW);
    (account, token)
}

#[tokio::test]
async fn an_account_moves_when_the_new_address_is_confirmed_and_the_old_one_is_told() {
    let bundle = bundle().await;
    let (account, token) = asked(&bundle).await;
    let phone = bundle.sign_in(&account.email).await;
    let old = |bundle: &Bundle| -> Vec<String> {
        let letters = bundle.letters_to(&account.email).into_iter();
        letters.map(|letter| letter.name().to_owned()).collect()
    };
    assert!(old(&bundle).contains(&"email_change_requested".to_owned()));
    let _ = bundle
        .send(&confirmation(&account, &token))
        .await
        .expect_status(204);

    let me = bundle
        .send_as(&account, "GET", "/v1/users/me")
        .await
        .expect_status(200);
    assert_eq!(
        (me.text_at("/email").as_str(), &me.body["emailVerified"]),
        (NEW, &json!(true))
    );
    // Every other session is over; the old address is free again and does not sign in.
    assert!(!bundle.is_signed_in(&phone).await);
    let _ = bundle
        .refresh(&phone.refresh_token)
        .await
        .expect_status(401);
    let _ = bundle
        .refresh(&account.refresh_token)
        .await
        .expect_status(200);
    let body = json!({ "email": account.email, "password": PASSWORD });
    let _ = bundle
        .post("/v1/auth/login", &body)
        .await
        .expect_status(401);
    let _ = bundle.sign_in(NEW).await;
    let _ = bundle
        .post("/v1/auth/register", &body)
        .await
        .expect_status(201);

    bundle.deliver().await;
    assert!(old(&bundle).contains(&"email_changed".to_owned()));
    let new = bundle.letters_to(NEW);
    assert!(new.iter().any(|letter| letter.name() == "email_changed"));
    bundle.assert_invariants();
}

#[tokio::test]
async fn bug_34_a_token_is_used_once_by_its_owner_before_anything_else_changes() {
    let bundle = bundle().await;
    let (account, token) = asked(&bundle).await;
    let other = bundle.account().await;
    let refused = async |account: &Account, token: &str| {
        let answer = bundle
            .send(&confirmation(account, token))
            .await
            .expect_status(400);
        assert_eq!(answer.code(), "invalid_action_token");
    };
    refused(&other, &token).await;
    refused(&account, &token[..token.len() - 1]).await;
    refused(&account, &account.refresh_token).await;
    refused(&account, &account.access_token).await;
    let forgot = json!({ "email": account.email });
    let _ = bundle
        .post("/v1/auth/forgot-password", &forgot)
        .await
        .expect_status(202);
    bundle.deliver().await;
    refused(&account, &self::token(&bundle, &account.email)).await;
    // A second request for another address, confirmed first.
    let _ = ask(&bundle, &account, "third@example.com")
        .await
        .expect_status(202);
    bundle.deliver().await;
    let third = self::token(&bundle, "third@example.com");
    let _ = bundle
        .send(&confirmation(&account, &third))
        .await
        .expect_status(204);
    refused(&account, &third).await;
    refused(&account, &token).await;
}

/// Another spelling of an address.
fn respelled(email: &str) -> String {
    let (local, domain) = email.split_once('@').expect("an address");
    format!("{}@{domain}", local.to_uppercase())
}

#[tokio::test]
async fn bug_76_the_spelling_of_ones_own_address_is_corrected_and_nothing_else_changes() {
    let bundle = bundle().await;
    let account = verified(&bundle).await;
    let phone = bundle.sign_in(&account.email).await;
    bundle.deliver().await;
    let before = bundle.letters_to(&account.email).len();
    let new = respelled(&account.email);
    let _ = ask(&bundle, &account, &new).await.expect_status(202);
    bundle.deliver().await;
    let names = |email: &str| -> Vec<String> {
        let letters = bundle.letters_to(email).into_iter();
        letters.map(|letter| letter.name().to_owned()).collect()
    };
    assert_eq!(names(&new), ["confirm_email_change"]);
    assert_eq!(names(&account.email).len(), before, "one letter only");

    let credentials = bundle.items_of_type("credential");
    let token = token(&bundle, &new);
    let _ = bundle
        .send(&confirmation(&account, &token))
        .await
        .expect_status(204);
    assert_eq!(bundle.items_of_type("credential"), credentials);
    let me = bundle.send_as(&phone, "GET", "/v1/users/me").await;
    let me = me.expect_status(200);
    assert_eq!(
        (me.text_at("/id"), me.text_at("/email")),
        (account.id.clone(), new.clone())
    );
    for spelling in [&account.email, &new] {
        assert_eq!(bundle.sign_in(spelling).await.id, account.id);
    }
    bundle.deliver().await;
    assert_eq!(names(&new), ["confirm_email_change", "email_changed"]);
    assert_eq!(names(&account.email).len(), before);
    let again = bundle
        .send(&confirmation(&account, &token))
        .await
        .expect_status(400);
    assert_eq!(again.code(), "invalid_action_token");
    bundle.assert_invariants();
}

#[tokio::test]
async fn bug_76_a_spelling_whose_confirmation_is_repeated_inside_is_written_once() {
    use harness::Fault;
    let bundle = bundle().await;
    let account = bundle.account().await;
    let new = respelled(&account.email);
    let _ = ask(&bundle, &account, &new).await.expect_status(202);
    bundle.deliver().await;
    let confirm = confirmation(&account, &token(&bundle, &new));
    let mut once = true;
    bundle.recorder().disturb(move |operation| {
        (operation == "UpdateItem" && std::mem::take(&mut once)).then_some(Fault::LoseAnswer)
    });
    let _ = bundle.send(&confirm).await.expect_status(204);
    let user = bundle.items_of_type("user").remove(0);
    assert_eq!(
        (&user["email"]["S"], &user["version"]["N"]),
        (&json!(new), &json!("2"))
    );
    // It has received mail there.
    assert_eq!(user["email_verified"]["BOOL"], true);
    assert_eq!(user["credential_version"]["N"], "1");
    bundle.assert_invariants();
}

#[tokio::test]
async fn bug_78_of_two_addresses_asked_for_the_newest_counts() {
    let bundle = bundle().await;
    let (account, older) = asked(&bundle).await;
    let newest = "third@example.com";
    let _ = ask(&bundle, &account, newest).await.expect_status(202);
    // At once: the older link is void before the newer letter is on its way.
    let refused = bundle
        .send(&confirmation(&account, &older))
        .await
        .expect_status(400);
    assert_eq!(refused.code(), "invalid_action_token");
    bundle.deliver().await;
    let newer = token(&bundle, newest);
    let _ = bundle
        .send(&confirmation(&account, &older))
        .await
        .expect_status(400);
    let _ = bundle
        .send(&confirmation(&account, &newer))
        .await
        .expect_status(204);
    let me = bundle.send_as(&account, "GET", "/v1/users/me").await;
    assert_eq!(me.text_at("/email"), newest);
    bundle.assert_invariants();
}

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

#[tokio::test]
async fn an_address_taken_meanwhile_stays_with_its_account() {
    let bundle = bundle().await;
    let (account, token) = asked(&bundle).await;
    let body = json!({ "email": NEW, "password": PASSWORD });
    let _ = bundle
        .post("/v1/auth/register", &body)
        .await
        .expect_status(201);
    let answer = bundle
        .send(&confirmation(&account, &token))
        .await
        .expect_status(409);
    assert_eq!(answer.code(), "email_taken");
    bundle.assert_invariants();
}

#[tokio::test]
async fn it_takes_a_recent_sign_in_and_another_address() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let answer = ask(&bundle, &account, &account.email)
        .await
        .expect_status(400);
    assert_eq!(answer.field_codes(), [("email", "unchanged")]);
    bundle.age_sessions("created_at", 301);
    let answer = ask(&bundle, &account, NEW).await.expect_status(403);
    assert_eq!(answer.code(), "reauthentication_required");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_confirmations_at_once_one_wins_and_one_is_told() {
    let bundle = bundle().await;
    let (account, token) = asked(&bundle).await;
    let (one, two) = (
        bundle.spawn("confirm-email-change").await,
        bundle.spawn("confirm-email-change").await,
    );
    bundle
        .recorder()
        .set_delay(std::time::Duration::from_millis(150));
    let request = confirmation(&account, &token);
    let (first, second) = tokio::join!(
        bundle.send_to(&one, &request),
        bundle.send_to(&two, &request)
    );
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 409]);
    bundle.recorder().set_delay(std::time::Duration::ZERO);
    assert!(bundle.is_signed_in(&account).await);
    bundle.assert_invariants();
}

#[tokio::test]
async fn bug_29_a_change_that_breaks_off_leaves_every_account_with_its_credential() {
    use harness::Fault;
    let bundle = bundle().await;
    let (account, token) = asked(&bundle).await;
    for fault in [
        Fault::Refuse,
        Fault::RefusedAndHeld,
        Fault::RefusedAndThrottled,
    ] {
        bundle
            .recorder()
            .disturb(move |operation| (operation == "TransactWriteItems").then_some(fault));
        let _ = bundle
            .send(&confirmation(&account, &token))
            .await
            .expect_status(503);
        bundle.recorder().calm();
        bundle.assert_invariants();
        let _ = bundle.sign_in(&account.email).await;
    }
    let mut once = true;
    bundle.recorder().disturb(move |operation| {
        (operation == "TransactWriteItems" && std::mem::take(&mut once))
            .then_some(Fault::LoseAnswer)
    });
    let _ = bundle
        .send(&confirmation(&account, &token))
        .await
        .expect_status(204);
    bundle.assert_invariants();
}
