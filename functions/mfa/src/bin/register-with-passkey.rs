//! `POST /v1/auth/register/passkey`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<mfa::RegisterWithPasskey>().await
}
