//! `POST /v1/auth/code`: asks for a letter with a code to sign in with. Anybody may call it, and the answer is the same
//! for every address after the same work.

use lambda_http::Error;
use latchkey::clock;
use latchkey::http::{self, ApiError, ApiResult, Limiter, Request, StatusCode};
use latchkey::keys::{CachedSecrets, KeyError};
use latchkey::letters::Letter;
use latchkey::limit::Route;
use latchkey::secret::SecretSource;
use latchkey::session::SessionId;
use latchkey::store::Store;
use latchkey::telemetry;
use latchkey::token::mailed::LIFETIME;
use mfa::{CODE_CHALLENGE, CodeChallenge};
use serde::Serialize;

/// Letters with a code to sign in with.
const ROUTE: Route = Route {
    name: "code",
    default_limits: "account-address=5/1h address=60/1h account=20/1h",
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AskedForCode {
    challenge: String,
    expires_in: u64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let limiter = Limiter::from_env(ROUTE)?;
    let store = Store::from_env().await?;
    let secrets = CachedSecrets::from_env(SecretSource::MAIL).await?;
    http::serve(|request| start_code_sign_in(&store, &limiter, &secrets, request)).await
}

async fn start_code_sign_in(
    store: &Store,
    limiter: &Limiter,
    secrets: &CachedSecrets,
    request: Request,
) -> ApiResult {
    let now = clock::now();
    // Read first: no letter goes out for an answer that cannot be given.
    let secrets = secrets.current(now).await?;
    let asked = http::ask_for_letter(store, limiter, &request, Letter::SignInCode).await?;
    let begun = CodeChallenge {
        request: asked.id,
        email: asked.email,
        session_id: SessionId::generate(now),
    };
    let challenge = CODE_CHALLENGE.seal(&secrets, b"", &begun, now.plus(LIFETIME));
    let challenge = challenge.map_err(KeyError::from).map_err(ApiError::from)?;
    let expires_in = LIFETIME.as_secs();
    http::json(
        StatusCode::ACCEPTED,
        &AskedForCode {
            challenge,
            expires_in,
        },
    )
}
