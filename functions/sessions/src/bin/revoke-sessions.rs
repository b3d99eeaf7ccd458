//! `DELETE /v1/users/{id}/sessions`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<sessions::RevokeSessions>().await
}
