//! `POST /v1/auth/code/verify`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<mfa::CodeSignIn>().await
}
