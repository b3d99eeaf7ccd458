//! The pages that letters lead to, and those that ask for letters.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<pages::LetterPage>().await
}
