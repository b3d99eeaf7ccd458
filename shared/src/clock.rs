//! Time as a value: everything that expires takes `now`, so that expiry is testable.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize, Serializer};

use crate::field::FieldError;

/// A moment: milliseconds since the Unix epoch, UTC. Stored as a number, shown as RFC 3339.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(u64);

/// The moment this is called. Read once per request, at the edge of a use case.
#[must_use]
pub fn now() -> Timestamp {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
}

impl Timestamp {
    /// Reads RFC 3339, to the millisecond; what was before 1970 is 1970.
    ///
    /// # Errors
    /// `invalid_format`.
    pub fn parse(input: &str) -> Result<Self, FieldError> {
        let moment: jiff::Timestamp = input.parse().map_err(|_| {
            FieldError::new(
                "invalid_format",
                "This is no time such as 2026-11-21T04:00:00Z.",
            )
        })?;
        Ok(Self(
            u64::try_from(moment.as_millisecond()).unwrap_or_default(),
        ))
    }

    /// From milliseconds since the Unix epoch.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// From seconds since the Unix epoch, as JWT claims have them (RFC 7519 `NumericDate`).
    #[must_use]
    pub const fn from_seconds(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Whole seconds since the Unix epoch.
    #[must_use]
    pub const fn as_seconds(self) -> u64 {
        self.0 / 1000
    }

    /// How long before `self` the `earlier` moment was; zero when it was not.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// The moment `duration` later.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(millis))
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 with milliseconds: `2026-11-21T04:00:00.000Z`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = i64::try_from(self.0).unwrap_or(i64::MAX);
        let timestamp = jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::MAX);
        write!(formatter, "{timestamp:.3}")
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_is_shown_as_rfc_3339_with_milliseconds() {
        assert_eq!(
            Timestamp::from_millis(1_700_000_000_007).to_string(),
            "2023-11-14T22:13:20.007Z"
        );
        assert_eq!(
            Timestamp::from_seconds(0).to_string(),
            "1970-01-01T00:00:00.000Z"
        );
    }

    #[test]
    fn what_is_shown_is_read_back() {
        let shown = Timestamp::from_millis(1_700_000_000_007);
        assert_eq!(Timestamp::parse(&shown.to_string()), Ok(shown));
        assert_eq!(
            Timestamp::parse("2023-11-14T23:13:20.0079+01:00"),
            Ok(shown)
        );
        for refused in [
            "",
            "now",
            "1700000000",
            "2023-11-14",
            "2023-02-30T00:00:00Z",
            "2023-11-14T22:13:20",
        ] {
            assert!(Timestamp::parse(refused).is_err(), "{refused:?}");
        }
    }

    #[test]
    fn time_never_runs_backwards_in_differences() {
        let early = Timestamp::from_seconds(10);
        let late = early.plus(Duration::from_secs(5));
        assert_eq!(late.since(early), Duration::from_secs(5));
        assert_eq!(early.since(late), Duration::ZERO);
    }
}
