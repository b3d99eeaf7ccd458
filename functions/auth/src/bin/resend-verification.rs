//! `POST /v1/auth/resend-verification`: asks once more for the letter that confirms an address. Anybody may call it.

use lambda_http::Error;
use latchkey::http;
use latchkey::letters::Letter;
use latchkey::store::Store;
use latchkey::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let store = Store::from_env().await?;
    http::serve(async |request| http::ask_for_letter(&store, &request, Letter::VerifyEmail).await)
        .await
}
