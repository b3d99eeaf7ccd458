//! `POST /v1/auth/register`: makes an account. Anybody may call it.
//!
//! With `REGISTRATION=private` the answer is the same whether or not the address has an account already, after
//! the same work; a letter tells the owner of the address.

use lambda_http::Error;
use latchkey::config;
use latchkey::http::{
    self, ApiError, ApiResult, ErrorCode, Fields, Limiter, NewAccount, Operation, PasswordField,
    Request,
};
use latchkey::letters::Letter;
use latchkey::limit::REGISTER_ROUTE;
use latchkey::store::{Change, Idempotency, MailRequest, Store};
use latchkey::user::{Role, User};

/// The operation `register`.
pub struct Register {
    store: Store,
    limiter: Limiter,
    private: bool,
}

impl Operation for Register {
    async fn from_env() -> Result<Self, Error> {
        let private = config::registers_privately()?;
        let limiter = Limiter::from_env(REGISTER_ROUTE)?;
        let store = Store::from_env().await?;
        Ok(Self {
            store,
            limiter,
            private,
        })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let Self { store, limiter, .. } = self;
        let (account, idempotency) = read(&request)?;

        let change = http::change(&request, None);
        let attempt = limiter.attempt(store, &request, &account.email.canonical(), change.at);
        attempt.admit().await?;
        let user = account.user(Role::User, change.at);
        let change = Change {
            by: Some(user.id),
            ..change
        };
        if self.private {
            return register_privately(store, &account, &user, &change).await;
        }
        account
            .create(store, &user, idempotency.as_ref(), &change)
            .await
    }
}

/// An idempotency key changes nothing here: every answer is the same.
async fn register_privately(
    store: &Store,
    account: &NewAccount,
    user: &User,
    change: &Change,
) -> ApiResult {
    let made = account.create(store, user, None, change).await;
    if let Err(error) = made
        && error.code() != ErrorCode::EmailTaken
    {
        return Err(error);
    }
    // Asked for in either case; whoever sends letters finds out whose the address is.
    let letter = MailRequest {
        user_id: Some(user.id),
        ..MailRequest::new(Letter::AccountExists, user.email.clone(), change.at)
    };
    store.request_mail(&letter, change).await?;
    http::accepted()
}

fn read(request: &Request) -> Result<(NewAccount, Option<Idempotency>), ApiError> {
    let mut fields = Fields::read(request)?;
    let idempotency = http::idempotency(request, "register", None, &fields)?;
    let locale = http::accepted_locale(request).unwrap_or_default();
    let account = NewAccount::take(&mut fields, PasswordField::Required, locale);
    Ok((fields.finish(|| account)?, idempotency))
}
