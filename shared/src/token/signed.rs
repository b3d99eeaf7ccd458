//! The frame of opaque tokens: a prefix, and in base64url what the token says, authenticated.
//!
//! Secret version (4 bytes), the fields of the kind, HMAC-SHA256 truncated to 128 bits (16), checksum (4). The
//! checksum lets a secret scanner tell a real token from a look-alike without the key.

use aws_lc_rs::{constant_time, digest, hmac};
use base64::Engine;

use super::{BASE64URL, TokenError, base64url_decode};
use crate::secret::{Purpose, SecretVersion, Secrets};

/// Of the HMAC: 128 bits, RFC 2104 §5 asks for no less than half the hash.
pub(super) const TAG_BYTES: usize = 16;
pub(super) const CHECKSUM_BYTES: usize = 4;

/// A kind of token.
pub(super) struct Kind {
    /// What its tokens begin with.
    pub(super) prefix: &'static str,
    /// The purpose that no other kind has.
    pub(super) purpose: Purpose,
    /// Most bytes of fields.
    pub(super) max_bytes: usize,
}

impl Kind {
    /// A token that says this. The same fields and secret give the same token.
    pub(super) fn sign(&self, secrets: &Secrets, fields: &[u8]) -> String {
        debug_assert!(fields.len() <= self.max_bytes, "a token that nobody opens");
        let secret = secrets.current();
        let mut bytes = secret.version().0.to_vec();
        bytes.extend_from_slice(fields);
        let tag = hmac::sign(&secret.mac_key(self.purpose), &bytes);
        bytes.extend_from_slice(&tag.as_ref()[..TAG_BYTES]);
        bytes.extend_from_slice(&checksum(&bytes));
        format!("{}{}", self.prefix, BASE64URL.encode(bytes))
    }

    /// What a token of ours says. No I/O.
    ///
    /// # Errors
    /// [`TokenError::UnknownKey`] when it names a secret version that is not loaded.
    pub(super) fn open(&self, secrets: &Secrets, token: &str) -> Result<Fields, TokenError> {
        const INVALID: TokenError = TokenError::Invalid;
        const FRAME_BYTES: usize = size_of::<SecretVersion>() + TAG_BYTES + CHECKSUM_BYTES;
        let text = token.strip_prefix(self.prefix).ok_or(INVALID)?;
        if text.len() > (self.max_bytes + FRAME_BYTES).div_ceil(3) * 4 {
            return Err(INVALID);
        }
        let mut bytes = base64url_decode(text).ok_or(INVALID)?;
        let (rest, found) = bytes.split_last_chunk::<CHECKSUM_BYTES>().ok_or(INVALID)?;
        if checksum(rest) != *found {
            return Err(INVALID);
        }
        let (signed, tag) = rest.split_last_chunk::<TAG_BYTES>().ok_or(INVALID)?;
        let (version, fields) = signed.split_first_chunk().ok_or(INVALID)?;
        let secret = secrets.find(SecretVersion(*version));
        let secret = secret.ok_or(TokenError::UnknownKey)?;
        let expected = hmac::sign(&secret.mac_key(self.purpose), signed);
        constant_time::verify_slices_are_equal(&expected.as_ref()[..TAG_BYTES], tag)
            .map_err(|_| INVALID)?;
        let end = signed.len();
        let next = end - fields.len();
        bytes.truncate(end);
        Ok(Fields { bytes, next })
    }
}

/// What a token says, taken from the front.
pub(super) struct Fields {
    bytes: Vec<u8>,
    next: usize,
}

impl Fields {
    pub(super) fn take<const N: usize>(&mut self) -> Result<[u8; N], TokenError> {
        let field = self.left().first_chunk().copied();
        self.next += N;
        field.ok_or(TokenError::Invalid)
    }

    /// As many bytes as are asked for.
    pub(super) fn take_bytes(&mut self, length: usize) -> Result<&[u8], TokenError> {
        let start = self.next;
        self.next += length;
        self.bytes.get(start..self.next).ok_or(TokenError::Invalid)
    }

    /// All that is left.
    pub(super) fn left(&self) -> &[u8] {
        self.bytes.get(self.next..).unwrap_or_default()
    }

    /// Nothing may be left.
    pub(super) fn end(&self) -> Result<(), TokenError> {
        let is_empty = self.left().is_empty();
        is_empty.then_some(()).ok_or(TokenError::Invalid)
    }
}

/// What tells a secret of ours from a look-alike.
#[must_use]
pub fn checksum(bytes: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let digest = digest::digest(&digest::SHA256, bytes);
    let mut checksum = [0; CHECKSUM_BYTES];
    checksum.copy_from_slice(&digest.as_ref()[..CHECKSUM_BYTES]);
    checksum
}
