//! `PATCH /v1/users/{id}/passkeys/{pid}`: gives a passkey another name. For the owner.

use factors::FactorStore;
use lambda_http::Error;
use latchkey::factor::{Factor, PasskeyId};
use latchkey::http::{self, ApiResult, ErrorCode, Fields, Request, StatusCode};
use latchkey::keys::TokenVerifier;
use latchkey::name::Name;
use latchkey::store::Store;
use latchkey::telemetry;
use mfa::PasskeyResponse;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let store = Store::from_env().await?;
    let tokens = TokenVerifier::from_env(&store).await?;
    http::serve(|request| rename_passkey(&store, &tokens, request)).await
}

async fn rename_passkey(store: &Store, tokens: &TokenVerifier, request: Request) -> ApiResult {
    let path = http::user_id(&request)?;
    let id = http::path_parameter(&request, "pid", PasskeyId::parse)?;
    let mut fields = Fields::read(&request)?;
    let name = fields.required("name", Name::parse);
    let name = fields.finish(|| name)?;
    let caller = tokens.authenticate(store, &request).await?;
    caller.require_own(path)?;
    let user = &caller.user;
    if !user.factors.contains(&Factor::Passkey(id)) {
        return Err(ErrorCode::FactorNotFound.into());
    }

    let change = http::change(&request, Some(user.id));
    let renamed = FactorStore(store.table())
        .rename_passkey(&user.id, &id, &name, &change)
        .await?;
    let passkey = renamed.ok_or(ErrorCode::FactorNotFound)?;
    http::json(StatusCode::OK, &PasskeyResponse::from(&passkey))
}
