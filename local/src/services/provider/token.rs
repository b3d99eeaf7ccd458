//! The token endpoint: a code becomes an ID token and an access token.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::fields::{Fields, decode};
use super::grants::{ACCESS_TOKEN_LASTS, Grant};
use super::{
    PROVIDER_CLIENT_ID, PROVIDER_CLIENT_SECRET, Provider, Shared, credentials, failure, private,
};
use crate::Error;

/// A refusal as RFC 6749 §5.2 has it.
struct Refusal {
    error: &'static str,
    description: String,
}

/// `POST /provider/token`.
pub(super) async fn token(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let provider = &shared.provider;
    match redeem(provider, &headers, &body) {
        Ok((grant, access_token)) => match tokens(provider, &grant, &access_token) {
            Ok(tokens) => private(StatusCode::OK, tokens),
            Err(error) => failure(&error),
        },
        Err(refusal) => refusal.answer(),
    }
}

/// Authenticates the client, and exchanges its code.
fn redeem(
    provider: &Provider,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(Grant, String), Refusal> {
    let fields = Fields::of_form(headers, body);
    let fields = fields.map_err(|message| Refusal::new("invalid_request", message))?;
    authenticate(headers, &fields)?;
    let needed = |name: &str| {
        let missing = || Refusal::new("invalid_request", format!("{name} is missing."));
        fields.get(name).ok_or_else(missing)
    };
    if needed("grant_type")? != "authorization_code" {
        let description = "grant_type must be authorization_code.";
        return Err(Refusal::new("unsupported_grant_type", description));
    }
    let (code, redirect_uri) = (needed("code")?, needed("redirect_uri")?);
    let verifier = needed("code_verifier")?;
    let granted = provider.grants().exchange(code, redirect_uri, verifier);
    granted.ok_or_else(|| {
        let description = "The code is unknown, used or over, or it is for another redirect_uri or code_verifier.";
        Refusal::new("invalid_grant", description)
    })
}

/// By HTTP Basic or in the body, but not by both (RFC 6749 §2.3).
fn authenticate(headers: &HeaderMap, fields: &Fields) -> Result<(), Refusal> {
    let (id, secret) = (fields.get("client_id"), fields.get("client_secret"));
    let is_known = if headers.contains_key(header::AUTHORIZATION) {
        if secret.is_some() {
            let description = "The client authenticates in two ways.";
            return Err(Refusal::new("invalid_request", description));
        }
        let names_no_other = id.is_none_or(|id| id == PROVIDER_CLIENT_ID);
        let sent = basic(headers);
        names_no_other
            && sent.is_some_and(|(id, secret)| {
                id == PROVIDER_CLIENT_ID && secret == PROVIDER_CLIENT_SECRET
            })
    } else {
        id == Some(PROVIDER_CLIENT_ID) && secret == Some(PROVIDER_CLIENT_SECRET)
    };
    let refusal = || {
        Refusal::new(
            "invalid_client",
            "The client is unknown, or its secret wrong.",
        )
    };
    is_known.then_some(()).ok_or_else(refusal)
}

/// Id and secret of the header, each encoded as in a form (RFC 6749 §2.3.1).
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let sent = STANDARD.decode(credentials(headers, "basic")?).ok()?;
    let sent = String::from_utf8(sent).ok()?;
    let (id, secret) = sent.split_once(':')?;
    Some((decode(id), decode(secret)))
}

fn tokens(provider: &Provider, grant: &Grant, access_token: &str) -> Result<Value, Error> {
    let now = Timestamp::now().as_second();
    let lasts = ACCESS_TOKEN_LASTS.as_secs();
    let mut claims = grant.person.claims();
    claims["iss"] = provider.issuer().into();
    claims["aud"] = PROVIDER_CLIENT_ID.into();
    claims["iat"] = now.into();
    claims["exp"] = now.saturating_add_unsigned(lasts).into();
    if let Some(nonce) = &grant.nonce {
        claims["nonce"] = nonce.as_str().into();
    }
    // The left half of the hash (OpenID Connect Core 1.0 §3.1.3.6).
    let hash = digest(&SHA256, access_token.as_bytes());
    let (half, _) = hash.as_ref().split_at(16);
    claims["at_hash"] = URL_SAFE_NO_PAD.encode(half).into();
    Ok(json!({
        "token_type": "Bearer",
        "access_token": access_token,
        "expires_in": lasts,
        "id_token": provider.keys.sign(&claims)?,
    }))
}

impl Refusal {
    fn new(error: &'static str, description: impl Into<String>) -> Self {
        Self {
            error,
            description: description.into(),
        }
    }

    fn answer(self) -> Response {
        let is_client = self.error == "invalid_client";
        let status = if is_client {
            StatusCode::UNAUTHORIZED
        } else {
            StatusCode::BAD_REQUEST
        };
        let body = json!({ "error": self.error, "error_description": self.description });
        let mut answer = private(status, body);
        if is_client {
            let challenge = HeaderValue::from_static("Basic realm=\"provider\"");
            answer
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, challenge);
        }
        answer
    }
}
