//! `PUT /v1/clients/{clientId}`: registers a client that Latchkey is the provider of, or changes it. For admins who
//! have proved within five minutes who they are: a client is who learns of people, and where they are sent.

use lambda_http::Error;
use latchkey::config;
use latchkey::field::FieldError;
use latchkey::http::{self, ApiError, ApiResult, Fields, Operation, Request, StatusCode};
use latchkey::keys::{CachedSecrets, TokenVerifier};
use latchkey::permission::Permission;
use latchkey::secret::SecretSource;
use latchkey::store::Store;

use crate::claims;
use crate::{Client, ClientId, ClientInput, ClientResponse, ClientSecret, ClientStore};

/// The operation `putClient`.
pub struct PutClient {
    store: Store,
    tokens: TokenVerifier,
    secrets: CachedSecrets,
    audience: String,
}

impl Operation for PutClient {
    async fn from_env() -> Result<Self, Error> {
        let store = Store::from_env().await?;
        Ok(Self {
            tokens: TokenVerifier::from_env(&store).await?,
            secrets: CachedSecrets::from_env(SecretSource::SESSION).await?,
            audience: config::required(config::AUDIENCE)?,
            store,
        })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let id = http::path_parameter(&request, "clientId", ClientId::parse)?;
        if id.as_str() == self.audience {
            let message = "This is what the tokens of sessions are for.";
            let error = FieldError::new("invalid_value", message);
            return Err(ApiError::invalid_field("clientId", error));
        }
        let preconditions = http::preconditions(&request)?;
        let bearer = self.tokens.bearer(&request).await?;
        let keys = vec![ClientStore::key(&id)];
        let (caller, mut beside) = bearer.authenticate_beside(&self.store, keys).await?;
        caller.user.authorize_all(Permission::ManageClients)?;
        let change = http::change(&request, Some(caller.user.id));
        caller.require_recent_proof(change.at)?;
        let read = ClientStore::take(&mut beside, &id)?;

        let mut fields = Fields::read(&request)?;
        let userinfo = claims::userinfo_url(self.tokens.issuer());
        let taken = [self.audience.as_str(), userinfo.as_str()];
        let input = ClientInput::take(&mut fields, read.as_ref(), &taken);
        let input = fields.finish(|| input)?;
        preconditions.check(read.as_ref().map_or(0, |read| read.version))?;
        let made = input.has_new_secret.then(ClientSecret::generate);
        let mut client = input.client(id, read.as_ref(), caller.user.id, &change);
        if let Some(made) = &made {
            let secrets = self.secrets.current(change.at).await?;
            client.add_secret(made, &secrets, change.at);
        }
        let status = match &read {
            Some(read) if client.is_set_up_as(read) => return reply(StatusCode::OK, read, None),
            Some(_) => StatusCode::OK,
            None => StatusCode::CREATED,
        };
        let clients = ClientStore(self.store.table());
        match clients.put(&client, read.as_ref(), &change).await {
            Ok(()) => reply(status, &client, made.as_ref()),
            Err(refused) => Err(preconditions.refused(refused)),
        }
    }
}

fn reply(status: StatusCode, client: &Client, made: Option<&ClientSecret>) -> ApiResult {
    Ok(http::json(status, &ClientResponse::new(client, made))?.etag(client.version))
}
