//! `POST /v1/auth/refresh`: trades a refresh token for a new pair of tokens. Whoever holds the token may
//! call it.
//!
//! A forged token costs no I/O. An authentic one is traded in one conditional write, with the user read
//! beside it. The token just replaced answers with the same successor for a moment, because answers get
//! lost; any other token that has been used before ends the session.

use std::time::Duration;

use lambda_http::Error;
use latchkey::config;
use latchkey::http::{
    self, ApiError, ApiResult, ErrorCode, Fields, Operation, Request, StatusCode, TokenResponse,
};
use latchkey::keys::TokenIssuer;
use latchkey::session::{RevocationReason, Rotation, Session};
use latchkey::store::{Change, Store};
use latchkey::token::refresh::RefreshClaims;
use latchkey::user::User;

/// The operation `refresh`.
pub struct Refresh {
    store: Store,
    tokens: TokenIssuer,
    grace: Duration,
    idle: Duration,
}

impl Operation for Refresh {
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
        let Self { store, tokens, .. } = self;
        let mut fields = Fields::read(&request)?;
        let token = fields.required("refreshToken", |token| Ok(token.to_owned()));
        let token = fields.finish(|| token)?;

        let change = http::change(&request, None);
        let claims = tokens.secrets().verify_refresh(&token, change.at).await?;
        let change = Change {
            by: Some(claims.user_id),
            ..change
        };
        let mint = tokens.mint(change.at).await?;
        let (rotation, user) = tokio::join!(
            store.rotate_session(&claims, self.idle, &change),
            store.get_user(&claims.user_id),
        );
        let user = user?.ok_or(ErrorCode::InvalidToken)?;
        let session =
            current_session(store, rotation?, &user, &claims, self.grace, &change).await?;

        let pair = mint.issue(&user, &session)?;
        http::json(StatusCode::OK, &TokenResponse::new(&pair, &user, change.at))
    }
}

/// The session the caller goes on with; a session that may have been stolen is ended.
async fn current_session(
    store: &Store,
    rotation: Rotation,
    user: &User,
    claims: &RefreshClaims,
    grace: Duration,
    change: &Change,
) -> Result<Session, ApiError> {
    let (session, current) = match rotation {
        Rotation::Rotated(session) => (session, true),
        Rotation::Refused(session) => {
            let repeated = session.repeats_rotation(claims.counter, grace, change.at);
            (session, repeated)
        }
        Rotation::NoSession => return Err(ErrorCode::InvalidToken.into()),
    };
    if !session.is_live(user, change.at) {
        return Err(ErrorCode::InvalidToken.into());
    }
    if !current {
        store
            .revoke_session(
                &user.id,
                &session.id,
                RevocationReason::RefreshTokenReuse,
                change,
            )
            .await?;
        return Err(ErrorCode::InvalidToken.into());
    }
    Ok(session)
}
