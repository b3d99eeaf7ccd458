//! `PUT /v1/users/{id}/role`: gives an account another role. For admins; the last one stays.

use lambda_http::Error;
use latchkey::http::{self, ApiResult, Fields, Projection, Request, UserResponse};
use latchkey::keys::TokenVerifier;
use latchkey::permission::Permission;
use latchkey::store::Store;
use latchkey::telemetry;
use latchkey::user::Role;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let store = Store::from_env().await?;
    let tokens = TokenVerifier::from_env(&store).await?;
    http::taking(&["fields"])
        .serve(|request| set_user_role(&store, &tokens, request))
        .await
}

async fn set_user_role(store: &Store, tokens: &TokenVerifier, request: Request) -> ApiResult {
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
