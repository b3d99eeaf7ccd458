//! The event bus.

use std::time::Duration;

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use latchkey::aws;
use latchkey::clock::Timestamp;
use latchkey::config::{self, ConfigError};
use latchkey::event::Detail;

/// `source` of every event.
pub const SOURCE: &str = "latchkey";
/// Most entries of one call (`PutEvents`).
const MAX_ENTRIES: usize = 10;
/// Calls for one batch, with entries that the bus did not take.
const ATTEMPTS: u32 = 4;
/// Wait before the second; doubled each time.
const BACKOFF: Duration = Duration::from_millis(50);

/// The bus named by `EVENT_BUS_NAME`.
pub struct Bus {
    client: Client,
    name: String,
}

/// Events from some point on were not put.
#[derive(Debug)]
pub struct NotPut {
    /// Sequence number of the record the first of them tells of.
    pub sequence: String,
    /// Why.
    pub cause: String,
}

impl Bus {
    /// Reads `EVENT_BUS_NAME`.
    ///
    /// # Errors
    /// [`ConfigError`] naming the setting.
    pub async fn from_env() -> Result<Self, ConfigError> {
        Ok(Self {
            name: config::required(config::EVENT_BUS_NAME)?,
            client: Client::new(&aws::sdk_config().await?),
        })
    }

    /// Puts events in their order. From the first that the bus does not take, all are put again: the last
    /// time an event is put, everything before it has been.
    ///
    /// # Errors
    /// [`NotPut`] with the first that is missing.
    pub async fn put(&self, events: &[Detail]) -> Result<(), NotPut> {
        for batch in events.chunks(MAX_ENTRIES) {
            self.put_batch(batch).await?;
        }
        Ok(())
    }

    async fn put_batch(&self, mut rest: &[Detail]) -> Result<(), NotPut> {
        let mut cause = String::new();
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                tokio::time::sleep(BACKOFF * 2_u32.pow(attempt - 1)).await;
            }
            match self.put_once(rest).await {
                Ok(None) => return Ok(()),
                Ok(Some((taken, why))) => {
                    rest = &rest[taken..];
                    cause = why;
                }
                Err(why) => cause = why,
            }
        }
        let sequence = rest.first().map(|event| event.sequence.clone());
        Err(NotPut {
            sequence: sequence.unwrap_or_default(),
            cause,
        })
    }

    /// How many at the front were taken and why the next was not, if not all were.
    async fn put_once(&self, events: &[Detail]) -> Result<Option<(usize, String)>, String> {
        let entries = events.iter().map(|event| self.entry(event));
        let entries: Result<Vec<_>, _> = entries.collect();
        let call = self.client.put_events().set_entries(Some(entries?));
        let output = Box::pin(call.send())
            .await
            .map_err(|error| aws::causes(&error))?;
        let results = output.entries.unwrap_or_default();
        // An answer for each entry, in their order; one that is missing was not taken either.
        let taken = results
            .iter()
            .take_while(|result| result.error_code.is_none())
            .count()
            .min(events.len());
        let why = results
            .get(taken)
            .and_then(|result| result.error_code.clone());
        Ok((taken < events.len()).then(|| (taken, why.unwrap_or_default())))
    }

    fn entry(&self, event: &Detail) -> Result<PutEventsRequestEntry, String> {
        let detail = serde_json::to_string(event).map_err(|error| error.to_string())?;
        let time = Timestamp::parse(&event.time).map_or(0, Timestamp::as_millis);
        let time = i64::try_from(time).unwrap_or(i64::MAX);
        Ok(PutEventsRequestEntry::builder()
            .event_bus_name(&self.name)
            .source(SOURCE)
            .detail_type(event.kind.name())
            .time(aws_sdk_eventbridge::primitives::DateTime::from_millis(time))
            .detail(detail)
            .build())
    }
}
