//! HTTP as RFC 9110 has it, on every operation of the contract.

use std::collections::BTreeSet;

use harness::{Account, Bundle, Contract, HttpRequest, Operation};

use crate::bundle;

/// Types that some operation takes, and some that none does.
const TYPES: [&str; 5] = [
    "application/json",
    "application/merge-patch+json",
    "application/json-patch+json",
    "text/plain",
    "application/x-www-form-urlencoded",
];

fn request(bundle: &Bundle, operation: &Operation, account: &Account) -> HttpRequest {
    let request = operation.request(&account.id, &bundle.session_of(account));
    request.bearer(&account.access_token)
}

/// The operations that have this method.
fn operations(method: &str) -> Vec<Operation> {
    let mut operations = Contract::load().operations();
    operations.retain(|operation| operation.method == method);
    operations
}

/// Where the contract lists no body, one of JSON is let through and means nothing.
#[tokio::test]
async fn bug_73_bug_75_each_operation_takes_the_types_of_its_contract() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    for operation in Contract::load().operations() {
        let what = format!("{} {}", operation.method, operation.path);
        let listed: BTreeSet<&str> = match operation.body_types.as_slice() {
            [] => BTreeSet::from(["application/json"]),
            types => types.iter().map(String::as_str).collect(),
        };
        let plain = operation.request(&account.id, &bundle.session_of(&account));
        let plain = HttpRequest {
            headers: Vec::new(),
            body: None,
            ..plain
        };
        for content_type in TYPES {
            let answer = bundle.send(&plain.clone().body(content_type, "{}")).await;
            let is_taken = listed.contains(content_type);
            assert_eq!(answer.status != 415, is_taken, "{what}: {content_type}");
            if !is_taken {
                let name = match operation.method.as_str() {
                    "PATCH" => "accept-patch",
                    _ => "accept",
                };
                let told: BTreeSet<&str> = answer.header(name).split(", ").collect();
                assert_eq!(told, listed, "{what}: {name}");
            }
        }
        let taken = listed.first().expect("a type");
        let encoded = plain.clone().body(taken, "{}");
        let answer = bundle
            .send(&encoded.header("content-encoding", "gzip"))
            .await;
        assert_eq!(
            (answer.status, answer.header("accept-encoding")),
            (415, "identity"),
            "{what}"
        );
    }
}

#[tokio::test]
async fn bug_80_head_is_answered_wherever_get_is_without_a_body() {
    let bundle = bundle().await;
    let (admin, account) = (bundle.admin().await, bundle.account().await);
    let operations = operations("GET");
    assert!(operations.len() > 8, "{}", operations.len());
    for operation in operations {
        for caller in [&admin, &account] {
            let get = request(&bundle, &operation, caller);
            let head = HttpRequest {
                method: "HEAD".to_owned(),
                ..get.clone()
            };
            let (got, headed) = (bundle.send(&get).await, bundle.send(&head).await);
            assert_eq!(headed.status, got.status, "{}", operation.path);
            assert_eq!(headed.text, "", "{}", operation.path);
            let own = |mut headers: serde_json::Value| {
                headers["x-request-id"] = serde_json::Value::Null;
                headers
            };
            assert_eq!(own(headed.headers), own(got.headers), "{}", operation.path);
        }
    }
}
