//! Who was there before the owner of an address, and what a provider says of it.

use serde_json::json;

use crate::bundle;
use crate::peer::Peer;

/// Registered first, linked later; linked first, verified later; and by a provider that believes everybody.
#[tokio::test]
async fn bug_93_whoever_was_there_before_the_owner_keeps_nothing() {
    let bundle = bundle().await;
    let admin = bundle.provider_trusted("linking").await;
    let peer = Peer::start(&bundle, &admin, &json!({ "emailTrust": "none" })).await;

    // A stranger has come by a provider that says what they like; the owner comes by one that is trusted.
    let claims = json!({ "email": "ada@example.org", "email_verified": true });
    let stranger = peer
        .exchange(&bundle, "mallory", &claims)
        .await
        .expect_status(200);
    assert_eq!(stranger.body["user"]["emailVerified"], false);
    let owner = bundle
        .exchange("ada@example.org", true)
        .await
        .expect_status(200);
    assert_eq!(owner.text_at("/user/id"), stranger.text_at("/user/id"));
    let back = peer
        .exchange(&bundle, "mallory", &claims)
        .await
        .expect_status(409);
    assert_eq!(back.code(), "link_required");
    let session = harness::HttpRequest::new("GET", "/v1/users/me");
    let session = session.bearer(&stranger.text_at("/accessToken"));
    let _ = bundle.send(&session).await.expect_status(401);
    let refreshed = bundle.refresh(&stranger.text_at("/refreshToken")).await;
    assert_eq!(refreshed.status, 401);

    // A stranger has come by it; the owner resets the password with a letter.
    let claims = json!({ "email": "bea@example.org", "email_verified": true });
    let _ = peer
        .exchange(&bundle, "mallory2", &claims)
        .await
        .expect_status(200);
    let asked = json!({ "email": "bea@example.org" });
    let _ = bundle
        .post("/v1/auth/forgot-password", &asked)
        .await
        .expect_status(202);
    let letter = bundle.letter("bea@example.org", "reset_password").await;
    let reset = json!({ "token": letter.token(), "password": "four other words there" });
    let _ = bundle
        .post("/v1/auth/reset-password", &reset)
        .await
        .expect_status(204);
    let back = peer
        .exchange(&bundle, "mallory2", &claims)
        .await
        .expect_status(409);
    assert_eq!(back.code(), "link_required");
    let rows = bundle.items_of_type("identity");
    assert!(rows.iter().all(|row| row["subject"]["S"] != "mallory2"));
}

#[tokio::test]
async fn bug_94_an_address_that_is_not_verified_opens_no_account() {
    let bundle = bundle().await;
    let _ = bundle.provider_trusted("linking").await;
    let account = bundle.account().await;
    bundle.edit_user(&account.id, "email_verified", &json!({ "BOOL": true }));
    let answer = bundle
        .exchange(&account.email, false)
        .await
        .expect_status(409);
    assert_eq!(answer.code(), "link_required");
    assert!(bundle.items_of_type("identity").is_empty());
}

#[tokio::test]
async fn bug_99_verified_as_a_text_that_says_false_is_not_verified() {
    let bundle = bundle().await;
    let admin = bundle.account_with_role("admin").await;
    let peer = Peer::start(&bundle, &admin, &json!({ "emailTrust": "linking" })).await;
    let words = [
        json!("false"),
        json!("0"),
        json!("True"),
        json!(1),
        json!([true]),
        json!({}),
        json!(null),
    ];
    for (number, verified) in words.into_iter().enumerate() {
        let claims =
            json!({ "email": format!("{number}@example.org"), "email_verified": verified });
        let answer = peer.exchange(&bundle, &number.to_string(), &claims).await;
        let answer = answer.expect_status(200);
        assert_eq!(answer.body["user"]["emailVerified"], false, "{verified}");
    }
    let claims = json!({ "email": "yes@example.org", "email_verified": "true" });
    let answer = peer
        .exchange(&bundle, "yes", &claims)
        .await
        .expect_status(200);
    assert_eq!(answer.body["user"]["emailVerified"], true);
}

#[tokio::test]
async fn where_registration_is_private_an_address_that_may_be_anothers_tells_nothing() {
    let bundle = bundle().await;
    let _ = bundle.provider_trusted("new_accounts").await;
    let account = bundle.account().await;
    bundle.set("REGISTRATION", "private");
    for email in ["nobody@example.org", &account.email] {
        let answer = bundle.exchange(email, false).await.expect_status(403);
        assert_eq!(answer.code(), "email_unverified", "{email}");
    }
    assert!(bundle.items_of_type("identity").is_empty());
}

#[tokio::test]
async fn a_later_change_of_address_at_the_provider_changes_nothing_here() {
    let bundle = bundle().await;
    let admin = bundle.account_with_role("admin").await;
    let peer = Peer::start(&bundle, &admin, &json!({ "emailTrust": "linking" })).await;
    let first = json!({ "email": "ada@example.org", "email_verified": true, "given_name": "Ada" });
    let first = peer.exchange(&bundle, "1", &first).await.expect_status(200);
    let other =
        json!({ "email": "new@example.org", "email_verified": true, "given_name": "Other" });
    let later = peer.exchange(&bundle, "1", &other).await.expect_status(200);
    assert_eq!(first.body["user"], later.body["user"]);
    let without = peer
        .exchange(&bundle, "2", &json!({}))
        .await
        .expect_status(403);
    assert_eq!(without.code(), "identity_refused");
}
