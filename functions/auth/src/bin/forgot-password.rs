//! `POST /v1/auth/forgot-password`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<auth::ForgotPassword>().await
}
