use harness::HttpRequest;
use serde_json::json;

use crate::bundle;

#[tokio::test]
async fn signing_out_ends_this_session_and_no_other() {
    let bundle = bundle().await;
    for method in ["POST", "DELETE"] {
        let account = bundle.account().await;
        let other = bundle.sign_in(&account.email).await;
        let _ = bundle
            .send_as(&account, method, "/v1/auth/logout")
            .await
            .expect_status(204);
        assert!(!bundle.is_signed_in(&account).await);
        let _ = bundle
            .refresh(&account.refresh_token)
            .await
            .expect_status(401);
        assert!(bundle.is_signed_in(&other).await);
    }
}

#[tokio::test]
async fn others_and_all_end_what_they_say() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let other = bundle.sign_in(&account.email).await;
    let _ = bundle
        .send_as(&account, "POST", "/v1/auth/logout?scope=others")
        .await
        .expect_status(204);
    assert!(!bundle.is_signed_in(&other).await);
    let _ = bundle
        .refresh(&other.refresh_token)
        .await
        .expect_status(401);
    assert!(bundle.is_signed_in(&account).await);
    let answer = bundle
        .refresh(&account.refresh_token)
        .await
        .expect_status(200);
    let newest = answer.text_at("/refreshToken");

    let other = bundle.sign_in(&account.email).await;
    let _ = bundle
        .send_as(&account, "POST", "/v1/auth/logout?scope=all")
        .await
        .expect_status(204);
    for dead in [&account, &other] {
        assert!(!bundle.is_signed_in(dead).await);
    }
    let _ = bundle.refresh(&newest).await.expect_status(401);
    let back = bundle.sign_in(&account.email).await;
    assert!(bundle.is_signed_in(&back).await);
}

#[tokio::test]
async fn a_refresh_token_signs_out_when_the_access_token_has_expired() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let body = json!({ "refreshToken": account.refresh_token });
    let request = HttpRequest::new("POST", "/v1/auth/logout")
        .bearer("expired")
        .json(&body);
    let _ = bundle.send(&request).await.expect_status(204);
    assert!(!bundle.is_signed_in(&account).await);
    let _ = bundle.send(&request).await.expect_status(204);

    let forged = json!({ "refreshToken": format!("{}A", account.refresh_token) });
    let _ = bundle
        .post("/v1/auth/logout", &forged)
        .await
        .expect_status(401);
}

#[tokio::test]
async fn an_old_refresh_token_ends_its_own_session_but_no_others() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let other = bundle.sign_in(&account.email).await;
    let second = bundle
        .refresh(&account.refresh_token)
        .await
        .text_at("/refreshToken");
    let _ = bundle.refresh(&second).await.expect_status(200);
    let old = json!({ "refreshToken": account.refresh_token });
    let _ = bundle
        .post("/v1/auth/logout?scope=all", &old)
        .await
        .expect_status(401);
    assert!(bundle.is_signed_in(&other).await);
    let _ = bundle
        .post("/v1/auth/logout", &old)
        .await
        .expect_status(204);
    let ended = bundle.items_of_type("session");
    let reused = |item: &&serde_json::Value| item["revoked_because"]["S"] == "refresh_token_reuse";
    assert_eq!(ended.iter().filter(reused).count(), 1);
    assert!(!bundle.is_signed_in(&account).await);
    assert!(bundle.is_signed_in(&other).await);
}

#[tokio::test]
async fn without_a_token_or_with_a_wrong_scope_nothing_happens() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let answer = bundle
        .send(&HttpRequest::new("POST", "/v1/auth/logout"))
        .await
        .expect_status(401);
    assert_eq!(answer.code(), "missing_token");
    for path in [
        "/v1/auth/logout?scope=everything",
        "/v1/auth/logout?scop=all",
    ] {
        let _ = bundle
            .send_as(&account, "DELETE", path)
            .await
            .expect_status(400);
    }
    assert!(bundle.is_signed_in(&account).await);
}
