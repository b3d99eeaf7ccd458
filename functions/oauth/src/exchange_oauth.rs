//! `POST /v1/auth/oauth/exchange`: signs in with the code that a sign-in at a provider has ended in. Whoever began it may call
//! it, once, within a minute.

use lambda_http::Error;
use latchkey::device::DeviceToken;
use latchkey::http::{self, ApiError, ApiResult, Fields, Limiter, Operation, Request};

use crate::code::{IdentityCode, code_verifier};
use crate::{Arrival, Entrance, ROUTE};

/// The operation `exchangeOauth`.
pub struct ExchangeOauth {
    limiter: Limiter,
    entrance: Entrance,
}

impl Operation for ExchangeOauth {
    async fn from_env() -> Result<Self, Error> {
        Ok(Self {
            limiter: Limiter::from_env(ROUTE)?,
            entrance: Box::pin(Entrance::from_env()).await?,
        })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let (code, verifier, device_token) = read(&request)?;
        let change = http::change(&request, None);
        let entrance = &self.entrance;
        let ready = entrance.ready(&change).await?;
        let code = IdentityCode::open(&entrance.secrets, &code, &verifier, change.at).await?;
        let provider = &code.identified.provider;
        let attempt = (self.limiter).attempt(&entrance.store, &request, provider, change.at);
        attempt.admit().await?;
        let arrival = Arrival {
            identified: &code.identified,
            session_id: code.session_id,
            device_token: device_token.as_ref(),
        };
        entrance.enter(&ready, &request, arrival, &change).await
    }
}

fn read(request: &Request) -> Result<(String, String, Option<DeviceToken>), ApiError> {
    let mut fields = Fields::read(request)?;
    let code = fields.required("code", |code| Ok(code.to_owned()));
    let verifier = fields.required("codeVerifier", code_verifier);
    let device_token = fields.optional("deviceToken", DeviceToken::parse);
    fields.finish(|| Some((code?, verifier?, device_token?)))
}
