//! `POST /v1/auth/resend-verification`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<auth::ResendVerification>().await
}
