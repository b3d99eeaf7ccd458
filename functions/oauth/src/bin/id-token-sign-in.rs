//! `POST /v1/auth/oauth/{provider}/id-token`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<oauth::IdTokenSignIn>().await
}
