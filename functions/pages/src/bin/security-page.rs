//! Factors, passkeys, devices and identities below `/account`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<pages::SecurityPage>().await
}
