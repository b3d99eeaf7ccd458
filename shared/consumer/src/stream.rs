//! Batches of the table's stream.

use std::future::Future;

use aws_lambda_events::dynamodb::EventRecord;
use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use lambda_http::Error;
use latchkey::event::Event;
use latchkey::store;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{DeadLetters, Failed};

/// What Lambda hands over of the stream. Each record is read by itself: one that cannot be read is one.
#[derive(Deserialize)]
pub struct Batch {
    /// Its records, in their order.
    #[serde(rename = "Records")]
    pub records: Vec<Record>,
}

/// One record of the stream.
#[derive(Deserialize)]
#[serde(transparent)]
pub struct Record(Box<RawValue>);

impl Record {
    /// The domain events it tells of.
    ///
    /// # Errors
    /// [`Failed::ForGood`] when it is not what this version of the code writes.
    pub fn events(&self) -> Result<Vec<Event>, Failed> {
        let record: EventRecord = serde_json::from_str(self.0.get()).map_err(Failed::for_good)?;
        Ok(store::events(&record)?)
    }

    /// The event that has this record alone.
    fn alone(&self) -> String {
        format!("{{\"Records\":[{}]}}", self.0.get())
    }

    fn sequence_number(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Numbered {
            dynamodb: Change,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Change {
            sequence_number: String,
        }
        let read: Option<Numbered> = serde_json::from_str(self.0.get()).ok();
        read.map(|read| read.dynamodb.sequence_number)
    }
}

impl DeadLetters {
    /// As [`settle`](Self::settle), for one record of a batch.
    ///
    /// # Errors
    /// As there.
    pub async fn settle_record(&self, record: &Record, failed: Failed) -> Result<(), Error> {
        self.settle(&record.alone(), failed).await
    }
}

/// Takes the records of a batch in their order, up to the first that fails for now: it and all behind it come again.
///
/// # Errors
/// As [`failed_from`].
pub async fn each_record<F>(
    dead_letters: &DeadLetters,
    batch: &Batch,
    take: impl Fn(Vec<Event>) -> F,
) -> Result<DynamoDbEventResponse, Failed>
where
    F: Future<Output = Result<(), Failed>>,
{
    for (position, record) in batch.records.iter().enumerate() {
        let taken = match record.events() {
            Ok(events) => take(events).await,
            Err(failed) => Err(failed),
        };
        if let Err(failed) = taken
            && let Err(cause) = dead_letters.settle_record(record, failed).await
        {
            return failed_from(batch, position, cause);
        }
    }
    Ok(DynamoDbEventResponse::default())
}

/// Asks for everything from the record at this position on once more.
///
/// # Errors
/// When it is the first of its batch: only a failed invocation makes Lambda halve a batch, again and again until
/// the record stands alone and goes by itself to where failed ones are kept.
pub fn failed_from(
    batch: &Batch,
    position: usize,
    cause: Error,
) -> Result<DynamoDbEventResponse, Failed> {
    let sequence = batch.records[position].sequence_number();
    tracing::error!(%cause, sequence, "a record failed");
    if position == 0 || sequence.is_none() {
        return Err(Failed::ForNow(cause));
    }
    let mut failure = DynamoDbBatchItemFailure::default();
    failure.item_identifier = sequence;
    let mut response = DynamoDbEventResponse::default();
    response.batch_item_failures.push(failure);
    Ok(response)
}
