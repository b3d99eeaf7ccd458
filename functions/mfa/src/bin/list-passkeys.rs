//! `GET /v1/users/{id}/passkeys`: the passkeys of an account, the oldest first. For its owner, moderators and admins.

use factors::FactorStore;
use lambda_http::Error;
use latchkey::http::{self, ApiResult, Request, StatusCode};
use latchkey::keys::TokenVerifier;
use latchkey::permission::Permission;
use latchkey::store::Store;
use latchkey::telemetry;
use mfa::PasskeyResponse;
use serde::Serialize;

#[derive(Serialize)]
struct PasskeysResponse {
    data: Vec<PasskeyResponse>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let store = Store::from_env().await?;
    let tokens = TokenVerifier::from_env(&store).await?;
    http::serve(|request| list_passkeys(&store, &tokens, request)).await
}

async fn list_passkeys(store: &Store, tokens: &TokenVerifier, request: Request) -> ApiResult {
    let path = http::user_id(&request)?;
    let (caller, id, user) = tokens.authenticate_with(store, &request, path).await?;
    let user = caller.user.authorize(Permission::ReadFactors, &id, user)?;
    let passkeys = FactorStore(store.table()).passkeys(&user).await?;
    let data = passkeys.iter().map(PasskeyResponse::from).collect();
    http::json(StatusCode::OK, &PasskeysResponse { data })
}
