//! Linking and unlinking by the owner of an account.

use harness::oauth::CODE_VERIFIER;
use harness::requests::by;
use harness::{Account, Answer, Bundle};
use serde_json::{Value, json};

use crate::bundle;

const OWN: &str = "/v1/users/me/identities";

async fn link(bundle: &Bundle, account: &Account, body: &Value) -> Answer {
    bundle.send(&by(account, "POST", OWN).json(body)).await
}

#[tokio::test]
async fn an_owner_links_an_identity_signs_in_with_it_and_unlinks_it() {
    let bundle = bundle().await;
    let _ = bundle.provider_trusted("none").await;
    let account = bundle.account().await;
    let code = bundle.identity_code("ada@example.org", false).await;
    let linked = link(&bundle, &account, &code).await.expect_status(201);
    assert_eq!(linked.body["email"], "ada@example.org");
    let again = bundle.identity_code("ada@example.org", false).await;
    let again = link(&bundle, &account, &again).await.expect_status(200);
    assert_eq!(again.body["id"], linked.body["id"], "it is linked already");
    let signed_in = bundle
        .exchange("ada@example.org", false)
        .await
        .expect_status(200);
    assert_eq!(signed_in.text_at("/user/id"), account.id);
    assert_eq!(signed_in.text_at("/user/email"), account.email);
    let events = bundle.items_of_type("user");
    assert!(
        events
            .iter()
            .any(|user| user["identities"]["SS"][0].as_str().is_some())
    );

    let path = format!("{OWN}/{}", linked.text_at("/id"));
    let _ = bundle
        .send_as(&account, "DELETE", &path)
        .await
        .expect_status(204);
    let gone = bundle
        .send_as(&account, "DELETE", &path)
        .await
        .expect_status(404);
    assert_eq!(gone.code(), "identity_not_found");
    assert!(bundle.items_of_type("identity").is_empty());
    let later = bundle
        .exchange("ada@example.org", false)
        .await
        .expect_status(200);
    assert_ne!(later.text_at("/user/id"), account.id);
}

#[tokio::test]
async fn who_is_asked_to_sign_in_first_links_with_what_came_with_that() {
    let bundle = bundle().await;
    let _ = bundle.provider_trusted("new_accounts").await;
    let [account, stranger] = [bundle.account().await, bundle.account().await];
    let asked = bundle
        .exchange(&account.email, true)
        .await
        .expect_status(409);
    let body = json!({ "linkToken": asked.body["linkToken"] });
    let other = link(&bundle, &stranger, &body).await.expect_status(401);
    assert_eq!(
        other.code(),
        "challenge_expired",
        "it is for the account of its address"
    );
    let _ = link(&bundle, &account, &body).await.expect_status(201);
    let signed_in = bundle
        .exchange(&account.email, true)
        .await
        .expect_status(200);
    assert_eq!(signed_in.text_at("/user/id"), account.id);
    for body in [
        json!({}),
        json!({ "code": "x" }),
        json!({ "codeVerifier": CODE_VERIFIER }),
        json!({ "code": "x", "codeVerifier": CODE_VERIFIER, "linkToken": "x" }),
    ] {
        let _ = link(&bundle, &account, &body).await.expect_status(400);
    }
}

#[tokio::test]
async fn an_identity_signs_in_to_one_account() {
    let bundle = bundle().await;
    let _ = bundle.provider_trusted("new_accounts").await;
    let _ = bundle.external("ada@example.org").await;
    let account = bundle.account().await;
    let code = bundle.identity_code("ada@example.org", true).await;
    let taken = link(&bundle, &account, &code).await.expect_status(409);
    assert_eq!(taken.code(), "identity_taken");
    for number in 0..10 {
        let email = format!("{number}@example.org");
        let code = bundle.identity_code(&email, false).await;
        let _ = link(&bundle, &account, &code).await.expect_status(201);
    }
    let code = bundle.identity_code("more@example.org", false).await;
    let more = link(&bundle, &account, &code).await.expect_status(409);
    assert_eq!(more.code(), "too_many_identities");
}

#[tokio::test]
async fn bug_100_the_only_way_in_is_not_unlinked() {
    let bundle = bundle().await;
    let _ = bundle.provider_trusted("new_accounts").await;
    let account = bundle.external("ada@example.org").await;
    let listed = bundle
        .send_as(&account, "GET", OWN)
        .await
        .expect_status(200);
    let path = format!("{OWN}/{}", listed.text_at("/data/0/id"));
    let kept = bundle
        .send_as(&account, "DELETE", &path)
        .await
        .expect_status(409);
    assert_eq!(kept.code(), "last_way_in");
    // A passkey is another way in, and then the identity keeps it from being the last.
    let (passkey, added) = bundle.add_passkey(&account).await;
    let _ = bundle
        .send_as(&account, "DELETE", &path)
        .await
        .expect_status(204);
    let last = format!("/v1/users/me/passkeys/{}", added.text_at("/id"));
    let last = bundle
        .send_as(&account, "DELETE", &last)
        .await
        .expect_status(409);
    assert_eq!(last.code(), "last_factor");
    let _ = bundle.passkey_sign_in(&passkey).await.expect_status(200);
}

#[tokio::test]
async fn linking_and_unlinking_take_the_strongest_proof_and_are_the_owners_alone() {
    let bundle = bundle().await;
    let admin = bundle.provider_trusted("new_accounts").await;
    let account = bundle.account().await;
    let code = bundle.identity_code("ada@example.org", true).await;
    let of_another = format!("/v1/users/{}/identities", account.id);
    let request = by(&admin, "POST", &of_another).json(&code);
    let _ = bundle.send(&request).await.expect_status(403);
    let _ = bundle
        .send_as(&admin, "GET", &of_another)
        .await
        .expect_status(200);
    let enrolled = bundle.enrol(&account).await;
    let by_password_alone = bundle.challenge(&account.email).await;
    assert!(!by_password_alone.is_empty());
    let long_ago = json!({ "N": "1000000000000" });
    for mut session in bundle.items_of_type("session") {
        session.as_object_mut().expect("an item").remove("proved");
        session["created_at"] = long_ago.clone();
        bundle.put(&session);
    }
    let refused = link(&bundle, &account, &code).await.expect_status(403);
    assert_eq!(refused.code(), "reauthentication_required");
    let again = bundle.sign_in_with(&enrolled).await;
    let _ = link(&bundle, &again, &code).await.expect_status(201);
}

#[tokio::test]
async fn what_belonged_to_a_deleted_account_is_free_again() {
    let bundle = bundle().await;
    let _ = bundle.provider_trusted("new_accounts").await;
    let account = bundle.external("ada@example.org").await;
    let delete = by(&account, "DELETE", "/v1/users/me");
    let _ = bundle.send(&delete).await.expect_status(204);
    assert!(bundle.items_of_type("identity").is_empty());
    let again = bundle.external("ada@example.org").await;
    assert_ne!(again.id, account.id);
}
