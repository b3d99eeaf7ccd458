//! `GET /v1/clients`: the clients that Latchkey is the provider of, and how they are registered. For admins.

use lambda_http::Error;
use latchkey::http::{self, ApiResult, Operation, Request, StatusCode};
use latchkey::keys::TokenVerifier;
use latchkey::permission::Permission;
use latchkey::store::Store;
use serde::Serialize;

use crate::{ClientResponse, ClientStore};

#[derive(Serialize)]
struct ClientsResponse<'a> {
    data: Vec<ClientResponse<'a>>,
}

/// The operation `listClients`.
pub struct ListClients {
    store: Store,
    tokens: TokenVerifier,
}

impl Operation for ListClients {
    async fn from_env() -> Result<Self, Error> {
        let store = Store::from_env().await?;
        let tokens = TokenVerifier::from_env(&store).await?;
        Ok(Self { store, tokens })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let Self { store, tokens } = self;
        let caller = tokens.authenticate(store, &request).await?;
        caller.user.authorize_all(Permission::ManageClients)?;
        let clients = ClientStore(store.table()).list().await?;
        let data = clients.iter();
        let data = data.map(|client| ClientResponse::new(client, None));
        let data = data.collect();
        http::json(StatusCode::OK, &ClientsResponse { data })
    }
}
