//! The edge of functions that take events: from the table's stream or from the event bus.

use std::future::Future;

use aws_lambda_events::eventbridge::EventBridgeEvent;
use lambda_http::{Error, LambdaEvent, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::event::Detail;

pub use aws_lambda_events::dynamodb::{Event as StreamEvent, EventRecord};
pub use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};

/// A domain event as the bus delivers it.
pub type BusEvent = EventBridgeEvent<Detail>;

/// Serves events with `handler`. An error ends the invocation as failed: the event comes again, and after some
/// times goes where failed events are kept.
///
/// # Errors
/// When Lambda's runtime API cannot be reached.
pub async fn serve<E, T, F>(handler: impl Fn(E) -> F) -> Result<(), Error>
where
    E: DeserializeOwned,
    T: Serialize,
    F: Future<Output = Result<T, Error>>,
{
    let handler = &handler;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<E>| {
        let result = Box::pin(handler(event.payload)).await;
        if let Err(error) = &result {
            tracing::error!(cause = %error, "an event failed");
        }
        result
    }))
    .await
}

/// Takes the records of a stream in their order, up to the first that fails: it and all behind it come again.
pub async fn each_record<F>(
    event: StreamEvent,
    handle: impl Fn(EventRecord) -> F,
) -> DynamoDbEventResponse
where
    F: Future<Output = Result<(), Error>>,
{
    for record in event.records {
        let sequence = record.change.sequence_number.clone();
        if let Err(error) = handle(record).await {
            tracing::error!(cause = %error, sequence, "a record failed");
            return failed_from(sequence);
        }
    }
    DynamoDbEventResponse::default()
}

/// The answer that asks for everything from this record on once more.
#[must_use]
pub fn failed_from(sequence: Option<String>) -> DynamoDbEventResponse {
    let mut failure = DynamoDbBatchItemFailure::default();
    failure.item_identifier = sequence;
    let mut response = DynamoDbEventResponse::default();
    response.batch_item_failures.push(failure);
    response
}
