//! Preconditions of passkeys, and changes that change nothing.

use harness::requests::by;
use harness::{Account, Bundle, HttpRequest, Passkey};
use serde_json::json;

use crate::bundle;

async fn with_passkey(bundle: &Bundle) -> (Account, Passkey, String) {
    let account = bundle.account().await;
    let (passkey, added) = bundle.add_passkey(&account).await;
    assert_eq!(added.body["version"], 1);
    let path = format!("/v1/users/me/passkeys/{}", added.text_at("/id"));
    (account, passkey, path)
}

#[tokio::test]
async fn bug_69_a_passkey_is_renamed_and_removed_as_its_preconditions_say() {
    let bundle = bundle().await;
    let (account, passkey, path) = with_passkey(&bundle).await;
    let rename = |name: &str| by(&account, "PATCH", &path).json(&json!({ "name": name }));
    let delete = by(&account, "DELETE", &path);
    let renamed = bundle
        .send(&rename("Work").header("if-match", "\"1\""))
        .await;
    let renamed = renamed.expect_status(200);
    assert_eq!(
        (renamed.header("etag"), &renamed.body["version"]),
        ("\"2\"", &json!(2))
    );

    let before = bundle.items_of_type("passkey");
    let refused = async |request: &HttpRequest, name: &str, value: &str| {
        let answer = bundle.send(&request.clone().header(name, value)).await;
        assert_eq!(
            (answer.status, answer.code()),
            (412, "precondition_failed"),
            "{name}: {value}"
        );
    };
    for request in [rename("Home"), rename("Work"), delete.clone()] {
        for (name, value) in [
            ("if-match", "\"1\""),
            ("if-match", "W/\"2\""),
            ("if-none-match", "*"),
            ("if-none-match", "\"2\""),
        ] {
            refused(&request, name, value).await;
        }
        let nonsense = bundle.send(&request.header("if-none-match", "2")).await;
        assert_eq!(nonsense.expect_status(400).code(), "malformed_request");
    }
    assert_eq!(bundle.items_of_type("passkey"), before);

    // A sign-in is a change of what is shown.
    let _ = bundle.passkey_sign_in(&passkey).await.expect_status(200);
    refused(&delete, "if-match", "\"2\"").await;
    let removed = bundle
        .send(&delete.clone().header("if-match", "\"3\""))
        .await;
    let _ = removed.expect_status(204);
    let gone = bundle.send(&delete.header("if-match", "*")).await;
    assert_eq!(gone.expect_status(404).code(), "factor_not_found");
}

#[tokio::test]
async fn bug_74_a_passkey_that_has_this_name_is_not_written() {
    let bundle = bundle().await;
    let (account, _, path) = with_passkey(&bundle).await;
    let rename = by(&account, "PATCH", &path).json(&json!({ "name": "Work" }));
    let _ = bundle.send(&rename).await.expect_status(200);
    let before = bundle.items_of_type("passkey");
    let again = bundle.send(&rename).await.expect_status(200);
    assert_eq!(
        (again.header("etag"), &again.body["version"]),
        ("\"2\"", &json!(2))
    );
    assert_eq!(bundle.items_of_type("passkey"), before);
}
