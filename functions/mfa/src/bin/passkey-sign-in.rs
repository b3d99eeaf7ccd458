//! `POST /v1/auth/passkey`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<mfa::PasskeySignIn>().await
}
