//! `GET /v1/users/{id}/passkeys`: the passkeys of an account, the oldest first. For its owner, moderators and admins.

use factors::FactorStore;
use lambda_http::Error;
use latchkey::http::{self, ApiResult, Operation, Request, StatusCode};
use latchkey::keys::TokenVerifier;
use latchkey::permission::Permission;
use latchkey::store::Store;
use serde::Serialize;

use crate::passkeys::PasskeyResponse;

#[derive(Serialize)]
struct PasskeysResponse {
    data: Vec<PasskeyResponse>,
}

/// The operation `listPasskeys`.
pub struct ListPasskeys {
    store: Store,
    tokens: TokenVerifier,
}

impl Operation for ListPasskeys {
    async fn from_env() -> Result<Self, Error> {
        let store = Store::from_env().await?;
        let tokens = TokenVerifier::from_env(&store).await?;
        Ok(Self { store, tokens })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let Self { store, tokens } = self;
        let path = http::user_id(&request)?;
        let (caller, id, user) = tokens.authenticate_with(store, &request, path).await?;
        let user = caller.user.authorize(Permission::ReadFactors, &id, user)?;
        let passkeys = FactorStore(store.table()).passkeys(&user).await?;
        let data = passkeys.iter().map(PasskeyResponse::from).collect();
        http::json(StatusCode::OK, &PasskeysResponse { data })
    }
}
