//! From the table's stream to the functions that read it.

use dynoxide::Database;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Invoke, Pump, report};
use crate::Error;
use crate::documents::next_name;
use crate::function::Outcome;
use crate::settings::TABLE;
use crate::triggers::StreamReader;

/// The stream of the table, which has one shard.
pub(super) struct Stream {
    database: Database,
    arn: String,
    shard: String,
}

/// A part of a batch, invoked with as a whole.
struct Piece {
    records: Vec<Value>,
    /// Invocations that failed so far.
    attempts: u64,
}

/// The first record that was not taken, and why.
struct Failure {
    first: usize,
    /// None where the function itself said which records failed.
    error: Option<String>,
}

impl Stream {
    pub(super) fn open(database: &Database) -> Result<Self, Error> {
        let request = serde_json::from_value(json!({ "TableName": TABLE }))?;
        let streams = database.list_streams(request)?.streams;
        let arn = streams.into_iter().next().map(|stream| stream.stream_arn);
        let arn = arn.ok_or("the table has no stream")?;
        let request = serde_json::from_value(json!({ "StreamArn": arn }))?;
        let description = database.describe_stream(request)?.stream_description;
        let shard = description.shards.into_iter().next();
        Ok(Self {
            database: database.clone(),
            arn,
            shard: shard.ok_or("the stream has no shard")?.shard_id,
        })
    }

    /// The records behind a sequence number, or all of them, as Lambda hands them over.
    fn read(&self, after: Option<&str>, limit: usize) -> Result<Vec<Value>, Error> {
        let mut request = json!({ "StreamArn": self.arn, "ShardId": self.shard });
        request["ShardIteratorType"] = json!("TRIM_HORIZON");
        if let Some(after) = after {
            request["ShardIteratorType"] = json!("AFTER_SEQUENCE_NUMBER");
            request["SequenceNumber"] = json!(after);
        }
        let iterator = self
            .database
            .get_shard_iterator(serde_json::from_value(request)?)?;
        let request = json!({ "ShardIterator": iterator.shard_iterator, "Limit": limit });
        let page = self
            .database
            .get_records(serde_json::from_value(request)?)?;
        page.records
            .into_iter()
            .map(|record| {
                let mut record = serde_json::to_value(record)?;
                record["eventSourceARN"] = json!(self.arn);
                Ok(record)
            })
            .collect()
    }
}

impl<I: Invoke> Pump<I> {
    /// Reads a batch and delivers it. Answers whether there was one.
    pub(super) async fn read_batch(&self, reader: &StreamReader) -> Result<bool, Error> {
        let Some(stream) = &self.stream else {
            return Ok(false);
        };
        let checkpoint = self.storage.checkpoints.get(&reader.function)?;
        let after = checkpoint
            .as_ref()
            .and_then(|checkpoint| checkpoint["sequenceNumber"].as_str());
        let mut records = stream.read(after, reader.batch_size)?;
        let Some(last) = records.last().map(sequence_number) else {
            return Ok(false);
        };
        records.retain(|record| {
            let mut filters = reader.filters.iter();
            reader.filters.is_empty() || filters.any(|filter| filter.matches(record))
        });
        if !records.is_empty() {
            self.deliver_batch(stream, reader, records).await?;
        }
        self.set_checkpoint(reader, &last)?;
        Ok(true)
    }

    /// Invokes the function until every record is taken or among the failures. The checkpoint moves behind
    /// whatever is settled.
    async fn deliver_batch(
        &self,
        stream: &Stream,
        reader: &StreamReader,
        records: Vec<Value>,
    ) -> Result<(), Error> {
        // The earliest on top: nothing overtakes.
        let mut pieces = vec![Piece {
            records,
            attempts: 0,
        }];
        while let Some(mut piece) = pieces.pop() {
            let payload = json!({ "Records": piece.records });
            let outcome = self.invoke.invoke(&reader.function, &payload).await;
            let Some(failure) = failure(reader, &piece.records, &outcome) else {
                self.set_checkpoint_behind(reader, &piece.records)?;
                continue;
            };
            piece.attempts += 1;
            if failure.first > 0 {
                // What stands behind the one that failed was not tried in vain before.
                let rest = piece.records.split_off(failure.first);
                self.set_checkpoint_behind(reader, &piece.records)?;
                piece = Piece {
                    records: rest,
                    attempts: 1,
                };
            } else if reader.bisect && failure.error.is_some() && piece.records.len() > 1 {
                // As Lambda does when an invocation fails. It does not count as a repetition.
                let rest = piece.records.split_off(piece.records.len() / 2);
                pieces.push(Piece {
                    records: rest,
                    attempts: 0,
                });
                piece.attempts = 0;
            } else if piece.attempts > reader.maximum_retries {
                // First the failure, then the checkpoint: killed in between, it delivers again.
                self.keep_failure(stream, reader, &piece, &failure)?;
                self.set_checkpoint_behind(reader, &piece.records)?;
                continue;
            }
            self.back_off(piece.attempts).await;
            pieces.push(piece);
        }
        Ok(())
    }

    fn set_checkpoint_behind(&self, reader: &StreamReader, records: &[Value]) -> Result<(), Error> {
        match records.last() {
            Some(last) => self.set_checkpoint(reader, &sequence_number(last)),
            None => Ok(()),
        }
    }

    fn set_checkpoint(&self, reader: &StreamReader, number: &str) -> Result<(), Error> {
        let checkpoint = json!({ "sequenceNumber": number });
        self.storage.checkpoints.put(&reader.function, &checkpoint)
    }

    /// Keeps a piece in the shape in which Lambda hands it to an on-failure destination in S3.
    fn keep_failure(
        &self,
        stream: &Stream,
        reader: &StreamReader,
        piece: &Piece,
        failure: &Failure,
    ) -> Result<(), Error> {
        let function = &reader.function;
        let mut response = json!({ "statusCode": 200, "executedVersion": "$LATEST" });
        if failure.error.is_some() {
            response["functionError"] = json!("Unhandled");
        }
        let (first, last) = (piece.records.first(), piece.records.last());
        let record = json!({
            "requestContext": {
                "requestId": Uuid::new_v4(),
                "functionArn": format!("arn:aws:lambda:eu-central-1:123456789012:function:{function}"),
                "condition": "RetryAttemptsExhausted",
                "approximateInvokeCount": piece.attempts,
            },
            "responseContext": response,
            "version": "1.0",
            "timestamp": rfc_3339(Timestamp::now()),
            "DDBStreamBatchInfo": {
                "shardId": stream.shard,
                "startSequenceNumber": first.map(sequence_number),
                "endSequenceNumber": last.map(sequence_number),
                "approximateArrivalOfFirstRecord": first.and_then(arrival),
                "approximateArrivalOfLastRecord": last.and_then(arrival),
                "batchSize": piece.records.len(),
                "streamArn": stream.arn,
            },
            "payload": json!({ "Records": piece.records }).to_string(),
        });
        let name = format!("{function}/{}", next_name());
        self.storage.failed.put(&name, &record)?;
        report(&format!(
            "{function} failed {} times with {} records: failed/{name}.json: {}",
            piece.attempts,
            piece.records.len(),
            failure.error.as_deref().unwrap_or("batchItemFailures")
        ));
        Ok(())
    }
}

/// What an invocation left undone, as Lambda understands its answer.
fn failure(reader: &StreamReader, records: &[Value], outcome: &Outcome) -> Option<Failure> {
    let answer = match outcome {
        Ok(answer) => answer,
        Err(error) => {
            return Some(Failure {
                first: 0,
                error: Some(error.0.clone()),
            });
        }
    };
    if !reader.reports_failures {
        return None;
    }
    let failures = match &answer["batchItemFailures"] {
        Value::Null => return None,
        Value::Array(failures) if failures.is_empty() => return None,
        Value::Array(failures) => failures.as_slice(),
        _ => &[],
    };
    let positions = failures.iter().map(|failure| {
        let identifier = failure["itemIdentifier"].as_str().unwrap_or_default();
        records
            .iter()
            .position(|record| sequence_number(record) == identifier)
    });
    // One that names nothing fails the whole batch.
    let first = positions.map(|position| position.unwrap_or(0)).min();
    Some(Failure {
        first: first.unwrap_or(0),
        error: None,
    })
}

fn sequence_number(record: &Value) -> String {
    let number = record["dynamodb"]["SequenceNumber"].as_str();
    number.unwrap_or_default().to_owned()
}

#[expect(clippy::cast_possible_truncation, reason = "whole seconds are meant")]
fn arrival(record: &Value) -> Option<String> {
    let seconds = record["dynamodb"]["ApproximateCreationDateTime"].as_f64()?;
    Timestamp::from_second(seconds as i64).ok().map(rfc_3339)
}

fn rfc_3339(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}
