//! `GET /v1/users/{id}/factors`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<mfa::ListFactors>().await
}
