//! What clients choose the names of: it stays what it is, everywhere it goes.

use std::collections::BTreeSet;
use std::time::Duration;

use harness::{HttpRequest, PASSWORD};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

use crate::{act, actions, bundle, entries};

const PATH: &str = "/v1/users/me/preferences";
const OBJECTS: usize = 100;
/// How long a letter takes at most.
const SOON: Duration = Duration::from_secs(5);

/// Names that libraries and services on the way give a meaning.
const RESERVED: [&str; 22] = [
    "$serde_json::private::RawValue",
    "$serde_json::private::Number",
    "$serde::private::Number",
    "$__serde_private_Content",
    "__proto__",
    "constructor",
    "prototype",
    "toString",
    "hasOwnProperty",
    "S",
    "N",
    "M",
    "BOOL",
    "NULL",
    ":pk",
    "#name",
    "pk",
    "type",
    "ttl",
    "detail-type",
    "$ref",
    "",
];

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(RESERVED.to_vec()).prop_map(str::to_owned),
        ".{0,12}",
    ]
}

fn text() -> impl Strategy<Value = Value> {
    let given = [
        "not json".to_owned(),
        "[".repeat(60),
        "{\"a\":".repeat(200),
        "1e999".to_owned(),
        "\u{0}\u{1f}\u{7f}\u{2028}\"\\".to_owned(),
    ];
    prop_oneof![prop::sample::select(given.to_vec()), ".{0,40}"].prop_map(Value::from)
}

fn value() -> impl Strategy<Value = Value> {
    let number = prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-9e18..9e18_f64).prop_map(Value::from),
        (-1.0..1.0_f64).prop_map(|number| Value::from(number / 1e300)),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        number,
        text(),
        text(),
    ];
    leaf.prop_recursive(6, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name(), inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
}

fn objects() -> Vec<Map<String, Value>> {
    let mut runner = TestRunner::deterministic();
    let object = prop::collection::btree_map(name(), value(), 1..5);
    let drawn = (0..OBJECTS).map(|_| {
        let tree = object.new_tree(&mut runner).expect("an object");
        tree.current().into_iter().collect::<Map<String, Value>>()
    });
    let given = RESERVED.map(|name| {
        let texts = ["not json", "1", &"[".repeat(60)];
        texts.map(|text| Map::from_iter([("x".to_owned(), json!({ name: text }))]))
    });
    given.into_iter().flatten().chain(drawn).collect()
}

#[tokio::test]
async fn bug_66_whatever_preferences_hold_comes_back_as_it_was_and_stops_nobody() {
    let bundle = bundle().await;
    let ada = bundle.account().await;
    let send = async |method: &str, body: Option<&Value>| {
        let request = HttpRequest::new(method, PATH).bearer(&ada.access_token);
        let request = body.map_or(request.clone(), |body| request.json(body));
        let answer = bundle.send(&request).await;
        assert_eq!(answer.status, 200, "{method} {body:?}: {}", answer.text);
        answer.text
    };
    let objects = objects();
    let mut written = BTreeSet::new();
    for object in &objects {
        let stored = Value::Object(object.clone());
        let text = stored.to_string();
        assert_eq!(send("PUT", Some(&stored)).await, text);
        assert_eq!(send("GET", None).await, text);
        let mut patched = object.clone();
        patched.insert("patched".to_owned(), json!("[".repeat(60)));
        let patch = json!({ "patched": patched["patched"] });
        let text = Value::Object(patched).to_string();
        assert_eq!(send("PATCH", Some(&patch)).await, text);
        assert_eq!(send("GET", None).await, text);
        written.insert(text);
    }
    assert!(written.len() > OBJECTS, "they differ");

    let grace = bundle.account().await;
    bundle.deliver().await;
    let kept = entries(&bundle, &grace, &grace.id).await;
    assert!(actions(&kept).contains(&"user.registered"));
    assert_eq!(bundle.letters_to(&grace.email).len(), 1);
    let told = bundle.items_of_type("audit_entry");
    let told = told
        .iter()
        .filter(|entry| entry["kind"]["S"] == "preferences.updated");
    assert_eq!(told.count(), 2 * objects.len());
}

#[tokio::test]
async fn bug_66_three_requests_stop_nobodys_letters() {
    let bundle = bundle().await.unhurried();
    let (admin, ada) = (bundle.admin().await, bundle.account().await);
    let own = format!("/v1/users/{}/preferences", ada.id);
    for preferences in [
        json!({ "x": { "$serde_json::private::RawValue": "not json" } }),
        json!({ "x": { "$serde_json::private::RawValue": "[".repeat(60) } }),
        json!({ "x": { "$serde_json::private::Number": "no number" } }),
    ] {
        act(&bundle, &ada, "PUT", PATH, &preferences).await;
        for reader in [&ada, &admin] {
            let read = bundle.send_as(reader, "GET", &own).await;
            assert_eq!(read.expect_status(200).text, preferences.to_string());
        }
    }

    let grace = "grace@example.com";
    let body = json!({ "email": grace, "password": PASSWORD });
    let registered = bundle.post("/v1/auth/register", &body).await;
    let _ = registered.expect_status(201);
    let arrival = async {
        while bundle.letters_to(grace).is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let arrived = tokio::time::timeout(SOON, bundle.delivering(arrival)).await;
    assert!(arrived.is_ok(), "no letter within {SOON:?}");
    bundle.deliver().await;
    let kept = entries(&bundle, &admin, &ada.id).await;
    let told = actions(&kept).into_iter();
    assert_eq!(
        told.filter(|action| *action == "preferences.updated")
            .count(),
        3
    );
}
