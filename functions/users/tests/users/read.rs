use harness::HttpRequest;
use serde_json::json;

use crate::bundle;

#[tokio::test]
async fn the_owner_reads_the_profile_by_id_and_as_me() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let me = bundle
        .send_as(&account, "GET", "/v1/users/me")
        .await
        .expect_status(200);
    for id in [account.id.clone(), account.id.to_uppercase()] {
        let by_id = bundle
            .send_as(&account, "GET", &format!("/v1/users/{id}"))
            .await;
        assert_eq!(me.body, by_id.body, "{id}");
    }
    assert_eq!(me.text_at("/email"), account.email);
    assert_eq!(me.header("etag"), "\"1\"");
    assert_eq!(me.header("cache-control"), "no-store");
}

#[tokio::test]
async fn bug_38_others_are_forbidden_whether_or_not_the_account_exists() {
    let bundle = bundle().await;
    let (account, other) = (bundle.account().await, bundle.account().await);
    let capitals = other.id.to_uppercase();
    for id in [
        other.id.as_str(),
        &capitals,
        "01890a5d-ac96-774b-bcce-b302099a8057",
    ] {
        let answer = bundle
            .send_as(&account, "GET", &format!("/v1/users/{id}"))
            .await;
        assert_eq!((answer.status, answer.code()), (403, "forbidden"), "{id}");
    }
    for id in ["ME", "1", "..", "%2e%2e"] {
        let answer = bundle
            .send_as(&account, "GET", &format!("/v1/users/{id}"))
            .await;
        assert_eq!(answer.field_codes(), [("id", "invalid_format")], "{id}");
    }
}

#[tokio::test]
async fn moderators_and_admins_read_everybody_and_are_told_who_is_missing() {
    let bundle = bundle().await;
    let (admin, user) = (bundle.admin().await, bundle.account().await);
    let moderator = bundle.account_with_role("moderator").await;
    for reader in [&moderator, &admin] {
        for read in [&user, &moderator, &admin] {
            let path = format!("/v1/users/{}", read.id);
            let answer = bundle
                .send_as(reader, "GET", &path)
                .await
                .expect_status(200);
            assert_eq!(answer.text_at("/id"), read.id);
        }
        let missing = "/v1/users/01890a5d-ac96-774b-bcce-b302099a8057";
        let answer = bundle
            .send_as(reader, "GET", missing)
            .await
            .expect_status(404);
        assert_eq!(answer.code(), "user_not_found");
    }
}

#[tokio::test]
async fn a_cached_version_answers_304_without_a_body() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let get = |tag: &str| {
        HttpRequest::new("GET", "/v1/users/me")
            .bearer(&account.access_token)
            .header("if-none-match", tag)
    };
    let answer = bundle.send(&get("\"1\"")).await.expect_status(304);
    assert_eq!((answer.text.as_str(), answer.header("etag")), ("", "\"1\""));
    let _ = bundle.send(&get("\"2\"")).await.expect_status(200);
}

#[tokio::test]
async fn fields_choose_properties_and_unknown_ones_are_refused() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let answer = bundle
        .send_as(&account, "GET", "/v1/users/me?fields=id,email")
        .await;
    assert_eq!(
        answer.body,
        json!({ "id": account.id, "email": account.email })
    );
    for query in [
        "fields=id,password_hash",
        "fields=",
        "fields=id&fields=email",
        "field=id",
    ] {
        let path = format!("/v1/users/me?{query}");
        let _ = bundle
            .send_as(&account, "GET", &path)
            .await
            .expect_status(400);
    }
}

#[tokio::test]
async fn bug_10_a_change_of_role_acts_on_the_very_next_call() {
    let bundle = bundle().await;
    let user = bundle.account().await;
    let path = format!("/v1/users/{}", user.id);
    for role in ["admin", "moderator"] {
        let caller = bundle.account_with_role(role).await;
        let _ = bundle
            .send_as(&caller, "GET", &path)
            .await
            .expect_status(200);
        bundle.edit_user(&caller.id, "role", &json!({ "S": "user" }));
        let _ = bundle
            .send_as(&caller, "GET", &path)
            .await
            .expect_status(403);
        let _ = bundle
            .send_as(&caller, "DELETE", &path)
            .await
            .expect_status(403);
    }
}

#[tokio::test]
async fn bug_60_the_answer_has_the_documented_properties_and_no_others() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    bundle.edit_user(
        &account.id,
        "password_hash",
        &json!({ "S": "$argon2id$leaked" }),
    );
    bundle.edit_user(&account.id, "internal_note", &json!({ "S": "leaked" }));
    // The contract check refuses every property that openapi.yaml does not name.
    let answer = bundle
        .send_as(&account, "GET", "/v1/users/me")
        .await
        .expect_status(200);
    assert!(!answer.text.contains("leaked"), "{}", answer.text);
}
