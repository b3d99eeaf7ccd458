//! Who a client says it is, and whether it is (RFC 6749 §2.3, OpenID Connect Core 1.0 §9).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lambda_http::http::header::AUTHORIZATION;
use latchkey::clock::Timestamp;
use latchkey::http::{Parameters, Request};
use latchkey::keys::CachedSecrets;

use crate::oauth_error::{Failed, OauthError, OauthErrorCode};
use crate::{Client, ClientId};

const WHY: &str = "the client is not authenticated";
const NOBODY: OauthError = OauthErrorCode::InvalidClient.because(WHY);
const NOBODY_BY_HEADER: OauthError = OauthErrorCode::InvalidBasic.because(WHY);

/// What a client brings to be known by.
pub struct Credentials {
    /// Who it says it is.
    pub client_id: ClientId,
    secret: Option<String>,
    nobody: OauthError,
}

impl Credentials {
    /// Reads `client_secret_basic`, `client_secret_post`, or the id alone of a client without a secret.
    ///
    /// # Errors
    /// `invalid_client`, or `invalid_request` where that, or any parameter, comes twice.
    pub fn read(request: &Request, form: &Parameters) -> Result<Self, OauthError> {
        if form.repeated().is_some() {
            let description = "a parameter stands twice";
            return Err(OauthErrorCode::InvalidRequest.because(description));
        }
        let mut headers = request.headers().get_all(AUTHORIZATION).iter();
        let (id, secret) = match (headers.next(), headers.next()) {
            (None, _) => {
                let id = form.given("client_id").ok_or(NOBODY)?;
                (
                    id.to_owned(),
                    form.given("client_secret").map(str::to_owned),
                )
            }
            (Some(header), None) => {
                let (id, secret) = header
                    .to_str()
                    .ok()
                    .and_then(basic)
                    .ok_or(NOBODY_BY_HEADER)?;
                let other = form.given("client_id").is_some_and(|other| other != id);
                if other || form.given("client_secret").is_some() {
                    let description = "the client authenticates in two ways";
                    return Err(OauthErrorCode::InvalidRequest.because(description));
                }
                (id, Some(secret).filter(|secret| !secret.is_empty()))
            }
            _ => return Err(NOBODY_BY_HEADER),
        };
        let nobody = if request.headers().contains_key(AUTHORIZATION) {
            NOBODY_BY_HEADER
        } else {
            NOBODY
        };
        let client_id = ClientId::parse(&id).map_err(|_| nobody)?;
        Ok(Self {
            client_id,
            secret,
            nobody,
        })
    }

    /// That there is a secret: whoever brings none is not known where public clients have no business.
    ///
    /// # Errors
    /// `invalid_client`.
    pub const fn require_secret(&self) -> Result<(), OauthError> {
        if self.secret.is_some() {
            return Ok(());
        }
        Err(self.nobody)
    }

    /// The client that was found, if it is the one that asks: with its secret, or without where it has none to keep.
    ///
    /// # Errors
    /// `invalid_client` or `unavailable`.
    pub async fn check(
        &self,
        found: Option<Client>,
        secrets: &CachedSecrets,
        now: Timestamp,
    ) -> Result<Client, Failed> {
        let client = found.ok_or(self.nobody)?;
        let is_known = match (&self.secret, client.confidential) {
            (Some(secret), true) => client.accepts_secret(secrets, secret, now).await?,
            (None, confidential) => !confidential,
            (Some(_), false) => false,
        };
        if is_known {
            return Ok(client);
        }
        Err(self.nobody.into())
    }
}

/// Id and secret of `Basic`, each as a form encodes it (RFC 6749 §2.3.1).
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    let decode = |text: &str| {
        let pair = format!("={text}");
        let mut pairs = form_urlencoded::parse(pair.as_bytes());
        pairs.next().map(|(_, value)| value.into_owned())
    };
    Some((decode(id)?, decode(secret)?))
}
