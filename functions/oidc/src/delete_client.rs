//! `DELETE /v1/clients/{clientId}`: removes a client. For admins who have proved within five minutes who they are.
//! Nobody signs in to it from then on, and its secrets count no more.

use lambda_http::Error;
use latchkey::http::{self, ApiResult, ErrorCode, Operation, Request};
use latchkey::keys::TokenVerifier;
use latchkey::permission::Permission;
use latchkey::store::Store;

use crate::{ClientId, ClientStore};

/// The operation `deleteClient`.
pub struct DeleteClient {
    store: Store,
    tokens: TokenVerifier,
}

impl Operation for DeleteClient {
    async fn from_env() -> Result<Self, Error> {
        let store = Store::from_env().await?;
        let tokens = TokenVerifier::from_env(&store).await?;
        Ok(Self { store, tokens })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let Self { store, tokens } = self;
        let id = http::path_parameter(&request, "clientId", ClientId::parse)?;
        let preconditions = http::preconditions(&request)?;
        let bearer = tokens.bearer(&request).await?;
        let keys = vec![ClientStore::key(&id)];
        let (caller, mut beside) = bearer.authenticate_beside(store, keys).await?;
        caller.user.authorize_all(Permission::ManageClients)?;
        let change = http::change(&request, Some(caller.user.id));
        caller.require_recent_proof(change.at)?;
        let read = ClientStore::take(&mut beside, &id)?;
        let client = read.ok_or(ErrorCode::ClientNotFound)?;
        preconditions.check(client.version)?;
        let clients = ClientStore(store.table());
        match clients.remove(&client, &change).await {
            Ok(()) => Ok(http::no_content()),
            Err(refused) => Err(preconditions.refused(refused)),
        }
    }
}
