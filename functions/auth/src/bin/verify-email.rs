//! `POST /v1/auth/verify-email`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<auth::VerifyEmail>().await
}
