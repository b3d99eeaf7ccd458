//! The services that functions send to, as an SDK and a browser see them.

use std::time::Duration;

use local::documents::Documents;
use local::services::{Bus, Fault, Inbox, Operation, Services};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;

async fn services() -> Services {
    let services = Services::in_memory(Documents::in_memory()).await;
    services.expect("a free port")
}

fn letter(to: &str) -> Value {
    json!({
        "FromEmailAddress": "Latchkey <latchkey@example.com>",
        "Destination": { "ToAddresses": [to] },
        "Content": { "Simple": {
            "Subject": { "Data": "Hello <you>" },
            "Body": {
                "Text": { "Data": "See http://localhost:3000/verify-email#token=t_1." },
                "Html": { "Data": "<p>See</p><script>alert(1)</script>" },
            },
            "Headers": [{ "Name": "X-Letter", "Value": "welcome" }],
        } },
        "EmailTags": [{ "Name": "letter", "Value": "welcome" }],
        "ConfigurationSetName": "MailConfigurationSet",
    })
}

async fn send(services: &Services, letter: &Value) -> Response {
    let url = format!("{}/v2/email/outbound-emails", services.endpoint());
    let request = Client::new().post(url).body(letter.to_string());
    request.send().await.expect("an answer")
}

fn entry(number: usize) -> Value {
    json!({
        "EventBusName": "arn:aws:events:eu-central-1:123456789012:event-bus/EventBus",
        "Source": "latchkey",
        "DetailType": "user.updated",
        "Detail": json!({ "number": number }).to_string(),
        "Time": 1_795_000_000.0,
    })
}

async fn put(services: &Services, entries: &[Value]) -> Response {
    let request = Client::new()
        .post(services.endpoint())
        .header("x-amz-target", "AWSEvents.PutEvents")
        .header("content-type", "application/x-amz-json-1.1")
        .body(json!({ "Entries": entries }).to_string());
    request.send().await.expect("an answer")
}

fn kind(response: &Response) -> &str {
    let kind = response.headers().get("x-amzn-errortype");
    kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default()
}

async fn get(services: &Services, path: &str) -> Response {
    let url = format!("{}{path}", services.endpoint());
    reqwest::get(url).await.expect("an answer")
}

#[tokio::test]
async fn a_letter_is_caught_whole() {
    let services = services().await;
    let answer = send(&services, &letter("ada@example.com")).await;
    assert_eq!(answer.status(), 200);
    let answer: Value = answer.json().await.expect("JSON");
    send(&services, &letter("grace@example.com")).await;

    let messages: Value = get(&services, "/messages")
        .await
        .json()
        .await
        .expect("JSON");
    assert_eq!(messages[0]["id"], answer["MessageId"]);
    assert_eq!(messages[0]["to"], "ada@example.com");
    assert_eq!(messages[1]["to"], "grace@example.com", "newest last");
    assert_eq!(messages[0]["from"], "Latchkey <latchkey@example.com>");
    assert_eq!(messages[0]["subject"], "Hello <you>");
    assert_eq!(messages[0]["headers"], json!({ "X-Letter": "welcome" }));
    assert_eq!(messages[0]["tags"], json!({ "letter": "welcome" }));
    assert_eq!(messages[0]["configurationSet"], "MailConfigurationSet");
    let id = messages[0]["id"].as_str().expect("an id");
    let one = get(&services, &format!("/messages/{id}")).await;
    assert_eq!(one.json::<Value>().await.expect("JSON"), messages[0]);
    for path in ["/messages/none", "/messages/..%2Fbus%2Fa", "/letters/none"] {
        assert_eq!(get(&services, path).await.status(), 404, "{path}");
    }
}

#[tokio::test]
async fn the_page_shows_letters_newest_first_and_runs_nothing_of_them() {
    let services = services().await;
    for to in ["ada@example.com", "grace@example.com"] {
        send(&services, &letter(to)).await;
    }
    let id = services.inbox().messages().expect("letters")[0].id.clone();
    assert_eq!(get(&services, "/").await.status(), 200);
    let page = get(&services, "/inbox").await;
    let policy = page.headers()["content-security-policy"].clone();
    assert!(
        policy
            .to_str()
            .is_ok_and(|policy| policy.starts_with("default-src 'none'"))
    );
    let page = page.text().await.expect("text");
    assert!(page.contains("Hello &lt;you&gt;") && !page.contains("<you>"));
    assert!(page.find("grace@") < page.find("ada@"));

    let letter = get(&services, &format!("/letters/{id}")).await;
    let letter = letter.text().await.expect("text");
    assert!(letter.contains("<a href=\"http://localhost:3000/verify-email#token=t_1\""));
    assert!(letter.contains(&format!("src=\"/letters/{id}/html\"")));
    assert!(!letter.contains("<script>") && !letter.contains("allow-scripts"));

    let html = get(&services, &format!("/letters/{id}/html")).await;
    let policy = html.headers()["content-security-policy"].clone();
    let policy = policy.to_str().expect("text");
    assert!(
        policy.starts_with("sandbox ") && !policy.contains("allow-scripts"),
        "{policy}"
    );
    assert!(html.text().await.expect("text").contains("<p>See</p>"));
}

#[tokio::test]
async fn what_ses_refuses_is_refused() {
    let services = services().await;
    for (pointer, value) in [
        (
            "/FromEmailAddress",
            json!("Lätchkey <latchkey@example.com>"),
        ),
        ("/Destination/ToAddresses", json!([])),
        ("/Content/Simple", json!({})),
        ("/Content/Simple/Body", json!({})),
        (
            "/Content/Simple/Headers/0/Value",
            json!("a\r\nBcc: b@example.com"),
        ),
        ("/EmailTags/0/Value", json!("a b")),
        ("/EmailTags/0/Value", json!("")),
    ] {
        let mut letter = letter("ada@example.com");
        *letter.pointer_mut(pointer).expect("a property") = value;
        let answer = send(&services, &letter).await;
        assert_eq!(
            (answer.status().as_u16(), kind(&answer)),
            (400, "BadRequestException"),
            "{pointer}"
        );
    }
    assert_eq!(services.inbox().messages().expect("letters"), []);
}

#[tokio::test]
async fn letters_and_events_outlive_the_process_that_took_them() {
    let folder = std::env::temp_dir().join(format!("latchkey-{}", uuid::Uuid::new_v4().simple()));
    let start = async || {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let inbox = Inbox::in_folder(folder.join("inbox"));
        let bus = Bus::in_folder(folder.join("bus"));
        Services::serve(listener, inbox, bus, Documents::in_memory()).expect("services")
    };
    let before = start().await;
    send(&before, &letter("ada@example.com")).await;
    put(&before, &[entry(1), entry(2)]).await;
    drop(before);
    let after = start().await;
    assert_eq!(
        after.inbox().messages().expect("letters")[0].to,
        "ada@example.com"
    );
    assert_eq!(
        std::fs::read_dir(folder.join("bus"))
            .expect("events")
            .count(),
        2
    );
    std::fs::remove_dir_all(folder).expect("a folder");
}

#[tokio::test]
async fn put_events_keeps_events_and_answers_for_each_entry() {
    let services = services().await;
    let bad = json!({ "Source": "latchkey", "DetailType": "a", "Detail": "[]" });
    let empty = json!({ "DetailType": "a", "Detail": "{}" });
    let answer = put(&services, &[entry(0), bad, empty, entry(3)]).await;
    let answer: Value = answer.json().await.expect("JSON");
    assert_eq!(answer["FailedEntryCount"], 2);
    assert_eq!(answer["Entries"][1]["ErrorCode"], "MalformedDetail");
    assert_eq!(answer["Entries"][2]["ErrorCode"], "InvalidArgument");
    let history = services.bus().history();
    assert_eq!(history.len(), 2);
    assert_eq!(history[0]["id"], answer["Entries"][0]["EventId"]);
    assert_eq!(history[1]["id"], answer["Entries"][3]["EventId"]);
    assert_eq!(history[0]["detail"], json!({ "number": 0 }));
    assert_eq!(history[0]["detail-type"], "user.updated");
    assert_eq!(history[0]["time"], "2026-11-18T11:06:40Z");

    let eleven: Vec<Value> = (0..11).map(entry).collect();
    let mut large = entry(0);
    large["Detail"] = json!(json!({ "text": "x".repeat(256 * 1024) }).to_string());
    for entries in [&eleven[..], &[], &[large]] {
        let answer = put(&services, entries).await;
        assert_eq!(
            (answer.status().as_u16(), kind(&answer)),
            (400, "ValidationException")
        );
    }
    assert_eq!(services.bus().history().len(), 2);
}

#[tokio::test]
async fn every_fault_does_what_it_says() {
    let services = services().await;
    let table = [
        (
            Fault::Throttle,
            (429, "TooManyRequestsException", 0),
            (400, "ThrottlingException", 0),
        ),
        (
            Fault::Error,
            (500, "InternalFailure", 0),
            (500, "InternalFailure", 0),
        ),
        (
            Fault::Reject,
            (400, "MessageRejected", 0),
            (400, "ValidationException", 0),
        ),
        (
            Fault::BadRequest,
            (400, "BadRequestException", 0),
            (400, "ValidationException", 0),
        ),
        (
            Fault::LoseAnswer,
            (500, "InternalFailure", 1),
            (500, "InternalFailure", 2),
        ),
        (
            Fault::FailEntries(vec![1]),
            (500, "InternalFailure", 0),
            (200, "", 1),
        ),
    ];
    let count = table.len();
    let (mut letters, mut events) = (0, 0);
    for (fault, sent, put_events) in table {
        let planned = fault.clone();
        services.disturb(move |_| Some(planned.clone()));
        let answer = send(&services, &letter("ada@example.com")).await;
        let caught = services.inbox().messages().expect("letters").len();
        assert_eq!(
            (answer.status().as_u16(), kind(&answer), caught - letters),
            sent,
            "{fault:?}"
        );
        letters = caught;
        let answer = put(&services, &[entry(0), entry(1)]).await;
        let caught = services.bus().history().len();
        assert_eq!(
            (answer.status().as_u16(), kind(&answer), caught - events),
            put_events,
            "{fault:?}"
        );
        events = caught;
    }
    services.disturb(|operation| (operation == Operation::SendEmail).then_some(Fault::Hang));
    let letter = letter("ada@example.com");
    let hanging = send(&services, &letter);
    let hanging = tokio::time::timeout(Duration::from_millis(200), hanging).await;
    assert!(hanging.is_err());
    assert_eq!(
        put(&services, &[entry(0)]).await.status(),
        200,
        "the other one goes on"
    );
    services.calm();
    assert_eq!(send(&services, &letter).await.status(), 200);
    assert_eq!(services.calls(Operation::SendEmail), count + 2);
    assert_eq!(services.calls(Operation::PutEvents), count + 1);
}
