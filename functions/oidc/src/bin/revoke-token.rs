//! `POST /oauth2/revoke`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<oidc::RevokeToken>().await
}
