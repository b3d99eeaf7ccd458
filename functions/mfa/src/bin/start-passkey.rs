//! `POST /v1/users/{id}/passkeys/options`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<mfa::StartPasskey>().await
}
