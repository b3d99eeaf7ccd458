//! The edge of functions that take events: from the table's stream, the event bus or a queue behind it.
//!
//! A failure is one of two things. What can never work goes among the dead letters, at once and alone, so that
//! nobody else's events wait behind it. What fails for now comes again.

mod dead_letters;
mod stream;

use std::future::Future;

use aws_lambda_events::eventbridge::EventBridgeEvent;
use lambda_http::{Error, LambdaEvent, service_fn};
use latchkey::event::Detail;
use latchkey::store::StoreError;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

pub use aws_lambda_events::streams::DynamoDbEventResponse;
pub use dead_letters::DeadLetters;
pub use stream::{Batch, Record, each_record, failed_from};

/// A domain event as the bus delivers it.
pub type BusEvent = EventBridgeEvent<Detail>;

/// What a queue delivers.
#[derive(Deserialize)]
pub struct Messages {
    /// Its messages.
    #[serde(rename = "Records")]
    pub messages: Vec<Message>,
}

/// One message of a queue.
#[derive(Deserialize)]
pub struct Message {
    /// What was sent, as it was sent.
    pub body: String,
}

/// Why an event was not taken.
#[derive(Debug)]
pub enum Failed {
    /// It can never work: it cannot be read, or is refused for what it is.
    ForGood(Error),
    /// It may work later.
    ForNow(Error),
}

impl Failed {
    /// Of what an event holds that cannot be read, or does not make sense.
    pub fn for_good(cause: impl Into<Error>) -> Self {
        Self::ForGood(cause.into())
    }

    /// Of what is down, slow or not ready.
    pub fn for_now(cause: impl Into<Error>) -> Self {
        Self::ForNow(cause.into())
    }
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable { .. } => Self::for_now(error),
            StoreError::Refused { .. } | StoreError::Unreadable(_) => Self::for_good(error),
        }
    }
}

/// Serves events with `handler`. One that fails for good, or is not of this type, is kept among the dead letters
/// and done with. One that fails for now ends the invocation as failed: it comes again, and after some times goes
/// where failed events are kept.
///
/// # Errors
/// When Lambda's runtime API cannot be reached.
pub async fn serve<E, T, F>(
    dead_letters: &DeadLetters,
    handler: impl Fn(E) -> F,
) -> Result<(), Error>
where
    E: DeserializeOwned,
    T: Default + Serialize,
    F: Future<Output = Result<T, Failed>>,
{
    let handler = &handler;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Box<RawValue>>| {
        let payload = event.payload.get();
        let result = match serde_json::from_str(payload) {
            Ok(event) => Box::pin(handler(event)).await,
            Err(error) => Err(Failed::for_good(error)),
        };
        match result {
            Ok(answer) => Ok(answer),
            Err(failed) => {
                let settled = dead_letters.settle(payload, failed).await;
                if let Err(cause) = &settled {
                    tracing::error!(%cause, "an event failed");
                }
                settled.map(|()| T::default())
            }
        }
    }))
    .await
}
