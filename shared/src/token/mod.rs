//! Access tokens, refresh tokens, the tokens in letters, and the keys that sign.

pub mod access;
pub mod action;
pub mod jwt;
pub mod key_ring;
pub mod mailed;
pub mod refresh;
pub mod sealed;
mod signed;

use base64::Engine;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

pub use signed::checksum;

/// Base64url without padding (RFC 4648 §5); refuses any other spelling of the same bytes.
pub(crate) const BASE64URL: GeneralPurpose = URL_SAFE_NO_PAD;

pub(crate) fn base64url_decode(text: &str) -> Option<Vec<u8>> {
    BASE64URL.decode(text).ok()
}

/// A token was refused. It never says why: the reasons help only whoever forges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Malformed, forged, expired, or of another kind, issuer or audience.
    #[error("the token is not valid")]
    Invalid,
    /// Well-formed, but made with a key or secret this process has not loaded.
    #[error("the token was made with an unknown key")]
    UnknownKey,
}
