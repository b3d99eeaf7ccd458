use std::time::Duration;

use harness::{Account, Answer, Bundle, Fault, HttpRequest, PASSWORD};
use serde_json::json;

use crate::bundle;

const NEW: &str = "staple battery horse correct";

fn request(account: &Account, current: &str, new: &str) -> HttpRequest {
    HttpRequest::new("POST", "/v1/auth/change-password")
        .bearer(&account.access_token)
        .json(&json!({ "currentPassword": current, "newPassword": new }))
}

async fn change(bundle: &Bundle, account: &Account, current: &str, new: &str) -> Answer {
    bundle.send(&request(account, current, new)).await
}

async fn login(bundle: &Bundle, account: &Account, password: &str) -> Answer {
    let body = json!({ "email": account.email, "password": password });
    bundle.post("/v1/auth/login", &body).await
}

#[tokio::test]
async fn bug_07_bug_08_a_new_password_ends_every_other_session_at_once() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let other = bundle.sign_in(&account.email).await;
    let _ = change(&bundle, &account, PASSWORD, NEW)
        .await
        .expect_status(204);

    let access = bundle.send_as(&other, "GET", "/v1/users/me").await;
    assert_eq!((access.status, access.code()), (401, "invalid_token"));
    let refresh = bundle.refresh(&other.refresh_token).await;
    assert_eq!((refresh.status, refresh.code()), (401, "invalid_token"));
    // The session that asked goes on.
    assert!(bundle.is_signed_in(&account).await);
    let _ = bundle
        .refresh(&account.refresh_token)
        .await
        .expect_status(200);
    let _ = login(&bundle, &account, PASSWORD).await.expect_status(401);
    let _ = login(&bundle, &account, NEW).await.expect_status(200);
}

#[tokio::test]
async fn wrong_input_is_named_and_changes_nothing() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let before = bundle.accounts();
    for (current, new, expected) in [
        ("not the password", NEW, ("currentPassword", "incorrect")),
        (PASSWORD, "short", ("newPassword", "too_short")),
        (PASSWORD, "password123", ("newPassword", "too_common")),
        (PASSWORD, &account.email, ("newPassword", "too_similar")),
    ] {
        let answer = change(&bundle, &account, current, new)
            .await
            .expect_status(400);
        assert_eq!(answer.field_codes(), [expected]);
    }
    assert_eq!(bundle.accounts(), before);
}

#[tokio::test]
async fn it_takes_a_recent_sign_in() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    bundle.age_proofs(301);
    let answer = change(&bundle, &account, PASSWORD, NEW)
        .await
        .expect_status(403);
    assert_eq!(answer.code(), "reauthentication_required");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_new_passwords_at_once_one_is_set_and_one_is_told() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let phone = bundle.sign_in(&account.email).await;
    let (one, two) = (
        bundle.spawn("change-password").await,
        bundle.spawn("change-password").await,
    );
    bundle.recorder().set_delay(Duration::from_millis(400));
    let (first, second) = (
        request(&account, PASSWORD, NEW),
        request(&phone, PASSWORD, "horse staple correct battery"),
    );
    let (first, second) = tokio::join!(bundle.send_to(&one, &first), bundle.send_to(&two, &second));
    bundle.recorder().set_delay(Duration::ZERO);
    let mut outcomes = [(first.status, first.code()), (second.status, second.code())];
    outcomes.sort_unstable();
    assert_eq!(outcomes, [(204, ""), (409, "conflict")]);
    let winner = if first.status == 204 {
        &account
    } else {
        &phone
    };
    let live = bundle.send_as(winner, "GET", "/v1/users/me").await;
    assert_eq!(live.status, 200);
    bundle.assert_invariants();
}

#[tokio::test]
async fn bug_62_a_change_whose_answer_got_lost_inside_is_recognised_as_ours() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let mut once = true;
    bundle.recorder().disturb(move |operation| {
        (operation == "TransactWriteItems" && std::mem::take(&mut once))
            .then_some(Fault::LoseAnswer)
    });
    let _ = change(&bundle, &account, PASSWORD, NEW)
        .await
        .expect_status(204);
    let _ = login(&bundle, &account, NEW).await.expect_status(200);
}

#[tokio::test]
async fn bug_48_a_rehash_at_login_never_brings_the_old_password_back() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    // The login that read the outdated hash writes its rehash only after the password has changed.
    crate::login::use_outdated_hash(&bundle);
    bundle.recorder().set_delay(Duration::from_millis(300));
    let late = login(&bundle, &account, PASSWORD);
    let changed = async {
        tokio::time::sleep(Duration::from_millis(450)).await;
        let item = bundle.items_of_type("credential").remove(0);
        let mut item = item;
        item["password_hash"] = json!({ "S": "$argon2id$v=19$m=19456,t=2,p=1$bmV3$bmV3" });
        item["credential_version"] = json!({ "N": "2" });
        bundle.put(&item);
        item["password_hash"].clone()
    };
    let (_, hash) = tokio::join!(late, changed);
    bundle.recorder().set_delay(Duration::ZERO);
    let stored = bundle.items_of_type("credential").remove(0);
    assert_eq!(stored["password_hash"], hash);
}
