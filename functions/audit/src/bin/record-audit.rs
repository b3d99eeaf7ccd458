//! Invoked by the table's stream: keeps what happened to accounts, once, and counts them.
//!
//! Records are taken in their order. One that can never work is a dead letter, and not in the way of the others; one
//! that fails for now is tried again with all behind it.

use std::time::Duration;

use audit::log::AuditLog;
use consumer::{Batch, DeadLetters, Failed};
use lambda_http::Error;
use latchkey::config;
use latchkey::event::Event;
use latchkey::store::Store;
use latchkey::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let retention = config::audit_retention()?;
    let log = AuditLog::new(&Store::from_env().await?);
    let dead_letters = DeadLetters::from_env().await?;
    let record = |events| record_audit(&log, retention, events);
    consumer::serve(&dead_letters, async |batch: Batch| {
        consumer::each_record(&dead_letters, &batch, record).await
    })
    .await
}

async fn record_audit(
    log: &AuditLog,
    retention: Duration,
    events: Vec<Event>,
) -> Result<(), Failed> {
    for event in events {
        log.record(&event, retention).await?;
    }
    Ok(())
}
