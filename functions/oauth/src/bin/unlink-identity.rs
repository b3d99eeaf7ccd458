//! `DELETE /v1/users/{id}/identities/{iid}`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<oauth::UnlinkIdentity>().await
}
