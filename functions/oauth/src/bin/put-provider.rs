//! `PUT /v1/providers/{name}`: sets up a provider to sign in with, or changes it. For admins who have proved within five
//! minutes who they are: a provider says who signs in.

use lambda_http::Error;
use latchkey::config;
use latchkey::field::FieldError;
use latchkey::http::{self, ApiError, ApiResult, Fields, Request, StatusCode};
use latchkey::identity::ProviderName;
use latchkey::keys::{CachedSecrets, KeyError, TokenVerifier};
use latchkey::permission::Permission;
use latchkey::secret::SecretSource;
use latchkey::store::{Change, Store};
use latchkey::telemetry;
use oauth::{Directory, Preset, Provider, ProviderInput, ProviderResponse, ProviderStore};
use outbound::Client;

/// What the function is made of.
struct Parts {
    store: Store,
    tokens: TokenVerifier,
    secrets: CachedSecrets,
    directory: Directory,
    base_url: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let store = Store::from_env().await?;
    let parts = Parts {
        tokens: TokenVerifier::from_env(&store).await?,
        secrets: CachedSecrets::from_env(SecretSource::PROVIDERS).await?,
        directory: Directory::new(Client::from_env()?),
        base_url: config::issuer()?,
        store,
    };
    http::serve(|request| put_provider(&parts, request)).await
}

async fn put_provider(parts: &Parts, request: Request) -> ApiResult {
    let name = http::path_parameter(&request, "name", ProviderName::parse)?;
    let preconditions = http::preconditions(&request)?;
    let bearer = parts.tokens.bearer(&request).await?;
    let keys = vec![ProviderStore::key(&name)];
    let (caller, mut beside) = bearer.authenticate_beside(&parts.store, keys).await?;
    caller.user.authorize_all(Permission::ManageProviders)?;
    let change = http::change(&request, Some(caller.user.id));
    caller.require_recent_proof(change.at)?;
    let read = ProviderStore::take(&mut beside, &name)?;

    let mut fields = Fields::read(&request)?;
    let input = ProviderInput::take(&mut fields, parts.directory.client());
    let mut input = fields.finish(|| input)?;
    preconditions.check(read.as_ref().map_or(0, |read| read.version))?;
    let secret = input.secret.take();
    let sealed = match &secret {
        Some(secret) => {
            let secrets = parts.secrets.current(change.at).await?;
            Some(Provider::seal(&name, secret, &secrets).map_err(KeyError::from)?)
        }
        None => None,
    };
    let provider = input.provider(name, sealed, read.as_ref(), caller.user.id, &change);
    check(parts, &provider, &change).await?;
    let status = match &read {
        Some(read) if is_unchanged(parts, &provider, read, secret.as_deref(), &change).await => {
            return reply(StatusCode::OK, read, parts);
        }
        Some(_) => StatusCode::OK,
        None => StatusCode::CREATED,
    };
    let table = ProviderStore(parts.store.table());
    match table.put(&provider, read.as_ref(), &change).await {
        Ok(()) => reply(status, &provider, parts),
        Err(refused) => Err(preconditions.refused(refused)),
    }
}

fn reply(status: StatusCode, provider: &Provider, parts: &Parts) -> ApiResult {
    let response = ProviderResponse::new(provider, &parts.base_url);
    Ok(http::json(status, &response)?.etag(provider.version))
}

/// Whether it is set up like this already. With the same settings a secret that is not sent stays; one that opens no more
/// is another.
async fn is_unchanged(
    parts: &Parts,
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
    let kept = read.secret(&parts.secrets, change.at).await;
    kept.is_ok_and(|kept| kept.as_deref() == Some(secret))
}

/// Whether it can be asked: what is wrong is told to who sets it up, and not to who signs in.
async fn check(parts: &Parts, provider: &Provider, change: &Change) -> Result<(), ApiError> {
    if provider.preset == Preset::Apple && provider.sealed_secret.is_none() {
        let error = FieldError::new("required", "Apple needs this.");
        return Err(ApiError::invalid_field("privateKey", error));
    }
    match parts.directory.endpoints(provider, change.at).await {
        Ok(_) => Ok(()),
        Err(failed) => {
            let message = format!("This provider cannot be asked: {failed}.");
            let error = FieldError::new("invalid_value", message);
            Err(ApiError::invalid_field("issuer", error))
        }
    }
}
