//! What follows a request: the stream, the bus and the letters.

use std::collections::BTreeMap;

use local::services::{Letter, Services};
use serde_json::Value;

use crate::Bundle;

/// Something that a function did not take, however often it was asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Failed {
    /// The function.
    pub function: String,
    /// What it was invoked with: an event of the stream or of a bus.
    pub payload: Value,
}

impl Failed {
    /// By the name that the pump gives it.
    fn new(name: &str, payload: Value) -> Self {
        let function = name.split('/').next().unwrap_or_default().to_owned();
        Self { function, payload }
    }
}

impl Bundle {
    /// SES and the event bus: how often they were called, and how to disturb them.
    #[must_use]
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// Delivers what is on the stream and the buses, until nothing is left.
    ///
    /// # Panics
    /// When a function has not taken something, now or earlier.
    pub async fn deliver(&self) {
        self.try_deliver().await;
        let failed = self.failed();
        assert!(failed.is_empty(), "not delivered: {failed:#?}");
    }

    /// As [`deliver`](Self::deliver), but what functions do not take is left to [`failed`](Self::failed).
    ///
    /// # Panics
    /// When it does not come to an end.
    pub async fn try_deliver(&self) {
        let drained = self.pump.drain().await;
        drained.unwrap_or_else(|error| panic!("{error}"));
    }

    /// Repeats invocations that failed no faster than `cargo local`: for tests of how long something takes.
    #[must_use]
    pub fn unhurried(mut self) -> Self {
        self.pump.set_retry_delay(local::pump::RETRY_DELAY);
        self
    }

    /// Delivers as `cargo local` does, for as long as this takes.
    ///
    /// # Panics
    /// Never: it delivers for ever.
    pub async fn delivering<T>(&self, meanwhile: impl Future<Output = T>) -> T {
        tokio::select! {
            () = self.pump.run() => unreachable!("it delivers for ever"),
            done = meanwhile => done,
        }
    }

    /// How often each function has been invoked with what was to be delivered, since this was asked before.
    #[must_use]
    pub fn take_delivered(&self) -> BTreeMap<String, usize> {
        self.running.take_delivered()
    }

    /// What functions have not taken: [`given_up`](Self::given_up) first, then [`dead_letters`](Self::dead_letters).
    #[must_use]
    pub fn failed(&self) -> Vec<Failed> {
        let mut failed = self.given_up();
        failed.extend(self.dead_letters());
        failed
    }

    /// Batches of the stream that were tried as often as they are.
    ///
    /// # Panics
    /// Never: it is kept in memory.
    #[must_use]
    pub fn given_up(&self) -> Vec<Failed> {
        let batches = self.pump.storage().failed.all().expect("kept in memory");
        let failed = batches.into_iter().map(|(name, record)| {
            let payload = record["payload"].as_str().unwrap_or_default();
            let payload = serde_json::from_str(payload).expect("what the pump wrote");
            Failed::new(&name, payload)
        });
        failed.collect()
    }

    /// What is in the queue of dead letters: what readers of the stream have set aside at once, and events of the
    /// buses.
    ///
    /// # Panics
    /// Never: it is kept in memory.
    #[must_use]
    pub fn dead_letters(&self) -> Vec<Failed> {
        let events = self.pump.storage().dead_letters.all();
        let events = events.expect("kept in memory").into_iter();
        events
            .map(|(name, payload)| Failed::new(&name, payload))
            .collect()
    }

    /// Invokes functions again with what they have not taken; what they take now is no longer failed.
    ///
    /// # Panics
    /// Never: it is kept in memory.
    pub async fn replay(&self) {
        let storage = self.pump.storage();
        local::replay::replay(storage, &*self.running)
            .await
            .expect("kept in memory");
    }

    /// Makes a function read the stream from its beginning again, as Lambda may deliver twice.
    ///
    /// # Panics
    /// Never: it is kept in memory.
    pub fn rewind(&self, function: &str) {
        self.pump.rewind(function).expect("kept in memory");
    }

    /// Every letter that was caught, in order.
    ///
    /// # Panics
    /// Never: they are kept in memory.
    #[must_use]
    pub fn letters(&self) -> Vec<Letter> {
        self.services.inbox().messages().expect("kept in memory")
    }

    /// Every letter to an address, in order.
    #[must_use]
    pub fn letters_to(&self, email: &str) -> Vec<Letter> {
        let mut letters = self.letters();
        letters.retain(|letter| letter.to == email);
        letters
    }

    /// The token in the newest letter of this kind to an address, which is delivered for it.
    ///
    /// # Panics
    /// When there is no such letter.
    pub async fn token(&self, email: &str, letter: &str) -> String {
        self.deliver().await;
        let mut letters = self.letters_to(email).into_iter();
        let token = letters.rfind(|found| found.name() == letter);
        token
            .and_then(|letter| letter.token())
            .expect("a letter with a token")
    }

    /// Every event ever put on a bus, delivered or not, in order.
    #[must_use]
    pub fn bus_events(&self) -> Vec<Value> {
        self.services.bus().history()
    }

    /// Every line that functions have printed, of those that run now.
    pub async fn logs(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for block in self.functions() {
            lines.extend(self.function(&block.binary).await.log());
        }
        lines
    }

    /// Puts an event on the default bus, as an AWS service does: `aws.ses`, `Email Bounced`.
    ///
    /// # Panics
    /// Never: it is kept in memory.
    pub fn put_aws_event(&self, source: &str, detail_type: &str, detail: &Value) {
        let bus = self.services.bus();
        bus.put(local::triggers::DEFAULT_BUS, source, detail_type, detail)
            .expect("kept in memory");
    }
}
