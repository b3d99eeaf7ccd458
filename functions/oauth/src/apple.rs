//! Apple's client secret: a token that lives some minutes, signed with a key of the team ("Creating a client secret").

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use latchkey::clock::Timestamp;
use latchkey::field::FieldError;
use serde::Serialize;

use crate::provider::AppleKey;

const AUDIENCE: &str = "https://appleid.apple.com";
const LIFETIME: Duration = Duration::from_mins(5);

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    iat: u64,
    exp: u64,
    aud: &'static str,
    sub: &'a str,
}

/// Reads the private key as Apple gives it: PKCS#8 in PEM, on P-256.
///
/// # Errors
/// `invalid_format`.
pub fn check_key(input: &str) -> Result<String, FieldError> {
    let at = Timestamp::from_seconds(0);
    let key = AppleKey {
        team_id: String::new(),
        key_id: String::new(),
    };
    match client_secret(&key, input, "", at) {
        Some(_) => Ok(input.to_owned()),
        None => Err(FieldError::new(
            "invalid_format",
            "This is not a private key of Apple's: PEM, with BEGIN PRIVATE KEY.",
        )),
    }
}

/// The client secret from now on.
pub fn client_secret(
    key: &AppleKey,
    private_key: &str,
    client_id: &str,
    now: Timestamp,
) -> Option<String> {
    let mut header = Header::new(Algorithm::ES256);
    header.kid = Some(key.key_id.clone());
    let claims = Claims {
        iss: &key.team_id,
        iat: now.as_seconds(),
        exp: now.plus(LIFETIME).as_seconds(),
        aud: AUDIENCE,
        sub: client_id,
    };
    let key = EncodingKey::from_ec_der(&der(private_key)?);
    jsonwebtoken::encode(&header, &claims, &key).ok()
}

fn der(pem: &str) -> Option<Vec<u8>> {
    let (_, rest) = pem.split_once("-----BEGIN PRIVATE KEY-----")?;
    let (body, _) = rest.split_once("-----END PRIVATE KEY-----")?;
    let body: String = body.split_ascii_whitespace().collect();
    STANDARD.decode(body).ok()
}
