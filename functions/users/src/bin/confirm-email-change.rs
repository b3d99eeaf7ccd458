//! `POST /v1/users/{id}/email/confirm`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<users::ConfirmEmailChange>().await
}
