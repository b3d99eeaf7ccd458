//! `POST /v1/auth/forgot-password`: asks for the letter that resets a password. Anybody may call it.
//!
//! The answer and the work are the same for every address: whose it is, and whether there is anything to send, is
//! found out behind the stream.

use lambda_http::Error;
use latchkey::email::Email;
use latchkey::http::{self, ApiResult, Fields, Request};
use latchkey::letters::Letter;
use latchkey::store::Store;
use latchkey::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let store = Store::from_env().await?;
    http::serve(|request| forgot_password(&store, request)).await
}

async fn forgot_password(store: &Store, request: Request) -> ApiResult {
    http::reject_unknown_parameters(&request, &[])?;
    let mut fields = Fields::read(&request)?;
    let email = fields.required("email", Email::parse);
    let email = fields.finish(|| email)?;

    let change = http::change(&request, None);
    store
        .request_mail(Letter::ResetPassword, &email, None, &change)
        .await?;
    http::accepted()
}
