//! How a call is disturbed, and what the caller gets instead.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::upstream::Upstream;

/// Longer than any caller waits.
const HANGING: Duration = Duration::from_secs(15);
/// Shorter than an attempt may take.
const SLOW: Duration = Duration::from_millis(400);

/// How a call is disturbed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The engine never sees it; the caller gets a server error.
    Refuse,
    /// The engine never sees it; the caller is told that it asks for too much.
    Throttle,
    /// The engine does it; the caller gets a server error.
    LoseAnswer,
    /// A write meets somebody else's transaction on the same item.
    TransactionConflict,
    /// A part of a transaction is throttled.
    ThrottlePart,
    /// The same transaction is under way already.
    TransactionInProgress,
    /// A transaction is cancelled: its second part's condition fails, its last part is held by another.
    RefusedAndHeld,
    /// A transaction is cancelled: its second part's condition fails, its last part is throttled.
    RefusedAndThrottled,
    /// The engine never sees it; the caller never gets an answer.
    HangBefore,
    /// The engine does it; the caller never gets an answer.
    HangAfter,
    /// The engine never sees it; the connection ends in the middle of the answer.
    Reset,
    /// The engine does it, late.
    Slow,
    /// A batch does nothing and leaves everything unprocessed.
    LeaveUnprocessed,
    /// A batch does its first part and leaves the rest unprocessed.
    LeaveRestUnprocessed,
}

impl Fault {
    /// Every one of them that can happen to a single call of this operation.
    #[must_use]
    pub fn possible(operation: &str) -> Vec<Self> {
        let mut faults = vec![
            Self::Throttle,
            Self::Refuse,
            Self::HangBefore,
            Self::HangAfter,
            Self::Reset,
            Self::Slow,
        ];
        let writes = ["PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"];
        if writes.contains(&operation) {
            faults.extend([Self::LoseAnswer, Self::TransactionConflict]);
        }
        if operation == "TransactWriteItems" {
            faults.extend([Self::TransactionInProgress, Self::ThrottlePart]);
        }
        if operation.starts_with("Batch") {
            faults.extend([Self::LeaveUnprocessed, Self::LeaveRestUnprocessed]);
        }
        faults
    }

    /// What happens instead of the call, or before it.
    pub(super) async fn apply(self, engine: &Upstream, target: &str, request: &Value) -> Disturbed {
        match self {
            Self::Refuse => Disturbed::answer(StatusCode::INTERNAL_SERVER_ERROR, Vec::new()),
            Self::Throttle => refused("ProvisionedThroughputExceededException", &json!({})),
            Self::TransactionInProgress => refused("TransactionInProgressException", &json!({})),
            Self::TransactionConflict => match request["TransactItems"].as_array() {
                None => refused("TransactionConflictException", &json!({})),
                Some(parts) => cancelled(parts.len(), &[(parts.len() - 1, "TransactionConflict")]),
            },
            Self::ThrottlePart => {
                let parts = request["TransactItems"].as_array().map_or(0, Vec::len);
                cancelled(parts, &[(parts - 1, "ThrottlingError")])
            }
            Self::RefusedAndHeld => refused_and(request, "TransactionConflict"),
            Self::RefusedAndThrottled => refused_and(request, "ThrottlingError"),
            Self::HangBefore => {
                tokio::time::sleep(HANGING).await;
                Disturbed::answer(StatusCode::INTERNAL_SERVER_ERROR, Vec::new())
            }
            Self::Slow => {
                tokio::time::sleep(SLOW).await;
                let (status, body) = engine.send(target, request).await;
                Disturbed::answer(status, body)
            }
            Self::LoseAnswer | Self::HangAfter => {
                let done = engine.send(target, request).await;
                Disturbed {
                    done,
                    shown: Some(Shown::Lost(self)),
                }
            }
            Self::Reset => Disturbed {
                done: (StatusCode::INTERNAL_SERVER_ERROR, Vec::new()),
                shown: Some(Shown::Broken),
            },
            Self::LeaveUnprocessed => {
                let answer = left(request, &request["RequestItems"], &json!({}));
                Disturbed::answer(StatusCode::OK, answer.to_string().into_bytes())
            }
            Self::LeaveRestUnprocessed => first_of_batch(engine, target, request).await,
        }
    }
}

/// A disturbed call: what the engine answered, and what the caller gets if it is not that.
pub(super) struct Disturbed {
    pub(super) done: (StatusCode, Vec<u8>),
    shown: Option<Shown>,
}

enum Shown {
    Lost(Fault),
    Broken,
}

impl From<(StatusCode, Vec<u8>)> for Disturbed {
    fn from(done: (StatusCode, Vec<u8>)) -> Self {
        Self { done, shown: None }
    }
}

impl Disturbed {
    const fn answer(status: StatusCode, body: Vec<u8>) -> Self {
        Self {
            done: (status, body),
            shown: None,
        }
    }

    /// What the caller gets.
    pub(super) async fn into_response(self) -> Response {
        match self.shown {
            None => super::answer(self.done.0, self.done.1),
            Some(Shown::Lost(fault)) => {
                if fault == Fault::HangAfter {
                    tokio::time::sleep(HANGING).await;
                }
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
            Some(Shown::Broken) => {
                let broken = Err::<Bytes, _>(io::Error::from(io::ErrorKind::ConnectionReset));
                let body = futures_util::stream::iter([Ok(Bytes::from_static(b"{")), broken]);
                Body::from_stream(body).into_response()
            }
        }
    }
}

fn refused(error: &str, more: &Value) -> Disturbed {
    let mut answer = json!({
        "__type": format!("com.amazonaws.dynamodb.v20120810#{error}"),
        "message": error,
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        answer[name] = value.clone();
    }
    Disturbed::answer(StatusCode::BAD_REQUEST, answer.to_string().into_bytes())
}

fn refused_and(request: &Value, last: &str) -> Disturbed {
    let parts = request["TransactItems"].as_array().map_or(0, Vec::len);
    cancelled(parts, &[(1, "ConditionalCheckFailed"), (parts - 1, last)])
}

fn cancelled(parts: usize, codes: &[(usize, &str)]) -> Disturbed {
    let mut reasons = vec![json!({ "Code": "None" }); parts];
    for (part, code) in codes {
        reasons[*part] = json!({ "Code": code });
    }
    refused(
        "TransactionCanceledException",
        &json!({ "CancellationReasons": reasons }),
    )
}

/// The answer of a batch that left something undone.
fn left(request: &Value, unprocessed: &Value, responses: &Value) -> Value {
    let reads = request["RequestItems"]
        .as_object()
        .is_some_and(|tables| tables.values().all(|table| table["Keys"].is_array()));
    if reads {
        json!({ "Responses": responses, "UnprocessedKeys": unprocessed })
    } else {
        json!({ "UnprocessedItems": unprocessed })
    }
}

async fn first_of_batch(engine: &Upstream, target: &str, request: &Value) -> Disturbed {
    let (mut first, mut rest) = (request.clone(), request["RequestItems"].clone());
    let mut more = false;
    for (name, table) in rest.as_object_mut().into_iter().flatten() {
        let all = match table.get_mut("Keys") {
            Some(keys) => keys.as_array_mut(),
            None => table.as_array_mut(),
        };
        let Some(all) = all else { continue };
        let done = vec![all.remove(0)];
        more |= !all.is_empty();
        match first["RequestItems"][name].get_mut("Keys") {
            Some(keys) => *keys = Value::Array(done),
            None => first["RequestItems"][name] = Value::Array(done),
        }
    }
    let (status, body) = engine.send(target, &first).await;
    if !more || status != StatusCode::OK {
        return Disturbed::answer(status, body);
    }
    let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
    let mut partial = left(request, &rest, &answer["Responses"]);
    partial["ConsumedCapacity"] = answer["ConsumedCapacity"].clone();
    Disturbed::answer(status, partial.to_string().into_bytes())
}
