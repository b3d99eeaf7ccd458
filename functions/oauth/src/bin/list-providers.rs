//! `GET /v1/providers`: the providers to sign in with, and how they are set up. For admins.

use lambda_http::Error;
use latchkey::config;
use latchkey::http::{self, ApiResult, Request, StatusCode};
use latchkey::keys::TokenVerifier;
use latchkey::permission::Permission;
use latchkey::store::Store;
use latchkey::telemetry;
use oauth::{ProviderResponse, ProviderStore};
use serde::Serialize;

#[derive(Serialize)]
struct ProvidersResponse<'a> {
    data: Vec<ProviderResponse<'a>>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let base_url = config::issuer()?;
    let store = Store::from_env().await?;
    let tokens = TokenVerifier::from_env(&store).await?;
    http::serve(|request| list_providers(&store, &tokens, &base_url, request)).await
}

async fn list_providers(
    store: &Store,
    tokens: &TokenVerifier,
    base_url: &str,
    request: Request,
) -> ApiResult {
    let caller = tokens.authenticate(store, &request).await?;
    caller.user.authorize_all(Permission::ManageProviders)?;
    let providers = ProviderStore(store.table()).list().await?;
    let data = providers.iter();
    let data = data.map(|provider| ProviderResponse::new(provider, base_url));
    let data = data.collect();
    http::json(StatusCode::OK, &ProvidersResponse { data })
}
