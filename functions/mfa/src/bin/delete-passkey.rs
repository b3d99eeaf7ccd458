//! `DELETE /v1/users/{id}/passkeys/{pid}`: removes a passkey, and with the last factor the recovery codes. For the owner,
//! who has shown a second factor within five minutes. An admin removes one by `delete-factor`.

use factors::FactorStore;
use lambda_http::Error;
use latchkey::factor::{Factor, PasskeyId};
use latchkey::http::{self, ApiResult, ErrorCode, Request};
use latchkey::keys::TokenVerifier;
use latchkey::sign_in::SecondFactor;
use latchkey::store::Store;
use latchkey::telemetry;
use mfa::may_remove;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let second_factor = SecondFactor::from_env()?;
    let store = Store::from_env().await?;
    let tokens = TokenVerifier::from_env(&store).await?;
    http::serve(|request| delete_passkey(&store, &tokens, second_factor, request)).await
}

async fn delete_passkey(
    store: &Store,
    tokens: &TokenVerifier,
    second_factor: SecondFactor,
    request: Request,
) -> ApiResult {
    let path = http::user_id(&request)?;
    let id = http::path_parameter(&request, "pid", PasskeyId::parse)?;
    let caller = tokens.authenticate(store, &request).await?;
    caller.require_own(path)?;
    let user = &caller.user;
    let change = http::change(&request, Some(user.id));
    caller.require_recent_proof(change.at)?;
    let passkey = Factor::Passkey(id);
    if !user.factors.contains(&passkey) {
        return Err(ErrorCode::FactorNotFound.into());
    }
    may_remove(user, passkey, second_factor)?;
    FactorStore(store.table())
        .remove(user, passkey, &id, None, &change)
        .await?;
    Ok(http::no_content())
}
