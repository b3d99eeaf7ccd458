//! The words of the pages: `words/<locale>.txt`, and nowhere else.

use std::collections::HashMap;
use std::sync::LazyLock;

use letters::Locale;

/// Words by their keys.
type Words = HashMap<&'static str, &'static str>;

static ENGLISH: LazyLock<Words> = LazyLock::new(|| entries(Locale::En).collect());
static GERMAN: LazyLock<Words> = LazyLock::new(|| entries(Locale::De).collect());
static SPANISH: LazyLock<Words> = LazyLock::new(|| entries(Locale::Es).collect());

/// The words of this key.
pub(crate) fn words(locale: Locale, key: &str) -> Option<&'static str> {
    let words = match locale {
        Locale::En => &ENGLISH,
        Locale::De => &GERMAN,
        Locale::Es => &SPANISH,
    };
    words.get(key).copied()
}

/// The words of the first of these keys that has any.
fn first(locale: Locale, keys: &[&str]) -> Option<&'static str> {
    keys.iter().find_map(|key| words(locale, key))
}

/// What is wrong with a field.
pub(crate) fn field_error(locale: Locale, field: &str, code: &str) -> &'static str {
    let own = format!("field.{field}.{code}");
    let common = format!("field.{code}");
    first(locale, &[&own, &common, "field.other"]).unwrap_or_default()
}

/// Why a form was refused, or a page cannot be shown.
pub(crate) fn problem(locale: Locale, code: &str) -> &'static str {
    let key = format!("problem.{code}");
    first(locale, &[&key, "problem.other"]).unwrap_or_default()
}

/// All keys with their words, in the order of the file.
fn entries(locale: Locale) -> impl Iterator<Item = (&'static str, &'static str)> {
    source(locale)
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(" = "))
}

const fn source(locale: Locale) -> &'static str {
    match locale {
        Locale::En => include_str!("../words/en.txt"),
        Locale::De => include_str!("../words/de.txt"),
        Locale::Es => include_str!("../words/es.txt"),
    }
}

/// Words with `{name}` replaced by values. A value is never read for further names.
pub(crate) fn filled(text: &str, values: &[(String, String)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let found = after.split_once('}').and_then(|(name, after)| {
            let (_, value) = values.iter().find(|(key, _)| key == name)?;
            Some((value, after))
        });
        if let Some((value, after)) = found {
            out.push_str(value);
            rest = after;
        } else {
            out.push('{');
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

/// A time of the API, `2026-11-21T04:00:00.000Z`, as it is read in this language. Anything else stays as
/// it is.
pub(crate) fn time(locale: Locale, text: &str) -> String {
    told(locale, text).unwrap_or_else(|| text.to_owned())
}

fn told(locale: Locale, text: &str) -> Option<String> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let [year, month, day] = date.split('-').collect::<Vec<_>>().try_into().ok()?;
    let clock = time.get(..5).filter(|clock| clock.is_ascii())?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if ![year, month, day, &clock[..2], &clock[3..]]
        .into_iter()
        .all(digits)
    {
        return None;
    }
    let months = words(locale, "time.months")?;
    let month = months
        .split(' ')
        .nth(month.parse::<usize>().ok()?.checked_sub(1)?)?;
    let values = [
        ("day", day.trim_start_matches('0')),
        ("month", month),
        ("year", year),
        ("clock", clock),
    ];
    let values = values.map(|(key, value)| (key.to_owned(), value.to_owned()));
    Some(filled(words(locale, "time.form")?, &values))
}

/// Browser and system of a `User-Agent`, `Firefox, Linux`; one of no known browser is cut to 60
/// characters.
pub(crate) fn device(agent: &str) -> String {
    let known = |marks: &[(&str, &'static str)]| {
        let mut marks = marks.iter();
        marks.find_map(|(mark, name)| agent.contains(mark).then_some(*name))
    };
    // The later ones stand in what the earlier ones send, too.
    let browser = known(&[
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser/", "Samsung Internet"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("CriOS/", "Chrome"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = known(&[
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser}, {system}"),
        (Some(browser), None) => browser.to_owned(),
        (None, _) => agent.chars().take(60).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names that words have in braces.
    fn names(text: &str) -> Vec<&str> {
        let mut names: Vec<&str> = text
            .split('{')
            .skip(1)
            .filter_map(|rest| Some(rest.split_once('}')?.0))
            .collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn every_language_has_the_same_keys_and_names() {
        let of = |locale| {
            let mut keys: Vec<_> = entries(locale)
                .map(|(key, text)| (key, names(text)))
                .collect();
            keys.sort();
            keys
        };
        let english = of(Locale::En);
        for locale in Locale::ALL {
            let here = of(locale);
            let missing: Vec<_> = english.iter().filter(|key| !here.contains(key)).collect();
            let unknown: Vec<_> = here.iter().filter(|key| !english.contains(key)).collect();
            assert!(
                missing.is_empty() && unknown.is_empty(),
                "{locale:?}: {missing:?} {unknown:?}"
            );
            let mut once = here.clone();
            once.dedup();
            assert_eq!(once.len(), here.len(), "{locale:?}: a key twice");
            for line in source(locale)
                .lines()
                .filter(|line| !line.starts_with('#') && !line.is_empty())
            {
                let (key, text) = line.split_once(" = ").expect(line);
                assert!(
                    !text.is_empty() && text.trim() == text && !text.contains(['<', '>']),
                    "{key}"
                );
            }
        }
    }

    #[test]
    fn values_are_not_read_for_names() {
        let values =
            [("a", "{b}"), ("b", "x")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(filled("{a} and {b}, {c} {", &values), "{b} and x, {c} {");
    }

    #[test]
    fn times_read_naturally() {
        let at = "2026-11-02T04:05:06.789Z";
        assert_eq!(time(Locale::En, at), "2 November 2026, 04:05 UTC");
        assert_eq!(time(Locale::De, at), "2. November 2026, 04:05 UTC");
        assert_eq!(time(Locale::Es, at), "2 de noviembre de 2026, 04:05 UTC");
        for odd in [
            "",
            "Z",
            "T",
            "2026-13-02T04:05:06Z",
            "2026-00-02T04:05Z",
            "2026-11-02",
            "2026-11-02T04:öZ",
            "2026-11-02T0Z",
            "<b>",
        ] {
            assert_eq!(time(Locale::De, odd), odd);
        }
    }

    #[test]
    fn browsers_are_told_from_their_headers() {
        for (agent, told) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
                "Firefox, Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
                "Chrome, Windows",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
                "Edge, Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1",
                "Safari, iPhone",
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
                "Chrome, Android",
            ),
            ("curl/8.5.0", "curl/8.5.0"),
        ] {
            assert_eq!(device(agent), told);
        }
        assert_eq!(device(&"ä".repeat(100)).chars().count(), 60);
    }
}
