//! `DELETE /v1/users/{id}/sessions/{sid}`: ends one session of an account, for its owner and admins.

use lambda_http::Error;
use latchkey::http::{self, ApiResult, ErrorCode, Operation, Request};
use latchkey::keys::TokenVerifier;
use latchkey::permission::Permission;
use latchkey::session::RevocationReason;
use latchkey::store::{SessionRevoked, Store};

/// The operation `revokeSession`.
pub struct RevokeSession {
    store: Store,
    tokens: TokenVerifier,
}

impl Operation for RevokeSession {
    async fn from_env() -> Result<Self, Error> {
        let store = Store::from_env().await?;
        let tokens = TokenVerifier::from_env(&store).await?;
        Ok(Self { store, tokens })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let Self { store, tokens } = self;
        let path = http::user_id(&request)?;
        let session_id = http::session_id(&request)?;
        let (caller, id, user) = tokens.authenticate_with(store, &request, path).await?;
        let user = caller
            .user
            .authorize(Permission::RevokeSession, &id, user)?;

        let change = http::change(&request, Some(caller.user.id));
        let revoked = store
            .revoke_session(&user.id, &session_id, RevocationReason::Revoked, &change)
            .await?;
        match revoked {
            SessionRevoked::Yes => Ok(http::no_content()),
            SessionRevoked::NoSession => Err(ErrorCode::SessionNotFound.into()),
        }
    }
}
