//! What follows a request: the stream, the bus and the letters.

use std::collections::BTreeMap;

use local::services::{Message, Services, token_in};
use serde_json::Value;

use crate::Bundle;

/// A letter that was caught.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The sender.
    pub from: String,
    /// The recipient.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The part in plain text.
    pub text: String,
    /// The part in HTML.
    pub html: String,
    /// Headers that were added.
    pub headers: BTreeMap<String, String>,
    /// Tags of the message.
    pub tags: BTreeMap<String, String>,
    /// The configuration set; empty without one.
    pub configuration_set: String,
}

/// Something that a function did not take, however often it was asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Failed {
    /// The function.
    pub function: String,
    /// What it was invoked with: an event of the stream or of a bus.
    pub payload: Value,
}

impl Letter {
    /// The token of its link, if it has one: what follows `#token=` in its text.
    #[must_use]
    pub fn token(&self) -> Option<String> {
        token_in(&self.text).map(str::to_owned)
    }

    /// Which letter it is.
    #[must_use]
    pub fn name(&self) -> &str {
        self.tags.get("latchkey-letter").map_or("", String::as_str)
    }
}

impl From<Message> for Letter {
    fn from(message: Message) -> Self {
        Self {
            from: message.from,
            to: message.to,
            subject: message.subject,
            text: message.text,
            html: message.html,
            headers: message.headers,
            tags: message.tags,
            configuration_set: message.configuration_set,
        }
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

    /// What functions have not taken: stream batches first, then events of the buses.
    ///
    /// # Panics
    /// Never: it is kept in memory.
    #[must_use]
    pub fn failed(&self) -> Vec<Failed> {
        let storage = self.pump.storage();
        let function = |name: &str| name.split('/').next().unwrap_or_default().to_owned();
        let batches = storage.failed.all().expect("kept in memory").into_iter();
        let batches = batches.map(|(name, record)| {
            let payload = record["payload"].as_str().unwrap_or_default();
            Failed {
                function: function(&name),
                payload: serde_json::from_str(payload).expect("what the pump wrote"),
            }
        });
        let events = storage.dead_letters.all().expect("kept in memory");
        let events = events.into_iter().map(|(name, payload)| Failed {
            function: function(&name),
            payload,
        });
        batches.chain(events).collect()
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
        let letters = self.services.inbox().messages().expect("kept in memory");
        letters.into_iter().map(Letter::from).collect()
    }

    /// Every letter to an address, in order.
    #[must_use]
    pub fn letters_to(&self, email: &str) -> Vec<Letter> {
        let mut letters = self.letters();
        letters.retain(|letter| letter.to == email);
        letters
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
