//! Conditional requests, and what changes nothing.

use harness::HttpRequest;
use harness::requests::by;
use serde_json::{Value, json};

use crate::bundle;

#[tokio::test]
async fn bug_69_a_client_is_registered_and_removed_as_its_preconditions_say() {
    let bundle = bundle().await;
    let admin = bundle.account_with_role("admin").await;
    let put = |name: &str| by(&admin, "PUT", "/v1/clients/shop").json(&json!({ "name": name }));
    let delete = by(&admin, "DELETE", "/v1/clients/shop");
    let refused = async |request: &HttpRequest, name: &str, value: &str| {
        let answer = bundle.send(&request.clone().header(name, value)).await;
        assert_eq!(
            (answer.status, answer.code()),
            (412, "precondition_failed"),
            "{name}: {value}"
        );
    };
    refused(&put("a"), "if-match", "*").await;
    assert_eq!(bundle.items_of_type("client").len(), 0);
    let made = bundle.send(&put("a").header("if-none-match", "*")).await;
    assert_eq!(made.expect_status(201).header("etag"), "\"1\"");
    let changed = bundle.send(&put("b").header("if-match", "\"1\"")).await;
    assert_eq!(changed.expect_status(200).header("etag"), "\"2\"");

    let before = bundle.items_of_type("client");
    for request in [put("c"), delete.clone()] {
        for (name, value) in [
            ("if-match", "\"1\""),
            ("if-match", "W/\"2\""),
            ("if-none-match", "*"),
            ("if-none-match", "\"1\", \"2\""),
        ] {
            refused(&request, name, value).await;
        }
        let nonsense = bundle.send(&request.header("if-match", "2")).await;
        assert_eq!(nonsense.expect_status(400).code(), "malformed_request");
    }
    assert_eq!(bundle.items_of_type("client"), before);
    let removed = bundle
        .send(&delete.clone().header("if-match", "\"2\""))
        .await;
    let _ = removed.expect_status(204);
    let gone = bundle.send(&delete.header("if-match", "\"2\"")).await;
    assert_eq!(gone.expect_status(404).code(), "client_not_found");
    refused(&put("a"), "if-match", "\"2\"").await;
}

#[tokio::test]
async fn bug_74_a_client_that_is_registered_like_this_is_not_written() {
    let bundle = bundle().await;
    let admin = bundle.account_with_role("admin").await;
    let confidential = || json!({ "confidential": true });
    let made = bundle.put_client(&admin, "shop", &confidential()).await;
    let _ = made.expect_status(201);
    bundle.deliver().await;
    let before = (bundle.items_of_type("client"), bundle.bus_events().len());
    let other = bundle.account_with_role("admin").await;
    for changes in [
        confidential(),
        json!({ "confidential": null, "rotateSecret": false }),
    ] {
        let same = bundle.put_client(&other, "shop", &changes).await;
        let same = same.expect_status(200);
        assert_eq!(
            (same.header("etag"), &same.body["version"]),
            ("\"1\"", &json!(1))
        );
        assert!(same.body.get("clientSecret").is_none());
        assert_eq!(bundle.items_of_type("client"), before.0);
    }
    bundle.deliver().await;
    let set = |events: &[Value]| {
        let kinds = events
            .iter()
            .filter(|event| event["detail-type"] == "client.set");
        kinds.count()
    };
    assert_eq!(set(&bundle.bus_events()[before.1..]), 0);
    // Another secret is a change, whatever else is as it was.
    let rotated = json!({ "rotateSecret": true });
    let rotated = bundle.put_client(&other, "shop", &rotated).await;
    assert_eq!(rotated.expect_status(200).body["version"], 2);
    bundle.deliver().await;
    assert_eq!(set(&bundle.bus_events()[before.1..]), 1);
}
