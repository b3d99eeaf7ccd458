//! `POST /v1/auth/forgot-password`: asks for the letter that resets a password. Anybody may call it.

use lambda_http::Error;
use latchkey::http::{self, Limiter};
use latchkey::letters::Letter;
use latchkey::limit::Route;
use latchkey::store::Store;
use latchkey::telemetry;

/// Letters with a link to a new password.
const ROUTE: Route = Route {
    name: "forgot-password",
    default_limits: "account-address=5/1h address=60/1h account=20/1h",
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let limiter = Limiter::from_env(ROUTE)?;
    let store = Store::from_env().await?;
    http::serve(async |request| {
        http::ask_for_letter(&store, &limiter, &request, Letter::ResetPassword).await?;
        http::accepted()
    })
    .await
}
