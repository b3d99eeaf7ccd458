//! `DELETE /v1/users/{id}/identities/{iid}`: unlinks an identity at a provider, unless nothing else signs in to the account.
//! For the owner, who has shown within five minutes the strongest that the account has.

use lambda_http::Error;
use latchkey::http::{self, ApiResult, ErrorCode, Request};
use latchkey::identity::IdentityId;
use latchkey::keys::TokenVerifier;
use latchkey::store::Store;
use latchkey::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let store = Store::from_env().await?;
    let tokens = TokenVerifier::from_env(&store).await?;
    http::serve(|request| unlink_identity(&store, &tokens, request)).await
}

async fn unlink_identity(store: &Store, tokens: &TokenVerifier, request: Request) -> ApiResult {
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
