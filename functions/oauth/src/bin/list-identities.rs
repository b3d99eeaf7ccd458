//! `GET /v1/users/{id}/identities`: the identities at providers that sign in to an account, the oldest first. For its owner,
//! moderators and admins.

use lambda_http::Error;
use latchkey::http::{self, ApiResult, Request, StatusCode};
use latchkey::keys::TokenVerifier;
use latchkey::permission::Permission;
use latchkey::store::Store;
use latchkey::telemetry;
use oauth::IdentityResponse;
use serde::Serialize;

#[derive(Serialize)]
struct IdentitiesResponse<'a> {
    data: Vec<IdentityResponse<'a>>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let store = Store::from_env().await?;
    let tokens = TokenVerifier::from_env(&store).await?;
    http::serve(|request| list_identities(&store, &tokens, request)).await
}

async fn list_identities(store: &Store, tokens: &TokenVerifier, request: Request) -> ApiResult {
    let path = http::user_id(&request)?;
    let (caller, id, user) = tokens.authenticate_with(store, &request, path).await?;
    let user = caller
        .user
        .authorize(Permission::ReadIdentities, &id, user)?;
    let identities = store.list_identities(&user).await?;
    let data = identities.iter().map(IdentityResponse::from).collect();
    http::json(StatusCode::OK, &IdentitiesResponse { data })
}
