//! `GET`, `POST` and `OPTIONS /oauth2/userinfo`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<oidc::Userinfo>().await
}
