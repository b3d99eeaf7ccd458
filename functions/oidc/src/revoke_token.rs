//! `POST /oauth2/revoke`: a client gives a token back (RFC 7009). It ends the grant, and with it every token of that.

use lambda_http::Error;
use latchkey::http::{
    self, ApiResult, Endpoint, Operation, Parameters, Reply, Request, StatusCode,
};
use latchkey::keys::{CachedSecrets, TokenVerifier};
use latchkey::secret::SecretSource;
use latchkey::store::{Change, Store};

use crate::client_token::ClientToken;
use crate::oauth_error::{self, Failed, OauthErrorCode};
use crate::{ClientStore, Credentials, Grant, GrantEnd};

/// The operation `revokeToken`.
pub struct RevokeToken {
    store: Store,
    tokens: TokenVerifier,
    secrets: CachedSecrets,
}

impl Operation for RevokeToken {
    const ENDPOINT: Endpoint = http::taking_any().form();

    async fn from_env() -> Result<Self, Error> {
        let store = Store::from_env().await?;
        Ok(Self {
            tokens: TokenVerifier::from_env(&store).await?,
            secrets: CachedSecrets::from_env(SecretSource::SESSION).await?,
            store,
        })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        match self.revoke(&request).await {
            Ok(reply) => Ok(reply),
            Err(failed) => failed.reply(),
        }
    }
}

impl RevokeToken {
    async fn revoke(&self, request: &Request) -> Result<Reply, Failed> {
        let form = Parameters::read(request);
        let credentials = Credentials::read(request, &form)?;
        let token = oauth_error::required(&form, "token", "token is missing")?;
        let change = http::change(request, None);
        let table = self.store.table();
        let clients = ClientStore(table);
        let (client, token) = tokio::join!(
            clients.get(&credentials.client_id),
            ClientToken::open(&self.tokens, &self.secrets, token, change.at),
        );
        let client = credentials.check(client?, &self.secrets, change.at);
        let client = client.await?;
        // One that counts no more needs no revoking (RFC 7009 §2.2).
        if let Some(token) = token? {
            if *token.client_id() != client.id {
                let description = "the token is another client's";
                return Err(OauthErrorCode::InvalidGrant.because(description).into());
            }
            let names = token.names();
            let change = Change {
                by: Some(*names.user),
                ..change
            };
            let because = GrantEnd::Revoked;
            Grant::revoke(names.user, names.grant, because, table, &change).await?;
        }
        Ok(http::empty(StatusCode::OK).for_every_origin())
    }
}
