//! `/oauth2/authorize` and `/consent`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<pages::AuthorizePage>().await
}
