//! `POST /v1/auth/change-password`: replaces the password. For the owner, within five minutes of the sign-in and
//! with the current password. Every other session ends.

use lambda_http::Error;
use latchkey::field::FieldError;
use latchkey::http::{self, ApiError, ApiResult, ErrorCode, Fields, Limiter, Operation, Request};
use latchkey::keys::TokenVerifier;
use latchkey::limit::Route;
use latchkey::password::{Match, Password};
use latchkey::store::Store;
use latchkey::user::User;

/// Guesses of the current password.
const ROUTE: Route = Route {
    name: "change-password",
    default_limits: "account-address=10/15m address=100/5m account=60/1h",
};

/// The operation `changePassword`.
pub struct ChangePassword {
    store: Store,
    tokens: TokenVerifier,
    limiter: Limiter,
}

impl Operation for ChangePassword {
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
        let caller = tokens.authenticate(store, &request).await?;
        let change = http::change(&request, Some(caller.user.id));
        caller.require_recent_proof(change.at)?;
        let (current, new) = read_passwords(&request, &caller.user)?;

        let attempt = limiter.attempt(store, &request, &caller.user.id, change.at);
        let (admitted, credential) =
            tokio::join!(attempt.admit(), store.get_credential(&caller.user.email));
        admitted?;
        // The address moved on since the user was read.
        let credential = credential?.ok_or(ErrorCode::Conflict)?;
        if current.matches(credential.password_hash.as_ref())? == Match::No {
            let incorrect = FieldError::new("incorrect", "This is not the current password.");
            return Err(ApiError::invalid_field("currentPassword", incorrect));
        }
        let hash = new.hash()?;
        store
            .change_password(&caller.user, &credential, &hash, &caller.session, &change)
            .await?;
        Ok(http::no_content())
    }
}

fn read_passwords(request: &Request, user: &User) -> Result<(Password, Password), ApiError> {
    let mut fields = Fields::read(request)?;
    let current = fields.required("currentPassword", Password::parse);
    let new = fields.required("newPassword", Password::parse_new);
    let profile = user.profile();
    fields.check_password_policy(
        "newPassword",
        new.as_ref(),
        Some(&user.email),
        Some(&profile),
    );
    fields.finish(|| Some((current?, new?)))
}
