//! `GET /.well-known/openid-configuration`: where to find issuer and keys (`OpenID` Connect Discovery 1.0
//! §4). Anybody may call it.
//!
//! Enough for whoever verifies our access tokens, such as API Gateway's JWT authorizer. There is no
//! authorization endpoint: Latchkey is no `OpenID` provider for browsers.

use std::future::ready;

use lambda_http::Error;
use latchkey::config;
use latchkey::http::{self, ApiResult, StatusCode};
use latchkey::telemetry;
use serde::Serialize;

const MAX_AGE_SECONDS: u32 = 3600;

#[derive(Serialize)]
struct DiscoveryResponse<'a> {
    issuer: &'a str,
    jwks_uri: String,
    response_types_supported: [&'static str; 1],
    subject_types_supported: [&'static str; 1],
    id_token_signing_alg_values_supported: [&'static str; 2],
    claims_supported: [&'static str; 12],
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let issuer = config::issuer()?;
    http::taking_any()
        .serve(|_| ready(get_openid_configuration(&issuer)))
        .await
}

fn get_openid_configuration(issuer: &str) -> ApiResult {
    let discovery = DiscoveryResponse {
        issuer,
        jwks_uri: format!("{issuer}/.well-known/jwks.json"),
        response_types_supported: ["none"],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: ["RS256", "ES256"],
        claims_supported: [
            "iss",
            "aud",
            "sub",
            "sid",
            "role",
            "iat",
            "exp",
            "jti",
            "auth_time",
            "amr",
            "acr",
            "email_verified",
        ],
    };
    Ok(http::json(StatusCode::OK, &discovery)?.public_for(MAX_AGE_SECONDS))
}
