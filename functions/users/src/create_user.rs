//! `POST /v1/users`: makes an account for somebody else, of any role; without a password a letter invites them
//! to set one. For admins.

use lambda_http::Error;
use latchkey::http::{self, ApiResult, Fields, NewAccount, Operation, PasswordField, Request};
use latchkey::keys::TokenVerifier;
use latchkey::locale::Locale;
use latchkey::permission::Permission;
use latchkey::store::Store;
use latchkey::user::Role;

/// The operation `createUser`.
pub struct CreateUser {
    store: Store,
    tokens: TokenVerifier,
}

impl Operation for CreateUser {
    async fn from_env() -> Result<Self, Error> {
        let store = Store::from_env().await?;
        let tokens = TokenVerifier::from_env(&store).await?;
        Ok(Self { store, tokens })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let Self { store, tokens } = self;
        let caller = tokens.authenticate(store, &request).await?.user;
        caller.authorize_all(Permission::CreateUser)?;

        let mut fields = Fields::read(&request)?;
        let idempotency = http::idempotency(&request, "create-user", Some(caller.id), &fields)?;
        let account = NewAccount::take(&mut fields, PasswordField::Optional, Locale::default());
        let role = fields.optional("role", Role::parse);
        let (account, role) = fields.finish(|| Some((account?, role?.unwrap_or(Role::User))))?;
        caller.authorize_granting(role)?;

        let change = http::change(&request, Some(caller.id));
        let user = account.user(role, change.at);
        account
            .create(store, &user, idempotency.as_ref(), &change)
            .await
    }
}
