//! `PUT /v1/providers/{name}`: sets up a provider to sign in with, or changes it. For admins who have proved within five
//! minutes who they are: a provider says who signs in.

use lambda_http::Error;
use latchkey::config;
use latchkey::field::FieldError;
use latchkey::http::{self, ApiError, ApiResult, Fields, Operation, Request, StatusCode};
use latchkey::identity::ProviderName;
use latchkey::keys::{CachedSecrets, KeyError, TokenVerifier};
use latchkey::permission::Permission;
use latchkey::secret::SecretSource;
use latchkey::store::{Change, Store};
use outbound::Client;

use crate::{Directory, Preset, Provider, ProviderInput, ProviderResponse, ProviderStore};

/// The operation `putProvider`.
pub struct PutProvider {
    store: Store,
    tokens: TokenVerifier,
    secrets: CachedSecrets,
    directory: Directory,
    base_url: String,
}

impl Operation for PutProvider {
    async fn from_env() -> Result<Self, Error> {
        let store = Store::from_env().await?;
        Ok(Self {
            tokens: TokenVerifier::from_env(&store).await?,
            secrets: CachedSecrets::from_env(SecretSource::PROVIDERS).await?,
            directory: Directory::new(Client::from_env()?),
            base_url: config::issuer()?,
            store,
        })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let name = http::path_parameter(&request, "name", ProviderName::parse)?;
        let preconditions = http::preconditions(&request)?;
        let bearer = self.tokens.bearer(&request).await?;
        let keys = vec![ProviderStore::key(&name)];
        let (caller, mut beside) = bearer.authenticate_beside(&self.store, keys).await?;
        caller.user.authorize_all(Permission::ManageProviders)?;
        let change = http::change(&request, Some(caller.user.id));
        caller.require_recent_proof(change.at)?;
        let read = ProviderStore::take(&mut beside, &name)?;

        let mut fields = Fields::read(&request)?;
        let input = ProviderInput::take(&mut fields, self.directory.client());
        let mut input = fields.finish(|| input)?;
        preconditions.check(read.as_ref().map_or(0, |read| read.version))?;
        let secret = input.secret.take();
        let sealed = match &secret {
            Some(secret) => {
                let secrets = self.secrets.current(change.at).await?;
                Some(Provider::seal(&name, secret, &secrets).map_err(KeyError::from)?)
            }
            None => None,
        };
        let provider = input.provider(name, sealed, read.as_ref(), caller.user.id, &change);
        self.check(&provider, &change).await?;
        let secret = secret.as_deref();
        let status = match &read {
            Some(read) if self.is_unchanged(&provider, read, secret, &change).await => {
                return self.reply(StatusCode::OK, read);
            }
            Some(_) => StatusCode::OK,
            None => StatusCode::CREATED,
        };
        let table = ProviderStore(self.store.table());
        match table.put(&provider, read.as_ref(), &change).await {
            Ok(()) => self.reply(status, &provider),
            Err(refused) => Err(preconditions.refused(refused)),
        }
    }
}

impl PutProvider {
    fn reply(&self, status: StatusCode, provider: &Provider) -> ApiResult {
        let response = ProviderResponse::new(provider, &self.base_url);
        Ok(http::json(status, &response)?.etag(provider.version))
    }

    /// Whether it is set up like this already. With the same settings a secret that is not sent stays; one that opens no
    /// more is another.
    async fn is_unchanged(
        &self,
        provider: &Provider,
        read: &Provider,
        secret: Option<&str>,
        change: &Change,
    ) -> bool {
        if !provider.is_set_up_as(read) {
            return false;
        }
        let Some(secret) = secret else {
            return true;
        };
        let kept = read.secret(&self.secrets, change.at).await;
        kept.is_ok_and(|kept| kept.as_deref() == Some(secret))
    }

    /// Whether it can be asked: what is wrong is told to who sets it up, and not to who signs in.
    async fn check(&self, provider: &Provider, change: &Change) -> Result<(), ApiError> {
        if provider.preset == Preset::Apple && provider.sealed_secret.is_none() {
            let error = FieldError::new("required", "Apple needs this.");
            return Err(ApiError::invalid_field("privateKey", error));
        }
        match self.directory.endpoints(provider, change.at).await {
            Ok(_) => Ok(()),
            Err(failed) => {
                let message = format!("This provider cannot be asked: {failed}.");
                let error = FieldError::new("invalid_value", message);
                Err(ApiError::invalid_field("issuer", error))
            }
        }
    }
}
