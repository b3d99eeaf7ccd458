//! `DELETE /v1/providers/{name}`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<oauth::DeleteProvider>().await
}
