//! `POST /v1/users/{id}/factors/totp/confirm`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<mfa::ConfirmTotp>().await
}
