//! `POST /v1/auth/oauth/exchange`: signs in with the code that a sign-in at a provider has ended in. Whoever began it may call
//! it, once, within a minute.

use lambda_http::Error;
use latchkey::device::DeviceToken;
use latchkey::http::{self, ApiError, ApiResult, Fields, Limiter, Request};
use latchkey::keys::CachedSecrets;
use latchkey::secret::SecretSource;
use latchkey::store::Store;
use latchkey::telemetry;
use oauth::code::{IdentityCode, code_verifier};
use oauth::{Arrival, Entrance, ROUTE};

/// What the function is made of.
struct Parts {
    limiter: Limiter,
    store: Store,
    entrance: Entrance,
    secrets: CachedSecrets,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let limiter = Limiter::from_env(ROUTE)?;
    let store = Store::from_env().await?;
    let parts = Parts {
        limiter,
        entrance: Entrance::from_env(&store).await?,
        secrets: CachedSecrets::from_env(SecretSource::PROVIDERS).await?,
        store,
    };
    http::serve(|request| exchange_oauth(&parts, request)).await
}

async fn exchange_oauth(parts: &Parts, request: Request) -> ApiResult {
    let (code, verifier, device_token) = read(&request)?;
    let change = http::change(&request, None);
    let (store, secrets) = (&parts.store, &parts.secrets);
    let ready = parts.entrance.ready(&change).await?;
    let code = IdentityCode::open(secrets, &code, &verifier, change.at).await?;
    let provider = &code.identified.provider;
    let attempt = (parts.limiter).attempt(store, &request, provider, change.at);
    attempt.admit().await?;
    let arrival = Arrival {
        identified: &code.identified,
        session_id: code.session_id,
        device_token: device_token.as_ref(),
    };
    let entered = (parts.entrance).enter(&ready, (store, secrets), &request, arrival, &change);
    entered.await
}

fn read(request: &Request) -> Result<(String, String, Option<DeviceToken>), ApiError> {
    let mut fields = Fields::read(request)?;
    let code = fields.required("code", |code| Ok(code.to_owned()));
    let verifier = fields.required("codeVerifier", code_verifier);
    let device_token = fields.optional("deviceToken", DeviceToken::parse);
    fields.finish(|| Some((code?, verifier?, device_token?)))
}
