//! `POST /v1/users/{id}/factors/recovery-codes`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<mfa::RenewRecoveryCodes>().await
}
