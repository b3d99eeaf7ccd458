//! `DELETE /v1/users/{id}/sessions`: ends every session of an account, for its owner and admins; with
//! `?except=current` all but the one that asks.

use lambda_http::Error;
use latchkey::field::FieldError;
use latchkey::http::{self, ApiError, ApiResult, Request};
use latchkey::keys::TokenVerifier;
use latchkey::permission::Permission;
use latchkey::store::Store;
use latchkey::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let store = Store::from_env().await?;
    let tokens = TokenVerifier::from_env(&store).await?;
    http::taking(&["except"])
        .serve(|request| revoke_sessions(&store, &tokens, request))
        .await
}

async fn revoke_sessions(store: &Store, tokens: &TokenVerifier, request: Request) -> ApiResult {
    let path = http::user_id(&request)?;
    let except_current = read_except(&request)?;
    let (caller, id, user) = tokens.authenticate_with(store, &request, path).await?;
    let user = caller
        .user
        .authorize(Permission::RevokeSession, &id, user)?;

    let change = http::change(&request, Some(caller.user.id));
    if except_current {
        if user.id != caller.user.id {
            return Err(invalid_except(
                "The current session is none of this account's.",
            ));
        }
        store
            .revoke_other_sessions(&user, &caller.session, &change)
            .await?;
    } else {
        store.revoke_all_sessions(&user, &change).await?;
    }
    Ok(http::no_content())
}

fn read_except(request: &Request) -> Result<bool, ApiError> {
    match http::query_parameter(request, "except")? {
        None => Ok(false),
        Some("current") => Ok(true),
        Some(_) => Err(invalid_except("Only the current session can be excepted.")),
    }
}

fn invalid_except(message: &str) -> ApiError {
    ApiError::invalid_field("except", FieldError::new("invalid_value", message))
}
