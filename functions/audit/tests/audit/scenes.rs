//! What each function of `audit` does, in each of the situations in which it talks to the table in another way.

use harness::requests::by;
use harness::scene;
use harness::scenes::{Act, Scene, What, is};
use serde_json::Value;

fn scenes() -> Vec<Scene> {
    let mut scenes = Vec::new();
    scenes.extend(record());
    scenes.extend(lists());
    scenes
}

harness::area!("record-audit", scenes());

/// Whether something of this kind stands in the audit of an account.
fn recorded(id: &str, action: &'static str) -> impl Fn(&Value) -> bool + Send + Sync + use<> {
    let partition = format!("AUDIT#{id}");
    move |item| is(item, "audit_entry", "pk", &partition) && item.to_string().contains(action)
}

fn record() -> Vec<Scene> {
    vec![
        scene!("record a registration", "record-audit", |bundle| {
            bundle.deliver().await;
            let account = bundle.account().await;
            Act::new(What::Deliver, 200).until(recorded(&account.id, "user.registered"))
        }),
        scene!("record a deletion", "record-audit", |bundle| {
            let account = bundle.account().await;
            bundle.deliver().await;
            let deleted = bundle.send(&by(&account, "DELETE", "/v1/users/me")).await;
            let _ = deleted.expect_status(204);
            Act::new(What::Deliver, 200).until(recorded(&account.id, "user.deleted"))
        }),
    ]
}

fn lists() -> Vec<Scene> {
    vec![
        scene!("read one's own audit", "list-user-audit", |bundle| {
            let account = bundle.account().await;
            Act::send(by(&account, "GET", "/v1/users/me/audit"), 200)
        }),
        scene!("read the audit", "list-audit", |bundle| {
            let admin = bundle.account_with_role("admin").await;
            Act::send(by(&admin, "GET", "/v1/audit"), 200)
        }),
    ]
}
