//! `/sign-in` and what is below it.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<pages::SignInPage>().await
}
