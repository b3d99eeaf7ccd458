//! What was loaded from afar, with the time of it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Timestamp;

/// Something loaded from afar, and when.
pub(super) struct Cached<T> {
    state: Mutex<Option<(Timestamp, Arc<T>)>>,
}

impl<T> Default for Cached<T> {
    fn default() -> Self {
        Self::empty()
    }
}

impl<T> Cached<T> {
    pub(super) const fn empty() -> Self {
        Self {
            state: Mutex::new(None),
        }
    }

    fn get(&self) -> Option<(Timestamp, Arc<T>)> {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The value, if it was loaded less than `max_age` before `now`. Wall-clock time, because the
    /// monotonic clock may stand still while Lambda freezes the environment.
    pub(super) fn fresh(&self, now: Timestamp, max_age: Duration) -> Option<Arc<T>> {
        self.get()
            .filter(|(loaded_at, _)| now.since(*loaded_at) < max_age && *loaded_at <= now)
            .map(|(_, value)| value)
    }

    /// The value, if it is fresh, or else what `load` brings.
    pub(super) async fn fresh_or<E>(
        &self,
        now: Timestamp,
        max_age: Duration,
        load: impl Future<Output = Result<T, E>>,
    ) -> Result<Arc<T>, E> {
        match self.fresh(now, max_age) {
            Some(value) => Ok(value),
            None => load.await.map(|value| self.put(now, value)),
        }
    }

    pub(super) fn put(&self, now: Timestamp, value: T) -> Arc<T> {
        let value = Arc::new(value);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        *state = Some((now, Arc::clone(&value)));
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::key_ring::MAX_RING_AGE;

    #[test]
    fn bug_65_a_loaded_ring_is_used_for_ten_minutes_at_most() {
        let loaded_at = Timestamp::from_seconds(1_800_000_000);
        let ring = Cached::empty();
        assert!(ring.fresh(loaded_at, MAX_RING_AGE).is_none());
        ring.put(loaded_at, "keys");
        let age = |seconds| loaded_at.plus(Duration::from_secs(seconds));
        assert!(ring.fresh(age(599), MAX_RING_AGE).is_some());
        assert!(ring.fresh(age(600), MAX_RING_AGE).is_none());
        let before = Timestamp::from_seconds(1_799_999_999);
        assert!(
            ring.fresh(before, MAX_RING_AGE).is_none(),
            "a clock set back trusts nothing"
        );
    }
}
