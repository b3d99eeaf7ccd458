//! What the bench sends to the functions behind the stream and the bus, and tokens out of letters.

use local::Error;
use local::function::Function;
use local::queues::message;
use local::services::Letter;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::setup::{Setup, invoke};

/// An event of the bus about an account, as the rules of the template deliver it.
pub fn bus_event(kind: &str, user_id: Option<&str>, after: &Value) -> Value {
    let id = Uuid::new_v4();
    json!({
        "version": "0",
        "id": id,
        "source": "latchkey",
        "detail-type": kind,
        "account": "123456789012",
        "time": "2026-11-21T10:00:00Z",
        "region": "eu-central-1",
        "resources": [],
        "detail": {
            "version": 1,
            "id": format!("{}-0", id.simple()),
            "type": kind,
            "time": "2126-11-21T10:00:00.000Z",
            "sequence": "100000000000000000001",
            "userId": user_id,
            "actorId": null,
            "requestId": id,
            "before": {},
            "after": after,
        },
    })
}

/// A batch of the stream: one account, just registered.
pub fn stream_event(number: usize, id: &str) -> Value {
    let event_id = Uuid::new_v4().to_string();
    let email = format!("s{number}@example.com");
    let texts = [
        ("pk", format!("USER#{id}")),
        ("sk", "USER".to_owned()),
        ("type", "user".to_owned()),
        ("id", id.to_owned()),
        ("email", email),
        ("role", "user".to_owned()),
        ("status", "active".to_owned()),
        ("request_id", event_id.clone()),
        ("events", "user.registered".to_owned()),
    ];
    let numbers = [
        ("schema", 1),
        ("version", 1),
        ("credential_version", 1),
        ("session_epoch", 1),
        ("created_at", 1_800_000_000_000_u64),
        ("updated_at", 1_800_000_000_000),
        ("changed_at", 1_800_000_000_000),
    ];
    let mut image = json!({ "email_verified": { "BOOL": false } });
    for (name, text) in texts {
        image[name] = json!({ "S": text });
    }
    for (name, number) in numbers {
        image[name] = json!({ "N": number.to_string() });
    }
    json!({
        "Records": [{
            "eventID": event_id,
            "eventName": "INSERT",
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": "eu-central-1",
            "dynamodb": {
                "ApproximateCreationDateTime": jiff::Timestamp::now().as_second(),
                "Keys": { "pk": image["pk"], "sk": image["sk"] },
                "NewImage": image,
                "SequenceNumber": format!("1000000000000000{number:05}"),
                "SizeBytes": 400,
                "StreamViewType": "NEW_AND_OLD_IMAGES",
            },
        }],
    })
}

/// The token that a letter brings: `after` is what the request for it says.
pub async fn token(
    setup: &Setup,
    send_mail: &Function,
    user_id: &str,
    after: &Value,
) -> Result<String, Error> {
    let event = bus_event("mail.requested", Some(user_id), after);
    invoke(send_mail, &message(&event)).await?;
    let messages = setup.services.inbox().messages()?;
    let to = after["email"].as_str().unwrap_or_default();
    let mut letters = messages.iter().rev().filter(|message| message.to == to);
    let token = letters.find_map(Letter::token);
    Ok(token.ok_or("no letter came")?)
}
