//! Languages.

use std::cmp::Reverse;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Most language ranges read from a header; browsers send a handful.
const MAX_RANGES: usize = 32;

/// A language the letters are written in. Stored as [`Locale::code`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Locale {
    /// English: for everybody who did not choose.
    #[default]
    En,
    /// German.
    De,
    /// Spanish.
    Es,
}

impl Locale {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::En, Self::De, Self::Es];

    /// Its language tag (RFC 5646), in lower case: `en`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
            Self::Es => "es",
        }
    }

    /// The locale of exactly this code.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|locale| locale.code() == code)
    }

    /// The locale that an `Accept-Language` header (RFC 9110 §12.5.4) asks for first, by lookup (RFC
    /// 4647 §3.4): `de-AT` finds `de`. None when it asks for none of ours, or for `*`, which is no wish.
    /// Malformed parts are ignored, and so is everything behind the first 32.
    #[must_use]
    pub fn negotiate(accept_language: &str) -> Option<Self> {
        let mut ranges: Vec<(&str, u16)> = accept_language
            .split(',')
            .take(MAX_RANGES)
            .filter_map(weighted_range)
            .collect();
        // Stable: of equal weights the first wins.
        ranges.sort_by_key(|(_, weight)| Reverse(*weight));
        let excluded = |locale: Self| {
            let is_code = |range: &str| range.eq_ignore_ascii_case(locale.code());
            ranges
                .iter()
                .any(|(range, weight)| *weight == 0 && is_code(range))
        };
        ranges
            .iter()
            .filter(|(_, weight)| *weight > 0)
            .filter_map(|(range, _)| Self::lookup(range))
            .find(|locale| !excluded(*locale))
    }

    /// The locale a language range finds. Our tags are primary subtags alone, so dropping subtags from
    /// the end ends there.
    fn lookup(range: &str) -> Option<Self> {
        let primary = range.split('-').next()?;
        Self::ALL
            .into_iter()
            .find(|locale| primary.eq_ignore_ascii_case(locale.code()))
    }

    /// A duration in words, in the largest of days, hours and minutes that divides it. One day is `24
    /// hours`, which unlike `1 day` cannot be taken for "until midnight". Seconds are dropped, but it is
    /// at least a minute. In German this is the accusative: `ist 7 Tage gültig`.
    pub(crate) fn duration(self, duration: Duration) -> String {
        const HOUR: u64 = 60;
        const DAY: u64 = 24 * HOUR;
        let minutes = (duration.as_secs() / 60).max(1);
        let [day, hour, minute] = match self {
            Self::En => [("day", "days"), ("hour", "hours"), ("minute", "minutes")],
            Self::De => [
                ("Tag", "Tage"),
                ("Stunde", "Stunden"),
                ("Minute", "Minuten"),
            ],
            Self::Es => [("día", "días"), ("hora", "horas"), ("minuto", "minutos")],
        };
        let (count, (one, many)) = if minutes > DAY && minutes.is_multiple_of(DAY) {
            (minutes / DAY, day)
        } else if minutes.is_multiple_of(HOUR) {
            (minutes / HOUR, hour)
        } else {
            (minutes, minute)
        };
        format!("{count} {}", if count == 1 { one } else { many })
    }
}

/// A language range and its weight in thousandths: 1000 when there is none.
fn weighted_range(part: &str) -> Option<(&str, u16)> {
    let blank = [' ', '\t'];
    let (range, parameter) = match part.split_once(';') {
        Some((range, parameter)) => (range, Some(parameter.trim_matches(blank))),
        None => (part, None),
    };
    let range = range.trim_matches(blank);
    let weight = match parameter {
        Some(parameter) => {
            let (name, value) = parameter.split_once('=')?;
            if !name.eq_ignore_ascii_case("q") {
                return None;
            }
            qvalue(value)?
        }
        None => 1000,
    };
    is_language_range(range).then_some((range, weight))
}

/// A language range of RFC 4647 §2.1 other than `*`: `1*8ALPHA *("-" 1*8alphanum)`.
fn is_language_range(range: &str) -> bool {
    range.split('-').enumerate().all(|(position, subtag)| {
        let allowed =
            |byte: u8| byte.is_ascii_alphabetic() || (position > 0 && byte.is_ascii_digit());
        (1..=8).contains(&subtag.len()) && subtag.bytes().all(allowed)
    })
}

/// A weight of RFC 9110 §12.4.2 in thousandths: 0 to 1 with at most three decimals.
fn qvalue(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths: u16 = format!("{decimals:0<3}").parse().ok()?;
    match (whole, thousandths) {
        ("0", thousandths) => Some(thousandths),
        ("1", 0) => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::Locale::{De, En, Es};
    use super::*;

    #[test]
    fn codes_name_locales_also_in_json() {
        for locale in Locale::ALL {
            assert_eq!(Locale::parse(locale.code()), Some(locale));
            let json = serde_json::to_value(locale).expect("a string");
            assert_eq!(json, locale.code());
            assert_eq!(serde_json::from_value::<Locale>(json).ok(), Some(locale));
        }
        assert_eq!(Locale::default(), En);
        for unknown in ["", "EN", "fr", "en-GB", "english", "../en"] {
            assert_eq!(Locale::parse(unknown), None, "{unknown:?}");
        }
    }

    #[test]
    fn accept_language_is_negotiated() {
        for (header, locale) in [
            ("de", Some(De)),
            ("DE", Some(De)),
            ("de-AT", Some(De)),
            ("de-Latn-AT-1996", Some(De)),
            ("es-419", Some(Es)),
            ("fr", None),
            ("fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5", Some(En)),
            // By weight, then by place.
            ("en;q=0.2, de;q=0.4, es;q=0.3", Some(De)),
            ("es, en, de", Some(Es)),
            ("de, es", Some(De)),
            ("fr;q=0.9,es;q=0.5,de;q=0.5", Some(Es)),
            ("en;q=0.999, de", Some(De)),
            ("en;q=0.1, de;q=0.01, es;q=0.001", Some(En)),
            ("de\t;\tq=0.5 , en;Q=0.6", Some(En)),
            // Weight 0 excludes the tag itself, wherever it stands.
            ("de;q=0", None),
            ("de;q=0, en;q=0.1", Some(En)),
            ("de, de;q=0", None),
            ("de-AT, de;q=0.000, es;q=0.1", Some(Es)),
            ("de-AT;q=0, de", Some(De)),
            // No wish.
            ("", None),
            ("*", None),
            ("*, de;q=0.1", Some(De)),
            ("*;q=0, de", Some(De)),
            // Malformed parts are ignored, the rest is not.
            (",,, ,de", Some(De)),
            ("de_AT, en;q=0.1", Some(En)),
            ("de;q=1.5, en;q=0.1", Some(En)),
            ("de;q=1.001, en;q=0.1", Some(En)),
            ("de;q=0.1234, en;q=0.1", Some(En)),
            ("de;q=-1, en;q=0.1", Some(En)),
            ("de;q=, en;q=0.1", Some(En)),
            ("de;q=.5, en;q=0.1", Some(En)),
            ("de;q=0.5x, en;q=0.1", Some(En)),
            ("de;q=+0.5, en;q=0.1", Some(En)),
            ("de;q=0.+5, en;q=0.1", Some(En)),
            ("de;q=0.9;q=0.8, en;q=0.1", Some(En)),
            ("de;level=1, en;q=0.1", Some(En)),
            ("de;, en;q=0.1", Some(En)),
            ("de-, en;q=0.1", Some(En)),
            ("de-abcdefghi, en;q=0.1", Some(En)),
            ("de-*, en;q=0.1", Some(En)),
            ("d e, en;q=0.1", Some(En)),
            ("dé, en;q=0.1", Some(En)),
            ("deutsch, en;q=0.1", Some(En)),
            ("de;q=1., en;q=0.9", Some(De)),
            ("de;q=0., en;q=0.1", Some(En)),
            ("1de", None),
        ] {
            assert_eq!(Locale::negotiate(header), locale, "{header:?}");
        }
    }

    #[test]
    fn only_the_beginning_of_a_long_header_is_read() {
        let header = |others: usize| "fr,".repeat(others) + "de";
        assert_eq!(Locale::negotiate(&header(MAX_RANGES - 1)), Some(De));
        assert_eq!(Locale::negotiate(&header(MAX_RANGES)), None);
    }

    #[test]
    fn durations_read_naturally() {
        for (minutes, words) in [
            (1, ["1 minute", "1 Minute", "1 minuto"]),
            (30, ["30 minutes", "30 Minuten", "30 minutos"]),
            (60, ["1 hour", "1 Stunde", "1 hora"]),
            (90, ["90 minutes", "90 Minuten", "90 minutos"]),
            (24 * 60, ["24 hours", "24 Stunden", "24 horas"]),
            (36 * 60, ["36 hours", "36 Stunden", "36 horas"]),
            (48 * 60, ["2 days", "2 Tage", "2 días"]),
            (7 * 24 * 60, ["7 days", "7 Tage", "7 días"]),
        ] {
            let told = Locale::ALL.map(|locale| locale.duration(Duration::from_mins(minutes)));
            assert_eq!(told, words);
        }
        assert_eq!(En.duration(Duration::from_secs(0)), "1 minute");
        assert_eq!(En.duration(Duration::from_secs(179)), "2 minutes");
    }
}
