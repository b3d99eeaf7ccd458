//! The event bus.

use std::time::Duration;

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::error::ProvideErrorMetadata;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use consumer::Failed;
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

/// What the bus says of entries that it will never take. Whatever else it says may pass, or an operator can mend it.
const REFUSALS: [&str; 3] = ["InvalidArgument", "MalformedDetail", "RedactionFailure"];

/// Events from some point on were not put.
#[derive(Debug)]
pub struct NotPut {
    /// The place of the first of them.
    pub at: usize,
    /// Why.
    pub why: Failed,
}

/// What a call came to that did not take everything.
enum Missed {
    /// So many at the front were taken; and the code of why the next was not.
    Entry(usize, String),
    /// Nothing was taken: one of the entries is such that the whole call is refused.
    Refused(String),
    /// Nothing was taken, for now.
    Call(String),
}

impl NotPut {
    /// The same, counted from so many events before.
    fn behind(self, events: usize) -> Self {
        Self {
            at: self.at + events,
            ..self
        }
    }
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
        let mut at = 0;
        for batch in events.chunks(MAX_ENTRIES) {
            let put = self.put_batch(batch).await;
            put.map_err(|missing| missing.behind(at))?;
            at += batch.len();
        }
        Ok(())
    }

    async fn put_batch(&self, events: &[Detail]) -> Result<(), NotPut> {
        let (mut at, mut cause) = (0, String::new());
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                tokio::time::sleep(BACKOFF * 2_u32.pow(attempt - 1)).await;
            }
            let rest = &events[at..];
            match self.put_once(rest).await {
                Ok(()) => return Ok(()),
                Err(Missed::Call(why)) => cause = why,
                Err(Missed::Entry(taken, code)) => {
                    at += taken;
                    cause = code;
                    if REFUSALS.contains(&cause.as_str()) {
                        let why = Failed::for_good(cause);
                        return Err(NotPut { at, why });
                    }
                }
                Err(Missed::Refused(why)) if rest.len() == 1 => {
                    let why = Failed::for_good(why);
                    return Err(NotPut { at, why });
                }
                Err(Missed::Refused(_)) => {
                    let middle = rest.len() / 2;
                    let put = Box::pin(self.put_batch(&rest[..middle])).await;
                    put.map_err(|missing| missing.behind(at))?;
                    let put = Box::pin(self.put_batch(&rest[middle..])).await;
                    return put.map_err(|missing| missing.behind(at + middle));
                }
            }
        }
        let why = Failed::for_now(cause);
        Err(NotPut { at, why })
    }

    async fn put_once(&self, events: &[Detail]) -> Result<(), Missed> {
        let entries = events.iter().map(|event| self.entry(event));
        let entries: Result<Vec<_>, _> = entries.collect();
        let entries = entries.map_err(Missed::Refused)?;
        let call = self.client.put_events().set_entries(Some(entries));
        let output = Box::pin(call.send()).await.map_err(|error| {
            let why = aws::causes(&error);
            if error.code() == Some("ValidationException") {
                Missed::Refused(why)
            } else {
                Missed::Call(why)
            }
        })?;
        let results = output.entries.unwrap_or_default();
        // An answer for each entry, in their order; one that is missing was not taken either.
        let taken = results
            .iter()
            .take_while(|result| result.error_code.is_none())
            .count()
            .min(events.len());
        if taken == events.len() {
            return Ok(());
        }
        let why = results
            .get(taken)
            .and_then(|result| result.error_code.clone());
        Err(Missed::Entry(taken, why.unwrap_or_default()))
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
