//! `GET /v1/auth/oauth`: the providers to sign in with, for sign-in pages. Anybody may call it.

use lambda_http::Error;
use latchkey::http::{self, ApiResult, StatusCode};
use latchkey::store::Store;
use latchkey::telemetry;
use oauth::{ProviderStore, PublicProvider};
use serde::Serialize;

/// How long caches keep it, in seconds.
const MAX_AGE: u32 = 60;

#[derive(Serialize)]
struct ProvidersResponse<'a> {
    data: Vec<PublicProvider<'a>>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let store = Store::from_env().await?;
    // Without parameters that it knows, a cached answer is everybody's.
    http::serve(|_| list_sign_in_providers(&store)).await
}

async fn list_sign_in_providers(store: &Store) -> ApiResult {
    let providers = ProviderStore(store.table()).list().await?;
    let data = providers.iter().map(PublicProvider::from).collect();
    Ok(http::json(StatusCode::OK, &ProvidersResponse { data })?.public_for(MAX_AGE))
}
