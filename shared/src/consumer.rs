//! The edge of functions that take events: from the table's stream, the event bus or a queue behind it.

use std::future::Future;

use aws_lambda_events::eventbridge::EventBridgeEvent;
use lambda_http::{Error, LambdaEvent, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::event::Detail;

pub use aws_lambda_events::dynamodb::{Event as StreamEvent, EventRecord};
pub use aws_lambda_events::sqs::SqsEventObj as QueueEvent;
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
///
/// # Errors
/// As [`failed_from`].
pub async fn each_record<F>(
    event: StreamEvent,
    handle: impl Fn(EventRecord) -> F,
) -> Result<DynamoDbEventResponse, Error>
where
    F: Future<Output = Result<(), Error>>,
{
    for (position, record) in event.records.into_iter().enumerate() {
        let sequence = record.change.sequence_number.clone();
        if let Err(error) = handle(record).await {
            tracing::error!(cause = %error, sequence, "a record failed");
            return failed_from(position, sequence, error);
        }
    }
    Ok(DynamoDbEventResponse::default())
}

/// Asks for everything from this record on once more.
///
/// # Errors
/// When it is the first of its batch: only a failed invocation makes Lambda halve a batch, again and again until
/// the record stands alone and goes by itself to where failed ones are kept.
pub fn failed_from(
    position: usize,
    sequence: Option<String>,
    error: Error,
) -> Result<DynamoDbEventResponse, Error> {
    if position == 0 {
        return Err(error);
    }
    let mut failure = DynamoDbBatchItemFailure::default();
    failure.item_identifier = sequence;
    let mut response = DynamoDbEventResponse::default();
    response.batch_item_failures.push(failure);
    Ok(response)
}
