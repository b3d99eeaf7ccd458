//! `DELETE /v1/users/{id}/sessions`: ends every session of an account, for its owner and admins; with
//! `?except=current` all but the one that asks.

use lambda_http::Error;
use latchkey::field::FieldError;
use latchkey::http::{self, ApiError, ApiResult, Endpoint, Operation, Request};
use latchkey::keys::TokenVerifier;
use latchkey::permission::Permission;
use latchkey::store::Store;

/// The operation `revokeSessions`.
pub struct RevokeSessions {
    store: Store,
    tokens: TokenVerifier,
}

impl Operation for RevokeSessions {
    const ENDPOINT: Endpoint = http::taking(&["except"]);

    async fn from_env() -> Result<Self, Error> {
        let store = Store::from_env().await?;
        let tokens = TokenVerifier::from_env(&store).await?;
        Ok(Self { store, tokens })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let Self { store, tokens } = self;
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
