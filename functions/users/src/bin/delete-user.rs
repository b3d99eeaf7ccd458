//! `DELETE /v1/users/{id}`: deletes an account, for its owner and admins, after a recent sign-in.

use lambda_http::Error;
use latchkey::http::{self, ApiResult, Limiter, Request};
use latchkey::keys::TokenVerifier;
use latchkey::limit::Route;
use latchkey::permission::Permission;
use latchkey::store::Store;
use latchkey::telemetry;

/// Deletions.
const ROUTE: Route = Route {
    name: "delete-user",
    default_limits: "account-address=60/1h address=120/1h account=120/1h",
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let limiter = Limiter::from_env(ROUTE)?;
    let store = Store::from_env().await?;
    let tokens = TokenVerifier::from_env(&store).await?;
    http::serve(|request| delete_user(&store, &tokens, &limiter, request)).await
}

async fn delete_user(
    store: &Store,
    tokens: &TokenVerifier,
    limiter: &Limiter,
    request: Request,
) -> ApiResult {
    let path = http::user_id(&request)?;
    let preconditions = http::preconditions(&request)?;
    let (caller, id, user) = tokens.authenticate_with(store, &request, path).await?;
    let user = caller.user.authorize(Permission::DeleteUser, &id, user)?;
    let change = http::change(&request, Some(caller.user.id));
    caller.require_recent_proof(change.at)?;
    preconditions.check(user.version)?;
    let attempt = limiter.attempt(store, &request, &caller.user.id, change.at);
    attempt.admit().await?;

    match store.delete_user(&user, &change).await {
        Ok(()) => Ok(http::no_content()),
        Err(refused) => Err(preconditions.refused(refused)),
    }
}
