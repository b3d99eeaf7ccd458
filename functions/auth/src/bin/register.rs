//! `POST /v1/auth/register`: makes an account. Anybody may call it.

use lambda_http::Error;
use latchkey::http::{self, ApiError, ApiResult, Fields, NewAccount, Request};
use latchkey::store::{Change, Idempotency, Store};
use latchkey::telemetry;
use latchkey::user::Role;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let store = Store::from_env().await?;
    http::serve(|request| register(&store, request)).await
}

async fn register(store: &Store, request: Request) -> ApiResult {
    http::reject_unknown_parameters(&request, &[])?;
    let (account, idempotency) = read(&request)?;

    let change = http::change(&request, None);
    let user = account.user(Role::User, change.at);
    let change = Change {
        by: Some(user.id),
        ..change
    };
    account
        .create(store, &user, idempotency.as_ref(), &change)
        .await
}

fn read(request: &Request) -> Result<(NewAccount, Option<Idempotency>), ApiError> {
    let mut fields = Fields::read(request)?;
    let idempotency = http::idempotency(request, "register", None, &fields)?;
    let account = NewAccount::take(&mut fields);
    let account = fields.finish(|| account)?;
    Ok((account, idempotency))
}
