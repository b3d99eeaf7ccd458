//! `DELETE /v1/users/{id}/sessions/{sid}`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<sessions::RevokeSession>().await
}
