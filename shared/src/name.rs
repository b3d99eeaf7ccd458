//! Names of people.

use serde::{Deserialize, Serialize};

use crate::field::FieldError;
use crate::text;

/// Longest name, in characters: long enough for any.
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
        text::line(input, MAX_CHARS, "A name").map(Self)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
