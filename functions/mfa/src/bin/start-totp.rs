//! `POST /v1/users/{id}/factors/totp`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<mfa::StartTotp>().await
}
