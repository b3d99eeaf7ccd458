//! `GET /v1/auth/oauth`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<oauth::ListSignInProviders>().await
}
