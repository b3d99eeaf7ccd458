//! Proof Key for Code Exchange (RFC 7636), and random values as the protocols spell them.

use crate::field::FieldError;
use aws_lc_rs::{constant_time, digest, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// `code_challenge` of the method `S256` (RFC 7636 §4.2): SHA-256 of the verifier, in base64url.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CodeChallenge(String);

impl CodeChallenge {
    /// Reads one.
    ///
    /// # Errors
    /// `invalid_format`.
    pub fn parse(input: &str) -> Result<Self, FieldError> {
        let bytes = URL_SAFE_NO_PAD.decode(input).unwrap_or_default();
        if bytes.len() == digest::SHA256_OUTPUT_LEN {
            return Ok(Self(input.to_owned()));
        }
        let message = "This is SHA-256 of the code verifier in base64url: 43 characters.";
        Err(FieldError::new("invalid_format", message))
    }

    /// Of a verifier.
    #[must_use]
    pub fn of(verifier: &str) -> Self {
        Self(URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes())))
    }

    /// Whether it is of this verifier.
    #[must_use]
    pub fn is_of(&self, verifier: &str) -> bool {
        is_same(&self.0, &Self::of(verifier).0)
    }

    /// As it is sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Reads a code verifier: 43 to 128 unreserved characters (RFC 7636 §4.1).
///
/// # Errors
/// `invalid_format`.
pub fn code_verifier(input: &str) -> Result<String, FieldError> {
    let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    if (43..=128).contains(&input.len()) && input.bytes().all(is_unreserved) {
        return Ok(input.to_owned());
    }
    let message = "A code verifier has 43 to 128 letters, digits and -._~.";
    Err(FieldError::new("invalid_format", message))
}

/// 256 random bits in base64url: 43 characters.
///
/// # Panics
/// When the operating system has no randomness.
#[must_use]
pub fn random() -> String {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).expect("the operating system has randomness");
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Whether two texts are the same, in a time that does not tell where they differ.
#[must_use]
pub fn is_same(one: &str, other: &str) -> bool {
    constant_time::verify_slices_are_equal(one.as_bytes(), other.as_bytes()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7636, appendix B.
    #[test]
    fn a_challenge_is_as_the_rfc_has_it() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let challenge = CodeChallenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        let challenge = challenge.expect("a challenge");
        assert!(challenge.is_of(verifier) && !challenge.is_of(&random()));
        assert_eq!(code_verifier(verifier).as_deref(), Ok(verifier));
        assert!(code_verifier("short").is_err() && CodeChallenge::parse(verifier).is_ok());
        assert!(CodeChallenge::parse("plain").is_err());
    }
}
