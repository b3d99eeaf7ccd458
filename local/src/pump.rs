//! The event pump: delivers what the table's stream, the buses and the schedules have for the functions, as
//! `template.yaml` says. It may deliver again, and loses nothing: whatever it has read stays where it was
//! until the function has taken it, or until it stands among the failures.

mod bus;
mod stream;

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dynoxide::Database;
use futures_util::future::join_all;
use serde_json::Value;

use crate::Error;
use crate::documents::Documents;
use crate::function::Outcome;
use crate::services::Services;
use crate::template::Template;
use crate::triggers::{BusRule, Schedule, StreamReader};
use stream::Stream;

/// How often [`Pump::run`] looks for something to deliver.
const POLL: Duration = Duration::from_millis(200);
/// How long it waits before the first repetition of an invocation that failed.
pub const RETRY_DELAY: Duration = Duration::from_millis(100);
/// How long it waits when something of its own failed, such as a full disk.
const PAUSE: Duration = Duration::from_secs(5);
/// Batches a reader takes while [`Pump::drain`] runs; more of them, and functions trigger one another for ever.
const MAX_ROUNDS: usize = 1000;

/// Whoever runs functions.
pub trait Invoke: Send + Sync {
    /// Invokes a function by the name of its binary.
    fn invoke(&self, function: &str, payload: &Value) -> impl Future<Output = Outcome> + Send;
}

impl<I: Invoke> Invoke for Arc<I> {
    async fn invoke(&self, function: &str, payload: &Value) -> Outcome {
        (**self).invoke(function, payload).await
    }
}

/// What the pump keeps. Cheap to clone; clones share it.
#[derive(Clone, Debug)]
pub struct Storage {
    checkpoints: Documents,
    /// Stream batches that their function did not take: Lambda's records of an on-failure destination, by
    /// `<function>/<id>`.
    pub failed: Documents,
    /// Events that their function did not take, by `<function>/<id>`.
    pub dead_letters: Documents,
}

impl Storage {
    /// Ends with its process.
    #[must_use]
    pub fn in_memory() -> Self {
        Self {
            checkpoints: Documents::in_memory(),
            failed: Documents::in_memory(),
            dead_letters: Documents::in_memory(),
        }
    }

    /// Kept as files below `folder`.
    #[must_use]
    pub fn in_folder(folder: &Path) -> Self {
        Self {
            checkpoints: Documents::in_folder(folder.join("checkpoints")),
            failed: Documents::in_folder(folder.join("failed")),
            dead_letters: Documents::in_folder(folder.join("dead-letters")),
        }
    }
}

/// The pump of one bundle.
pub struct Pump<I> {
    stream: Option<Stream>,
    readers: Vec<StreamReader>,
    rules: Vec<BusRule>,
    schedules: Vec<Schedule>,
    services: Arc<Services>,
    storage: Storage,
    invoke: I,
    retry_delay: Duration,
    /// For each event that waits: the rules, by their position, that are done with it.
    taken: Mutex<HashMap<String, BTreeSet<usize>>>,
    draining: tokio::sync::Mutex<()>,
}

impl<I: Invoke> Pump<I> {
    /// A pump for what the template names. It starts where the one before it ended.
    ///
    /// # Errors
    /// When the template has something that is not understood here, or the table has no stream.
    pub fn new(
        template: &Template,
        database: &Database,
        services: Arc<Services>,
        storage: Storage,
        invoke: I,
    ) -> Result<Self, Error> {
        let readers = template.stream_readers()?;
        let stream = if readers.is_empty() {
            None
        } else {
            Some(Stream::open(database)?)
        };
        Ok(Self {
            stream,
            readers,
            rules: template.bus_rules()?,
            schedules: template.schedules()?,
            services,
            storage,
            invoke,
            retry_delay: RETRY_DELAY,
            taken: Mutex::default(),
            draining: tokio::sync::Mutex::default(),
        })
    }

    /// Sets how long to wait before the first repetition of a failed invocation; it doubles with each, up to
    /// 32 times. [`RETRY_DELAY`] unless set.
    #[must_use]
    pub const fn retry_delay(mut self, delay: Duration) -> Self {
        self.set_retry_delay(delay);
        self
    }

    /// The same, where it is kept already.
    pub const fn set_retry_delay(&mut self, delay: Duration) {
        self.retry_delay = delay;
    }

    /// What it keeps.
    #[must_use]
    pub const fn storage(&self) -> &Storage {
        &self.storage
    }

    /// Forgets how far a function has read the stream: it gets everything once more.
    ///
    /// # Errors
    /// When the checkpoint cannot be removed.
    pub fn rewind(&self, function: &str) -> Result<(), Error> {
        self.storage.checkpoints.remove(function)
    }

    /// Delivers until nothing is left on the stream and the buses. Schedules do not fire.
    ///
    /// # Errors
    /// When something cannot be read or kept, or when it does not come to an end.
    pub async fn drain(&self) -> Result<(), Error> {
        let _alone = self.draining.lock().await;
        for _ in 0..MAX_ROUNDS {
            let readers = self.readers.iter().map(|reader| self.read_batch(reader));
            let rules = (0..self.rules.len()).map(|rule| self.deliver_rule(rule));
            let (readers, rules) = tokio::join!(join_all(readers), join_all(rules));
            let mut found = self.forget_unwanted()?;
            for outcome in readers.into_iter().chain(rules) {
                found |= outcome?;
            }
            if !found {
                return Ok(());
            }
        }
        Err(format!("the events do not come to an end within {MAX_ROUNDS} rounds").into())
    }

    /// Delivers for ever. Every reader, rule and schedule goes on by itself: one that is stuck does not stop
    /// the others.
    pub async fn run(&self) {
        let readers = self
            .readers
            .iter()
            .map(|reader| repeat(|| self.read_batch(reader)));
        let rules = (0..self.rules.len()).map(|rule| repeat(move || self.deliver_rule(rule)));
        let schedules = self.schedules.iter().map(|schedule| self.keep(schedule));
        let unwanted = repeat(|| std::future::ready(self.forget_unwanted()));
        tokio::join!(
            join_all(readers),
            join_all(rules),
            join_all(schedules),
            unwanted
        );
    }

    /// Fires at once, as `EventBridge` Scheduler does without a start date, and then at its rate.
    async fn keep(&self, schedule: &Schedule) {
        loop {
            let retries = schedule.maximum_retries;
            let delivered = self.deliver(&schedule.function, &schedule.input, retries);
            if let Err(error) = delivered.await {
                report(&error);
            }
            tokio::time::sleep(schedule.every).await;
        }
    }

    /// Waits before a repetition; `attempts` have failed.
    async fn back_off(&self, attempts: u64) {
        let doublings = u32::try_from(attempts.saturating_sub(1).min(5)).unwrap_or(5);
        tokio::time::sleep(self.retry_delay * 2_u32.pow(doublings)).await;
    }
}

/// Takes a step after the other, and pauses when there was nothing to do.
async fn repeat<F: Future<Output = Result<bool, Error>>>(step: impl Fn() -> F) {
    loop {
        match step().await {
            Ok(true) => {}
            Ok(false) => tokio::time::sleep(POLL).await,
            Err(error) => {
                report(&error);
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

fn report(message: &impl std::fmt::Display) {
    eprintln!("event pump: {message}");
}
