//! `/account`, and what is below it of everybody.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<pages::AccountPage>().await
}
