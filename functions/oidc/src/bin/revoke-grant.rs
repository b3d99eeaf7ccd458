//! `DELETE /v1/users/{id}/grants/{clientId}`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<oidc::RevokeGrant>().await
}
