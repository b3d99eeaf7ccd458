//! `POST /oauth2/token`: trades a code or a refresh token of a client for tokens (RFC 6749 §3.2, OpenID Connect Core
//! 1.0 §3.1.3). The client says who it is; a public one has nothing to show but its code verifier.
//!
//! What is forged costs no I/O. What is authentic is read with client, user, session, grant and consent in one round
//! trip, and spent in another.

use std::time::Duration;

use lambda_http::Error;
use latchkey::clock::Timestamp;
use latchkey::config;
use latchkey::http::{self, ApiResult, Endpoint, Operation, Parameters, Request, StatusCode};
use latchkey::keys::{Mint, TokenIssuer, VerifyError};
use latchkey::pkce;
use latchkey::session::{KEPT_EVERY, Session};
use latchkey::store::{Change, Store};
use serde::Serialize;

use crate::claims::{self, Issuing};
use crate::oauth_error::{self, Failed, OauthError, OauthErrorCode};
use crate::standing::{Found, Names, Standing};
use crate::{
    AuthorizationCode, Client, ClientRefreshToken, Credentials, Grant, GrantEnd, GrantRotation,
    Scope, request,
};

const NO_CODE: OauthError =
    OauthErrorCode::InvalidGrant.because("the code is wrong, spent, expired or not this client's");
const NO_TOKEN: OauthError = OauthErrorCode::InvalidGrant
    .because("the refresh token is wrong, spent, expired or not this client's");

#[derive(Serialize)]
struct Response<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
    scope: String,
}

/// The operation `token`.
pub struct Token {
    store: Store,
    tokens: TokenIssuer,
    grace: Duration,
    idle: Duration,
}

impl Operation for Token {
    const ENDPOINT: Endpoint = http::taking_any().form();

    async fn from_env() -> Result<Self, Error> {
        let grace = config::refresh_grace()?;
        let idle = config::session_idle_lifetime()?;
        let store = Store::from_env().await?;
        let tokens = TokenIssuer::from_env(&store).await?;
        Ok(Self {
            store,
            tokens,
            grace,
            idle,
        })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        match Box::pin(self.trade(&request)).await {
            Ok(reply) => Ok(reply),
            Err(failed) => failed.reply(),
        }
    }
}

impl Token {
    async fn trade(&self, request: &Request) -> Result<http::Reply, Failed> {
        let form = Parameters::read(request);
        let credentials = Credentials::read(request, &form)?;
        let change = http::change(request, None);
        match form.given("grant_type") {
            Some("authorization_code") => self.spend_code(&form, &credentials, change).await,
            Some("refresh_token") => self.refresh(&form, &credentials, change).await,
            None => {
                let description = "grant_type is missing";
                Err(OauthErrorCode::InvalidRequest.because(description).into())
            }
            Some(_) => {
                let description = "grant_type is authorization_code or refresh_token";
                Err(OauthErrorCode::UnsupportedGrantType
                    .because(description)
                    .into())
            }
        }
    }

    async fn spend_code(
        &self,
        form: &Parameters,
        credentials: &Credentials,
        change: Change,
    ) -> Result<http::Reply, Failed> {
        let secrets = self.tokens.secrets();
        let code = oauth_error::required(form, "code", "code is missing")?;
        let verifier = oauth_error::required(form, "code_verifier", "code_verifier is missing")?;
        let code = AuthorizationCode::open(secrets, code, change.at).await;
        let code = code.map_err(|error| refused(error, NO_CODE))?;
        if code.client_id != credentials.client_id {
            return Err(NO_CODE.into());
        }
        let mint = self.tokens.mint(change.at).await?;
        let (client, found) = self.read(credentials, code.names(), change.at).await?;
        let is_theirs = form.get("redirect_uri") == Some(code.redirect_uri.as_str())
            && pkce::code_verifier(verifier).is_ok()
            && code.code_challenge.is_of(verifier)
            && client.created_at <= code.issued_at;
        let found = found.filter(|_| is_theirs).ok_or(NO_CODE)?;
        let change = Change {
            by: Some(code.user_id),
            ..change
        };
        let grant = Grant {
            id: code.grant_id,
            user_id: code.user_id,
            client_id: code.client_id.clone(),
            session_id: code.session_id,
            consent_id: code.consent_id,
            scopes: code.scopes.clone(),
            proved: code.proved,
            counter: 0,
            rotated_at: change.at,
            created_at: change.at,
            ends_at: found.session.ends_at,
            revoked_at: None,
            revoked_because: None,
            version: 1,
        };
        let scopes = found.live_scopes(&grant, &client, change.at);
        let scopes = scopes.ok_or(NO_CODE)?;
        let is_spent =
            found.grant.is_some() || !grant.put_once(self.store.table(), &change).await?;
        if is_spent {
            // Twice is once too often: what it gave is taken back (RFC 6749 §4.1.2).
            let (table, because) = (self.store.table(), GrantEnd::CodeReuse);
            Grant::revoke(&code.user_id, &code.grant_id, because, table, &change).await?;
            return Err(NO_CODE.into());
        }
        let issuing = Issuing {
            client: &client,
            grant: &grant,
            user: &found.user,
            scopes: &scopes,
            now: change.at,
        };
        let refreshes = claims::has(&scopes, "offline_access");
        let nonce = code.nonce.as_deref();
        Self::issue(&mint, &issuing, nonce, refreshes)
    }

    async fn refresh(
        &self,
        form: &Parameters,
        credentials: &Credentials,
        change: Change,
    ) -> Result<http::Reply, Failed> {
        let secrets = self.tokens.secrets();
        let token = oauth_error::required(form, "refresh_token", "refresh_token is missing")?;
        let token = ClientRefreshToken::open(secrets, token, change.at).await;
        let token = token.map_err(|error| refused(error, NO_TOKEN))?;
        if token.client_id != credentials.client_id {
            return Err(NO_TOKEN.into());
        }
        let mint = self.tokens.mint(change.at).await?;
        let (client, found) = self.read(credentials, token.names(), change.at).await?;
        let found = found.ok_or(NO_TOKEN)?;
        let grant = found.grant.as_ref().ok_or(NO_TOKEN)?;
        let scopes = found
            .live_scopes(grant, &client, change.at)
            .filter(|scopes| claims::has(scopes, "offline_access"))
            .ok_or(NO_TOKEN)?;
        let scopes = narrowed(form.given("scope"), &client, &grant.scopes, scopes)?;
        let change = Change {
            by: Some(token.user_id),
            ..change
        };
        let grant = self
            .next(grant, token.counter, &found.session, &change)
            .await?;
        let issuing = Issuing {
            client: &client,
            grant: &grant,
            user: &found.user,
            scopes: &scopes,
            now: change.at,
        };
        // It is for as much as before, whatever is asked for this time (RFC 6749 §6).
        Self::issue(&mint, &issuing, None, true)
    }

    /// Reads all that a trade needs in one round trip: the client, which is checked first, and what its token stands on.
    async fn read(
        &self,
        credentials: &Credentials,
        names: Names<'_>,
        now: Timestamp,
    ) -> Result<(Client, Option<Standing>), Failed> {
        let found = Found::read(&self.store, names, &credentials.client_id).await?;
        let secrets = self.tokens.secrets();
        let client = credentials.check(found.asking, secrets, now).await?;
        Ok((client, found.standing))
    }

    /// The grant at its next refresh token, or as it is for an answer that got lost; one that may have been stolen is
    /// ended.
    async fn next(
        &self,
        grant: &Grant,
        counter: u32,
        session: &Session,
        change: &Change,
    ) -> Result<Grant, Failed> {
        let table = self.store.table();
        let current = if grant.counter == counter {
            let keep = async {
                if change.at.since(session.rotated_at) < KEPT_EVERY {
                    return Ok(());
                }
                self.store.keep_session(session, self.idle, change).await
            };
            let (rotation, kept) = tokio::join!(grant.rotate(table, change), keep);
            kept?;
            match rotation? {
                GrantRotation::Rotated(grant) => return Ok(grant),
                GrantRotation::Refused(grant) => grant,
                GrantRotation::None => return Err(NO_TOKEN.into()),
            }
        } else {
            grant.clone()
        };
        let is_live = current.revoked_at.is_none();
        if is_live && current.repeats_rotation(counter, self.grace, change.at) {
            return Ok(current);
        }
        if is_live {
            let because = GrantEnd::RefreshTokenReuse;
            Grant::revoke(&current.user_id, &current.id, because, table, change).await?;
        }
        Err(NO_TOKEN.into())
    }

    fn issue(
        mint: &Mint<'_>,
        issuing: &Issuing<'_>,
        nonce: Option<&str>,
        refreshes: bool,
    ) -> Result<http::Reply, Failed> {
        let Issuing { grant, scopes, .. } = issuing;
        let access_token = issuing.access_token(mint)?;
        let id_token = claims::has(scopes, "openid")
            .then(|| issuing.id_token(mint, &access_token, nonce))
            .transpose()?;
        let refresh_token = if refreshes {
            let token = ClientRefreshToken {
                client_id: grant.client_id.clone(),
                user_id: grant.user_id,
                session_id: grant.session_id,
                grant_id: grant.id,
                counter: grant.counter,
            };
            Some(token.seal(mint.secrets(), grant.ends_at)?)
        } else {
            None
        };
        let response = Response {
            access_token: &access_token,
            token_type: "Bearer",
            expires_in: mint.lifetime().as_secs(),
            refresh_token,
            id_token,
            scope: claims::joined(scopes),
        };
        Ok(http::json(StatusCode::OK, &response)?.for_every_origin())
    }
}

/// What is not ours is refused; when nobody can tell, it is said so.
fn refused(error: VerifyError, refusal: OauthError) -> Failed {
    match error {
        VerifyError::Invalid => refusal.into(),
        VerifyError::Keys(error) => error.into(),
    }
}

/// What is asked for of what may be had: all of it where nothing is said, and never more (RFC 6749 §6).
fn narrowed(
    asked: Option<&str>,
    client: &Client,
    given: &[Scope],
    live: Vec<Scope>,
) -> Result<Vec<Scope>, OauthError> {
    let Some(asked) = asked else {
        return Ok(live);
    };
    let mut asked = request::scopes(asked, client).unwrap_or_default();
    let is_more = asked.iter().any(|scope| !given.contains(scope));
    asked.retain(|scope| live.contains(scope));
    if is_more || asked.is_empty() {
        let description = "the refresh token is for less";
        return Err(OauthErrorCode::InvalidScope.because(description));
    }
    Ok(asked)
}
