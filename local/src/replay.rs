//! Failed stream batches and dead letters, delivered once more.

use serde_json::Value;

use crate::Error;
use crate::pump::{Invoke, Storage};

/// What a replay came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// How many were taken, and are gone.
    pub taken: usize,
    /// Those that failed again and stay: where they are, and why.
    pub failed: Vec<String>,
}

/// Invokes the functions with everything they did not take. What is taken now is removed, and only then: a
/// replay that is killed delivers again.
///
/// # Errors
/// When something cannot be read or removed.
pub async fn replay(storage: &Storage, invoke: &impl Invoke) -> Result<Replayed, Error> {
    let mut replayed = Replayed::default();
    for (folder, documents) in [
        ("failed", &storage.failed),
        ("dead-letters", &storage.dead_letters),
    ] {
        for (name, document) in documents.all()? {
            let place = format!("{folder}/{name}.json");
            let payload = match &document["payload"] {
                // The record of an on-failure destination carries the event as text.
                Value::String(payload) if folder == "failed" => serde_json::from_str(payload)
                    .map_err(|error| format!("{place}: payload: {error}"))?,
                _ => document,
            };
            let function = name.split('/').next().unwrap_or_default();
            let waiting = storage.dead_letters.all()?.len();
            let error = match invoke.invoke(function, &payload).await {
                Ok(answer) => left_over(&answer),
                Err(error) => Some(error.0),
            };
            // A function that finds it unreadable again has kept it itself.
            let kept = storage.dead_letters.all()?.len() > waiting;
            match error {
                None if kept => {
                    documents.remove(&name)?;
                    replayed
                        .failed
                        .push(format!("{place}: a dead letter once more"));
                }
                None => {
                    documents.remove(&name)?;
                    replayed.taken += 1;
                }
                Some(error) => replayed.failed.push(format!("{place}: {error}")),
            }
        }
    }
    Ok(replayed)
}

fn left_over(answer: &Value) -> Option<String> {
    let failures = &answer["batchItemFailures"];
    let none = failures.is_null() || failures.as_array().is_some_and(Vec::is_empty);
    (!none).then(|| format!("records failed again: {failures}"))
}
