//! `POST /v1/users`: makes an account for somebody else, of any role; without a password a letter invites them
//! to set one. For admins.

use lambda_http::Error;
use latchkey::http::{self, ApiResult, Fields, NewAccount, PasswordField, Request};
use latchkey::keys::TokenVerifier;
use latchkey::locale::Locale;
use latchkey::permission::Permission;
use latchkey::store::Store;
use latchkey::telemetry;
use latchkey::user::Role;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let store = Store::from_env().await?;
    let tokens = TokenVerifier::from_env(&store).await?;
    http::serve(|request| create_user(&store, &tokens, request)).await
}

async fn create_user(store: &Store, tokens: &TokenVerifier, request: Request) -> ApiResult {
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
