//! `DELETE` and `POST /v1/auth/logout?scope=session|others|all`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    latchkey::http::run::<auth::Logout>().await
}
