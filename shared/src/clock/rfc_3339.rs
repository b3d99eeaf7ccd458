//! Moments as RFC 3339 §5.6 writes them: all of its `date-time`, and nothing else.

use jiff::civil::{Date, DateTime, Time};

/// The beginning of 1970, in UTC.
pub(super) const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

const DAY_SECONDS: i64 = 24 * 60 * 60;
/// A leap second is the last of a day in UTC (RFC 3339 appendix D).
const LAST_SECOND: i64 = DAY_SECONDS - 1;

/// A moment that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// The millisecond it is in, since the epoch. A leap second is the second behind it, as POSIX has it.
    pub millis: i64,
    /// Whether it is that millisecond's beginning.
    pub is_exact: bool,
}

/// Reads a `date-time`.
pub(super) fn read(input: &str) -> Option<Moment> {
    let bytes = input.as_bytes();
    let stands = |at: usize, one_of: &[u8]| bytes.get(at).is_some_and(|byte| one_of.contains(byte));
    let separated = [
        (4, b"--"),
        (7, b"--"),
        (10, b"Tt"),
        (13, b"::"),
        (16, b"::"),
    ];
    if !separated.iter().all(|(at, one_of)| stands(*at, *one_of)) {
        return None;
    }
    let number = |from: usize, to: usize| digits(bytes.get(from..to)?);
    let date = Date::new(
        number(0, 4)?,
        number(5, 7)?.try_into().ok()?,
        number(8, 10)?.try_into().ok()?,
    );
    let (hour, minute) = (number(11, 13)?, number(14, 16)?);
    let is_leap = number(17, 19)? == 60;
    let second = if is_leap { 59 } else { number(17, 19)? };
    let time = Time::new(
        hour.try_into().ok()?,
        minute.try_into().ok()?,
        second.try_into().ok()?,
        0,
    );

    let (fraction, offset) = match bytes[19..].strip_prefix(b".") {
        None => (&[][..], &bytes[19..]),
        Some(rest) => match rest.iter().position(|byte| !byte.is_ascii_digit())? {
            0 => return None,
            end => rest.split_at(end),
        },
    };
    let local = DateTime::from_parts(date.ok()?, time.ok()?);
    let mut seconds = local.duration_since(EPOCH).as_secs() - offset_seconds(offset)?;
    if is_leap {
        let day = EPOCH
            .date()
            .checked_add(jiff::SignedDuration::from_secs(seconds));
        let is_last = day.ok().is_some_and(|day| day == day.last_of_month());
        if seconds.rem_euclid(DAY_SECONDS) != LAST_SECOND || !is_last {
            return None;
        }
        seconds += 1;
    }
    let digit = |place: usize| i64::from(fraction.get(place).map_or(0, |digit| digit - b'0'));
    let millis = digit(0) * 100 + digit(1) * 10 + digit(2);
    Some(Moment {
        millis: seconds * 1000 + millis,
        is_exact: fraction.iter().skip(3).all(|digit| *digit == b'0'),
    })
}

/// `Z`, or hours and minutes before or behind it.
fn offset_seconds(offset: &[u8]) -> Option<i64> {
    match *offset {
        [b'Z' | b'z'] => Some(0),
        [sign @ (b'+' | b'-'), h, i, b':', m, n] => {
            let (hours, minutes) = (digits(&[h, i])?, digits(&[m, n])?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            let seconds = i64::from(hours * 60 + minutes) * 60;
            Some(if sign == b'+' { seconds } else { -seconds })
        }
        _ => None,
    }
}

fn digits(bytes: &[u8]) -> Option<i16> {
    bytes.iter().try_fold(0, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| i16::from(byte - b'0'))?;
        Some(number * 10 + digit)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fuzz;

    fn millis(input: &str) -> Option<i64> {
        read(input).map(|moment| moment.millis)
    }

    #[test]
    fn bug_68_all_of_rfc_3339_is_read() {
        for (input, expected) in [
            // The examples of §5.8.
            ("1985-04-12T23:20:50.52Z", 482_196_050_520),
            ("1996-12-19T16:39:57-08:00", 851_042_397_000),
            ("1990-12-31T23:59:60Z", 662_688_000_000),
            ("1990-12-31T15:59:60-08:00", 662_688_000_000),
            ("1937-01-01T12:00:27.87+00:20", -1_041_337_172_130),
            // Its ends, either case, an unknown offset (§4.3), and the longest ones.
            ("0000-01-01T00:00:00Z", -62_167_219_200_000),
            ("9999-12-31T23:59:59Z", 253_402_300_799_000),
            ("9999-12-31T23:59:59.999999999999z", 253_402_300_799_999),
            ("9999-12-31t23:59:59-23:59", 253_402_387_139_000),
            ("2000-02-29T00:00:00-00:00", 951_782_400_000),
            ("1970-01-01T23:59:00+23:59", 0),
        ] {
            assert_eq!(millis(input), Some(expected), "{input}");
        }
    }

    #[test]
    fn bug_68_nothing_else_is() {
        for refused in [
            "",
            "now",
            "1700000000",
            "2023-11-14",
            "2023-11-14T22:13:20",
            "2023-02-30T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "20990101T000000Z",
            "2099-01-01T00Z",
            "2099-01-01T00:00Z",
            "+002099-01-01T00:00:00Z",
            "-2099-01-01T00:00:00Z",
            "12099-01-01T00:00:00Z",
            "2099-01-01T00:00:00Z[Europe/Berlin]",
            "2099-01-01T00:00:00+01:00[Europe/Berlin]",
            "2099-01-01 00:00:00Z",
            "2099-01-01_00:00:00Z",
            "2099-1-01T00:00:00Z",
            "2099-00-01T00:00:00Z",
            "2099-13-01T00:00:00Z",
            "2099-01-00T00:00:00Z",
            "2099-01-01T24:00:00Z",
            "2099-01-01T00:60:00Z",
            "2099-01-01T00:00:61Z",
            "2099-01-01T00:00:60Z",
            "2099-01-30T23:59:60Z",
            "2098-12-31T23:59:60+01:00",
            "2099-01-01T00:00:00.Z",
            "2099-01-01T00:00:00,5Z",
            "2099-01-01T00:00:00.5",
            "2099-01-01T00:00:00+0100",
            "2099-01-01T00:00:00+01",
            "2099-01-01T00:00:00+24:00",
            "2099-01-01T00:00:00+01:60",
            "2099-01-01T00:00:00\u{2212}01:00",
            "2099-01-01T00:00:00Z ",
            " 2099-01-01T00:00:00Z",
            "2099-01-01T00:00:00ZZ",
            "2099-01-01T00:00:00Z\n",
            "٢٠٩٩-01-01T00:00:00Z",
        ] {
            assert_eq!(read(refused), None, "{refused:?}");
        }
    }

    proptest! {
        #![proptest_config(fuzz::config())]

        #[test]
        fn bug_68_what_jiff_reads_in_this_shape_is_the_same(
            seconds in -62_000_000_000_i64..253_000_000_000,
            nanos in 0..1_000_000_000_u32,
            edits in fuzz::edits(),
        ) {
            let moment = jiff::Timestamp::new(seconds, nanos.try_into().expect("small")).expect("in range");
            let text = format!("{moment:.9}");
            prop_assert_eq!(millis(&text), Some(moment.as_millisecond().min(seconds * 1000 + i64::from(nanos / 1_000_000))));
            let edited = fuzz::edited(&text, &edits);
            if let (Some(millis), Ok(other)) = (millis(&edited), edited.parse::<jiff::Timestamp>()) {
                prop_assert!((other.as_millisecond() - millis).abs() <= 1000, "{edited}");
            }
        }
    }
}
