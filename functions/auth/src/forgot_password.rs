//! `POST /v1/auth/forgot-password`: asks for the letter that resets a password. Anybody may call it.

use lambda_http::Error;
use latchkey::http::{self, ApiResult, Limiter, Operation, Request};
use latchkey::letters::Letter;
use latchkey::limit::Route;
use latchkey::store::Store;

/// Letters with a link to a new password.
const ROUTE: Route = Route {
    name: "forgot-password",
    default_limits: "account-address=5/1h address=60/1h account=20/1h",
};

/// The operation `forgotPassword`.
pub struct ForgotPassword {
    store: Store,
    limiter: Limiter,
}

impl Operation for ForgotPassword {
    async fn from_env() -> Result<Self, Error> {
        let limiter = Limiter::from_env(ROUTE)?;
        let store = Store::from_env().await?;
        Ok(Self { store, limiter })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let Self { store, limiter } = self;
        http::ask_for_letter(store, limiter, &request, Letter::ResetPassword).await?;
        http::accepted()
    }
}
