//! `GET /v1/users/{id}`: one profile, for its owner, moderators and admins.

use lambda_http::Error;
use latchkey::http::{self, ApiResult, Projection, Request, UserResponse};
use latchkey::keys::TokenVerifier;
use latchkey::permission::Permission;
use latchkey::store::Store;
use latchkey::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let store = Store::from_env().await?;
    let tokens = TokenVerifier::from_env(&store).await?;
    http::taking(&["fields"])
        .serve(|request| get_user(&store, &tokens, request))
        .await
}

async fn get_user(store: &Store, tokens: &TokenVerifier, request: Request) -> ApiResult {
    let path = http::user_id(&request)?;
    let fields = Projection::read(&request, &UserResponse::FIELDS)?;
    let (caller, id, user) = tokens.authenticate_with(store, &request, path).await?;
    let user = caller.user.authorize(Permission::ReadUser, &id, user)?;

    UserResponse::reply(&user, &fields)
}
