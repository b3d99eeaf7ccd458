//! Invoked by the table's stream: puts what happened to accounts on the event bus, in the order of each account.
//!
//! At least once: an event that comes again has the same id.

use events::bus::Bus;
use lambda_http::Error;
use latchkey::consumer::{self, DynamoDbEventResponse, EventRecord, StreamEvent};
use latchkey::event::Event;
use latchkey::store;
use latchkey::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let bus = Bus::from_env().await?;
    consumer::serve(|event| publish_events(&bus, event)).await
}

async fn publish_events(bus: &Bus, event: StreamEvent) -> Result<DynamoDbEventResponse, Error> {
    let mut details = Vec::new();
    let mut failed = None;
    for record in &event.records {
        match store::events(record) {
            Ok(events) => details.extend(events.iter().map(Event::detail)),
            Err(error) => {
                failed = Some((record.change.sequence_number.clone(), error.to_string()));
                break;
            }
        }
    }
    if let Err(missing) = bus.put(&details).await {
        failed = Some((Some(missing.sequence), missing.cause));
    }
    let Some((sequence, cause)) = failed else {
        return Ok(DynamoDbEventResponse::default());
    };
    tracing::error!(cause, sequence, "a record failed");
    let is_it = |record: &EventRecord| record.change.sequence_number == sequence;
    let position = event.records.iter().position(is_it).unwrap_or_default();
    consumer::failed_from(position, sequence, cause.into())
}
