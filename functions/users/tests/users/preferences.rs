use std::time::Duration;

use harness::{Account, Answer, Bundle, Fault, HttpRequest};
use serde_json::{Value, json};

use crate::bundle;

const PATH: &str = "/v1/users/me/preferences";

async fn write(bundle: &Bundle, account: &Account, method: &str, body: &Value) -> Answer {
    let request = HttpRequest::new(method, PATH).bearer(&account.access_token);
    bundle.send(&request.json(body)).await
}

#[tokio::test]
async fn preferences_are_replaced_merged_and_read_back() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let none = bundle
        .send_as(&account, "GET", PATH)
        .await
        .expect_status(200);
    assert_eq!((none.text.as_str(), none.header("etag")), ("{}", "\"0\""));

    let body =
        json!({ "theme": "dark", "list": [1, {}], "nested": { "a": 1, "b": null }, "": 0.5 });
    let put = write(&bundle, &account, "PUT", &body)
        .await
        .expect_status(200);
    assert_eq!((&put.body, put.header("etag")), (&body, "\"1\""));
    let patch = json!({ "theme": null, "nested": { "a": { "deep": true } }, "n": 18_446_744_073_709_551_615_u64 });
    let patched = write(&bundle, &account, "PATCH", &patch)
        .await
        .expect_status(200);
    let expected = json!({
        "list": [1, {}],
        "nested": { "a": { "deep": true }, "b": null },
        "": 0.5,
        "n": 18_446_744_073_709_551_615_u64,
    });
    assert_eq!(
        (&patched.body, patched.header("etag")),
        (&expected, "\"2\"")
    );
    let read = bundle.send_as(&account, "GET", PATH).await;
    assert_eq!(
        (read.body, read.headers["etag"].clone()),
        (expected, json!("\"2\""))
    );

    let cached = HttpRequest::new("GET", PATH)
        .bearer(&account.access_token)
        .header("if-none-match", "\"2\"");
    let _ = bundle.send(&cached).await.expect_status(304);
    let emptied = write(&bundle, &account, "PUT", &json!({}))
        .await
        .expect_status(200);
    assert_eq!(
        (emptied.text.as_str(), emptied.header("etag")),
        ("{}", "\"3\"")
    );
}

#[tokio::test]
async fn what_is_too_deep_or_too_large_or_no_object_is_refused_and_changes_nothing() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let _ = write(&bundle, &account, "PUT", &json!({ "a": "x".repeat(9000) })).await;
    let before = bundle.items();
    let mut deep = json!({});
    for _ in 0..16 {
        deep = json!({ "a": deep });
    }
    for method in ["PUT", "PATCH"] {
        let answer = write(&bundle, &account, method, &deep)
            .await
            .expect_status(400);
        assert_eq!(answer.field_codes(), [("preferences", "too_deep")]);
        let large = write(
            &bundle,
            &account,
            method,
            &json!({ "b": "x".repeat(16_400) }),
        )
        .await;
        assert_eq!((large.status, large.code()), (413, "body_too_large"));
        for body in [
            "[]",
            "null",
            "7",
            "\"x\"",
            "",
            "{\"a\":1,\"a\":2}",
            "{\"a\":{\"b\":1,\"b\":2}}",
        ] {
            let request = HttpRequest::new(method, PATH).bearer(&account.access_token);
            let answer = bundle.send(&request.body("application/json", body)).await;
            assert_eq!(
                (answer.status, answer.code()),
                (400, "malformed_request"),
                "{body}"
            );
        }
    }
    // Each part fits, both together do not.
    let merged = write(
        &bundle,
        &account,
        "PATCH",
        &json!({ "b": "x".repeat(9000) }),
    )
    .await;
    assert_eq!(merged.field_codes(), [("preferences", "too_long")]);
    assert_eq!(bundle.items(), before);
}

#[tokio::test]
async fn a_stale_version_is_refused_and_zero_stands_for_none() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let put = |tag: &str| {
        HttpRequest::new("PUT", PATH)
            .bearer(&account.access_token)
            .header("if-match", tag)
            .json(&json!({ "tag": tag }))
    };
    let _ = bundle.send(&put("\"1\"")).await.expect_status(412);
    let _ = bundle.send(&put("\"0\"")).await.expect_status(200);
    for stale in ["\"0\"", "\"2\"", "W/\"1\""] {
        let _ = bundle.send(&put(stale)).await.expect_status(412);
    }
    let answer = bundle.send(&put("\"1\"")).await.expect_status(200);
    assert_eq!(answer.header("etag"), "\"2\"");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_writes_at_once_none_is_lost_in_silence() {
    for first in [true, false] {
        let bundle = bundle().await;
        let account = bundle.account().await;
        if !first {
            let _ = write(&bundle, &account, "PUT", &json!({ "c": 0 }))
                .await
                .expect_status(200);
        }
        let (one, two) = (
            bundle.spawn("put-preferences").await,
            bundle.spawn("put-preferences").await,
        );
        bundle.recorder().set_delay(Duration::from_millis(60));
        let patch = |name: &str| {
            HttpRequest::new("PATCH", PATH)
                .bearer(&account.access_token)
                .json(&json!({ name: 1 }))
        };
        let (a, b) = (patch("a"), patch("b"));
        let (a, b) = tokio::join!(bundle.send_to(&one, &a), bundle.send_to(&two, &b));
        bundle.recorder().set_delay(Duration::ZERO);
        let mut statuses = [a.status, b.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bug_59_preferences_never_outlive_their_account() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let put_preferences = bundle.spawn("put-preferences").await;
    bundle.recorder().set_delay(Duration::from_millis(150));
    let put = HttpRequest::new("PUT", PATH)
        .bearer(&account.access_token)
        .json(&json!({ "a": 1 }));
    let deleted_meanwhile = async {
        // After the read of the account, before the write.
        tokio::time::sleep(Duration::from_millis(225)).await;
        let key = json!({ "pk": { "S": format!("USER#{}", account.id) }, "sk": { "S": "USER" } });
        bundle.delete(&key);
    };
    let (answer, ()) = tokio::join!(bundle.send_to(&put_preferences, &put), deleted_meanwhile);
    bundle.recorder().set_delay(Duration::ZERO);
    assert_eq!((answer.status, answer.code()), (409, "conflict"));
    assert!(bundle.items_of_type("preferences").is_empty());
}

#[tokio::test]
async fn bug_62_a_write_whose_answer_got_lost_inside_is_recognised_as_ours() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let mut once = true;
    bundle.recorder().disturb(move |operation| {
        (operation == "TransactWriteItems" && std::mem::take(&mut once))
            .then_some(Fault::LoseAnswer)
    });
    let put = HttpRequest::new("PUT", PATH)
        .bearer(&account.access_token)
        .header("if-match", "\"0\"")
        .json(&json!({ "a": 1 }));
    let answer = bundle.send(&put).await.expect_status(200);
    assert_eq!(answer.header("etag"), "\"1\"");
}

#[tokio::test]
async fn bug_36_names_of_the_server_are_only_names_in_preferences() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let before = bundle.send_as(&account, "GET", "/v1/users/me").await.body;
    let body = json!({ "role": "admin", "version": 99, "pk": "USER#1", "ttl": 1, "__proto__": {} });
    let answer = write(&bundle, &account, "PUT", &body)
        .await
        .expect_status(200);
    assert_eq!((&answer.body, answer.header("etag")), (&body, "\"1\""));
    assert_eq!(
        bundle.send_as(&account, "GET", "/v1/users/me").await.body,
        before
    );
    let item = bundle.items_of_type("preferences").remove(0);
    assert!(item["ttl"].is_null() && item["role"].is_null());
}
