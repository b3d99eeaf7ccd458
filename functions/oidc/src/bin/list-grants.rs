//! `GET /v1/users/{id}/grants`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<oidc::ListGrants>().await
}
