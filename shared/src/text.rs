//! Text that people write and others read.

use std::borrow::Cow;

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};

use crate::field::FieldError;

/// Reads one line of 1 to `max_chars` characters in Unicode NFC; surrounding white space is dropped.
/// `what` begins the sentence that says what is wrong: "A name".
///
/// # Errors
/// `too_short`, `too_long` or `invalid_format`.
pub(crate) fn line(input: &str, max_chars: usize, what: &str) -> Result<String, FieldError> {
    let line = nfc(input.trim());
    if line.is_empty() {
        return Err(FieldError::new(
            "too_short",
            format!("{what} is not empty."),
        ));
    }
    if line.chars().count() > max_chars {
        return Err(FieldError::new(
            "too_long",
            format!("{what} has at most {max_chars} characters."),
        ));
    }
    if line.chars().any(is_unprintable) {
        return Err(FieldError::new(
            "invalid_format",
            format!("{what} has no control characters."),
        ));
    }
    Ok(line.into_owned())
}

/// Unicode normalisation form C: one spelling for one text (RFC 8265 §3.3 and §4.2).
pub(crate) fn nfc(text: &str) -> Cow<'_, str> {
    ComposingNormalizerBorrowed::new_nfc().normalize(text)
}

/// The text in lower case and without accents: only to compare it loosely, never to identify anybody.
pub(crate) fn plain(text: &str) -> String {
    DecomposingNormalizerBorrowed::new_nfd()
        .normalize(text)
        .chars()
        .filter(|character| !matches!(character, '\u{300}'..='\u{36f}'))
        .flat_map(char::to_lowercase)
        .collect()
}

/// Control characters, line separators, and the overrides that make text read backwards.
fn is_unprintable(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_trimmed_and_normalised() {
        assert_eq!(line("  Zoe\u{308} ", 100, "It"), Ok("Zo\u{eb}".to_owned()));
    }

    #[test]
    fn a_plain_text_has_neither_case_nor_accents() {
        for spelling in ["JOS\u{c9}", "Jose\u{301}", "jose"] {
            assert_eq!(plain(spelling), "jose");
        }
    }

    #[test]
    fn empty_long_and_forging_lines_are_refused() {
        for refused in ["", "   ", "a\nb", "a\u{1b}[2J", "a\u{0}", "a\u{202e}b"] {
            assert!(line(refused, 100, "It").is_err(), "{refused:?}");
        }
        assert!(line(&"é".repeat(100), 100, "It").is_ok());
        assert!(line(&"é".repeat(101), 100, "It").is_err());
    }
}
