use std::sync::Arc;

use harness::{Answer, Bundle, Fault, HttpRequest, PASSWORD};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::bundle;

const KEY: &str = "0f9c3f0a-5a44-4c0e";

fn request(key: &str, body: &Value) -> HttpRequest {
    HttpRequest::new("POST", "/v1/auth/register")
        .header("idempotency-key", key)
        .json(body)
}

fn body(email: &str) -> Value {
    json!({ "email": email, "password": PASSWORD, "firstName": "Ada" })
}

async fn register(bundle: &Bundle, key: &str, body: &Value) -> Answer {
    bundle.send(&request(key, body)).await
}

#[tokio::test]
async fn a_repeat_gets_the_same_answer_and_makes_nothing() {
    let bundle = bundle().await;
    let first = register(&bundle, KEY, &body("ada@example.com"))
        .await
        .expect_status(201);
    let before = bundle.accounts();
    let repeat = register(&bundle, KEY, &body("ada@example.com"))
        .await
        .expect_status(201);
    assert_eq!(repeat.text, first.text);
    for header in ["location", "etag", "content-type"] {
        assert_eq!(repeat.header(header), first.header(header));
    }
    assert_eq!(bundle.accounts(), before);
    let _ = bundle.sign_in("ada@example.com").await;

    let other = register(&bundle, KEY, &body("eve@example.com")).await;
    assert_eq!(
        (other.status, other.code()),
        (409, "idempotency_key_reused")
    );
    for (field, value) in [
        ("firstName", json!("Eve")),
        ("lastName", json!("Lovelace")),
        ("password", json!("another correct horse")),
    ] {
        let mut changed = body("ada@example.com");
        changed[field] = value;
        let other = register(&bundle, KEY, &changed).await;
        assert_eq!(
            (other.status, other.code()),
            (409, "idempotency_key_reused"),
            "{field}"
        );
    }
    let taken = register(&bundle, "another-key-0123456789", &body("ada@example.com")).await;
    assert_eq!((taken.status, taken.code()), (409, "email_taken"));
}

#[tokio::test]
async fn a_key_has_a_form_and_the_header_is_named() {
    let bundle = bundle().await;
    for (key, code) in [
        ("", "too_short"),
        ("fifteen-letters", "too_short"),
        (&"x".repeat(256), "too_long"),
        ("sixteen with spaces", "invalid_format"),
        ("sixteen-and-an-ä", "invalid_format"),
    ] {
        let answer = register(&bundle, key, &body("ada@example.com"))
            .await
            .expect_status(400);
        assert_eq!(answer.field_codes(), [("Idempotency-Key", code)], "{key:?}");
    }
    assert!(bundle.items_of_type("user").is_empty());
    for key in ["x".repeat(16), "#".repeat(255)] {
        let email = format!("ada{}@example.com", key.len());
        let _ = register(&bundle, &key, &body(&email))
            .await
            .expect_status(201);
    }
}

#[tokio::test]
async fn a_key_is_free_again_after_24_hours_whether_or_not_its_record_is_gone() {
    let bundle = bundle().await;
    let _ = register(&bundle, KEY, &body("ada@example.com"))
        .await
        .expect_status(201);
    let record = bundle.items_of_type("idempotency_record").remove(0);
    let number = |item: &Value, name: &str| -> u64 {
        item[name]["N"]
            .as_str()
            .and_then(|text| text.parse().ok())
            .expect("a number")
    };
    let user = bundle.items_of_type("user").remove(0);
    let lifetime = number(&record, "expires_at") - number(&user, "created_at");
    assert_eq!(lifetime, 24 * 60 * 60 * 1000);
    assert_eq!(number(&record, "ttl"), number(&record, "expires_at") / 1000);

    bundle.edit(
        |item| item["type"]["S"] == "idempotency_record",
        "expires_at",
        &json!({ "N": "1000" }),
    );
    let _ = register(&bundle, KEY, &body("eve@example.com"))
        .await
        .expect_status(201);
    let _ = register(&bundle, KEY, &body("eve@example.com"))
        .await
        .expect_status(201);
    let stale = register(&bundle, KEY, &body("ada@example.com")).await;
    assert_eq!(
        (stale.status, stale.code()),
        (409, "idempotency_key_reused")
    );
    assert_eq!(bundle.items_of_type("user").len(), 2);
}

#[tokio::test]
async fn bug_53_a_record_holds_no_secret() {
    let bundle = bundle().await;
    let _ = register(&bundle, KEY, &body("ada@example.com"))
        .await
        .expect_status(201);
    let record = bundle
        .items_of_type("idempotency_record")
        .remove(0)
        .to_string();
    assert!(!record.contains("argon2") && !record.contains(PASSWORD));
    let other = crate::bundle().await;
    let mut another = body("ada@example.com");
    another["password"] = json!("another correct horse");
    let _ = register(&other, KEY, &another).await.expect_status(201);
    let fingerprint =
        |bundle: &Bundle| bundle.items_of_type("idempotency_record")[0]["fingerprint"].clone();
    assert_eq!(
        fingerprint(&bundle),
        fingerprint(&other),
        "nothing of the password is in it"
    );
}

#[tokio::test]
async fn bug_59_a_key_does_not_bring_a_deleted_account_back() {
    let bundle = bundle().await;
    let _ = register(&bundle, KEY, &body("ada@example.com"))
        .await
        .expect_status(201);
    let account = bundle.sign_in("ada@example.com").await;
    let _ = bundle
        .send_as(&account, "DELETE", "/v1/users/me")
        .await
        .expect_status(204);
    for _ in 0..2 {
        let repeat = register(&bundle, KEY, &body("ada@example.com")).await;
        assert_eq!(
            (repeat.status, repeat.code()),
            (409, "idempotency_key_reused")
        );
        // Nor does it stand for whoever has the address now.
        let _ = register(&bundle, "another-key-0123456789", &body("ada@example.com")).await;
    }
}

#[tokio::test]
async fn a_repeat_that_meets_the_first_half_way_waits_for_it() {
    let bundle = bundle().await;
    let first = register(&bundle, KEY, &body("ada@example.com"))
        .await
        .expect_status(201);
    // The address is taken already, and the record not yet let go of, or not looked at.
    for fault in [Fault::RefusedAndHeld, Fault::RefusedAndThrottled] {
        let mut times = 2;
        bundle.recorder().disturb(move |operation| {
            let now = operation == "TransactWriteItems" && times > 0;
            times -= i32::from(now);
            now.then_some(fault)
        });
        let repeat = register(&bundle, KEY, &body("ada@example.com")).await;
        assert_eq!((repeat.status, &repeat.text), (201, &first.text));
        bundle
            .recorder()
            .disturb(move |operation| (operation == "TransactWriteItems").then_some(fault));
        let repeat = register(&bundle, KEY, &body("ada@example.com")).await;
        assert_eq!((repeat.status, repeat.code()), (503, "unavailable"));
    }
}

#[tokio::test]
async fn an_answer_lost_on_the_way_is_given_again() {
    let bundle = bundle().await;
    // Every attempt of the first request is carried out and its answer lost.
    bundle
        .recorder()
        .disturb(|operation| (operation == "TransactWriteItems").then_some(Fault::LoseAnswer));
    let _ = register(&bundle, KEY, &body("ada@example.com"))
        .await
        .expect_status(503);
    bundle.recorder().calm();
    let answer = register(&bundle, KEY, &body("ada@example.com"))
        .await
        .expect_status(201);
    assert_eq!(
        bundle.sign_in("ada@example.com").await.id,
        answer.text_at("/id")
    );
    bundle.assert_invariants();
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_one_makes_the_account_and_all_get_its_answer() {
    let bundle = Arc::new(bundle().await);
    let mut requests = JoinSet::new();
    for _ in 0..4 {
        let process = Arc::new(bundle.spawn("register").await);
        for _ in 0..4 {
            let (bundle, process) = (Arc::clone(&bundle), Arc::clone(&process));
            requests.spawn(async move {
                bundle
                    .send_to(&process, &request(KEY, &body("ada@example.com")))
                    .await
            });
        }
    }
    let answers = requests.join_all().await;
    for answer in &answers {
        assert_eq!((answer.status, &answer.text), (201, &answers[0].text));
    }
    assert_eq!(bundle.items_of_type("user").len(), 1);
    bundle.assert_invariants();
}
