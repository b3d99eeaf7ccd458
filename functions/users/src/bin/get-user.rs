//! `GET /v1/users/{id}`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<users::GetUser>().await
}
