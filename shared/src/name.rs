//! Names of people.

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;
use serde::{Deserialize, Serialize};

use crate::field::FieldError;

/// Longest name, in characters: long enough for any, short enough to keep a user below 1 KB.
pub const MAX_CHARS: usize = 100;

/// A first or last name: 1 to 100 characters, Unicode NFC, no control or line-breaking characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Name(String);

impl Name {
    /// Reads a name; surrounding white space is dropped.
    ///
    /// # Errors
    /// `too_short`, `too_long` or `invalid_format`.
    pub fn parse(input: &str) -> Result<Self, FieldError> {
        let name = nfc(input.trim());
        if name.is_empty() {
            return Err(FieldError::new("too_short", "A name is not empty."));
        }
        if name.chars().count() > MAX_CHARS {
            return Err(FieldError::new(
                "too_long",
                format!("A name has at most {MAX_CHARS} characters."),
            ));
        }
        if name.chars().any(is_unprintable) {
            return Err(FieldError::new(
                "invalid_format",
                "A name has no control characters.",
            ));
        }
        Ok(Self(name.into_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Unicode normalisation form C: one spelling for one text (RFC 8265 §3.3 and §4.2).
pub(crate) fn nfc(text: &str) -> Cow<'_, str> {
    ComposingNormalizerBorrowed::new_nfc().normalize(text)
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
    fn a_name_is_trimmed_and_normalised() {
        assert_eq!(
            Name::parse("  Zoe\u{308} ").map(|name| name.as_str().to_owned()),
            Ok("Zo\u{eb}".to_owned())
        );
    }

    #[test]
    fn empty_long_and_forging_names_are_refused() {
        for refused in ["", "   ", "a\nb", "a\u{1b}[2J", "a\u{0}", "a\u{202e}b"] {
            assert!(Name::parse(refused).is_err(), "{refused:?}");
        }
        assert!(Name::parse(&"é".repeat(100)).is_ok());
        assert!(Name::parse(&"é".repeat(101)).is_err());
    }
}
