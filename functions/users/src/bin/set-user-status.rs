//! `PUT /v1/users/{id}/status`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<users::SetUserStatus>().await
}
