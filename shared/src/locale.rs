//! The languages that letters are written in.

pub use letters::Locale;

use crate::field::FieldError;

/// Reads a locale by its code, such as `de`.
///
/// # Errors
/// `invalid_value`.
pub fn parse(input: &str) -> Result<Locale, FieldError> {
    Locale::parse(input).ok_or_else(|| {
        let codes = Locale::ALL.iter().map(|locale| locale.code());
        let codes = codes.collect::<Vec<_>>().join(", ");
        FieldError::new("invalid_value", format!("Choose among: {codes}."))
    })
}
