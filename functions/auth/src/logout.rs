//! `DELETE` and `POST /v1/auth/logout?scope=session|others|all`: ends sessions. The holder of a bearer
//! token may call it, or of a refresh token, sent in the body, when the access token has expired.

use std::time::Duration;

use lambda_http::Error;
use latchkey::clock;
use latchkey::config;
use latchkey::field::FieldError;
use latchkey::http::{
    self, ApiError, ApiResult, Caller, Endpoint, ErrorCode, Fields, Operation, Request,
};
use latchkey::keys::{CachedSecrets, TokenVerifier};
use latchkey::secret::SecretSource;
use latchkey::session::RevocationReason;
use latchkey::store::Store;

/// Which sessions end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    Session,
    Others,
    All,
}

/// The operations `logout` and `logoutPost`.
pub struct Logout {
    store: Store,
    tokens: TokenVerifier,
    secrets: CachedSecrets,
    grace: Duration,
}

impl Operation for Logout {
    const ENDPOINT: Endpoint = http::taking(&["scope"]);

    async fn from_env() -> Result<Self, Error> {
        let grace = config::refresh_grace()?;
        let store = Store::from_env().await?;
        let (tokens, secrets) = tokio::join!(
            TokenVerifier::from_env(&store),
            CachedSecrets::from_env(SecretSource::SESSION)
        );
        let (tokens, secrets) = (tokens?, secrets?);
        Ok(Self {
            store,
            tokens,
            secrets,
            grace,
        })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let Self {
            store,
            tokens,
            secrets,
            ..
        } = self;
        let scope = Scope::read(&request)?;
        let caller = if let Some(token) = read_refresh_token(&request)? {
            caller_by_refresh_token(store, secrets, self.grace, scope, &token).await?
        } else {
            let caller = tokens.authenticate(store, &request).await?;
            Some((caller, RevocationReason::Logout))
        };
        // The session is over already: what was asked for holds (as RFC 7009 §2.2).
        let Some((Caller { user, session }, reason)) = caller else {
            return Ok(http::no_content());
        };

        let change = http::change(&request, Some(user.id));
        match scope {
            Scope::Session => {
                store
                    .revoke_session(&user.id, &session.id, reason, &change)
                    .await?;
            }
            Scope::Others => {
                store
                    .revoke_other_sessions(&user, &session, &change)
                    .await?;
            }
            Scope::All => store.revoke_all_sessions(&user, &change).await?,
        }
        Ok(http::no_content())
    }
}

/// The refresh token in the body, if there is one.
fn read_refresh_token(request: &Request) -> Result<Option<String>, ApiError> {
    if !http::has_body(request) {
        return Ok(None);
    }
    let mut fields = Fields::read(request)?;
    let token = fields.optional("refreshToken", |token| Ok(token.to_owned()));
    fields.finish(|| token)
}

/// The caller a refresh token stands for, and why that session ends; nobody when it is over.
///
/// An old token of a live session ends that session as reusing it would, but it ends no others.
async fn caller_by_refresh_token(
    store: &Store,
    secrets: &CachedSecrets,
    grace: Duration,
    scope: Scope,
    token: &str,
) -> Result<Option<(Caller, RevocationReason)>, ApiError> {
    let now = clock::now();
    let claims = secrets.verify_refresh(token, now).await?;
    let read = store
        .read_for_authentication(&claims.user_id, &claims.session_id, Vec::new())
        .await?;
    let caller = Caller::from_read(read.caller, read.session, now).ok();
    let is_current = caller.as_ref().is_some_and(|Caller { session, .. }| {
        claims.counter == session.counter || session.repeats_rotation(claims.counter, grace, now)
    });
    if scope != Scope::Session && !is_current {
        return Err(ErrorCode::InvalidToken.into());
    }
    let reason = if is_current {
        RevocationReason::Logout
    } else {
        RevocationReason::RefreshTokenReuse
    };
    Ok(caller.map(|caller| (caller, reason)))
}

impl Scope {
    fn read(request: &Request) -> Result<Self, ApiError> {
        match http::query_parameter(request, "scope")? {
            None | Some("session") => Ok(Self::Session),
            Some("others") => Ok(Self::Others),
            Some("all") => Ok(Self::All),
            Some(_) => Err(ApiError::invalid_field(
                "scope",
                FieldError::new("invalid_value", "Choose among: session, others, all."),
            )),
        }
    }
}
