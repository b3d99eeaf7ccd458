//! Invoked by the table's stream: puts what happened to accounts on the event bus, in the order of each account.
//!
//! At least once: an event that comes again has the same id.

use events::bus::Bus;
use lambda_http::Error;
use latchkey::consumer::{self, DynamoDbEventResponse, StreamEvent};
use latchkey::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let bus = Bus::from_env().await?;
    consumer::serve(|event| publish_events(&bus, event)).await
}

async fn publish_events(bus: &Bus, event: StreamEvent) -> Result<DynamoDbEventResponse, Error> {
    let mut details = Vec::new();
    let mut unreadable = None;
    for record in &event.records {
        match latchkey::store::events(record) {
            Ok(events) => details.extend(events.iter().map(latchkey::event::Event::detail)),
            Err(error) => {
                let sequence = record.change.sequence_number.clone();
                tracing::error!(cause = %error, sequence, "a record cannot be read");
                unreadable = Some(sequence);
                break;
            }
        }
    }
    if let Err(failed) = bus.put(&details).await {
        tracing::error!(cause = %failed.cause, "events were not published");
        return Ok(consumer::failed_from(Some(failed.sequence)));
    }
    Ok(unreadable.map_or_else(DynamoDbEventResponse::default, consumer::failed_from))
}
