//! `DELETE /v1/users/{id}/grants/{clientId}`: takes back what an application may have, for the owner of the account and
//! admins. Every token that it got by that is dead from then on, and the person is asked again before it gets another.
//!
//! What is left of a consent to a client that is the operator's own by now, or is gone, is taken back all the same.

use lambda_http::Error;
use latchkey::http::{self, ApiResult, ErrorCode, Operation, Request};
use latchkey::keys::TokenVerifier;
use latchkey::permission::Permission;
use latchkey::store::Store;

use crate::{ClientId, Consent};

/// The operation `revokeGrant`.
pub struct RevokeGrant {
    store: Store,
    tokens: TokenVerifier,
}

impl Operation for RevokeGrant {
    async fn from_env() -> Result<Self, Error> {
        let store = Store::from_env().await?;
        let tokens = TokenVerifier::from_env(&store).await?;
        Ok(Self { store, tokens })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let Self { store, tokens } = self;
        let path = http::user_id(&request)?;
        let client_id = http::path_parameter(&request, "clientId", ClientId::parse)?;
        let (caller, id, user) = tokens.authenticate_with(store, &request, path).await?;
        let user = caller.user.authorize(Permission::RevokeGrant, &id, user)?;

        let change = http::change(&request, Some(caller.user.id));
        if Consent::revoke(&user.id, &client_id, store.table(), &change).await? {
            return Ok(http::no_content());
        }
        Err(ErrorCode::GrantNotFound.into())
    }
}
