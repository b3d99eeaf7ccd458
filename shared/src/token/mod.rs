//! Access tokens, refresh tokens, the tokens in letters, and the keys that sign.

pub mod access;
pub mod action;
pub mod key_ring;
pub mod refresh;

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Base64url without padding (RFC 4648 §5); refuses any other spelling of the same bytes.
pub(crate) const BASE64URL: GeneralPurpose = URL_SAFE_NO_PAD;

pub(crate) fn base64url_decode(text: &str) -> Option<Vec<u8>> {
    BASE64URL.decode(text).ok()
}

/// Of an opaque token's HMAC: 128 bits, RFC 2104 §5 asks for no less than half the hash.
const TAG_BYTES: usize = 16;
/// Lets a secret scanner tell a real token from a look-alike without the key.
const CHECKSUM_BYTES: usize = 4;

/// The fields of an opaque token, from the front.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], TokenError> {
        let (field, rest) = self.0.split_first_chunk().ok_or(TokenError::Invalid)?;
        self.0 = rest;
        Ok(*field)
    }
}

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let digest = digest::digest(&digest::SHA256, bytes);
    let mut checksum = [0; CHECKSUM_BYTES];
    checksum.copy_from_slice(&digest.as_ref()[..CHECKSUM_BYTES]);
    checksum
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
