//! `GET /.well-known/jwks.json`: the public keys (RFC 7517). Anybody may call it.

use lambda_http::Error;
use latchkey::clock;
use latchkey::http::{self, ApiResult, StatusCode};
use latchkey::keys::TokenVerifier;
use latchkey::store::Store;
use latchkey::telemetry;
use latchkey::token::key_ring::{Algorithm, PublicKey, PublicNumbers};
use serde::Serialize;

/// How long a cache may keep the set: far below the day a key is published before it signs.
const MAX_AGE_SECONDS: u32 = 300;

#[derive(Serialize)]
struct KeySetResponse<'a> {
    keys: Vec<KeyResponse<'a>>,
}

#[derive(Serialize)]
struct KeyResponse<'a> {
    kid: &'a str,
    alg: Algorithm,
    #[serde(rename = "use")]
    usage: &'static str,
    #[serde(flatten)]
    numbers: &'a PublicNumbers,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let store = Store::from_env().await?;
    let tokens = TokenVerifier::from_env(&store).await?;
    http::taking_any().serve(|_| get_jwks(&tokens)).await
}

async fn get_jwks(tokens: &TokenVerifier) -> ApiResult {
    let keys = tokens.published(clock::now()).await?;
    let keys = keys.iter().map(KeyResponse::from).collect();
    let reply = http::json(StatusCode::OK, &KeySetResponse { keys })?.for_every_origin();
    Ok(reply.public_for(MAX_AGE_SECONDS))
}

impl<'a> From<&'a PublicKey> for KeyResponse<'a> {
    fn from(key: &'a PublicKey) -> Self {
        Self {
            kid: &key.kid,
            alg: key.algorithm,
            usage: "sig",
            numbers: &key.numbers,
        }
    }
}
