//! `POST /v1/users/{id}/factors/totp/confirm`: sets up an authenticator app that has shown a code. For whoever may
//! start it. With the first factor come ten recovery codes, shown this once.

use factors::{Code, Enrolment, FactorStore, NewFactor, Owner, ROUTE, TotpFactor, TotpSecret};
use lambda_http::Error;
use latchkey::factor::Factor;
use latchkey::http::{self, ApiError, ApiResult, ErrorCode, Fields, Limiter, Request, StatusCode};
use latchkey::keys::{CachedSecrets, KeyError, TokenVerifier, VerifyError};
use latchkey::secret::SecretSource;
use latchkey::store::{Change, Store};
use latchkey::telemetry;
use latchkey::user::User;
use mfa::{PENDING, Pending, first_codes, go_on, refused, unusable};
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ConfirmedTotp {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery_codes: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    challenge: Option<String>,
}

/// What the function is made of.
struct Parts {
    limiter: Limiter,
    store: Store,
    tokens: TokenVerifier,
    sessions: CachedSecrets,
    factors: CachedSecrets,
}

struct Input {
    challenge: Option<String>,
    pending: String,
    code: Code,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let limiter = Limiter::from_env(ROUTE)?;
    let store = Store::from_env().await?;
    let parts = Parts {
        limiter,
        tokens: TokenVerifier::from_env(&store).await?,
        sessions: CachedSecrets::from_env(SecretSource::SESSION).await?,
        factors: CachedSecrets::from_env(SecretSource::FACTORS).await?,
        store,
    };
    http::serve(|request| confirm_totp(&parts, request)).await
}

async fn confirm_totp(parts: &Parts, request: Request) -> ApiResult {
    let input = read(&request)?;
    let change = http::change(&request, None);
    let owner = owner(parts, &request, &input, &change).await?;
    let user = owner.user();
    if user.factors.contains(&Factor::Totp) {
        return Err(ErrorCode::FactorExists.into());
    }
    let change = Change {
        by: Some(user.id),
        ..change
    };
    let attempt = parts
        .limiter
        .attempt(&parts.store, &request, &user.id, change.at);
    attempt.admit().await?;

    let secret = pending_secret(parts, user, &input.pending, &change).await?;
    let step = secret.find(&input.code, None, change.at);
    let step = step.ok_or(ErrorCode::InvalidFactor)?;
    let secrets = parts.factors.current(change.at).await?;
    let totp = TotpFactor::new(&secrets, &user.id, &secret, step, change.at);
    let totp = totp.map_err(KeyError::from)?;
    let (kept, recovery_codes) = first_codes(&secrets, user, &change).unzip();
    let factor = NewFactor::Totp(&totp);
    let enrolment = Enrolment {
        user,
        factor,
        codes: kept.as_ref(),
        session: owner.session(),
    };
    FactorStore(parts.store.table())
        .enrol(enrolment, &change)
        .await
        .map_err(refused)?;
    http::json(
        StatusCode::CREATED,
        &ConfirmedTotp {
            id: totp.id.to_string(),
            recovery_codes,
            challenge: go_on(owner, factor.shown(), &parts.sessions, &change).await?,
        },
    )
}

fn read(request: &Request) -> Result<Input, ApiError> {
    let mut fields = Fields::read(request)?;
    let challenge = fields.optional("challenge", |challenge| Ok(challenge.to_owned()));
    let pending = fields.required("pending", |pending| Ok(pending.to_owned()));
    let code = fields.required("code", Code::parse);
    fields.finish(|| {
        Some(Input {
            challenge: challenge?,
            pending: pending?,
            code: code?,
        })
    })
}

async fn owner(
    parts: &Parts,
    request: &Request,
    input: &Input,
    change: &Change,
) -> Result<Owner, ApiError> {
    let challenge = input.challenge.as_deref();
    let (store, tokens) = (&parts.store, &parts.tokens);
    Owner::of(request, challenge, store, tokens, &parts.sessions, change).await
}

/// The secret that the account was given.
async fn pending_secret(
    parts: &Parts,
    user: &User,
    pending: &str,
    change: &Change,
) -> Result<TotpSecret, ApiError> {
    let opened = parts
        .sessions
        .open::<Pending>(&PENDING, user.id.as_bytes(), pending, change.at);
    let secret = match opened.await {
        Ok(pending) => pending.secret(),
        Err(VerifyError::Invalid) => Err(unusable()),
        Err(VerifyError::Keys(error)) => return Err(error.into()),
    };
    secret.map_err(|error| ApiError::invalid_field("pending", error))
}
