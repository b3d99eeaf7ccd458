//! `PUT /v1/users/{id}/role`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<users::SetUserRole>().await
}
