//! `DELETE /v1/providers/{name}`: removes a provider. For admins who have proved within five minutes who they are. Identities
//! stay linked, and sign in to nothing until it is set up again.

use lambda_http::Error;
use latchkey::http::{self, ApiResult, ErrorCode, Operation, Request};
use latchkey::identity::ProviderName;
use latchkey::keys::TokenVerifier;
use latchkey::permission::Permission;
use latchkey::store::Store;

use crate::ProviderStore;

/// The operation `deleteProvider`.
pub struct DeleteProvider {
    store: Store,
    tokens: TokenVerifier,
}

impl Operation for DeleteProvider {
    async fn from_env() -> Result<Self, Error> {
        let store = Store::from_env().await?;
        let tokens = TokenVerifier::from_env(&store).await?;
        Ok(Self { store, tokens })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let Self { store, tokens } = self;
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
}
