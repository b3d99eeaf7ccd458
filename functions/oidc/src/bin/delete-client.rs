//! `DELETE /v1/clients/{clientId}`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<oidc::DeleteClient>().await
}
