//! `POST /oauth2/introspect`: whether a token counts at this moment, and what for (RFC 7662). For clients with a secret:
//! of the tokens that they were given, and of access tokens that are for their API.
//!
//! What does not count, and what is none of the client's business, gets the same answer.

use std::time::Duration;

use lambda_http::Error;
use latchkey::clock::{self, Timestamp};
use latchkey::config;
use latchkey::http::{
    self, ApiResult, Endpoint, Operation, Parameters, Reply, Request, StatusCode,
};
use latchkey::keys::{CachedSecrets, TokenVerifier};
use latchkey::secret::SecretSource;
use latchkey::store::Store;
use serde::Serialize;

use crate::claims::{self, AccessClaims, ClientSubject};
use crate::client_token::ClientToken;
use crate::oauth_error::{self, Failed};
use crate::standing::Found;
use crate::{Client, ClientRefreshToken, ClientStore, Credentials};

#[derive(Serialize)]
struct Inactive {
    active: bool,
}

#[derive(Serialize)]
struct ActiveAccess {
    active: bool,
    token_type: &'static str,
    #[serde(flatten)]
    claims: AccessClaims,
}

#[derive(Serialize)]
struct ActiveRefresh<'a> {
    active: bool,
    iss: &'a str,
    sub: String,
    client_id: &'a str,
    scope: String,
    exp: u64,
    sid: String,
}

/// The operation `introspectToken`.
pub struct IntrospectToken {
    store: Store,
    tokens: TokenVerifier,
    secrets: CachedSecrets,
    grace: Duration,
}

impl Operation for IntrospectToken {
    const ENDPOINT: Endpoint = http::taking_any().form();

    async fn from_env() -> Result<Self, Error> {
        let grace = config::refresh_grace()?;
        let store = Store::from_env().await?;
        Ok(Self {
            tokens: TokenVerifier::from_env(&store).await?,
            secrets: CachedSecrets::from_env(SecretSource::SESSION).await?,
            grace,
            store,
        })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        match self.tell(&request).await {
            Ok(reply) => Ok(reply),
            Err(failed) => failed.reply(),
        }
    }
}

impl IntrospectToken {
    async fn tell(&self, request: &Request) -> Result<Reply, Failed> {
        let form = Parameters::read(request);
        let credentials = Credentials::read(request, &form)?;
        // Tokens are told apart for services alone, and those keep a secret.
        credentials.require_secret()?;
        let token = oauth_error::required(&form, "token", "token is missing")?;
        let now = clock::now();
        let Some(token) = ClientToken::open(&self.tokens, &self.secrets, token, now).await? else {
            let clients = ClientStore(self.store.table());
            let client = clients.get(&credentials.client_id).await?;
            credentials.check(client, &self.secrets, now).await?;
            return inactive();
        };
        let found = Found::read(&self.store, token.names(), &credentials.client_id).await?;
        let asking = found.asking.clone();
        let asking = credentials.check(asking, &self.secrets, now).await?;
        match token {
            ClientToken::Access(subject) => {
                access(self.tokens.issuer(), *subject, &found, &asking, now)
            }
            ClientToken::Refresh(token) => self.refresh(&token, &found, &asking, now),
        }
    }

    /// A refresh token counts as it would at the token endpoint.
    fn refresh(
        &self,
        token: &ClientRefreshToken,
        found: &Found,
        asking: &Client,
        now: Timestamp,
    ) -> Result<Reply, Failed> {
        let live = found.live(now).filter(|(grant, _, scopes)| {
            let counts = grant.counter == token.counter
                || grant.repeats_rotation(token.counter, self.grace, now);
            token.client_id == asking.id && counts && claims::has(scopes, "offline_access")
        });
        let Some((grant, user, scopes)) = live else {
            return inactive();
        };
        let active = ActiveRefresh {
            active: true,
            iss: self.tokens.issuer(),
            sub: user.id.to_string(),
            client_id: token.client_id.as_str(),
            scope: claims::joined(&scopes),
            exp: grant.ends_at.as_seconds(),
            sid: token.session_id.to_string(),
        };
        Ok(http::json(StatusCode::OK, &active)?)
    }
}

/// An access token counts for as much as userinfo would take it for.
fn access(
    issuer: &str,
    subject: ClientSubject,
    found: &Found,
    asking: &Client,
    now: Timestamp,
) -> Result<Reply, Failed> {
    // Every access token is for userinfo: that is nobody's API.
    let userinfo = claims::userinfo_url(issuer);
    let is_for = |own: &String| *own != userinfo && subject.claims.aud.contains(own);
    let may_know = subject.client_id == asking.id || asking.audience.as_ref().is_some_and(is_for);
    let live = found.live(now).filter(|_| may_know);
    let Some((_, _, mut scopes)) = live else {
        return inactive();
    };
    scopes.retain(|scope| subject.scopes.contains(scope));
    if scopes.is_empty() {
        return inactive();
    }
    let mut claims = subject.claims;
    claims.scope = claims::joined(&scopes);
    let active = ActiveAccess {
        active: true,
        token_type: "Bearer",
        claims,
    };
    Ok(http::json(StatusCode::OK, &active)?)
}

fn inactive() -> Result<Reply, Failed> {
    Ok(http::json(StatusCode::OK, &Inactive { active: false })?)
}
