//! `GET /v1/users/{id}`: one profile, for its owner, moderators and admins.

use lambda_http::Error;
use latchkey::http::{self, ApiResult, Endpoint, Operation, Projection, Request, UserResponse};
use latchkey::keys::TokenVerifier;
use latchkey::permission::Permission;
use latchkey::store::Store;

/// The operation `getUser`.
pub struct GetUser {
    store: Store,
    tokens: TokenVerifier,
}

impl Operation for GetUser {
    const ENDPOINT: Endpoint = http::taking(&["fields"]);

    async fn from_env() -> Result<Self, Error> {
        let store = Store::from_env().await?;
        let tokens = TokenVerifier::from_env(&store).await?;
        Ok(Self { store, tokens })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let Self { store, tokens } = self;
        let path = http::user_id(&request)?;
        let fields = Projection::read(&request, &UserResponse::FIELDS)?;
        let (caller, id, user) = tokens.authenticate_with(store, &request, path).await?;
        let user = caller.user.authorize(Permission::ReadUser, &id, user)?;

        UserResponse::reply(&user, &fields)
    }
}
