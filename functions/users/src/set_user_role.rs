//! `PUT /v1/users/{id}/role`: gives an account another role. For admins; the last one stays.

use lambda_http::Error;
use latchkey::http::{
    self, ApiResult, Endpoint, Fields, Operation, Projection, Request, UserResponse,
};
use latchkey::keys::TokenVerifier;
use latchkey::permission::Permission;
use latchkey::store::Store;
use latchkey::user::Role;

/// The operation `setUserRole`.
pub struct SetUserRole {
    store: Store,
    tokens: TokenVerifier,
}

impl Operation for SetUserRole {
    const ENDPOINT: Endpoint = http::taking(&["fields"]);

    async fn from_env() -> Result<Self, Error> {
        let store = Store::from_env().await?;
        let tokens = TokenVerifier::from_env(&store).await?;
        Ok(Self { store, tokens })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let Self { store, tokens } = self;
        let path = http::user_id(&request)?;
        let projection = Projection::read(&request, &UserResponse::FIELDS)?;
        let preconditions = http::preconditions(&request)?;
        let (caller, id, user) = tokens.authenticate_with(store, &request, path).await?;
        let user = caller.user.authorize(Permission::SetRole, &id, user)?;
        let mut fields = Fields::read(&request)?;
        let role = fields.required("role", Role::parse);
        let role = fields.finish(|| role)?;
        caller.user.authorize_granting(role)?;
        preconditions.check(user.version)?;

        let change = http::change(&request, Some(caller.user.id));
        match store.set_role(&user, role, &change).await {
            Ok(user) => UserResponse::reply(&user, &projection),
            Err(refused) => Err(preconditions.refused(refused)),
        }
    }
}
