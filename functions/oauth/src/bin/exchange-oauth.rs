//! `POST /v1/auth/oauth/exchange`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<oauth::ExchangeOauth>().await
}
