//! `POST /v1/auth/oauth/exchange`: signs in with the code that a sign-in at a provider has ended in. Whoever began it may call
//! it, once, within a minute.

use lambda_http::Error;
use latchkey::device::DeviceToken;
use latchkey::http::{self, ApiError, ApiResult, Fields, Limiter, Request};
use latchkey::telemetry;
use oauth::code::{IdentityCode, code_verifier};
use oauth::{Arrival, Entrance, ROUTE};

/// What the function is made of.
struct Parts {
    limiter: Limiter,
    entrance: Entrance,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let parts = Parts {
        limiter: Limiter::from_env(ROUTE)?,
        entrance: Entrance::from_env().await?,
    };
    http::serve(|request| exchange_oauth(&parts, request)).await
}

async fn exchange_oauth(parts: &Parts, request: Request) -> ApiResult {
    let (code, verifier, device_token) = read(&request)?;
    let change = http::change(&request, None);
    let entrance = &parts.entrance;
    let ready = entrance.ready(&change).await?;
    let code = IdentityCode::open(&entrance.secrets, &code, &verifier, change.at).await?;
    let provider = &code.identified.provider;
    let attempt = (parts.limiter).attempt(&entrance.store, &request, provider, change.at);
    attempt.admit().await?;
    let arrival = Arrival {
        identified: &code.identified,
        session_id: code.session_id,
        device_token: device_token.as_ref(),
    };
    entrance.enter(&ready, &request, arrival, &change).await
}

fn read(request: &Request) -> Result<(String, String, Option<DeviceToken>), ApiError> {
    let mut fields = Fields::read(request)?;
    let code = fields.required("code", |code| Ok(code.to_owned()));
    let verifier = fields.required("codeVerifier", code_verifier);
    let device_token = fields.optional("deviceToken", DeviceToken::parse);
    fields.finish(|| Some((code?, verifier?, device_token?)))
}
