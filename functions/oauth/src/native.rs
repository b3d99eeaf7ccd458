//! ID tokens that an application has got from a provider itself: it has no code to trade, and proves by the nonce that the
//! token was made for it.

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use data_encoding::HEXLOWER;
use latchkey::clock::Timestamp;
use latchkey::field::FieldError;
use latchkey::http::{ApiError, ErrorCode};
use latchkey::session::{RECENT_SIGN_IN, SessionId};
use serde_json::Value;

use crate::call::ProviderFailed;
use crate::id_token::{self, Expected, Refused};
use crate::{Directory, Identified, Provider};

/// Longest nonce, in characters.
const MAX_NONCE_CHARS: usize = 128;
/// Shortest: 128 bits in base64url.
const MIN_NONCE_CHARS: usize = 22;

/// What an application brings.
pub struct Native {
    /// The token.
    pub id_token: String,
    /// What it kept, and whose hash it asked with.
    pub nonce: String,
}

/// Reads a nonce: 22 to 128 unreserved characters, which random bits in base64url are.
///
/// # Errors
/// `invalid_format`.
pub fn nonce(input: &str) -> Result<String, FieldError> {
    let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    if (MIN_NONCE_CHARS..=MAX_NONCE_CHARS).contains(&input.len())
        && input.bytes().all(is_unreserved)
    {
        return Ok(input.to_owned());
    }
    let message = "A nonce has 22 to 128 letters, digits and -._~.";
    Err(FieldError::new("invalid_format", message))
}

/// Who a token names, and the session that it starts: the same each time, so that it starts one. A sign-in is new, so
/// the token is one of the last five minutes; what its session leaves in the table stays for longer.
///
/// The token carries SHA-256 of the nonce, in lower-case hex as Apple's and Google's guides have it or in base64url. Who reads
/// the token alone cannot show it.
///
/// # Errors
/// `invalid_id_token`, or `provider_failed`.
pub async fn identify(
    directory: &Directory,
    provider: &Provider,
    native: &Native,
    now: Timestamp,
) -> Result<(Identified, SessionId), ApiError> {
    let failed = |failed: ProviderFailed| ApiError::caused_by(ErrorCode::ProviderFailed, failed);
    let refused = |refused: Refused| ApiError::caused_by(ErrorCode::InvalidIdToken, refused);
    if !provider.preset.gives_id_tokens() {
        return Err(refused(Refused("its provider gives none")));
    }
    let endpoints = directory.endpoints(provider, now).await.map_err(failed)?;
    let keys = endpoints.keys.as_ref();
    let keys = keys.ok_or_else(|| refused(Refused("its provider gives none")))?;
    let key_id = id_token::key_id(&native.id_token);
    let keys = directory.keys(keys, key_id.as_deref(), now).await;
    let hash = digest::digest(&digest::SHA256, native.nonce.as_bytes());
    let hex = HEXLOWER.encode(hash.as_ref());
    let expected = Expected {
        issuer: &endpoints.issuer,
        client_ids: &provider.client_ids(),
        nonces: &[&hex, &URL_SAFE_NO_PAD.encode(hash)],
        access_token: None,
        now,
    };
    let told = id_token::verify(&native.id_token, &*keys.map_err(failed)?, &expected);
    let told = told.map_err(refused)?;
    let issued = Timestamp::from_seconds(id_token::issued_at(&told).map_err(refused)?);
    if now.since(issued) > RECENT_SIGN_IN {
        return Err(refused(Refused("its age")));
    }
    let issuer = told.get("iss").and_then(Value::as_str);
    let identified = issuer.and_then(|issuer| Identified::read(provider, issuer, &told));
    let identified = identified.ok_or_else(|| refused(Refused("its subject")))?;
    Ok((identified, session_of(&native.id_token, issued)))
}

/// The session of a token, which can be made again: of when it was issued, and of what is signed, because the signature
/// can be written in more ways than one.
fn session_of(token: &str, issued: Timestamp) -> SessionId {
    let signed = token.rsplit_once('.').map_or(token, |(signed, _)| signed);
    let hash = digest::digest(&digest::SHA256, signed.as_bytes());
    let mut bits = [0; 10];
    bits.copy_from_slice(&hash.as_ref()[..10]);
    SessionId::derived(issued, &bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_in_another_spelling_starts_the_same_session() {
        let at = Timestamp::from_seconds(1_767_268_800);
        let session = session_of("head.claims.signature", at);
        assert_eq!(
            session,
            session_of("head.claims.the same in another way", at)
        );
        assert_ne!(session, session_of("head.others.signature", at));
        assert_ne!(
            session,
            session_of("head.claims.signature", Timestamp::from_seconds(0))
        );
    }
}
