//! `GET /v1/users/{id}/identities`: the identities at providers that sign in to an account, the oldest first. For its owner,
//! moderators and admins.

use lambda_http::Error;
use latchkey::http::{self, ApiResult, Operation, Request, StatusCode};
use latchkey::keys::TokenVerifier;
use latchkey::permission::Permission;
use latchkey::store::Store;
use serde::Serialize;

use crate::IdentityResponse;

#[derive(Serialize)]
struct IdentitiesResponse<'a> {
    data: Vec<IdentityResponse<'a>>,
}

/// The operation `listIdentities`.
pub struct ListIdentities {
    store: Store,
    tokens: TokenVerifier,
}

impl Operation for ListIdentities {
    async fn from_env() -> Result<Self, Error> {
        let store = Store::from_env().await?;
        let tokens = TokenVerifier::from_env(&store).await?;
        Ok(Self { store, tokens })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let Self { store, tokens } = self;
        let path = http::user_id(&request)?;
        let (caller, id, user) = tokens.authenticate_with(store, &request, path).await?;
        let user = caller
            .user
            .authorize(Permission::ReadIdentities, &id, user)?;
        let identities = store.list_identities(&user).await?;
        let data = identities.iter().map(IdentityResponse::from).collect();
        http::json(StatusCode::OK, &IdentitiesResponse { data })
    }
}
