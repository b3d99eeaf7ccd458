//! The queue of dead letters, as far as functions themselves send to it.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::{Fault, Operation, Shared, error, internal_failure};
use crate::Error;
use crate::documents::next_name;
use crate::queues;

/// Longest message of SQS, in bytes.
const MAX_BYTES: usize = 1024 * 1024;

/// `SendMessage`. The message is kept before the answer says so.
pub(super) async fn send_message(shared: &Shared, body: &[u8]) -> Response {
    match shared.faults.next(Operation::SendMessage).await {
        None => {}
        Some(Fault::LoseAnswer) => {
            let _ = keep(shared, body);
            return internal_failure("as the test has it");
        }
        Some(_) => return internal_failure("as the test has it"),
    }
    match keep(shared, body) {
        Ok(id) => Json(json!({ "MessageId": id })).into_response(),
        Err(cause) => error(
            StatusCode::BAD_REQUEST,
            "InvalidParameterValue",
            &cause.to_string(),
        ),
    }
}

/// Keeps what the function that sends it was invoked with.
fn keep(shared: &Shared, body: &[u8]) -> Result<String, Error> {
    let request: Value = serde_json::from_slice(body)?;
    let message = request["MessageBody"].as_str().unwrap_or_default();
    if message.is_empty() || message.len() > MAX_BYTES {
        return Err("a message has 1 byte to 1 MiB".into());
    }
    let function = &request["MessageAttributes"]["function"]["StringValue"];
    let function = function.as_str().ok_or("the message names no function")?;
    let event: Option<Value> = serde_json::from_str(message).ok();
    // From a queue it was handed over in a batch of its own.
    let event = event
        .filter(|event| event["Records"].is_array())
        .unwrap_or_else(|| queues::message_of(message));
    let id = next_name();
    shared
        .dead_letters
        .put(&format!("{function}/{id}"), &event)?;
    Ok(id)
}
