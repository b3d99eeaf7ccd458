//! `GET` and `POST /v1/auth/oauth/{provider}/callback`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<oauth::FinishOauth>().await
}
