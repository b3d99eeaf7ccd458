//! `POST /v1/auth/oauth/exchange`: signs in with the code that a sign-in at a provider has ended in. Whoever began it may call
//! it, once, within a minute.

use std::time::Duration;

use lambda_http::Error;
use latchkey::device::{self, DeviceToken};
use latchkey::http::{
    self, ApiError, ApiResult, Fields, Limiter, Request, StatusCode, TokenResponse,
};
use latchkey::keys::CachedSecrets;
use latchkey::proof::First;
use latchkey::secret::SecretSource;
use latchkey::sign_in::SignIn;
use latchkey::store::{Change, Store};
use latchkey::telemetry;
use oauth::ROUTE;
use oauth::account::Opener;
use oauth::code::{IdentityCode, code_verifier};

/// What the function is made of.
struct Parts {
    limiter: Limiter,
    store: Store,
    sign_in: SignIn,
    secrets: CachedSecrets,
    opener: Opener,
    trusts_for: Option<Duration>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let limiter = Limiter::from_env(ROUTE)?;
    let store = Store::from_env().await?;
    let parts = Parts {
        limiter,
        opener: Opener::from_env()?,
        trusts_for: device::lifetime()?,
        sign_in: SignIn::from_env(&store).await?,
        secrets: CachedSecrets::from_env(SecretSource::PROVIDERS).await?,
        store,
    };
    http::serve(|request| exchange_oauth(&parts, request)).await
}

async fn exchange_oauth(parts: &Parts, request: Request) -> ApiResult {
    let (code, verifier, device_token) = read(&request)?;
    let change = http::change(&request, None);
    let (store, now) = (&parts.store, change.at);
    let ready = parts.sign_in.ready(now).await?;
    let code = IdentityCode::open(&parts.secrets, &code, &verifier, now).await?;
    let identified = &code.identified;
    let attempt = parts
        .limiter
        .attempt(store, &request, &identified.provider, now);
    attempt.admit().await?;
    let locale = http::accepted_locale(&request).unwrap_or_default();
    let user = parts
        .opener
        .open(store, &parts.secrets, identified, locale, &change)
        .await?;
    telemetry::name_account(user.id);
    let admitted = ready.admit(&user, now)?;
    let change = Change {
        by: Some(user.id),
        ..change
    };
    let trusted = match &device_token {
        None => None,
        Some(token) => {
            let (_, found) = store.get_user_with_device(&user.id, Some(token)).await?;
            device::confirmed(Some(token), found.as_ref(), parts.trusts_for, &user, now)
        }
    };
    let client = http::client(&request);
    let by = First::External(identified.id());
    let pair = admitted
        .start_once(code.session_id, by, trusted, client, &change)
        .await?;
    http::json(StatusCode::OK, &TokenResponse::new(&pair, &user, now))
}

fn read(request: &Request) -> Result<(String, String, Option<DeviceToken>), ApiError> {
    let mut fields = Fields::read(request)?;
    let code = fields.required("code", |code| Ok(code.to_owned()));
    let verifier = fields.required("codeVerifier", code_verifier);
    let device_token = fields.optional("deviceToken", DeviceToken::parse);
    fields.finish(|| Some((code?, verifier?, device_token?)))
}
