//! `POST /v1/users`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<users::CreateUser>().await
}
