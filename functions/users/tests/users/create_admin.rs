use harness::PASSWORD;
use serde_json::json;

use crate::bundle;

#[tokio::test]
async fn the_first_admin_is_made_once() {
    let bundle = bundle().await;
    let admin = bundle.admin().await;
    let me = bundle
        .send_as(&admin, "GET", "/v1/users/me")
        .await
        .expect_status(200);
    assert_eq!(me.text_at("/role"), "admin");
    assert_eq!(bundle.items_of_type("admin_counter")[0]["active"]["N"], "1");
    let before = bundle.items();
    let again = json!({ "email": "second@example.com", "password": PASSWORD });
    assert_eq!(
        bundle.invoke("create-admin", &again).await,
        json!({ "created": false })
    );
    assert_eq!(bundle.items(), before);
}

#[tokio::test]
async fn wrong_input_fails_the_invocation_and_names_every_field() {
    let bundle = bundle().await;
    let taken = bundle.account().await;
    let create_admin = bundle.function("create-admin").await;
    for (payload, expected) in [
        (json!({}), vec!["email", "password"]),
        (
            json!({ "email": "x", "password": "y", "role": "admin" }),
            vec!["email", "password", "role"],
        ),
        (json!([]), vec!["malformed_request"]),
        (
            json!({ "email": taken.email, "password": PASSWORD }),
            vec!["email_taken"],
        ),
    ] {
        let error = create_admin.invoke(&payload).await.expect_err("it fails").0;
        for part in expected {
            assert!(error.contains(part), "{error}");
        }
    }
    assert!(bundle.items_of_type("admin_counter").is_empty());
    assert!(create_admin.is_running());
}
