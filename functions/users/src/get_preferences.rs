//! `GET /v1/users/{id}/preferences`: what an application keeps for an account, for its owner, moderators and
//! admins.

use lambda_http::Error;
use latchkey::http::{self, ApiResult, Operation, Request, StatusCode};
use latchkey::keys::TokenVerifier;
use latchkey::permission::Permission;
use latchkey::store::Store;

use crate::preferences;

/// The operation `getPreferences`.
pub struct GetPreferences {
    store: Store,
    tokens: TokenVerifier,
}

impl Operation for GetPreferences {
    async fn from_env() -> Result<Self, Error> {
        let store = Store::from_env().await?;
        let tokens = TokenVerifier::from_env(&store).await?;
        Ok(Self { store, tokens })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let Self { store, tokens } = self;
        let path = http::user_id(&request)?;
        let bearer = tokens.bearer(&request).await?;
        let permission = Permission::ReadPreferences;
        let (_, _, preferences) = preferences::authorize(store, &bearer, path, permission).await?;

        Ok(http::json(StatusCode::OK, &preferences.values)?.etag(preferences.version))
    }
}
