//! `GET /v1/users/{id}/devices`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<mfa::ListDevices>().await
}
