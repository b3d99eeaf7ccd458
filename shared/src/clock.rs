//! Time as a value: everything that expires takes `now`, so that expiry is testable.

mod rfc_3339;

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::SignedDuration;
use jiff::civil::DateTime;
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
    /// Reads RFC 3339, years 0000 to 9999: the millisecond that the moment is in. What was before 1970 is 1970.
    ///
    /// # Errors
    /// `invalid_format`.
    pub fn parse(input: &str) -> Result<Self, FieldError> {
        Self::parse_rfc_3339(input).map(|(millisecond, _)| millisecond)
    }

    /// As [`parse`](Self::parse), but the first millisecond that is not before the moment: what happens before the
    /// one happens before the other.
    ///
    /// # Errors
    /// `invalid_format`.
    pub fn parse_bound(input: &str) -> Result<Self, FieldError> {
        let (millisecond, is_exact) = Self::parse_rfc_3339(input)?;
        Ok(if is_exact {
            millisecond
        } else {
            Self(millisecond.0.saturating_add(1))
        })
    }

    /// The millisecond, and whether the moment is its beginning.
    fn parse_rfc_3339(input: &str) -> Result<(Self, bool), FieldError> {
        let moment = rfc_3339::read(input).ok_or_else(|| {
            FieldError::new(
                "invalid_format",
                "This is no time such as 2026-11-21T04:00:00Z.",
            )
        })?;
        Ok(u64::try_from(moment.millis)
            .map_or((Self(0), true), |millis| (Self(millis), moment.is_exact)))
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
        let since = SignedDuration::from_millis(i64::try_from(self.0).unwrap_or(i64::MAX));
        let date_time = rfc_3339::EPOCH.checked_add(since).unwrap_or(DateTime::MAX);
        write!(formatter, "{date_time:.3}Z")
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
        for millis in [0, 1_700_000_000_007, 253_402_300_799_999] {
            let shown = Timestamp::from_millis(millis);
            assert_eq!(Timestamp::parse(&shown.to_string()), Ok(shown));
            assert_eq!(Timestamp::parse_bound(&shown.to_string()), Ok(shown));
        }
        let beyond = Timestamp::from_millis(u64::MAX).to_string();
        assert_eq!(beyond, "9999-12-31T23:59:59.999Z");
    }

    #[test]
    fn bug_72_a_part_of_a_millisecond_counts() {
        for (input, within, bound) in [
            ("1970-01-01T00:00:00.4019Z", 401, 402),
            ("1970-01-01T00:00:00.4010000Z", 401, 401),
            ("1970-01-01T00:00:00.401000000000000000001Z", 401, 402),
            ("1970-01-01T00:00:00.9999Z", 999, 1000),
            ("1970-01-01T00:00:00.4Z", 400, 400),
            ("1969-12-31T23:59:59.9999Z", 0, 0),
            ("0000-01-01T00:00:00Z", 0, 0),
        ] {
            assert_eq!(
                Timestamp::parse(input),
                Ok(Timestamp::from_millis(within)),
                "{input}"
            );
            assert_eq!(
                Timestamp::parse_bound(input),
                Ok(Timestamp::from_millis(bound)),
                "{input}"
            );
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
