//! `GET /.well-known/openid-configuration`: where to find issuer, keys and endpoints (`OpenID` Connect Discovery 1.0 §4).
//! Anybody may call it.
//!
//! Without the area `oidc` it is enough for whoever verifies our access tokens, such as API Gateway's JWT authorizer.

use std::future::ready;

use lambda_http::Error;
use latchkey::config;
use latchkey::http::{self, ApiResult, StatusCode};
use latchkey::telemetry;
use serde::Serialize;

const MAX_AGE_SECONDS: u32 = 3600;
/// How clients say who they are; those without a secret by their id alone.
const AUTH_METHODS: [&str; 3] = ["client_secret_basic", "client_secret_post", "none"];

#[derive(Serialize)]
struct DiscoveryResponse<'a> {
    issuer: &'a str,
    jwks_uri: String,
    response_types_supported: [&'static str; 1],
    subject_types_supported: [&'static str; 1],
    id_token_signing_alg_values_supported: [&'static str; 2],
    claims_supported: Vec<&'static str>,
    #[serde(flatten)]
    provider: Option<Provider>,
}

/// What a provider for browsers says, too.
#[expect(clippy::struct_excessive_bools, reason = "members of the document")]
#[derive(Serialize)]
struct Provider {
    authorization_endpoint: String,
    token_endpoint: String,
    userinfo_endpoint: String,
    introspection_endpoint: String,
    revocation_endpoint: String,
    scopes_supported: [&'static str; 4],
    response_modes_supported: [&'static str; 1],
    grant_types_supported: [&'static str; 2],
    code_challenge_methods_supported: [&'static str; 1],
    token_endpoint_auth_methods_supported: [&'static str; 3],
    introspection_endpoint_auth_methods_supported: [&'static str; 2],
    revocation_endpoint_auth_methods_supported: [&'static str; 3],
    acr_values_supported: [&'static str; 2],
    prompt_values_supported: [&'static str; 4],
    authorization_response_iss_parameter_supported: bool,
    claims_parameter_supported: bool,
    request_parameter_supported: bool,
    request_uri_parameter_supported: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let issuer = config::issuer()?;
    let has_oidc = config::is_on(config::OIDC)?;
    http::taking_any()
        .serve(|_| ready(get_openid_configuration(&issuer, has_oidc)))
        .await
}

fn get_openid_configuration(issuer: &str, has_oidc: bool) -> ApiResult {
    let mut claims_supported = vec![
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
    ];
    if has_oidc {
        claims_supported.extend([
            "nonce",
            "at_hash",
            "name",
            "given_name",
            "family_name",
            "locale",
            "updated_at",
            "email",
        ]);
    }
    let discovery = DiscoveryResponse {
        issuer,
        jwks_uri: format!("{issuer}/.well-known/jwks.json"),
        response_types_supported: [if has_oidc { "code" } else { "none" }],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: ["RS256", "ES256"],
        claims_supported,
        provider: has_oidc.then(|| provider(issuer)),
    };
    let reply = http::json(StatusCode::OK, &discovery)?.for_every_origin();
    Ok(reply.public_for(MAX_AGE_SECONDS))
}

fn provider(issuer: &str) -> Provider {
    Provider {
        authorization_endpoint: format!("{issuer}/oauth2/authorize"),
        token_endpoint: format!("{issuer}/oauth2/token"),
        userinfo_endpoint: format!("{issuer}/oauth2/userinfo"),
        introspection_endpoint: format!("{issuer}/oauth2/introspect"),
        revocation_endpoint: format!("{issuer}/oauth2/revoke"),
        scopes_supported: ["openid", "profile", "email", "offline_access"],
        response_modes_supported: ["query"],
        grant_types_supported: ["authorization_code", "refresh_token"],
        code_challenge_methods_supported: ["S256"],
        token_endpoint_auth_methods_supported: AUTH_METHODS,
        // It is for services that keep a secret.
        introspection_endpoint_auth_methods_supported: [AUTH_METHODS[0], AUTH_METHODS[1]],
        revocation_endpoint_auth_methods_supported: AUTH_METHODS,
        acr_values_supported: ["aal1", "aal2"],
        prompt_values_supported: ["none", "login", "consent", "select_account"],
        authorization_response_iss_parameter_supported: true,
        claims_parameter_supported: false,
        request_parameter_supported: false,
        request_uri_parameter_supported: false,
    }
}
