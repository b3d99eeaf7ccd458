//! Records that can never work: they are dead letters at once, and nobody waits behind them.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use harness::requests::by;
use harness::{Account, Bundle, ServiceFault, ServiceOperation, sources};
use local::pattern::Pattern;
use local::template::Template;
use local::workspace_root;
use serde_json::{Value, json};

use crate::{act, actions, bundle, entries};

const READERS: [&str; 2] = ["record-audit", "publish-events"];
/// How long what stands behind a poisoned record takes at most.
const SOON: Duration = Duration::from_secs(1);

/// The types of the items that each reader of the stream is handed, as the template's filters say.
fn streamed(items: &[Value]) -> Vec<(String, BTreeSet<String>)> {
    let readers = Template::load(&workspace_root()).expect("the template");
    let readers = readers.stream_readers().expect("readers of the stream");
    let handed = |filters: &[Pattern]| {
        let is_handed = |item: &&Value| {
            let record = json!({ "eventName": "INSERT", "dynamodb": { "NewImage": item } });
            filters.iter().any(|filter| filter.matches(&record))
        };
        let handed = items.iter().filter(is_handed);
        handed
            .filter_map(|item| item["type"]["S"].as_str())
            .map(str::to_owned)
            .collect()
    };
    let readers = readers.into_iter();
    readers
        .map(|reader| (reader.function, handed(&reader.filters)))
        .collect()
}

/// The types that the code gives its items: each entity says one, and a limit, which is none, has one as well.
fn known_types() -> BTreeSet<String> {
    let folders = ["functions", "shared"].map(|folder| workspace_root().join(folder));
    let code = folders.iter().flat_map(|folder| sources(folder));
    let types = code.flat_map(|(_, code)| {
        let types = code.split("const TYPE: &'static str = \"").skip(1);
        let types = types.filter_map(|rest| rest.split('"').next());
        types.map(str::to_owned).collect::<Vec<_>>()
    });
    types.chain(["limit".to_owned()]).collect()
}

/// An account with everything that accounts have beside their profile.
async fn equipped(bundle: &Bundle, admin: &Account) {
    let owner = bundle.account().await;
    bundle.link(&owner).await;
    let made = bundle.put_client(admin, "shop", &json!({})).await;
    let _ = made.expect_status(201);
    let app = bundle.application("others", false, false).await;
    let _ = app.tokens(&owner).await;
    let enrolled = bundle.enrol(&owner).await;
    let (passkey, _) = bundle.add_passkey(&owner).await;
    let _ = bundle.passkey_sign_in(&passkey).await.expect_status(200);
    let trust = json!({
        "challenge": bundle.challenge(&owner.email).await,
        "recoveryCode": enrolled.codes[0],
        "rememberDevice": true,
    });
    let trusted = bundle.post("/v1/auth/continue", &trust).await;
    let _ = trusted.expect_status(200);
    let invite = by(admin, "POST", "/v1/users").header("idempotency-key", "a-key-of-a-client");
    let invite = invite.json(&json!({ "email": "invited@example.com" }));
    let _ = bundle.send(&invite).await.expect_status(201);
}

/// A table with an item of every type.
async fn lived_in() -> Bundle {
    let bundle = bundle().await;
    let admin = bundle.admin().await;
    equipped(&bundle, &admin).await;
    let gone = bundle.account().await;
    act(
        &bundle,
        &gone,
        "PUT",
        "/v1/users/me/preferences",
        &json!({ "a": 1 }),
    )
    .await;
    let forgot = json!({ "email": admin.email });
    let _ = bundle.post("/v1/auth/forgot-password", &forgot).await;
    let email = json!({ "email": "another@example.com" });
    act(&bundle, &gone, "POST", "/v1/users/me/email", &email).await;
    bundle.deliver().await;
    let _ = bundle.send_as(&gone, "DELETE", "/v1/users/me").await;
    // Not delivered: it would purge what is to be poisoned.
    bundle
}

/// An item of every type, made unreadable in one way after the other, each under a key of its own; in one way where no
/// reader is handed it.
fn poisons(items: &[Value]) -> Vec<Value> {
    let found: BTreeSet<&str> = items
        .iter()
        .filter_map(|item| item["type"]["S"].as_str())
        .collect();
    let mut poisons = Vec::new();
    for kind in found {
        let item = items
            .iter()
            .find(|item| item["type"]["S"] == kind && item.get("events").is_some())
            .or_else(|| items.iter().find(|item| item["type"]["S"] == kind))
            .expect("one");
        let mut poison = |attribute: &str, value: Value| {
            let mut poison = item.clone();
            poison[attribute] = value;
            poison["pk"] = json!({ "S": format!("POISON#{}", poisons.len()) });
            poisons.push(poison);
        };
        poison("schema", json!({ "N": "99" }));
        if item.get("events").is_none() {
            continue;
        }
        poison("request_id", json!({ "M": {} }));
        poison("changed_at", json!({ "N": "-1" }));
        poison("version", json!({ "S": "one" }));
    }
    poisons
}

#[tokio::test]
async fn bug_67_an_unreadable_item_of_any_type_keeps_nobody_waiting() {
    let bundle = lived_in().await;
    let items = bundle.items();
    let types = items.iter().filter_map(|item| item["type"]["S"].as_str());
    let types: BTreeSet<String> = types.map(str::to_owned).collect();
    assert_eq!(types, known_types());
    let poisons = poisons(&items);
    assert!(poisons.len() < 80, "all of it is one batch");
    bundle.deliver().await;
    let _ = bundle.take_delivered();

    for poison in &poisons {
        bundle.put(poison);
    }
    let ada = bundle.account().await;
    bundle.try_deliver().await;

    let delivered = bundle.take_delivered();
    for reader in READERS {
        // Once with all of this, and once with the letter that follows.
        assert_eq!(delivered[reader], 2, "{reader} is asked nothing twice");
    }
    let admin = bundle.sign_in("admin@example.com").await;
    let kept = entries(&bundle, &admin, &ada.id).await;
    assert_eq!(actions(&kept)[..2], ["user.registered", "session.created"]);
    assert_eq!(bundle.letters_to(&ada.email).len(), 1);

    assert_eq!(bundle.given_up(), []);
    let failed = bundle.dead_letters();
    let readers = streamed(&items);
    let names: Vec<&str> = readers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(BTreeSet::from_iter(names), BTreeSet::from(READERS));
    for (reader, kinds) in &readers {
        let mut handed = vec![
            "client",
            "consent",
            "grant",
            "letter",
            "preferences",
            "provider",
            "session",
            "tombstone",
            "trusted_device",
            "user",
        ];
        if reader == "publish-events" {
            handed.extend(["email_change", "mail_request"]);
        }
        let handed: BTreeSet<String> = handed.into_iter().map(str::to_owned).collect();
        assert_eq!(*kinds, handed, "{reader}");
        for kind in kinds {
            let is_its = |payload: &Value| {
                let image = &payload["Records"][0]["dynamodb"]["NewImage"];
                image["type"]["S"] == **kind && image["schema"]["N"] == "99"
            };
            let own = failed
                .iter()
                .filter(|failed| failed.function == *reader && is_its(&failed.payload));
            assert_eq!(own.count(), 1, "{kind}, {reader}");
        }
    }
    for failed in &failed {
        let records = failed.payload["Records"]
            .as_array()
            .expect("an event of the stream");
        assert_eq!(records.len(), 1, "alone");
        let key = records[0]["dynamodb"]["Keys"]["pk"]["S"].as_str();
        assert!(key.is_some_and(|key| key.starts_with("POISON#")), "{key:?}");
    }
    // Still unreadable, they are dead letters again: nothing is lost by trying.
    bundle.replay().await;
    assert_eq!(bundle.dead_letters().len(), failed.len());
}

#[tokio::test]
async fn bug_67_a_poisoned_item_that_is_mended_is_told_by_its_dead_letter() {
    let bundle = bundle().await;
    let ada = bundle.account().await;
    let good = bundle.items_of_type("user").remove(0);
    let grace = bundle.account().await;
    bundle.deliver().await;
    let name = json!({ "firstName": "Grace" });
    bundle.edit_user(&ada.id, "schema", &json!({ "N": "99" }));
    act(&bundle, &grace, "PATCH", "/v1/users/me", &name).await;
    let started = Instant::now();
    bundle.try_deliver().await;
    let kept = entries(&bundle, &grace, &grace.id).await;
    assert!(actions(&kept).contains(&"user.updated"));
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
    assert_eq!(bundle.dead_letters().len(), READERS.len());

    // The record that mends it has the unreadable image before, and is set aside as well.
    bundle.put(&good);
    bundle.try_deliver().await;
    assert_eq!(bundle.dead_letters().len(), 2 * READERS.len());
    assert_eq!(bundle.given_up(), []);
    act(
        &bundle,
        &ada,
        "PATCH",
        "/v1/users/me",
        &json!({ "firstName": "Ada" }),
    )
    .await;
    bundle.try_deliver().await;
    let kept = entries(&bundle, &ada, &ada.id).await;
    assert!(actions(&kept).contains(&"user.updated"));
}

#[tokio::test]
async fn bug_67_what_is_no_record_at_all_is_one_dead_letter() {
    let bundle = bundle().await;
    for reader in READERS {
        let answer = bundle
            .invoke(reader, &json!({ "Records": [{ "dynamodb": 7 }] }))
            .await;
        assert_eq!(answer["batchItemFailures"], json!([]));
        let answer = bundle.invoke(reader, &json!("nonsense")).await;
        assert_eq!(answer["batchItemFailures"], json!([]));
        let own: Vec<Value> = bundle
            .failed()
            .into_iter()
            .filter(|failed| failed.function == reader)
            .map(|failed| failed.payload)
            .collect();
        assert_eq!(own.len(), 2, "{own:?}");
    }
}

#[tokio::test]
async fn bug_67_a_queue_that_is_down_loses_no_record() {
    let bundle = bundle().await;
    let ada = bundle.account().await;
    bundle.deliver().await;
    bundle.services().disturb(|operation| {
        (operation == ServiceOperation::SendMessage).then_some(ServiceFault::Error)
    });
    bundle.edit_user(&ada.id, "schema", &json!({ "N": "99" }));
    let grace = bundle.account().await;
    bundle.try_deliver().await;
    bundle.services().calm();
    // As before there was such a queue: the record alone goes where Lambda keeps what fails.
    let failed = bundle.failed();
    assert_eq!(failed.len(), READERS.len(), "{failed:#?}");
    for failed in failed {
        assert_eq!(failed.payload["Records"].as_array().map(Vec::len), Some(1));
    }
    let kept = entries(&bundle, &grace, &grace.id).await;
    assert!(actions(&kept).contains(&"user.registered"));
}
