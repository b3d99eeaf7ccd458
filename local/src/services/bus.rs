//! The event bus: what `PutEvents` takes is kept until the pump has delivered it.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Fault, Operation, Shared, error, internal_failure};
use crate::Error;
use crate::documents::{Documents, next_name};
use crate::triggers::DEFAULT_BUS;

/// Most entries of one call.
const MAX_ENTRIES: usize = 10;
/// Most bytes of all entries of one call.
const MAX_BYTES: usize = 256 * 1024;

/// The events of all buses.
pub struct Bus {
    pending: Documents,
    history: Option<Mutex<Vec<Value>>>,
}

impl Bus {
    /// Events that end with their process, and that are remembered until then.
    #[must_use]
    pub fn in_memory() -> Self {
        Self {
            pending: Documents::in_memory(),
            history: Some(Mutex::default()),
        }
    }

    /// Events kept as files of `folder` until they have been delivered.
    #[must_use]
    pub fn in_folder(folder: PathBuf) -> Self {
        Self {
            pending: Documents::in_folder(folder),
            history: None,
        }
    }

    /// Puts an event on a bus, `default` or the logical id of one, past `PutEvents`: how tests play an AWS
    /// service. Answers the event's id.
    ///
    /// # Errors
    /// When it cannot be kept.
    pub fn put(
        &self,
        bus: &str,
        source: &str,
        detail_type: &str,
        detail: &Value,
    ) -> Result<String, Error> {
        self.put_at(bus, source, detail_type, detail, Timestamp::now())
    }

    fn put_at(
        &self,
        bus: &str,
        source: &str,
        detail_type: &str,
        detail: &Value,
        time: Timestamp,
    ) -> Result<String, Error> {
        let id = next_name();
        let event = json!({
            "version": "0",
            "id": id,
            "detail-type": detail_type,
            "source": source,
            "account": "123456789012",
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "region": "eu-central-1",
            "resources": [],
            "detail": detail,
        });
        self.pending
            .put(&id, &json!({ "bus": bus, "event": event }))?;
        if let Some(history) = &self.history {
            let mut history = history.lock().unwrap_or_else(PoisonError::into_inner);
            history.push(event);
        }
        Ok(id)
    }

    /// Every event ever put, in order; none where they are kept as files.
    #[must_use]
    pub fn history(&self) -> Vec<Value> {
        let history = self.history.as_ref();
        history.map_or_else(Vec::new, |history| {
            history
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone()
        })
    }

    /// What waits to be delivered, in order: name, bus and event.
    pub(crate) fn pending(&self) -> Result<Vec<(String, String, Value)>, Error> {
        let pending = self.pending.all()?.into_iter();
        let pending = pending.map(|(name, mut entry)| {
            let bus = entry["bus"].as_str().unwrap_or(DEFAULT_BUS).to_owned();
            (name, bus, entry["event"].take())
        });
        Ok(pending.collect())
    }

    /// Forgets an event that has been delivered.
    pub(crate) fn remove(&self, name: &str) -> Result<(), Error> {
        self.pending.remove(name)
    }

    /// Keeps an entry of `PutEvents`, or answers code and message of why not.
    fn put_entry(&self, entry: &Value) -> Result<String, (&'static str, String)> {
        let text = |name: &str| {
            let text = entry[name].as_str().filter(|text| !text.is_empty());
            text.ok_or_else(|| ("InvalidArgument", format!("Parameter {name} is not valid.")))
        };
        let (source, detail_type) = (text("Source")?, text("DetailType")?);
        let detail: Value = serde_json::from_str(text("Detail")?).unwrap_or_default();
        if !detail.is_object() {
            return Err(("MalformedDetail", "Detail is malformed.".to_owned()));
        }
        let bus = entry["EventBusName"].as_str().unwrap_or(DEFAULT_BUS);
        // A name or an ARN, which ends with the name.
        let bus = bus.rsplit('/').next().unwrap_or(bus);
        self.put_at(bus, source, detail_type, &detail, time(&entry["Time"]))
            .map_err(|error| ("InternalFailure", error.to_string()))
    }
}

/// Seconds since the epoch; now when there is no time.
fn time(value: &Value) -> Timestamp {
    #[expect(clippy::cast_possible_truncation, reason = "whole seconds are meant")]
    let seconds = value.as_f64().map(|seconds| seconds as i64);
    seconds
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .unwrap_or_else(Timestamp::now)
}

/// `PutEvents`. Every entry is kept before the answer says so.
pub(super) async fn put_events(shared: &Shared, body: &[u8]) -> Response {
    let fault = shared.faults.next(Operation::PutEvents).await;
    let invalid = |message: &str| error(StatusCode::BAD_REQUEST, "ValidationException", message);
    match fault {
        Some(Fault::Throttle) => {
            let kind = "ThrottlingException";
            return error(StatusCode::BAD_REQUEST, kind, "Rate exceeded");
        }
        Some(Fault::Error) => return internal_failure("as the test has it"),
        Some(Fault::Reject | Fault::BadRequest) => return invalid("as the test has it"),
        _ => {}
    }
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    let entries = request["Entries"].as_array().map_or(&[][..], Vec::as_slice);
    if entries.is_empty() || entries.len() > MAX_ENTRIES {
        return invalid("Entries must have 1 to 10 members");
    }
    let bytes: usize = entries.iter().map(size).sum();
    if bytes > MAX_BYTES {
        return invalid("Total size of the entries in the request is over the limit.");
    }

    let detail_of = |entry: &Value| entry["Detail"].as_str().unwrap_or_default().to_owned();
    if let Some(Fault::RefuseCallsWith(text)) = &fault
        && entries.iter().any(|entry| detail_of(entry).contains(text))
    {
        return invalid("as the test has it");
    }
    let refused = |entry: &Value| matches!(&fault, Some(Fault::RefuseEntries(text)) if detail_of(entry).contains(text));
    let failing = match &fault {
        Some(Fault::FailEntries(failing)) => failing.as_slice(),
        _ => &[],
    };
    let mut failed = 0;
    let results: Vec<Value> = entries
        .iter()
        .enumerate()
        .map(|(number, entry)| {
            let kept = if failing.contains(&number) {
                Err(("InternalFailure", "as the test has it".to_owned()))
            } else if refused(entry) {
                Err(("InvalidArgument", "as the test has it".to_owned()))
            } else {
                shared.bus.put_entry(entry)
            };
            match kept {
                Ok(id) => json!({ "EventId": id }),
                Err((code, message)) => {
                    failed += 1;
                    json!({ "ErrorCode": code, "ErrorMessage": message })
                }
            }
        })
        .collect();
    if fault == Some(Fault::LoseAnswer) {
        return internal_failure("as the test has it");
    }
    Json(json!({ "FailedEntryCount": failed, "Entries": results })).into_response()
}

/// What an entry counts against the limit: its texts, and 14 bytes for a time.
fn size(entry: &Value) -> usize {
    let texts = ["Source", "DetailType", "Detail"];
    let texts = texts.map(|name| entry[name].as_str().map_or(0, str::len));
    texts.iter().sum::<usize>() + if entry["Time"].is_null() { 0 } else { 14 }
}
