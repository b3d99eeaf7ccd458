use harness::{Account, Bundle, Fault, HttpRequest};
use serde_json::json;

use crate::bundle;

/// An account with preferences, thirty sessions and an address it asked for, which was just deleted.
async fn deleted(bundle: &Bundle) -> Account {
    let account = bundle.account().await;
    let put = HttpRequest::new("PUT", "/v1/users/me/preferences")
        .bearer(&account.access_token)
        .json(&json!({ "theme": "dark" }));
    let _ = bundle.send(&put).await.expect_status(200);
    let ask = HttpRequest::new("POST", "/v1/users/me/email")
        .bearer(&account.access_token)
        .json(&json!({ "email": "new@example.com" }));
    let _ = bundle.send(&ask).await.expect_status(202);
    let session = bundle.items_of_type("session").remove(0);
    for number in 0..30 {
        let mut session = session.clone();
        session["sk"] = json!({ "S": format!("SESSION#{number:032}") });
        bundle.put(&session);
    }
    let _ = bundle
        .send_as(&account, "DELETE", "/v1/users/me")
        .await
        .expect_status(204);
    account
}

fn event(id: &str) -> serde_json::Value {
    let sample = local::event::sample(&local::workspace_root(), "purge-user", &[]);
    let mut event = sample.expect("a sample event");
    event["detail"]["userId"] = json!(id);
    event
}

fn left(bundle: &Bundle, id: &str) -> Vec<String> {
    let partition = format!("USER#{id}");
    let mut items = bundle.accounts();
    items.retain(|item| item["pk"]["S"] == *partition);
    let kinds = items.iter().filter_map(|item| item["type"]["S"].as_str());
    kinds.map(str::to_owned).collect()
}

#[tokio::test]
async fn what_a_deleted_account_has_left_goes_but_for_the_tombstone() {
    let bundle = bundle().await;
    let account = deleted(&bundle).await;
    let other = bundle.account().await;
    assert_eq!(left(&bundle, &account.id).len(), 34);
    let _ = bundle.recorder().take();
    bundle.invoke("purge-user", &event(&account.id)).await;
    assert_eq!(left(&bundle, &account.id), ["tombstone"]);
    bundle.invoke("purge-user", &event(&account.id)).await;
    assert_eq!(left(&bundle, &account.id), ["tombstone"]);
    let calls = bundle.recorder().take();
    assert_eq!(calls.len(), 4, "a query, two batches; a query");
    bundle.assert_policy(&calls, "purge-user");
    assert!(bundle.is_signed_in(&other).await);
    bundle.assert_invariants();
}

#[tokio::test]
async fn an_account_that_was_not_deleted_is_not_touched() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let before = bundle.accounts();
    let function = bundle.function("purge-user").await;
    let refused = function.invoke(&event(&account.id)).await;
    assert!(refused.is_err_and(|error| error.0.contains("is not deleted")));
    assert_eq!(bundle.accounts(), before);
}

#[tokio::test]
async fn a_purge_that_was_broken_off_is_finished_by_the_next() {
    let bundle = bundle().await;
    let account = deleted(&bundle).await;
    let mut batches = 0;
    bundle.recorder().disturb(move |operation| {
        batches += usize::from(operation == "BatchWriteItem");
        (batches > 1).then_some(Fault::Refuse)
    });
    let function = bundle.function("purge-user").await;
    assert!(function.invoke(&event(&account.id)).await.is_err());
    bundle.recorder().calm();
    let rest = left(&bundle, &account.id).len();
    assert!(rest > 1 && rest < 34, "{rest}");
    bundle.invoke("purge-user", &event(&account.id)).await;
    assert_eq!(left(&bundle, &account.id), ["tombstone"]);
}
