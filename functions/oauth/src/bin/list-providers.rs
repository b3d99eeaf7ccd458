//! `GET /v1/providers`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<oauth::ListProviders>().await
}
