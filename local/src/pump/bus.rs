//! From the buses to the functions.

use std::sync::{MutexGuard, PoisonError};

use serde_json::Value;

use super::{BTreeSet, HashMap, Invoke, Pump, report};
use crate::Error;
use crate::documents::next_name;
use crate::queues;

impl<I: Invoke> Pump<I> {
    /// Delivers to one rule every event that waits for it. Answers whether there was any.
    pub(super) async fn deliver_rule(&self, number: usize) -> Result<bool, Error> {
        let rule = &self.rules[number];
        let waiting = self.waiting_for(number)?;
        let found = !waiting.is_empty();
        for (name, bus, event) in waiting {
            if rule.bus == bus && rule.pattern.matches(&event) {
                let payload = if rule.queued {
                    queues::message(&event)
                } else {
                    event
                };
                self.deliver(&rule.function, &payload, rule.maximum_retries)
                    .await?;
            }
            self.take(&name, number)?;
        }
        Ok(found)
    }

    /// The events that a rule has not looked at. Under the lock, so that none is read here that goes away
    /// with all that is known of it.
    fn waiting_for(&self, rule: usize) -> Result<Vec<(String, String, Value)>, Error> {
        let taken = self.taken();
        let mut waiting = self.services.bus().pending()?;
        waiting.retain(|(name, ..)| !taken.get(name).is_some_and(|rules| rules.contains(&rule)));
        Ok(waiting)
    }

    /// A rule is done with an event; the last one removes it.
    fn take(&self, name: &str, rule: usize) -> Result<(), Error> {
        let mut taken = self.taken();
        let rules = taken.entry(name.to_owned()).or_default();
        rules.insert(rule);
        if rules.len() == self.rules.len() {
            self.services.bus().remove(name)?;
            taken.remove(name);
        }
        Ok(())
    }

    /// Where there are no rules at all, nobody wants the events.
    pub(super) fn forget_unwanted(&self) -> Result<bool, Error> {
        if self.rules.is_empty() {
            for (name, ..) in self.services.bus().pending()? {
                self.services.bus().remove(&name)?;
            }
        }
        Ok(false)
    }

    /// Invokes a function as Lambda does asynchronously: what fails is repeated, and in the end a dead
    /// letter.
    pub(super) async fn deliver(
        &self,
        function: &str,
        event: &Value,
        retries: u64,
    ) -> Result<(), Error> {
        let mut attempts = 0;
        while let Err(error) = self.invoke.invoke(function, event).await {
            attempts += 1;
            if attempts > retries {
                let name = format!("{function}/{}", next_name());
                self.storage.dead_letters.put(&name, event)?;
                report(&format!(
                    "{function} failed {attempts} times: dead-letters/{name}.json: {}",
                    error.0
                ));
                break;
            }
            self.back_off(attempts).await;
        }
        Ok(())
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<String, BTreeSet<usize>>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
