//! What is wrong with one field of a request.

/// One refused field: reported to the client, so it never repeats the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Stable, machine-readable: `too_short`, `invalid_format`, ….
    pub code: &'static str,
    /// One sentence for a person.
    pub message: String,
}

impl FieldError {
    /// An error with a code and a sentence.
    #[must_use]
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}
