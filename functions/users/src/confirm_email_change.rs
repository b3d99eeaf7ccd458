//! `POST /v1/users/{id}/email/confirm`: moves an account to the address that the token of a letter names, for its
//! owner, while it is the address they last asked for. Every other session ends, unless it is
//! another spelling of the account's own.

use lambda_http::Error;
use latchkey::clock;
use latchkey::email::Email;
use latchkey::http::{
    self, ApiError, ApiResult, Bearer, Caller, ErrorCode, Fields, Operation, PathUser, Request,
};
use latchkey::keys::{CachedSecrets, TokenVerifier};
use latchkey::permission::Permission;
use latchkey::secret::SecretSource;
use latchkey::store::{Credential, Store};
use latchkey::table::Key;
use latchkey::token::action::{ActionClaims, ActionPurpose};

use crate::email_change::{EmailChange, EmailChanges};

/// The operation `confirmEmailChange`.
pub struct ConfirmEmailChange {
    store: Store,
    tokens: TokenVerifier,
    secrets: CachedSecrets,
}

impl Operation for ConfirmEmailChange {
    async fn from_env() -> Result<Self, Error> {
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
        })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let Self {
            store,
            tokens,
            secrets,
        } = self;
        let path = http::user_id(&request)?;
        let bearer = tokens.bearer(&request).await?;
        let id = bearer.resolve(path);
        // Its address is read along with the caller; who that is comes before what is wrong with it.
        let claims = read_claims(secrets, &request).await;
        let before = claims.as_ref().ok();
        let (caller, credential, asked) = match before.and_then(|claims| claims.replaces.as_ref()) {
            Some(before) => read_beside(store, &bearer, before).await?,
            None => (bearer.authenticate(store).await?, None, None),
        };
        let own = (caller.user.id == id).then(|| caller.user.clone());
        let user = caller.user.authorize(Permission::ChangeEmail, &id, own)?;

        let claims = claims?;
        let invalid = ErrorCode::InvalidActionToken;
        let is_current = |credential: &Credential| {
            credential.user_id == user.id
                && credential.credential_version == user.credential_version
        };
        let credential = credential.filter(is_current).ok_or(invalid)?;
        let is_newest = asked.is_some_and(|asked| asked.email == claims.address);
        if !is_newest || !claims.hold_for(&user) {
            return Err(invalid.into());
        }
        let change = http::change(&request, Some(user.id));
        EmailChanges(store.table())
            .carry_out(
                &user,
                &credential,
                &claims.address,
                &caller.session,
                &change,
            )
            .await?;
        Ok(http::no_content())
    }
}

/// The caller, the credential of the address that is thought to be theirs, and the address they last asked for.
async fn read_beside(
    store: &Store,
    bearer: &Bearer,
    email: &Email,
) -> Result<(Caller, Option<Credential>, Option<EmailChange>), ApiError> {
    let id = bearer.resolve(PathUser::Me);
    let keys = [Key::credential(email), EmailChange::key(&id)];
    let (caller, mut beside) = bearer.authenticate_beside(store, keys.to_vec()).await?;
    let [credential, asked] = keys;
    Ok((caller, beside.take(&credential)?, beside.take(&asked)?))
}

async fn read_claims(secrets: &CachedSecrets, request: &Request) -> Result<ActionClaims, ApiError> {
    let mut fields = Fields::read(request)?;
    let token = fields.required("token", |token| Ok(token.to_owned()));
    let token = fields.finish(|| token)?;
    let purposes = [ActionPurpose::ChangeEmail];
    secrets.redeem(&token, &purposes, clock::now()).await
}
