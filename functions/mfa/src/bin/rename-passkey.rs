//! `PATCH /v1/users/{id}/passkeys/{pid}`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<mfa::RenamePasskey>().await
}
