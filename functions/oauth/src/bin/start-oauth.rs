//! `GET /v1/auth/oauth/{provider}/start`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<oauth::StartOauth>().await
}
