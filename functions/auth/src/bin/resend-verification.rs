//! `POST /v1/auth/resend-verification`: asks once more for the letter that confirms an address. Anybody may call it.

use lambda_http::Error;
use latchkey::http::{self, Limiter};
use latchkey::letters::Letter;
use latchkey::limit::Route;
use latchkey::store::Store;
use latchkey::telemetry;

/// Letters with a link that confirms an address.
const ROUTE: Route = Route {
    name: "resend-verification",
    default_limits: "account-address=5/1h address=60/1h account=20/1h",
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let limiter = Limiter::from_env(ROUTE)?;
    let store = Store::from_env().await?;
    http::serve(async |request| {
        http::ask_for_letter(&store, &limiter, &request, Letter::VerifyEmail).await?;
        http::accepted()
    })
    .await
}
