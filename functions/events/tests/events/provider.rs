//! A mail provider that fails, and letters that come back.

use harness::{ServiceFault, ServiceOperation};
use local::queues::message;
use serde_json::{Value, json};

use crate::{bundle, kinds};

/// What became of the letters in the table, by letter.
fn outcomes(bundle: &harness::Bundle) -> Vec<(String, String)> {
    let records = bundle.items_of_type("letter").into_iter();
    let text = |value: &Value| value["S"].as_str().unwrap_or_default().to_owned();
    records
        .map(|record| (text(&record["outcome"]), text(&record["reason"])))
        .collect()
}

fn disturb(bundle: &harness::Bundle, times: usize, fault: ServiceFault) {
    let mut calls = 0;
    bundle.services().disturb(move |operation| {
        calls += usize::from(operation == ServiceOperation::SendEmail);
        (operation == ServiceOperation::SendEmail && calls <= times).then(|| fault.clone())
    });
}

#[tokio::test]
async fn a_provider_that_throttles_or_fails_gets_the_letter_again() {
    for fault in [
        ServiceFault::Throttle,
        ServiceFault::Error,
        ServiceFault::Hang,
    ] {
        let bundle = bundle().await;
        let account = bundle.account().await;
        disturb(&bundle, 1, fault.clone());
        bundle.deliver().await;
        assert_eq!(
            kinds(&bundle, &account.email),
            ["verify_email"],
            "{fault:?}"
        );
        assert_eq!(outcomes(&bundle), [("sent".to_owned(), String::new())]);
    }
}

#[tokio::test]
async fn a_provider_that_stays_down_leaves_the_event_among_the_dead_letters_and_it_is_sent_from_there()
 {
    let bundle = bundle().await;
    let account = bundle.account().await;
    disturb(&bundle, usize::MAX, ServiceFault::Throttle);
    bundle.try_deliver().await;
    assert!(kinds(&bundle, &account.email).is_empty() && outcomes(&bundle).is_empty());
    let failed = bundle.failed();
    assert_eq!(failed.len(), 1, "{failed:#?}");
    let (function, message) = (
        &failed[0].function,
        &failed[0].payload["Records"][0]["body"],
    );
    let event: Value = serde_json::from_str(message.as_str().expect("text")).expect("JSON");
    assert_eq!(
        (function.as_str(), &event["detail-type"]),
        ("send-mail", &json!("user.registered"))
    );
    bundle.services().calm();
    bundle.replay().await;
    assert!(bundle.failed().is_empty());
    assert_eq!(kinds(&bundle, &account.email), ["verify_email"]);
}

#[tokio::test]
async fn a_recipient_that_is_refused_is_noted_and_tried_no_more() {
    for fault in [ServiceFault::Reject, ServiceFault::BadRequest] {
        let bundle = bundle().await;
        let account = bundle.account().await;
        disturb(&bundle, usize::MAX, fault);
        bundle.deliver().await;
        let noted = outcomes(&bundle);
        assert_eq!((noted.len(), noted[0].0.as_str()), (1, "failed"));
        assert!(!noted[0].1.is_empty());
        let failed = bundle
            .bus_events()
            .into_iter()
            .find(|event| event["detail-type"] == "mail.failed");
        let failed = failed.expect("an event");
        assert_eq!(failed["detail"]["userId"], *account.id);
        assert_eq!(failed["detail"]["after"]["letter"], "verify_email");
    }
}

#[tokio::test]
async fn an_answer_that_gets_lost_repeats_the_letter_with_the_same_id() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    disturb(&bundle, 1, ServiceFault::LoseAnswer);
    bundle.deliver().await;
    let letters = bundle.letters_to(&account.email);
    assert_eq!(letters.len(), 2);
    assert_eq!(letters[0].headers, letters[1].headers);
    assert_eq!(letters[0].token(), letters[1].token());
}

#[tokio::test]
async fn a_letter_that_bounces_is_noted_with_its_account() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    bundle.deliver().await;
    let letter = bundle.letters_to(&account.email).remove(0);
    let tags: serde_json::Map<String, Value> = letter
        .tags
        .iter()
        .map(|(name, value)| (name.clone(), json!([value])))
        .collect();
    let report = |kind: &str, more: Value| {
        let mut detail = json!({
            "eventType": kind,
            "mail": { "messageId": "1", "destination": [account.email], "tags": tags },
        });
        for (name, value) in more.as_object().into_iter().flatten() {
            detail[name] = value.clone();
        }
        json!({
            "version": "0", "id": "9b1d2c3e", "source": "aws.ses", "detail-type": "Email Bounced",
            "account": "123456789012", "time": "2026-11-21T10:00:00Z", "region": "eu-central-1",
            "resources": [], "detail": detail,
        })
    };
    let bounce = json!({ "bounce": { "bounceType": "Permanent", "bounceSubType": "NoEmail" } });
    let _ = bundle.recorder().take();
    for _ in 0..2 {
        bundle
            .invoke("send-mail", &message(&report("Bounce", bounce.clone())))
            .await;
    }
    bundle.deliver().await;
    assert_eq!(
        outcomes(&bundle),
        [("failed".to_owned(), "Bounce: Permanent NoEmail".to_owned())]
    );
    let entries = bundle.items_of_type("audit_entry").into_iter();
    let kinds: Vec<Value> = entries.map(|entry| entry["kind"]["S"].clone()).collect();
    assert_eq!(
        kinds.iter().filter(|kind| *kind == "mail.failed").count(),
        1
    );
    // Of somebody else's letter; of one that arrived; of one that is not known, perhaps not yet.
    bundle
        .invoke(
            "send-mail",
            &message(&json!({
                "source": "aws.ses", "id": "1", "detail": { "eventType": "Bounce", "mail": {} },
            })),
        )
        .await;
    let away = json!({ "bounce": { "bounceType": "Transient", "bounceSubType": "General" } });
    for (kind, more) in [("Bounce", away), ("Complaint", json!({}))] {
        let before = bundle.items();
        bundle
            .invoke("send-mail", &message(&report(kind, more)))
            .await;
        assert_eq!(bundle.items(), before, "{kind}");
    }
    bundle.delete(&json!({
        "pk": { "S": format!("USER#{}", account.id) },
        "sk": bundle.items_of_type("letter")[0]["sk"].clone(),
    }));
    let function = bundle.function("send-mail").await;
    let early = function.invoke(&message(&report("Bounce", bounce))).await;
    assert!(early.is_err_and(|error| error.0.contains("not known")));
    assert!(bundle.items_of_type("letter").is_empty());
    // Of an account that is gone there is nothing to note.
    let _ = bundle
        .send_as(&account, "DELETE", "/v1/users/me")
        .await
        .expect_status(204);
    let late = report("Bounce", json!({ "bounce": { "bounceType": "Permanent" } }));
    bundle.invoke("send-mail", &message(&late)).await;
    assert!(bundle.items_of_type("letter").is_empty());
}

#[tokio::test]
async fn a_sender_that_the_provider_does_not_know_loses_no_letter() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    disturb(&bundle, usize::MAX, ServiceFault::UnverifiedSender);
    bundle.try_deliver().await;
    assert!(outcomes(&bundle).is_empty());
    assert_eq!(bundle.failed().len(), 1);
    // What the provider says names people; the log does not.
    let log = bundle.logs().await.join("\n");
    assert!(log.contains("MessageRejected") && !log.contains("canary@"));
    bundle.services().calm();
    bundle.replay().await;
    assert_eq!(kinds(&bundle, &account.email), ["verify_email"]);
}

#[tokio::test]
async fn a_link_that_would_lead_nowhere_any_more_is_not_sent() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let late = json!({
        "source": "latchkey", "detail-type": "mail.requested", "id": "1",
        "detail": {
            "version": 1, "id": "late-0", "type": "mail.requested", "time": "2026-01-01T00:00:00.000Z",
            "sequence": "100000000000000000001", "userId": null, "actorId": null, "requestId": "1",
            "before": {}, "after": { "letter": "reset_password", "email": account.email },
        },
    });
    bundle.invoke("send-mail", &message(&late)).await;
    assert!(kinds(&bundle, &account.email).is_empty());
    assert_eq!(
        outcomes(&bundle),
        [("failed".to_owned(), "expired".to_owned())]
    );
}

#[tokio::test]
async fn its_policy_is_exactly_what_it_does() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let forgot = json!({ "email": account.email });
    let _ = bundle
        .post("/v1/auth/forgot-password", &forgot)
        .await
        .expect_status(202);
    bundle.edit_user(&account.id, "email_verified", &json!({ "BOOL": true }));
    let _ = bundle.sign_in(&account.email).await;
    let _ = bundle.recorder().take();
    bundle.deliver().await;
    let letter = bundle.letters_to(&account.email).remove(0);
    let tags: serde_json::Map<String, Value> = letter
        .tags
        .iter()
        .map(|(name, value)| (name.clone(), json!([value])))
        .collect();
    let report = json!({
        "source": "aws.ses", "id": "1",
        "detail": { "eventType": "Reject", "mail": { "tags": tags }, "reject": { "reason": "Bad content" } },
    });
    bundle.invoke("send-mail", &message(&report)).await;
    bundle.assert_policy(&bundle.recorder().take(), "send-mail");
}
