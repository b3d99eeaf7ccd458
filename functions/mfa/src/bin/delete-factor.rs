//! `DELETE /v1/users/{id}/factors/{fid}`: removes a second factor. For the owner, who has shown one within five
//! minutes, and for admins, with a reason, from accounts with a lower role whose owner has lost it.

use factors::{FactorId, FactorStore, TotpFactor};
use lambda_http::Error;
use latchkey::factor::Factor;
use latchkey::field::FieldError;
use latchkey::http::{self, ApiError, ApiResult, ErrorCode, Request};
use latchkey::keys::TokenVerifier;
use latchkey::permission::Permission;
use latchkey::sign_in::SecondFactor;
use latchkey::store::Store;
use latchkey::table::Key;
use latchkey::telemetry;
use latchkey::user::Reason;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let second_factor = SecondFactor::from_env()?;
    let store = Store::from_env().await?;
    let tokens = TokenVerifier::from_env(&store).await?;
    http::taking(&["reason"])
        .serve(|request| delete_factor(&store, &tokens, second_factor, request))
        .await
}

async fn delete_factor(
    store: &Store,
    tokens: &TokenVerifier,
    second_factor: SecondFactor,
    request: Request,
) -> ApiResult {
    let path = http::user_id(&request)?;
    let factor_id = http::path_parameter(&request, "fid", FactorId::parse)?;
    let reason = read_reason(&request)?;
    let bearer = tokens.bearer(&request).await?;
    let id = bearer.resolve(path);
    let key = Key::totp(&id);
    let (caller, user, mut beside) = bearer
        .authenticate_with_beside(store, id, vec![key.clone()])
        .await?;
    let user = caller.user.authorize(Permission::DeleteFactor, &id, user)?;
    let change = http::change(&request, Some(caller.user.id));
    caller.require_recent_proof(change.at)?;
    let is_own = caller.user.id == id;
    if !is_own && reason.is_none() {
        let missing = FieldError::new("required", "Say why: it stays in the audit.");
        return Err(ApiError::invalid_field("reason", missing));
    }

    let totp: Option<TotpFactor> = beside.take(&key)?;
    let totp = totp.filter(|totp| totp.id == factor_id && user.factors.contains(&Factor::Totp));
    let totp = totp.ok_or(ErrorCode::FactorNotFound)?;
    // An admin may: the owner, who has lost it, sets up another one at the next sign-in.
    if is_own && user.factors.len() == 1 && second_factor.is_asked_of(user.role) {
        return Err(ErrorCode::LastFactor.into());
    }
    FactorStore(store.table())
        .remove_totp(&user, &totp, reason.as_ref(), &change)
        .await?;
    Ok(http::no_content())
}

fn read_reason(request: &Request) -> Result<Option<Reason>, ApiError> {
    let reason = http::query_parameter(request, "reason")?;
    let reason = reason.map(Reason::parse).transpose();
    reason.map_err(|error| ApiError::invalid_field("reason", error))
}
