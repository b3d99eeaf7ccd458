//! A small `OpenID` provider, to try signing in with others without an account anywhere: the code flow of `OpenID` Connect
//! Core 1.0 with PKCE (RFC 7636), for one client. It believes whoever says who they are.

mod authorize;
mod fields;
mod grants;
mod keys;
mod token;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::Shared;
use crate::Error;
use grants::Grants;
use keys::Keys;

/// Where the provider is, below the endpoint of the services.
pub const PROVIDER_PATH: &str = "/provider";
/// The client that the provider knows.
pub const PROVIDER_CLIENT_ID: &str = "latchkey-local";
/// Its secret.
pub const PROVIDER_CLIENT_SECRET: &str = "not-a-secret-on-a-laptop";

/// Nothing from elsewhere and no script. Where forms lead is left open: the answer to one redirects to the client.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'";
const PAGE: &str = include_str!("provider/page.html");
const STYLE: &str = include_str!("provider/page.css");
/// A form has some hundred bytes.
const BODY_LIMIT: usize = 64 * 1024;

/// The provider: its keys, and what it has granted. All of it ends with its process.
pub struct Provider {
    issuer: String,
    keys: Keys,
    grants: Mutex<Grants>,
}

impl Provider {
    /// Below `endpoint`, the services' base URL.
    pub(super) fn new(endpoint: &str) -> Self {
        Self {
            issuer: format!("{endpoint}{PROVIDER_PATH}"),
            keys: Keys::default(),
            grants: Mutex::default(),
        }
    }

    /// Its issuer, which is also its base URL.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Signs with a new key from now on, under a new `kid`. The old ones stay published if `keeps_old`; else tokens that
    /// they signed cannot be verified any more.
    ///
    /// # Errors
    /// When no key can be made.
    pub fn rotate(&self, keeps_old: bool) -> Result<(), Error> {
        self.keys.rotate(keeps_old)
    }

    fn grants(&self) -> MutexGuard<'_, Grants> {
        self.grants.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The routes of the provider.
pub(super) fn router() -> Router<Arc<Shared>> {
    let at = |path: &str| format!("{PROVIDER_PATH}{path}");
    Router::new()
        .route(
            &at("/.well-known/openid-configuration"),
            get(openid_configuration),
        )
        .route(
            &at("/authorize"),
            get(authorize::ask).post(authorize::answer),
        )
        .route(&at("/token"), post(token::token))
        .route(&at("/jwks"), get(jwks))
        .route(&at("/userinfo"), get(userinfo).post(userinfo))
        .route(&at("/page.css"), get(style))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
}

/// `GET /provider/.well-known/openid-configuration`, as `OpenID` Connect Discovery 1.0 has it.
async fn openid_configuration(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let issuer = shared.provider.issuer();
    let at = |path: &str| format!("{issuer}{path}");
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "jwks_uri": at("/jwks"),
        "userinfo_endpoint": at("/userinfo"),
        "scopes_supported": ["openid", "email", "profile"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "form_post"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [keys::ALGORITHM],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
        "request_uri_parameter_supported": false,
    }))
}

/// `GET /provider/jwks`: the public keys.
async fn jwks(State(shared): State<Arc<Shared>>) -> Response {
    match shared.provider.keys.published() {
        Ok(keys) => Json(json!({ "keys": keys })).into_response(),
        Err(error) => failure(&error),
    }
}

/// `GET` and `POST /provider/userinfo`: who the access token in the header is about.
async fn userinfo(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let Some(token) = credentials(&headers, "bearer") else {
        return refused_token("Bearer");
    };
    let claims = shared.provider.grants().claims_of(token);
    match claims {
        Some(claims) => private(StatusCode::OK, claims),
        None => refused_token("Bearer error=\"invalid_token\""),
    }
}

fn refused_token(challenge: &'static str) -> Response {
    let headers = [(header::WWW_AUTHENTICATE, challenge)];
    (StatusCode::UNAUTHORIZED, headers).into_response()
}

async fn style() -> Response {
    let headers = [(header::CONTENT_TYPE, "text/css; charset=utf-8")];
    (headers, STYLE).into_response()
}

/// What the authorization header holds for a scheme, whose name is told in lower case.
fn credentials<'a>(headers: &'a HeaderMap, scheme: &str) -> Option<&'a str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (found, credentials) = value.split_once(' ')?;
    found
        .eq_ignore_ascii_case(scheme)
        .then(|| credentials.trim())
}

/// JSON that nobody keeps.
fn private(status: StatusCode, value: Value) -> Response {
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        (header::PRAGMA, "no-cache"),
    ];
    (status, headers, Json(value)).into_response()
}

/// A page around `body`, which is HTML.
fn page(status: StatusCode, body: &str) -> Response {
    let headers = [
        ("content-type", "text/html; charset=utf-8"),
        ("content-security-policy", POLICY),
        ("x-content-type-options", "nosniff"),
        // Other than without a referrer, what a form posts to the client names this origin.
        ("referrer-policy", "strict-origin"),
        ("cache-control", "no-store"),
    ];
    (status, headers, PAGE.replace("{body}", body)).into_response()
}

fn failure(error: &Error) -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response()
}
