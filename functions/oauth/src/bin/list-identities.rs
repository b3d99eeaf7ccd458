//! `GET /v1/users/{id}/identities`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<oauth::ListIdentities>().await
}
