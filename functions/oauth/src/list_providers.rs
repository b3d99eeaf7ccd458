//! `GET /v1/providers`: the providers to sign in with, and how they are set up. For admins.

use lambda_http::Error;
use latchkey::config;
use latchkey::http::{self, ApiResult, Operation, Request, StatusCode};
use latchkey::keys::TokenVerifier;
use latchkey::permission::Permission;
use latchkey::store::Store;
use serde::Serialize;

use crate::{ProviderResponse, ProviderStore};

#[derive(Serialize)]
struct ProvidersResponse<'a> {
    data: Vec<ProviderResponse<'a>>,
}

/// The operation `listProviders`.
pub struct ListProviders {
    store: Store,
    tokens: TokenVerifier,
    base_url: String,
}

impl Operation for ListProviders {
    async fn from_env() -> Result<Self, Error> {
        let base_url = config::issuer()?;
        let store = Store::from_env().await?;
        let tokens = TokenVerifier::from_env(&store).await?;
        Ok(Self {
            store,
            tokens,
            base_url,
        })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let Self {
            store,
            tokens,
            base_url,
        } = self;
        let caller = tokens.authenticate(store, &request).await?;
        caller.user.authorize_all(Permission::ManageProviders)?;
        let providers = ProviderStore(store.table()).list().await?;
        let data = providers.iter();
        let data = data.map(|provider| ProviderResponse::new(provider, base_url));
        let data = data.collect();
        http::json(StatusCode::OK, &ProvidersResponse { data })
    }
}
