//! `POST /v1/auth/code`: asks for a letter with a code to sign in with. Anybody may call it, and the answer is the same
//! for every address after the same work.

use lambda_http::Error;
use latchkey::clock;
use latchkey::http::{self, ApiError, ApiResult, Limiter, Operation, Request, StatusCode};
use latchkey::keys::{CachedSecrets, KeyError};
use latchkey::letters::Letter;
use latchkey::limit::Route;
use latchkey::secret::SecretSource;
use latchkey::session::SessionId;
use latchkey::store::Store;
use latchkey::token::mailed::LIFETIME;
use serde::Serialize;

use crate::codes::{CODE_CHALLENGE, CodeChallenge};

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

/// The operation `startCodeSignIn`.
pub struct StartCodeSignIn {
    store: Store,
    limiter: Limiter,
    secrets: CachedSecrets,
}

impl Operation for StartCodeSignIn {
    async fn from_env() -> Result<Self, Error> {
        let limiter = Limiter::from_env(ROUTE)?;
        let store = Store::from_env().await?;
        let secrets = CachedSecrets::from_env(SecretSource::MAIL).await?;
        Ok(Self {
            store,
            limiter,
            secrets,
        })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let Self {
            store,
            limiter,
            secrets,
        } = self;
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
}
