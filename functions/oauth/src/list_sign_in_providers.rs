//! `GET /v1/auth/oauth`: the providers to sign in with, for sign-in pages. Anybody may call it.

use lambda_http::Error;
use latchkey::http::{self, ApiResult, Operation, Request, StatusCode};
use latchkey::store::Store;
use serde::Serialize;

use crate::{ProviderStore, PublicProvider};

/// How long caches keep it, in seconds.
const MAX_AGE: u32 = 60;

#[derive(Serialize)]
struct ProvidersResponse<'a> {
    data: Vec<PublicProvider<'a>>,
}

/// The operation `listSignInProviders`.
pub struct ListSignInProviders {
    store: Store,
}

impl Operation for ListSignInProviders {
    async fn from_env() -> Result<Self, Error> {
        let store = Store::from_env().await?;
        Ok(Self { store })
    }

    // Without parameters that it knows, a cached answer is everybody's.
    async fn answer(&self, _: Request) -> ApiResult {
        let providers = ProviderStore(self.store.table()).list().await?;
        let data = providers.iter().map(PublicProvider::from).collect();
        Ok(http::json(StatusCode::OK, &ProvidersResponse { data })?.public_for(MAX_AGE))
    }
}
