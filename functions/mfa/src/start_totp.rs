//! `POST /v1/users/{id}/factors/totp`: a new secret for an authenticator app. For the owner, within five minutes of
//! a proof, or by the challenge of a sign-in that takes a second factor. Nothing is written: `pending` brings the same one
//! once more.

use std::time::Duration;

use factors::{Owner, TotpSecret};
use fast_qr::convert::svg::SvgBuilder;
use fast_qr::qr::QRBuilder;
use lambda_http::Error;
use latchkey::config;
use latchkey::factor::Factor;
use latchkey::http::{
    self, ApiError, ApiResult, ErrorCode, Fields, Operation, Request, StatusCode,
};
use latchkey::keys::{CachedSecrets, KeyError, TokenVerifier};
use latchkey::secret::SecretSource;
use latchkey::store::Store;
use serde::Serialize;

use crate::pending::{PENDING, Pending};

/// How long somebody may take to set up an app.
const LIFETIME: Duration = Duration::from_mins(10);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StartedTotp<'a> {
    secret: &'a str,
    uri: &'a str,
    qr_code: &'a str,
    pending: &'a str,
    expires_in: u64,
}

/// The operation `startTotp`.
pub struct StartTotp {
    store: Store,
    tokens: TokenVerifier,
    sessions: CachedSecrets,
    app_name: String,
}

impl Operation for StartTotp {
    async fn from_env() -> Result<Self, Error> {
        let store = Store::from_env().await?;
        Ok(Self {
            tokens: TokenVerifier::from_env(&store).await?,
            sessions: CachedSecrets::from_env(SecretSource::SESSION).await?,
            app_name: config::required(config::APP_NAME)?,
            store,
        })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let (challenge, pending) = read(&request)?;
        let change = http::change(&request, None);
        let Self {
            store,
            tokens,
            sessions,
            app_name,
        } = self;
        let challenge = challenge.as_deref();
        let owner = Owner::of(&request, challenge, store, tokens, sessions, &change).await?;
        let user = owner.user();
        if user.factors.contains(&Factor::Totp) {
            return Err(ErrorCode::FactorExists.into());
        }

        let secret = match pending {
            Some(pending) => Pending::open(sessions, user, &pending, change.at).await?,
            None => TotpSecret::generate(),
        };
        let until = change.at.plus(LIFETIME);
        let secrets = sessions.current(change.at).await?;
        let pending = Pending::new(&secret);
        let pending = PENDING.seal(&secrets, user.id.as_bytes(), &pending, until);
        let uri = secret.uri(app_name, user.email.as_str());
        http::json(
            StatusCode::OK,
            &StartedTotp {
                secret: &secret.base32(),
                qr_code: &qr_code(&uri)?,
                uri: &uri,
                pending: &pending.map_err(KeyError::from)?,
                expires_in: LIFETIME.as_secs(),
            },
        )
    }
}

/// The challenge of a sign-in, and what this has answered before: the same secret once more.
fn read(request: &Request) -> Result<(Option<String>, Option<String>), ApiError> {
    if !http::has_body(request) {
        return Ok((None, None));
    }
    let mut fields = Fields::read(request)?;
    let challenge = fields.optional("challenge", |challenge| Ok(challenge.to_owned()));
    let pending = fields.optional("pending", |pending| Ok(pending.to_owned()));
    fields.finish(|| Some((challenge?, pending?)))
}

/// The text as a QR code (ISO/IEC 18004), an SVG document of its own.
fn qr_code(text: &str) -> Result<String, ApiError> {
    let code = QRBuilder::new(text).build();
    let code =
        code.map_err(|error| ApiError::caused_by(ErrorCode::Internal, format!("{error:?}")))?;
    Ok(SvgBuilder::default().to_str(&code))
}
