use harness::{HttpRequest, PASSWORD};
use serde_json::{Value, json};

use crate::bundle;

#[tokio::test]
async fn a_registration_makes_an_account_and_tells_where_it_is() {
    let bundle = bundle().await;
    let body = json!({
        "email": "Ada@Example.com",
        "password": PASSWORD,
        "firstName": " Ada ",
        "lastName": "Lovelace",
    });
    let answer = bundle
        .post("/v1/auth/register", &body)
        .await
        .expect_status(201);
    let id = answer.text_at("/id");
    assert_eq!(answer.header("location"), format!("/v1/users/{id}"));
    assert_eq!(answer.header("etag"), "\"1\"");
    assert_eq!(answer.text_at("/email"), "Ada@example.com");
    assert_eq!(answer.text_at("/firstName"), "Ada");
    assert_eq!(answer.text_at("/role"), "user");
    assert_eq!(answer.body["emailVerified"], false);

    let credential = &bundle.items_of_type("credential")[0];
    assert_eq!(credential["pk"]["S"], "EMAIL#ada@example.com");
    assert!(!answer.text.contains("argon2"));
}

#[tokio::test]
async fn a_taken_address_is_refused_in_every_spelling_and_nothing_is_written() {
    let bundle = bundle().await;
    let register = async |email: &str| {
        let body = json!({ "email": email, "password": PASSWORD });
        bundle.post("/v1/auth/register", &body).await
    };
    let _ = register("ada@bücher.example").await.expect_status(201);
    let before = bundle.accounts().len();
    for taken in [
        "ada@bücher.example",
        "ADA@BÜCHER.example",
        "Ada@xn--bcher-kva.example",
        " ada@bücher.example ",
    ] {
        let answer = register(taken).await.expect_status(409);
        assert_eq!(answer.code(), "email_taken", "{taken}");
    }
    assert_eq!(bundle.accounts().len(), before);
}

#[tokio::test]
async fn every_wrong_field_is_named_at_once() {
    let bundle = bundle().await;
    let body =
        json!({ "email": "nope", "password": "short", "firstName": "", "lastName": 7, "x": 1 });
    let answer = bundle
        .post("/v1/auth/register", &body)
        .await
        .expect_status(400);
    assert_eq!(answer.code(), "invalid_fields");
    let expected = [
        ("email", "invalid_format"),
        ("password", "too_short"),
        ("firstName", "too_short"),
        ("lastName", "invalid_type"),
        ("x", "unknown"),
    ];
    assert_eq!(answer.field_codes(), expected);

    for (password, code) in [
        ("password123", "too_common"),
        ("augusta.king", "too_similar"),
    ] {
        let body = json!({ "email": "augusta.king@example.com", "password": password });
        let answer = bundle
            .post("/v1/auth/register", &body)
            .await
            .expect_status(400);
        assert_eq!(answer.field_codes(), [("password", code)]);
    }
    assert!(bundle.items_of_type("user").is_empty());
}

#[tokio::test]
async fn bug_36_bug_50_a_client_cannot_set_what_the_server_owns() {
    let bundle = bundle().await;
    for field in [
        "id",
        "role",
        "status",
        "emailVerified",
        "email_verified",
        "version",
        "createdAt",
        "updatedAt",
        "pk",
        "sk",
        "type",
        "ttl",
        "gsi1pk",
        "credential_version",
        "credentialVersion",
        "session_epoch",
        "schema",
    ] {
        let body = json!({ "email": "ada@example.com", "password": PASSWORD, field: "admin" });
        let answer = bundle
            .post("/v1/auth/register", &body)
            .await
            .expect_status(400);
        assert_eq!(answer.field_codes(), [(field, "unknown")]);
    }
    assert!(bundle.items_of_type("user").is_empty());
}

#[tokio::test]
async fn bug_59_a_new_account_on_an_old_address_has_nothing_of_the_old_one() {
    let bundle = bundle().await;
    let old = bundle.account_with_role("moderator").await;
    let _ = bundle
        .send_as(&old, "DELETE", &format!("/v1/users/{}", old.id))
        .await
        .expect_status(204);
    let body = json!({ "email": old.email, "password": PASSWORD });
    let answer = bundle
        .post("/v1/auth/register", &body)
        .await
        .expect_status(201);
    assert_ne!(answer.text_at("/id"), old.id);
    assert_eq!(answer.text_at("/role"), "user");
    assert!(!bundle.is_signed_in(&old).await);
    let _ = bundle.refresh(&old.refresh_token).await.expect_status(401);
}

#[tokio::test]
async fn a_user_item_has_the_shape_the_table_chart_gives() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let user = bundle.items_of_type("user").remove(0);
    let text = |name: &str| user[name]["S"].as_str().unwrap_or_default().to_owned();
    assert_eq!(text("pk"), format!("USER#{}", account.id));
    assert_eq!(text("sk"), "USER");
    assert_eq!(
        (text("gsi1pk"), text("gsi1sk")),
        ("USERS".to_owned(), account.id.clone())
    );
    assert_eq!(text("changed_by"), account.id);
    assert_ne!(text("request_id"), "");
    assert_eq!(user["schema"], json!({ "N": "1" }));
    let session = bundle.items_of_type("session").remove(0);
    assert!(session["ttl"]["N"].is_string(), "{session}");
    assert_eq!(session["gsi1pk"], Value::Null);
}

#[tokio::test]
async fn a_store_error_answers_503_and_the_next_try_works() {
    let bundle = bundle().await;
    bundle.recorder().disturb(|_| Some(harness::Fault::Refuse));
    let request = HttpRequest::new("POST", "/v1/auth/register")
        .json(&json!({ "email": "ada@example.com", "password": PASSWORD }));
    let answer = bundle.send(&request).await.expect_status(503);
    assert_eq!(answer.code(), "unavailable");
    bundle.recorder().calm();
    let _ = bundle.send(&request).await.expect_status(201);
}

#[tokio::test]
async fn a_registration_whose_answer_got_lost_inside_still_succeeds() {
    let bundle = bundle().await;
    let mut once = true;
    bundle
        .recorder()
        .disturb(move |_| std::mem::take(&mut once).then_some(harness::Fault::LoseAnswer));
    let body = json!({ "email": "ada@example.com", "password": PASSWORD });
    let _ = bundle
        .post("/v1/auth/register", &body)
        .await
        .expect_status(201);
    assert_eq!(bundle.items_of_type("user").len(), 1);
}
