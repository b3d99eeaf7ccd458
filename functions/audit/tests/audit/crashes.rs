//! Consumers that die and calls that fail: nothing is lost, nothing counted twice.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use harness::{Bundle, Fault};
use serde_json::{Value, json};

use crate::{act, bundle};

/// Asserts what must hold once everything was delivered, however often something broke: an entry for each
/// change, in order, and counters that add up.
fn assert_audit(bundle: &Bundle, changes_of: &BTreeMap<String, usize>) {
    let entries = bundle.items_of_type("audit_entry");
    for (id, changes) in changes_of {
        let own = entries.iter().filter(|entry| entry["user_id"]["S"] == **id);
        let mut updates: Vec<&Value> = own
            .filter(|entry| entry["kind"]["S"] == "user.updated")
            .collect();
        assert_eq!(updates.len(), *changes, "{id}");
        updates.sort_by_key(|entry| entry["sk"]["S"].to_string());
        let before = updates
            .iter()
            .map(|entry| &entry["before"]["M"]["firstName"]);
        let after = updates
            .iter()
            .map(|entry| &entry["after"]["M"]["firstName"]);
        assert!(
            before.skip(1).eq(after.take(changes - 1)),
            "{id}: out of order"
        );
    }
    let ids: BTreeSet<String> = entries
        .iter()
        .map(|entry| entry["id"]["S"].to_string())
        .collect();
    assert_eq!(ids.len(), entries.len(), "kept twice");
    let users = bundle.items_of_type("user");
    let count = |status: &str| {
        users
            .iter()
            .filter(|user| user["status"]["S"] == *status)
            .count()
    };
    let counters = bundle.items_of_type("user_counter");
    let counted = |status: &str| {
        let counts = counters
            .iter()
            .filter_map(|counter| counter[status]["N"].as_str());
        let counts = counts.map(|count| count.parse::<i64>().expect("a number"));
        usize::try_from(counts.sum::<i64>()).ok()
    };
    for status in ["active", "suspended"] {
        assert_eq!(counted(status), Some(count(status)), "{status}");
    }
    let published: BTreeSet<String> = bundle
        .bus_events()
        .iter()
        .map(|event| event["detail"]["id"].to_string())
        .collect();
    assert!(ids.is_subset(&published), "kept but not published");
}

#[tokio::test]
async fn a_call_that_fails_before_or_after_it_is_done_changes_nothing_in_the_end() {
    for fault in [Fault::Refuse, Fault::LoseAnswer] {
        let bundle = bundle().await;
        let account = bundle.account().await;
        for number in 0..3 {
            let name = json!({ "firstName": format!("Ada {number}") });
            act(&bundle, &account, "PATCH", "/v1/users/me", &name).await;
        }
        let mut calls = 0;
        bundle.recorder().disturb(move |operation| {
            let writes = matches!(operation, "PutItem" | "TransactWriteItems");
            calls += usize::from(writes);
            // Often enough to use up the retries of the SDK now and then.
            (writes && calls % 5 < 4).then_some(fault)
        });
        bundle.try_deliver().await;
        bundle.recorder().calm();
        bundle.deliver().await;
        assert!(bundle.failed().is_empty(), "{:#?}", bundle.failed());
        assert_audit(&bundle, &BTreeMap::from([(account.id.clone(), 3)]));
    }
}

/// Writes `count` changes as functions would: names of many accounts, and now and then a status.
fn change(bundle: &Bundle, count: usize, changes_of: &mut BTreeMap<String, usize>) {
    let mut users = bundle.items_of_type("user");
    let number = |user: &Value, name: &str| -> u64 {
        let number = user[name]["N"]
            .as_str()
            .and_then(|number| number.parse().ok());
        number.expect("a number")
    };
    let accounts = users.len();
    for change in 0..count {
        let user = &mut users[(change * 7 + change / 13) % accounts];
        let version = number(user, "version") + 1;
        user["version"] = json!({ "N": version.to_string() });
        if change % 10 == 9 {
            let suspended = user["status"]["S"] == "suspended";
            let (status, event) = if suspended {
                ("active", "user.reactivated")
            } else {
                ("suspended", "user.suspended")
            };
            user["status"] = json!({ "S": status });
            user["events"] = json!({ "S": event });
        } else {
            user["first_name"] = json!({ "S": format!("Name {change}") });
            user["events"] = json!({ "S": "user.updated" });
            let id = user["id"]["S"].as_str().expect("an id").to_owned();
            *changes_of.entry(id).or_default() += 1;
        }
        bundle.put(user);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_changes_are_kept_once_each_while_consumers_are_killed() {
    const CHANGES: usize = 10_000;
    let bundle = Arc::new(bundle().await);
    let _ = bundle.seed(100).await;
    bundle.deliver().await;

    let done = Arc::new(AtomicBool::new(false));
    let killer = {
        let (bundle, done) = (Arc::clone(&bundle), Arc::clone(&done));
        tokio::spawn(async move {
            let mut killed = 0;
            while !done.load(Ordering::Relaxed) {
                let random = uuid::Uuid::new_v4().as_bytes()[0];
                tokio::time::sleep(Duration::from_millis(200 + 4 * u64::from(random))).await;
                let function =
                    ["record-audit", "publish-events", "send-mail"][usize::from(random) % 3];
                let pid = bundle.function(function).await.pid().to_string();
                let _ = Command::new("kill").args(["-9", &pid]).status();
                bundle.restart(function).await;
                killed += 1;
            }
            killed
        })
    };
    let mut changes_of = BTreeMap::new();
    for _ in 0..10 {
        change(&bundle, CHANGES / 10, &mut changes_of);
        bundle.try_deliver().await;
    }
    done.store(true, Ordering::Relaxed);
    let killed: usize = killer.await.expect("the killer ends");
    println!("{CHANGES} changes, {killed} consumers killed");
    assert!(killed >= 5, "{killed}");
    bundle.deliver().await;
    assert!(bundle.failed().is_empty(), "{:#?}", bundle.failed().len());
    assert_audit(&bundle, &changes_of);
}
