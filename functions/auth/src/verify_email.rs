//! `POST /v1/auth/verify-email`: confirms that the account's owner receives mail at its address.
//!
//! It takes the token of a letter, and to be signed in to the account or its password: who registered somebody
//! else's address gains nothing by a click of theirs. A second click changes nothing, and is as good as the first.

use lambda_http::Error;
use latchkey::http::{
    self, ApiError, ApiResult, Attempt, ErrorCode, Fields, Limiter, Operation, Request,
};
use latchkey::keys::{CachedSecrets, TokenVerifier};
use latchkey::limit::PASSWORD_ROUTE;
use latchkey::password::{Match, Password};
use latchkey::secret::SecretSource;
use latchkey::store::{Change, Store};
use latchkey::telemetry;
use latchkey::token::action::{ActionClaims, ActionPurpose};
use latchkey::user::User;

/// The operation `verifyEmail`.
pub struct VerifyEmail {
    store: Store,
    tokens: TokenVerifier,
    secrets: CachedSecrets,
    limiter: Limiter,
}

impl Operation for VerifyEmail {
    async fn from_env() -> Result<Self, Error> {
        let limiter = Limiter::from_env(PASSWORD_ROUTE)?;
        let store = Store::from_env().await?;
        let (tokens, secrets) = tokio::join!(
            TokenVerifier::from_env(&store),
            CachedSecrets::from_env(SecretSource::MAIL)
        );
        let (tokens, secrets) = (tokens?, secrets?);
        Ok(Self {
            store,
            tokens,
            secrets,
            limiter,
        })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let Self {
            store,
            tokens,
            secrets,
            limiter,
        } = self;
        let mut fields = Fields::read(&request)?;
        let token = fields.required("token", |token| Ok(token.to_owned()));
        let password = fields.optional("password", Password::parse);
        let (token, password) = fields.finish(|| Some((token?, password?)))?;

        let change = http::change(&request, None);
        let redeem = secrets.redeem(&token, &[ActionPurpose::VerifyEmail], change.at);
        let (user, claims) = if let Some(password) = password {
            let claims = redeem.await?;
            telemetry::name_account(claims.user_id);
            let attempt = limiter.attempt(store, &request, &claims.address.canonical(), change.at);
            (
                owner_by_password(store, &attempt, &claims, &password).await?,
                claims,
            )
        } else {
            let caller = tokens.authenticate(store, &request).await?;
            (caller.user, redeem.await?)
        };
        if !claims.hold_for(&user) {
            return Err(ErrorCode::InvalidActionToken.into());
        }
        if user.email_verified {
            return Ok(http::no_content());
        }
        let change = Change {
            by: Some(user.id),
            ..change
        };
        store.verify_email(&user, &change).await?;
        Ok(http::no_content())
    }
}

/// The account a token is about, if this is its password: a guess as at a sign-in, under the same limits. One hash,
/// whether or not there is such an account.
async fn owner_by_password(
    store: &Store,
    attempt: &Attempt<'_>,
    claims: &ActionClaims,
    password: &Password,
) -> Result<User, ApiError> {
    let (near, user, credential) = tokio::join!(
        attempt.admit_near(),
        store.get_user(&claims.user_id),
        store.get_credential(&claims.address)
    );
    let credential = credential?.filter(|credential| credential.user_id == claims.user_id);
    attempt.admit_account(&near?, credential.as_ref()).await?;
    let hash = credential.and_then(|credential| credential.password_hash);
    match (user?, password.matches(hash.as_ref())?) {
        (Some(user), Match::Yes | Match::YesButOutdated) => Ok(user),
        _ => Err(ErrorCode::InvalidCredentials.into()),
    }
}
