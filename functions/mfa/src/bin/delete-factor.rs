//! `DELETE /v1/users/{id}/factors/{fid}`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<mfa::DeleteFactor>().await
}
