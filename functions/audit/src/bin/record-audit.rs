//! Invoked by the table's stream: keeps what happened to accounts, once, and counts them.
//!
//! Records are taken in their order. One that fails is tried again with all behind it, and ends where failed
//! batches are kept, not in the way of the others.

use std::time::Duration;

use lambda_http::Error;
use latchkey::config;
use latchkey::consumer::{self, EventRecord};
use latchkey::store::{self, Store};
use latchkey::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let retention = config::audit_retention()?;
    let store = Store::from_env().await?;
    let record = |record| record_audit(&store, retention, record);
    consumer::serve(async |event| consumer::each_record(event, record).await).await
}

async fn record_audit(
    store: &Store,
    retention: Duration,
    record: EventRecord,
) -> Result<(), Error> {
    for event in store::events(&record)? {
        store.record_event(&event, retention).await?;
    }
    Ok(())
}
