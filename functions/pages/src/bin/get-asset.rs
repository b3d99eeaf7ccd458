//! `GET /assets/{name}`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<pages::GetAsset>().await
}
