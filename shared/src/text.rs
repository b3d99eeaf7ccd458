//! Text that people write and others read.

use std::borrow::Cow;

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use icu_properties::CodePointSetData;
use icu_properties::props::{DefaultIgnorableCodePoint, VariationSelector, WhiteSpace};

use crate::field::FieldError;

/// Reads one line of 1 to `max_chars` characters in Unicode NFC, one of which at least shows something. Around it white
/// space and whatever else shows nothing is dropped; within it joiners and the like stay. `what` begins the sentence that says what is wrong: "A name".
///
/// # Errors
/// `too_short`, `too_long` or `invalid_format`.
pub(crate) fn line(input: &str, max_chars: usize, what: &str) -> Result<String, FieldError> {
    let line = nfc(input.trim_start_matches(shows_nothing));
    let line =
        line.trim_end_matches(|last| shows_nothing(last) && !belongs_to_what_is_before(last));
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
    if line.chars().all(shows_nothing) {
        return Err(FieldError::new(
            "too_short",
            format!("{what} has a character that can be seen."),
        ));
    }
    if line.chars().any(is_unprintable) {
        return Err(FieldError::new(
            "invalid_format",
            format!("{what} has no control characters."),
        ));
    }
    Ok(line.to_owned())
}

/// White space, what Unicode says is to be ignored in display, and blanks that are neither by their properties.
fn shows_nothing(character: char) -> bool {
    CodePointSetData::new::<WhiteSpace>().contains(character)
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(character)
        || matches!(character, '\u{2800}' | '\u{fff9}'..='\u{fffb}')
}

/// Variation selectors and tags: they choose how the character before them looks, such as a heart or a flag.
fn belongs_to_what_is_before(character: char) -> bool {
    CodePointSetData::new::<VariationSelector>().contains(character)
        || matches!(character, '\u{e0020}'..='\u{e007f}')
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
    fn bug_71_text_that_shows_nothing_is_no_text() {
        let invisible = [
            "\u{200b}",
            "\u{200c}",
            "\u{200d}",
            "\u{2060}",
            "\u{feff}",
            "\u{ad}",
            "\u{34f}",
            "\u{61c}",
            "\u{115f}",
            "\u{1160}",
            "\u{17b4}",
            "\u{180e}",
            "\u{2800}",
            "\u{3000}",
            "\u{3164}",
            "\u{fe0f}",
            "\u{ffa0}",
            "\u{1d173}",
            "\u{e0020}",
            "\u{e0100}",
            "\u{200e}",
            "\u{fff9}",
        ];
        for nothing in invisible {
            let code = |text: &str| line(text, 100, "It").map_err(|error| error.code);
            assert_eq!(code(nothing), Err("too_short"), "{nothing:?}");
            let several = format!(" {nothing}{nothing}\u{200b} ");
            assert_eq!(code(&several), Err("too_short"), "{nothing:?}");
            // Before a name it is none of it.
            assert_eq!(
                code(&format!("{nothing}Ada")),
                Ok("Ada".to_owned()),
                "{nothing:?}"
            );
        }
        assert_eq!(
            line("Ada\u{200b}\u{2060} ", 100, "It"),
            Ok("Ada".to_owned())
        );
    }

    #[test]
    fn bug_71_joiners_and_selectors_of_what_shows_stay() {
        for whole in [
            "\u{646}\u{6cc}\u{200c}\u{645}",
            "\u{d15}\u{d4d}\u{200d}\u{d37}",
            "\u{2764}\u{fe0f}",
            "\u{1f468}\u{200d}\u{1f469}",
            "\u{1f3f4}\u{e0067}\u{e0062}\u{e007f}",
        ] {
            assert_eq!(line(whole, 100, "It"), Ok(whole.to_owned()));
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
