//! `POST /v1/users/{id}/email`: asks to move an account to another address, for its owner, after a recent sign-in.
//! Nothing changes before the new address is confirmed; the old one is told. Of several requests the newest counts.
//! The new address may be another spelling of the account's own.
//!
//! Whether the new address belongs to somebody already shows neither in the answer nor in the work.

use lambda_http::Error;
use latchkey::email::Email;
use latchkey::field::FieldError;
use latchkey::http::{self, ApiResult, Fields, Limiter, Operation, Request};
use latchkey::keys::TokenVerifier;
use latchkey::limit::Route;
use latchkey::permission::Permission;
use latchkey::store::Store;

use crate::email_change::EmailChanges;

/// Letters to an address of the caller's choice.
const ROUTE: Route = Route {
    name: "change-email",
    default_limits: "account-address=5/1h address=60/1h account=20/1h",
};

/// The operation `changeEmail`.
pub struct ChangeEmail {
    store: Store,
    tokens: TokenVerifier,
    limiter: Limiter,
}

impl Operation for ChangeEmail {
    async fn from_env() -> Result<Self, Error> {
        let limiter = Limiter::from_env(ROUTE)?;
        let store = Store::from_env().await?;
        let tokens = TokenVerifier::from_env(&store).await?;
        Ok(Self {
            store,
            tokens,
            limiter,
        })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let Self {
            store,
            tokens,
            limiter,
        } = self;
        let path = http::user_id(&request)?;
        let bearer = tokens.bearer(&request).await?;
        let id = bearer.resolve(path);
        let caller = bearer.authenticate(store).await?;
        // Only the owner's own: what was read is enough to decide.
        let own = (caller.user.id == id).then(|| caller.user.clone());
        let user = caller.user.authorize(Permission::ChangeEmail, &id, own)?;
        let change = http::change(&request, Some(user.id));
        caller.require_recent_proof(change.at)?;

        let mut fields = Fields::read(&request)?;
        let email = fields.required("email", Email::parse);
        if (email.as_ref()).is_some_and(|email| *email == user.email) {
            let same = FieldError::new("unchanged", "This is the address of the account.");
            fields.reject("email", same);
        }
        let email = fields.finish(|| email)?;
        let attempt = limiter.attempt(store, &request, &user.id, change.at);
        let near = attempt.admit_near().await?;
        let recipient = email.canonical();
        let (account, recipient) = tokio::join!(
            attempt.admit_account(&near, None),
            attempt.admit_recipient(&recipient)
        );
        account.and(recipient)?;
        EmailChanges(store.table())
            .request(&user.id, &email, &change)
            .await?;
        http::accepted()
    }
}
