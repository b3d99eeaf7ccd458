//! `POST /v1/auth/reset-password`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<auth::ResetPassword>().await
}
