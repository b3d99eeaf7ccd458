//! `POST /oauth2/token`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<oidc::Token>().await
}
