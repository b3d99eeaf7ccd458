//! `POST /v1/auth/reset-password`: sets a password with the token of a letter, in place of a forgotten one or, for an
//! account that an admin made, as the first. Whoever has the token may call it. Every session ends.

use lambda_http::Error;
use latchkey::http::{self, ApiError, ApiResult, ErrorCode, Fields, Operation, Request};
use latchkey::keys::CachedSecrets;
use latchkey::password::Password;
use latchkey::secret::SecretSource;
use latchkey::store::{Change, Credential, Store, WriteRefused};
use latchkey::token::action::{ActionClaims, ActionPurpose};
use latchkey::user::User;

/// The operation `resetPassword`.
pub struct ResetPassword {
    store: Store,
    secrets: CachedSecrets,
}

impl Operation for ResetPassword {
    async fn from_env() -> Result<Self, Error> {
        let store = Store::from_env().await?;
        let secrets = CachedSecrets::from_env(SecretSource::MAIL).await?;
        Ok(Self { store, secrets })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let Self { store, secrets } = self;
        let mut fields = Fields::read(&request)?;
        let token = fields.required("token", |token| Ok(token.to_owned()));
        let password = fields.required("password", Password::parse_new);
        let (token, password) = fields.finish(|| Some((token?, password?)))?;

        let change = http::change(&request, None);
        let purposes = [ActionPurpose::ResetPassword, ActionPurpose::Invitation];
        let claims = secrets.redeem(&token, &purposes, change.at).await?;
        let change = Change {
            by: Some(claims.user_id),
            ..change
        };
        let locale = http::accepted_locale(&request).unwrap_or_default();
        let mut hash = None;
        for is_last in [false, false, true] {
            let (user, credential) = read_account(store, &claims).await?;
            password
                .check_policy(Some(&user.email), user.profile().names())
                .map_err(|error| ApiError::invalid_field("password", error))?;
            let hash = match &mut hash {
                Some(hash) => hash,
                none => none.insert(password.hash()?),
            };
            let written = store.reset_password(&user, &credential, hash, locale, &change);
            match written.await {
                // Whoever else is in the account does not hold its owner off by changing it.
                Err(WriteRefused::Changed) if !is_last => {}
                written => {
                    written?;
                    break;
                }
            }
        }
        Ok(http::no_content())
    }
}

/// The account that a token counts for.
async fn read_account(
    store: &Store,
    claims: &ActionClaims,
) -> Result<(User, Credential), ApiError> {
    let (user, credential) = tokio::join!(
        store.get_user(&claims.user_id),
        store.get_credential(&claims.address)
    );
    let counts = |user: &User, credential: &Credential| {
        claims.hold_for(user)
            && credential.user_id == user.id
            && credential.credential_version == user.credential_version
    };
    match (user?, credential?) {
        (Some(user), Some(credential)) if counts(&user, &credential) => Ok((user, credential)),
        _ => Err(ErrorCode::InvalidActionToken.into()),
    }
}
