//! `POST /v1/users/{id}/email`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<users::ChangeEmail>().await
}
