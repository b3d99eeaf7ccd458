//! The audit, black-box: what the real functions do to accounts, taken from the stream to the lists.

mod budgets;
mod crashes;
mod list;
mod names;
mod poison;
mod record;
mod scenes;

use harness::{Account, Bundle, HttpRequest};
use serde_json::Value;

async fn bundle() -> Bundle {
    Bundle::start(env!("CARGO_BIN_EXE_record-audit")).await
}

/// What the audit of an account says, oldest first, as its reader sees it.
async fn entries(bundle: &Bundle, reader: &Account, id: &str) -> Vec<Value> {
    let path = format!("/v1/users/{id}/audit?sort=time&limit=100");
    let answer = bundle.send_as(reader, "GET", &path).await;
    let answer = answer.expect_status(200);
    answer.body["data"].as_array().cloned().expect("a list")
}

fn actions(entries: &[Value]) -> Vec<&str> {
    let actions = entries.iter().map(|entry| entry["action"].as_str());
    actions.map(Option::unwrap_or_default).collect()
}

/// A request of an account with a JSON body that succeeds.
async fn act(bundle: &Bundle, account: &Account, method: &str, path: &str, body: &Value) {
    let request = HttpRequest::new(method, path).bearer(&account.access_token);
    let answer = bundle.send(&request.json(body)).await;
    assert!(answer.status < 300, "{method} {path}: {}", answer.text);
}
