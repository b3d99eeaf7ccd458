//! `POST /oauth2/introspect`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<oidc::IntrospectToken>().await
}
