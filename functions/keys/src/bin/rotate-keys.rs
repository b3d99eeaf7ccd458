//! Run by a schedule every hour, with `{}`: looks after the key ring. Invoked directly with
//! `{"revoke": "<kid>"}` it removes a leaked key.
//!
//! It answers `{"published": "<kid>" or null, "removed": ["<kid>", …]}`.

use keys::rotation::KeyRotation;
use lambda_http::Error;
use latchkey::direct;
use latchkey::field::FieldError;
use latchkey::http::{ApiError, Fields};
use latchkey::store::{Change, Store};
use latchkey::telemetry;
use serde::Serialize;

/// Length of a `kid`: the base64url form of a SHA-256 thumbprint (RFC 7638).
const KID_CHARS: usize = 43;

#[derive(Serialize)]
struct RotateKeysResponse {
    published: Option<String>,
    removed: Vec<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let store = Store::from_env().await?;
    let rotation = KeyRotation::from_env(&store).await?;
    direct::serve(|fields, change| rotate_keys(&rotation, fields, change)).await
}

async fn rotate_keys(
    rotation: &KeyRotation,
    mut fields: Fields,
    change: Change,
) -> Result<RotateKeysResponse, ApiError> {
    let revoke = fields.optional("revoke", parse_kid);
    let rotated = match fields.finish(|| revoke)? {
        Some(kid) => rotation.revoke(&kid, &change).await?,
        None => rotation.run(&change).await?,
    };
    Ok(RotateKeysResponse {
        published: rotated.published,
        removed: rotated.removed,
    })
}

fn parse_kid(kid: &str) -> Result<String, FieldError> {
    if kid.len() == KID_CHARS {
        return Ok(kid.to_owned());
    }
    Err(FieldError::new(
        "invalid_format",
        "A kid has 43 characters.",
    ))
}
