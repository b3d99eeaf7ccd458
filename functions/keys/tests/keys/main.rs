//! The endpoints of `keys`, black-box: real binaries, embedded engine, events as API Gateway makes them.

mod scenes;

use harness::{Bundle, Cost, HttpRequest, PASSWORD};
use serde_json::{Value, json};

const JWKS: &str = "/.well-known/jwks.json";
const MINUTE_MILLIS: u64 = 60 * 1000;

async fn bundle() -> Bundle {
    Bundle::start(env!("CARGO_BIN_EXE_get-jwks")).await
}

/// Key ids of the published set, in no order.
async fn published(bundle: &Bundle) -> Vec<String> {
    bundle.restart("get-jwks").await;
    let answer = bundle
        .send(&HttpRequest::new("GET", JWKS))
        .await
        .expect_status(200);
    let keys = answer.body["keys"].as_array().cloned().unwrap_or_default();
    keys.iter()
        .map(|key| key["kid"].as_str().unwrap_or_default().to_owned())
        .collect()
}

/// Moves the start of every key into the past.
fn age_keys(bundle: &Bundle, millis: u64) {
    for kind in ["public_key", "signing_key"] {
        for mut item in bundle.items_of_type(kind) {
            let start = item["signs_from"]["N"]
                .as_str()
                .and_then(|start| start.parse::<u64>().ok());
            item["signs_from"] = json!({ "N": (start.expect("a start") - millis).to_string() });
            bundle.put(&item);
        }
    }
}

#[tokio::test]
async fn the_key_set_is_public_and_cacheable_and_costs_nothing_when_warm() {
    let bundle = bundle().await;
    let request = HttpRequest::new("GET", JWKS);
    let answer = bundle.send(&request).await.expect_status(200);
    assert_eq!(answer.header("cache-control"), "public, max-age=300");
    let key = &answer.body["keys"][0];
    assert_eq!(
        (&key["kty"], &key["alg"], &key["use"]),
        (&json!("RSA"), &json!("RS256"), &json!("sig"))
    );
    assert!(key.get("d").is_none() && !answer.text.contains("wrapped"));
    assert_eq!(bundle.cost_of(&request).await, Cost::new(0, 0, 0.0, 0.0));
    let discovery = HttpRequest::new("GET", "/.well-known/openid-configuration");
    assert_eq!(bundle.cost_of(&discovery).await, Cost::new(0, 0, 0.0, 0.0));
}

#[tokio::test]
async fn discovery_names_the_issuer_and_the_key_set() {
    let bundle = bundle().await;
    let request = HttpRequest::new("GET", "/.well-known/openid-configuration")
        .header("host", "attacker.example")
        .header("x-forwarded-host", "attacker.example");
    let answer = bundle.send(&request).await.expect_status(200);
    assert_eq!(answer.text_at("/issuer"), "http://127.0.0.1:9000");
    assert_eq!(
        answer.text_at("/jwks_uri"),
        "http://127.0.0.1:9000/.well-known/jwks.json"
    );
}

#[tokio::test]
async fn before_the_first_rotation_it_answers_503() {
    let bundle = Bundle::without_keys(env!("CARGO_BIN_EXE_get-jwks")).await;
    let answer = bundle
        .send(&HttpRequest::new("GET", JWKS))
        .await
        .expect_status(503);
    assert_eq!(answer.code(), "unavailable");
    let first = bundle.invoke("rotate-keys", &json!({})).await;
    assert_eq!(
        published(&bundle).await,
        [first["published"].as_str().unwrap_or_default()]
    );
}

#[tokio::test]
async fn rotation_publishes_ahead_and_retires_behind() {
    let bundle = bundle().await;
    let first = published(&bundle).await.remove(0);
    let nothing = json!({ "published": null, "removed": [] });
    assert_eq!(bundle.invoke("rotate-keys", &json!({})).await, nothing);

    let day = 24 * 60 * MINUTE_MILLIS;
    age_keys(&bundle, 29 * day + MINUTE_MILLIS);
    let rotated = bundle.invoke("rotate-keys", &json!({})).await;
    let second = rotated["published"].as_str().expect("a new key").to_owned();
    assert_eq!(published(&bundle).await.len(), 2);
    assert_eq!(
        signing_kid(&bundle).await,
        first,
        "the new key is known a day before it signs"
    );

    age_keys(&bundle, day);
    assert_eq!(signing_kid(&bundle).await, second);
    assert_eq!(bundle.invoke("rotate-keys", &json!({})).await, nothing);
    age_keys(&bundle, 140 * MINUTE_MILLIS);
    let rotated = bundle.invoke("rotate-keys", &json!({})).await;
    assert_eq!(rotated["removed"], json!([first]));
    assert_eq!(published(&bundle).await, [second]);
    assert_eq!(bundle.items_of_type("signing_key").len(), 1);
}

/// The key that a fresh `login` signs with.
async fn signing_kid(bundle: &Bundle) -> String {
    bundle.restart("login").await;
    bundle.restart("get-user").await;
    let account = bundle.account().await;
    assert!(bundle.is_signed_in(&account).await);
    let header = account.access_token.split('.').next().unwrap_or_default();
    let header = {
        use base64::Engine;
        base64::engine::general_purpose::URL_SAFE_NO_PAD
            .decode(header)
            .expect("base64url")
    };
    let header: Value = serde_json::from_slice(&header).expect("JSON");
    header["kid"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn bug_65_a_revoked_key_is_replaced_and_trusted_by_no_new_process() {
    let bundle = bundle().await;
    let leaked = published(&bundle).await.remove(0);
    let account = bundle.account().await;
    let rotated = bundle
        .invoke("rotate-keys", &json!({ "revoke": leaked }))
        .await;
    assert_eq!(rotated["removed"], json!([leaked]));
    assert_eq!(
        published(&bundle).await,
        [rotated["published"].as_str().unwrap_or_default()]
    );
    bundle.restart("get-user").await;
    assert!(!bundle.is_signed_in(&account).await);
    bundle.restart("refresh").await;
    let answer = bundle
        .refresh(&account.refresh_token)
        .await
        .expect_status(200);
    let request = HttpRequest::new("GET", "/v1/users/me").bearer(&answer.text_at("/accessToken"));
    let _ = bundle.send(&request).await.expect_status(200);

    let again = bundle
        .invoke("rotate-keys", &json!({ "revoke": leaked }))
        .await;
    assert_eq!(again, json!({ "published": null, "removed": [] }));
}

#[tokio::test]
async fn revoking_half_a_key_removes_the_other_half() {
    let bundle = bundle().await;
    let leaked = published(&bundle).await.remove(0);
    let key = json!({ "pk": { "S": "SIGNING-KEYS" }, "sk": { "S": leaked } });
    bundle.delete(&key);
    let rotated = bundle
        .invoke("rotate-keys", &json!({ "revoke": leaked }))
        .await;
    assert_eq!(rotated["removed"], json!([leaked]));
    let left = published(&bundle).await;
    assert_eq!(left, [rotated["published"].as_str().unwrap_or_default()]);
}

#[tokio::test]
async fn a_key_that_no_secret_opens_is_replaced_at_the_next_run() {
    let bundle = bundle().await;
    let lost = json!({ "S": "AAAAAA" });
    bundle.edit(
        |item| item["type"]["S"] == "signing_key",
        "secret_version",
        &lost,
    );
    let rotated = bundle.invoke("rotate-keys", &json!({})).await;
    assert!(rotated["published"].is_string(), "{rotated}");
    let account = bundle.account().await;
    assert!(bundle.is_signed_in(&account).await);
}

#[tokio::test]
async fn wrong_input_fails_the_invocation() {
    let bundle = bundle().await;
    let rotate = bundle.function("rotate-keys").await;
    for payload in [
        json!({ "revoke": "short" }),
        json!({ "revoke": 7 }),
        json!({ "revok": "x" }),
        json!("x"),
    ] {
        let _ = rotate.invoke(&payload).await.expect_err("it fails");
    }
    assert!(rotate.is_running());
    assert_eq!(published(&bundle).await.len(), 1);
}

#[tokio::test]
async fn a_run_with_nothing_due_costs_two_queries_at_once() {
    let bundle = bundle().await;
    bundle
        .recorder()
        .set_delay(std::time::Duration::from_millis(40));
    let _ = bundle.invoke("rotate-keys", &json!({})).await;
    let cost = Cost::of(&bundle.recorder().take());
    assert_eq!(cost, Cost::new(2, 1, 2.0, 0.0));
}

#[tokio::test]
async fn another_session_secret_opens_no_stored_key() {
    let bundle = bundle().await;
    let body = json!({ "email": "ada@example.com", "password": PASSWORD });
    let _ = bundle
        .post("/v1/auth/register", &body)
        .await
        .expect_status(201);
    let mut environment = bundle.environment("login");
    for (name, value) in &mut environment {
        if name == "SESSION_SECRET" {
            *value = value.chars().rev().collect();
        }
    }
    let stranger = harness::Function::start(&bundle.binary("login"), &environment)
        .await
        .expect("it starts");
    let request = HttpRequest::new("POST", "/v1/auth/login").json(&body);
    let _ = bundle.send_to(&stranger, &request).await.expect_status(503);
}
