//! JSON Web Tokens of the ring: how they are signed, and what is asked of one that comes back.

use base64::Engine;
use jsonwebtoken::{Header, Validation};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::key_ring::{PublicKey, SigningKey};
use super::{BASE64URL, TokenError};
use crate::clock::Timestamp;
use crate::json;

/// How far clocks may differ, in seconds.
pub(super) const LEEWAY_SECONDS: u64 = 5;
/// Largest token looked at: ours have below 2 KB.
const MAX_TOKEN_BYTES: usize = 4096;
/// A header of ours has `typ`, `alg` and `kid`, and nothing else.
const HEADER_MEMBERS: usize = 3;

/// Signing failed: the key is unusable.
#[derive(Debug, thiserror::Error)]
#[error("a token could not be signed")]
pub struct SigningFailed;

/// A kind of token: no other kind passes as one.
#[derive(Clone, Copy, Debug)]
pub struct Kind<'a> {
    /// `typ` in the header (RFC 8725 §3.11).
    pub typ: &'static str,
    /// `iss`.
    pub issuer: &'a str,
    /// `aud`, or one of them.
    pub audience: &'a str,
}

/// Signs these claims: JWS Compact Serialization (RFC 7515 §3.1).
///
/// # Errors
/// [`SigningFailed`].
pub fn sign(
    key: &SigningKey,
    typ: &'static str,
    claims: &impl Serialize,
) -> Result<String, SigningFailed> {
    let mut header = Header::new(key.algorithm.jws());
    header.typ = Some(typ.to_owned());
    header.kid = Some(key.kid.clone());
    // jsonwebtoken would read and check the key for every signature.
    let encode = |part: serde_json::Result<Vec<u8>>| {
        part.map(|part| BASE64URL.encode(part))
            .map_err(|_| SigningFailed)
    };
    let mut token = encode(serde_json::to_vec(&header))?;
    token.push('.');
    token += &encode(serde_json::to_vec(claims))?;
    let signature = key.sign(token.as_bytes()).map_err(|_| SigningFailed)?;
    token.push('.');
    BASE64URL.encode_string(signature, &mut token);
    Ok(token)
}

/// The claims of a token of this kind that one of the published keys has signed. Its times are the caller's to look at:
/// [`is_current`]. No I/O.
///
/// # Errors
/// [`TokenError::UnknownKey`] when it names a key that is not in `keys`.
pub fn open<T: DeserializeOwned>(
    keys: &[PublicKey],
    kind: Kind<'_>,
    token: &str,
) -> Result<T, TokenError> {
    const INVALID: TokenError = TokenError::Invalid;
    if token.len() > MAX_TOKEN_BYTES {
        return Err(INVALID);
    }
    let header = token.split('.').next().ok_or(INVALID)?;
    let header = BASE64URL.decode(header).map_err(|_| INVALID)?;
    let header = json::object(&header).map_err(|_| INVALID)?;
    // Keys come from the ring, and no extension is understood: no `jwk`, no `jku`, no `crit`.
    if header.len() != HEADER_MEMBERS || header.get("typ").and_then(Value::as_str) != Some(kind.typ)
    {
        return Err(INVALID);
    }
    let kid = header.get("kid").and_then(Value::as_str).ok_or(INVALID)?;
    let key = keys
        .iter()
        .find(|key| key.kid == kid)
        .ok_or(TokenError::UnknownKey)?;

    let mut validation = Validation::new(key.algorithm.jws());
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation.set_issuer(&[kind.issuer]);
    validation.set_audience(&[kind.audience]);
    // The times are looked at against the caller's clock.
    validation.validate_exp = false;
    let decoding_key = key.decoding_key().ok_or(INVALID)?;
    let decoded = jsonwebtoken::decode::<T>(token, &decoding_key, &validation);
    Ok(decoded.map_err(|_| INVALID)?.claims)
}

/// Whether a token counts at `now` that was made at `issued` and lasts until `expires`, of which all of `began` is
/// past. One that would last longer than `longest` seconds is none of ours.
#[must_use]
pub fn is_current(issued: u64, expires: u64, began: &[u64], longest: u64, now: Timestamp) -> bool {
    let now = now.as_seconds();
    let latest = now.saturating_add(LEEWAY_SECONDS);
    issued <= latest
        && began.iter().all(|began| *began <= latest)
        && now < expires.saturating_add(LEEWAY_SECONDS)
        && (expires.checked_sub(issued)).is_some_and(|lifetime| lifetime <= longest)
}
