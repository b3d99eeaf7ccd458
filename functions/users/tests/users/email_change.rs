mod letters;
mod spelling;

use harness::{Account, Answer, Bundle, Fault, HttpRequest, PASSWORD};
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
    bundle.age_proofs(301);
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
