//! Secrets of confidential clients: shown once, two at a time, and nowhere in clear.

use harness::Bundle;
use latchkey::secret::{Secret, Secrets};
use oidc::{ClientId, ClientSecret, StoredSecret};
use serde_json::{Value, json};

use crate::bundle;

/// Whether a text is a secret of a client that is in the table.
pub fn accepts(bundle: &Bundle, client: &Value, text: &str) -> bool {
    let settings = bundle.environment("put-client");
    let ours = settings.iter().find(|(name, _)| name == "SESSION_SECRET");
    let ours = Secret::new(&ours.expect("a secret").1).expect("a strong one");
    let kept = client["secrets"]["L"].as_array().into_iter().flatten();
    let kept = kept.map(|kept| {
        let kept = &kept["M"];
        let created_at: u64 = kept["created_at"]["N"]
            .as_str()
            .and_then(|millis| millis.parse().ok())
            .expect("a time");
        let kept = json!({
            "id": kept["id"]["S"], "hash": kept["hash"]["S"], "created_at": created_at,
        });
        serde_json::from_value(kept).expect("a secret")
    });
    let kept: Vec<StoredSecret> = kept.collect();
    let id = client["id"]["S"].as_str().expect("an id");
    let id = ClientId::parse(id).expect("an id");
    let given = ClientSecret::parse(text);
    given.is_some_and(|given| given.is_among(&kept, &id, &Secrets::new(ours, None)))
}

#[tokio::test]
async fn a_confidential_client_has_two_secrets_at_a_time() {
    let bundle = bundle().await;
    let admin = bundle.account_with_role("admin").await;
    let mut shown = Vec::new();
    for round in 0..4 {
        let changes = json!({ "confidential": true, "rotateSecret": round > 0 });
        let answer = bundle.put_client(&admin, "shop", &changes).await;
        assert!(answer.status < 300, "{}", answer.text);
        shown.push(answer.text_at("/clientSecret"));
        let ids = answer.body["secrets"].as_array().expect("secrets").clone();
        assert_eq!(ids.len(), shown.len().min(2));
        let client = bundle.items_of_type("client").remove(0);
        let counts = shown.iter().map(|text| accepts(&bundle, &client, text));
        let newest = shown.len() - 1;
        let expected = (0..shown.len()).map(|at| at + 1 >= newest);
        assert!(counts.eq(expected), "round {round}");
        // Set up as it is but for its name, it keeps both.
        let named = json!({ "name": format!("Shop {round}") });
        let kept = bundle.put_client(&admin, "shop", &named).await;
        assert_eq!(kept.expect_status(200).body["secrets"], json!(ids));
    }
    shown.sort_unstable();
    shown.dedup();
    assert_eq!(shown.len(), 4, "each is another one");

    // Of one client alone.
    let other = bundle
        .put_client(&admin, "app", &json!({ "confidential": true }))
        .await;
    let text = other.expect_status(201).text_at("/clientSecret");
    let clients = bundle.items_of_type("client");
    let accepted = clients
        .iter()
        .filter(|client| accepts(&bundle, client, &text));
    assert_eq!(accepted.count(), 1);
    // Another one of the same id knows none of the one before.
    let removed = bundle.send_as(&admin, "DELETE", "/v1/clients/app").await;
    let _ = removed.expect_status(204);
    let left = bundle.items_of_type("client");
    assert!(!left.iter().any(|client| accepts(&bundle, client, &text)));
    let back = bundle
        .put_client(&admin, "app", &json!({ "confidential": true }))
        .await;
    assert_ne!(back.expect_status(201).text_at("/clientSecret"), text);
    let clients = bundle.items_of_type("client");
    assert!(!clients.iter().any(|client| accepts(&bundle, client, &text)));
}

#[tokio::test]
async fn bug_103_a_public_client_has_no_secret() {
    let bundle = bundle().await;
    let admin = bundle.account_with_role("admin").await;
    for status in [201, 200] {
        let name = json!({ "name": format!("Shop {status}") });
        let answer = bundle.put_client(&admin, "shop", &name).await;
        let answer = answer.expect_status(status);
        assert!(answer.body.get("clientSecret").is_none());
        assert_eq!(answer.body["secrets"], json!([]));
    }
    let client = bundle.items_of_type("client").remove(0);
    assert!(client.get("secrets").is_none() && client.get("secret_set_at").is_none());
}

#[tokio::test]
async fn bug_111_no_item_log_line_event_or_audit_shows_a_secret() {
    let bundle = bundle().await;
    let admin = bundle.account_with_role("admin").await;
    let mut secrets = Vec::new();
    for changes in [
        json!({ "confidential": true }),
        json!({ "rotateSecret": true }),
        json!({ "rotateSecret": true, "name": "Ours" }),
    ] {
        let answer = bundle.put_client(&admin, "shop", &changes).await;
        assert!(answer.status < 300, "{}", answer.text);
        secrets.push(answer.text_at("/clientSecret"));
    }
    assert!(secrets.iter().all(|secret| secret.starts_with("lkcs_")));
    // The hashes are nobody's to see either, but for who checks them.
    let client = bundle.items_of_type("client").remove(0);
    let kept = client["secrets"]["L"].as_array().expect("secrets").iter();
    let hashes: Vec<String> = kept
        .map(|kept| kept["M"]["hash"]["S"].as_str().expect("a hash").to_owned())
        .collect();
    assert_eq!(hashes.len(), 2);

    let again = bundle
        .put_client(&admin, "shop", &json!({ "name": "Ours" }))
        .await;
    let listed = bundle.send_as(&admin, "GET", "/v1/clients").await;
    let changed = bundle
        .put_client(&admin, "shop", &json!({ "name": "Shop" }))
        .await;
    let rotated_wrong = json!({ "name": "", "rotateSecret": true });
    let refused = bundle.put_client(&admin, "shop", &rotated_wrong).await;
    let removed = bundle.send_as(&admin, "DELETE", "/v1/clients/shop").await;
    let answers = [again, listed, changed, refused, removed].map(|answer| answer.text);
    bundle.deliver().await;
    let audit = bundle.send_as(&admin, "GET", "/v1/audit").await;
    let audit = audit.expect_status(200);
    for action in ["client.set", "client.removed"] {
        assert!(audit.text.contains(action), "{action}");
    }
    let logs = bundle.logs().await;
    assert!(logs.len() > 5, "there are logs");
    let places = [
        ("answers", answers.join("\n")),
        ("audit", audit.text),
        ("logs", logs.join("\n")),
        ("items", json!(bundle.items()).to_string()),
        ("events", json!(bundle.bus_events()).to_string()),
    ];
    for (place, text) in &places {
        for secret in &secrets {
            let without_prefix = secret.trim_start_matches("lkcs_");
            assert!(!text.contains(without_prefix), "{place} show a secret");
        }
        for hash in &hashes {
            assert!(!text.contains(hash), "{place} show a hash");
        }
    }
}

#[tokio::test]
async fn events_say_which_client_and_what_changed_of_it() {
    let bundle = bundle().await;
    let admin = bundle.account_with_role("admin").await;
    let confidential = json!({ "confidential": true });
    let _ = bundle.put_client(&admin, "shop", &confidential).await;
    let named = json!({ "name": "Ours" });
    let _ = bundle.put_client(&admin, "shop", &named).await;
    let rotated = json!({ "name": "Ours", "rotateSecret": true });
    let _ = bundle.put_client(&admin, "shop", &rotated).await;
    let _ = bundle.send_as(&admin, "DELETE", "/v1/clients/shop").await;
    bundle.deliver().await;
    let events = bundle.bus_events();
    let of_clients = events.iter().map(|event| &event["detail"]).filter(|event| {
        let kind = event["type"].as_str().unwrap_or_default();
        kind.starts_with("client.")
    });
    let of_clients: Vec<&Value> = of_clients.collect();
    let [made, named, rotated, removed] = of_clients[..] else {
        panic!("{of_clients:#?}");
    };
    for event in [made, named, rotated, removed] {
        assert_eq!(event["userId"], admin.id);
        assert_eq!(event["actorId"], admin.id);
        assert_eq!(event["after"]["clientId"], "shop");
    }
    assert_eq!(made["before"], json!({}));
    assert_eq!(
        made["after"]["redirectUris"],
        json!(["https://shop.example.com/signed-in"])
    );
    assert_eq!(named["before"], json!({ "name": "Shop" }));
    assert_eq!(
        named["after"],
        json!({ "clientId": "shop", "name": "Ours" })
    );
    assert_eq!(
        rotated["after"].as_object().map(serde_json::Map::len),
        Some(2)
    );
    assert!(rotated["after"]["secretSetAt"].is_u64());
    assert_eq!(removed["type"], "client.removed");
    assert!(removed["after"]["removedAt"].is_u64());
}
