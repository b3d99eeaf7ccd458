//! `GET /v1/auth/oauth/{provider}/start`: sends the browser to a provider to sign in there. Anybody may call it; nothing is
//! written.

use lambda_http::Error;
use latchkey::clock;
use latchkey::config;
use latchkey::http::{self, ApiError, ApiResult, Endpoint, ErrorCode, Fields, Operation, Request};
use latchkey::identity::ProviderName;
use latchkey::keys::CachedSecrets;
use latchkey::secret::SecretSource;
use latchkey::store::Store;
use outbound::Client;

use crate::flow::{Asked, CodeChallenge, Flow, RedirectUrls, app_state};
use crate::{Directory, ProviderStore, callback_url};

/// The operation `startOauth`.
pub struct StartOauth {
    store: Store,
    secrets: CachedSecrets,
    directory: Directory,
    redirect_urls: RedirectUrls,
    base_url: String,
}

impl Operation for StartOauth {
    const ENDPOINT: Endpoint = http::taking_any();

    async fn from_env() -> Result<Self, Error> {
        Ok(Self {
            redirect_urls: RedirectUrls::from_env()?,
            base_url: config::issuer()?,
            directory: Directory::new(Client::from_env()?),
            store: Store::from_env().await?,
            secrets: CachedSecrets::from_env(SecretSource::PROVIDERS).await?,
        })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let name = http::path_parameter(&request, "provider", ProviderName::parse)?;
        let asked = self.read(&request)?;
        let now = clock::now();
        let provider = ProviderStore(self.store.table()).get(&name).await?;
        let provider = provider.ok_or(ErrorCode::ProviderNotFound)?;
        let endpoints = self.directory.endpoints(&provider, now).await;
        let endpoints =
            endpoints.map_err(|failed| ApiError::caused_by(ErrorCode::ProviderFailed, failed))?;
        let flow = Flow::begin(&provider, callback_url(&self.base_url, &provider), asked);
        let by_form = provider.preset.answers_by_form();
        let cookie = flow.cookie(&self.secrets, by_form, now).await?;
        Ok(http::see_other(&flow.url(&provider, &endpoints)).cookie(&cookie))
    }
}

impl StartOauth {
    fn read(&self, request: &Request) -> Result<Asked, ApiError> {
        let mut fields = Fields::of_query(request);
        let redirect_to = fields.required("redirectTo", |url| self.redirect_urls.parse(url));
        let code_challenge = fields.required("codeChallenge", CodeChallenge::parse);
        let state = fields.optional("state", app_state);
        fields.finish(|| {
            Some(Asked {
                redirect_to: redirect_to?,
                code_challenge: code_challenge?,
                state: state?,
            })
        })
    }
}
