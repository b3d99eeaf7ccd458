//! Invoked by the table's stream: puts what happened to accounts on the event bus, in the order of each account.
//!
//! At least once: an event that comes again has the same id. A record that can never work is a dead letter, and not in
//! the way of the others.

use consumer::{Batch, DeadLetters, DynamoDbEventResponse, Failed};
use events::bus::{Bus, NotPut};
use lambda_http::Error;
use latchkey::event::Event;
use latchkey::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let bus = Bus::from_env().await?;
    let dead_letters = DeadLetters::from_env().await?;
    consumer::serve(&dead_letters, |batch| {
        publish_events(&bus, &dead_letters, batch)
    })
    .await
}

async fn publish_events(
    bus: &Bus,
    dead_letters: &DeadLetters,
    batch: Batch,
) -> Result<DynamoDbEventResponse, Failed> {
    // The events to put, and the place of the record that each is of.
    let (mut details, mut places) = (Vec::new(), Vec::new());
    let mut failed = None;
    for (place, record) in batch.records.iter().enumerate() {
        let settled = match record.events() {
            Ok(events) => {
                places.extend(events.iter().map(|_| place));
                details.extend(events.iter().map(Event::detail));
                Ok(())
            }
            Err(unreadable) => dead_letters.settle_record(record, unreadable).await,
        };
        if let Err(cause) = settled {
            failed = Some((place, cause));
            break;
        }
    }

    let mut next = 0;
    while let Err(NotPut { at, why }) = bus.put(&details[next..]).await {
        let place = places[next + at];
        if let Err(cause) = (dead_letters.settle_record(&batch.records[place], why)).await {
            failed = Some((place, cause));
            break;
        }
        // With its record an event is a dead letter, and comes again with all others of that record.
        next = places.partition_point(|other| *other <= place);
    }
    match failed {
        None => Ok(DynamoDbEventResponse::default()),
        Some((place, cause)) => consumer::failed_from(&batch, place, cause),
    }
}
