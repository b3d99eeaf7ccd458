//! `DELETE /v1/users/{id}`: deletes an account, for its owner and admins, after a recent sign-in.

use lambda_http::Error;
use latchkey::http::{self, ApiResult, Limiter, Operation, Request};
use latchkey::keys::TokenVerifier;
use latchkey::limit::Route;
use latchkey::permission::Permission;
use latchkey::store::Store;

/// Deletions.
const ROUTE: Route = Route {
    name: "delete-user",
    default_limits: "account-address=60/1h address=120/1h account=120/1h",
};

/// The operation `deleteUser`.
pub struct DeleteUser {
    store: Store,
    tokens: TokenVerifier,
    limiter: Limiter,
}

impl Operation for DeleteUser {
    async fn from_env() -> Result<Self, Error> {
        let limiter = Limiter::from_env(ROUTE)?;
        let store = Store::from_env().await?;
        let tokens = TokenVerifier::from_env(&store).await?;
        Ok(Self {
            store,
            tokens,
            limiter,
        })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let Self {
            store,
            tokens,
            limiter,
        } = self;
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
}
