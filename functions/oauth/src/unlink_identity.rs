//! `DELETE /v1/users/{id}/identities/{iid}`: unlinks an identity at a provider, unless nothing else signs in to the account.
//! For the owner, who has shown within five minutes the strongest that the account has.

use lambda_http::Error;
use latchkey::http::{self, ApiResult, ErrorCode, Operation, Request};
use latchkey::identity::IdentityId;
use latchkey::keys::TokenVerifier;
use latchkey::store::Store;

/// The operation `unlinkIdentity`.
pub struct UnlinkIdentity {
    store: Store,
    tokens: TokenVerifier,
}

impl Operation for UnlinkIdentity {
    async fn from_env() -> Result<Self, Error> {
        let store = Store::from_env().await?;
        let tokens = TokenVerifier::from_env(&store).await?;
        Ok(Self { store, tokens })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let Self { store, tokens } = self;
        let path = http::user_id(&request)?;
        let id = http::path_parameter(&request, "iid", IdentityId::parse)?;
        let caller = tokens.authenticate(store, &request).await?;
        caller.require_own(path)?;
        let user = &caller.user;
        let change = http::change(&request, Some(user.id));
        caller.require_recent_proof(change.at)?;
        let identity = user.identities.find(&id);
        let identity = identity.ok_or(ErrorCode::IdentityNotFound)?;
        if user.ways_in() == 1 {
            return Err(ErrorCode::LastWayIn.into());
        }
        store.unlink_identity(user, identity, &change).await?;
        Ok(http::no_content())
    }
}
