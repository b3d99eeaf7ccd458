//! `DELETE /v1/providers/{name}`: removes a provider. For admins who have proved within five minutes who they are. Identities
//! stay linked, and sign in to nothing until it is set up again.

use lambda_http::Error;
use latchkey::http::{self, ApiResult, ErrorCode, Request};
use latchkey::identity::ProviderName;
use latchkey::keys::TokenVerifier;
use latchkey::permission::Permission;
use latchkey::store::Store;
use latchkey::telemetry;
use oauth::ProviderStore;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let store = Store::from_env().await?;
    let tokens = TokenVerifier::from_env(&store).await?;
    http::serve(|request| delete_provider(&store, &tokens, request)).await
}

async fn delete_provider(store: &Store, tokens: &TokenVerifier, request: Request) -> ApiResult {
    let name = http::path_parameter(&request, "name", ProviderName::parse)?;
    let preconditions = http::preconditions(&request)?;
    let bearer = tokens.bearer(&request).await?;
    let keys = vec![ProviderStore::key(&name)];
    let (caller, mut beside) = bearer.authenticate_beside(store, keys).await?;
    caller.user.authorize_all(Permission::ManageProviders)?;
    let change = http::change(&request, Some(caller.user.id));
    caller.require_recent_proof(change.at)?;
    let read = ProviderStore::take(&mut beside, &name)?;
    let provider = read.ok_or(ErrorCode::ProviderNotFound)?;
    preconditions.check(provider.version)?;
    match ProviderStore(store.table())
        .remove(&provider, &change)
        .await
    {
        Ok(()) => Ok(http::no_content()),
        Err(refused) => Err(preconditions.refused(refused)),
    }
}
