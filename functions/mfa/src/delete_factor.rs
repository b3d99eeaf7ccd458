//! `DELETE /v1/users/{id}/factors/{fid}`: removes a second factor. For the owner, who has shown one within five
//! minutes, and for admins, with a reason, from accounts with a lower role whose owner has lost it.

use factors::{FactorStore, TotpFactor};
use lambda_http::Error;
use latchkey::factor::{Factor, PasskeyId};
use latchkey::field::FieldError;
use latchkey::http::{self, ApiError, ApiResult, Endpoint, ErrorCode, Operation, Request};
use latchkey::keys::TokenVerifier;
use latchkey::permission::Permission;
use latchkey::sign_in::SecondFactor;
use latchkey::store::Store;
use latchkey::table::{Key, text};
use latchkey::user::Reason;

use crate::enrolled::may_remove;

/// The operation `deleteFactor`.
pub struct DeleteFactor {
    store: Store,
    tokens: TokenVerifier,
    second_factor: SecondFactor,
}

impl Operation for DeleteFactor {
    const ENDPOINT: Endpoint = http::taking(&["reason"]);

    async fn from_env() -> Result<Self, Error> {
        let second_factor = SecondFactor::from_env()?;
        let store = Store::from_env().await?;
        let tokens = TokenVerifier::from_env(&store).await?;
        Ok(Self {
            store,
            tokens,
            second_factor,
        })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let Self { store, tokens, .. } = self;
        let path = http::user_id(&request)?;
        let factor_id = http::path_parameter(&request, "fid", PasskeyId::parse)?;
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
        let factor = match totp {
            Some(totp) if totp.id.as_bytes() == factor_id.as_bytes() => Factor::Totp,
            _ => Factor::Passkey(factor_id),
        };
        if !user.factors.contains(&factor) {
            return Err(ErrorCode::FactorNotFound.into());
        }
        // An admin may: the owner, who has lost it, sets up another one at the next sign-in.
        if is_own {
            may_remove(&user, factor, self.second_factor)?;
        }
        FactorStore(store.table())
            .remove(
                &user,
                factor,
                ("id", text(&factor_id)),
                reason.as_ref(),
                &change,
            )
            .await?;
        Ok(http::no_content())
    }
}

fn read_reason(request: &Request) -> Result<Option<Reason>, ApiError> {
    let reason = http::query_parameter(request, "reason")?;
    let reason = reason.map(Reason::parse).transpose();
    reason.map_err(|error| ApiError::invalid_field("reason", error))
}
