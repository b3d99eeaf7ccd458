//! `GET /v1/users/{id}/preferences`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<users::GetPreferences>().await
}
