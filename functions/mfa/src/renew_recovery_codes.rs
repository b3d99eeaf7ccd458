//! `POST /v1/users/{id}/factors/recovery-codes`: ten new recovery codes in place of the ones before, shown this once.
//! For the owner, who has shown a second factor within five minutes.

use factors::FactorStore;
use lambda_http::Error;
use latchkey::http::{self, ApiResult, ErrorCode, Operation, Request, StatusCode};
use latchkey::keys::{CachedSecrets, TokenVerifier};
use latchkey::secret::SecretSource;
use latchkey::store::Store;
use serde::Serialize;

use crate::enrolled::new_codes;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RenewedCodes {
    recovery_codes: Vec<String>,
}

/// The operation `renewRecoveryCodes`.
pub struct RenewRecoveryCodes {
    store: Store,
    tokens: TokenVerifier,
    secrets: CachedSecrets,
}

impl Operation for RenewRecoveryCodes {
    async fn from_env() -> Result<Self, Error> {
        let store = Store::from_env().await?;
        let tokens = TokenVerifier::from_env(&store).await?;
        let secrets = CachedSecrets::from_env(SecretSource::FACTORS).await?;
        Ok(Self {
            store,
            tokens,
            secrets,
        })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let Self {
            store,
            tokens,
            secrets,
        } = self;
        let path = http::user_id(&request)?;
        let caller = tokens.authenticate(store, &request).await?;
        caller.require_own(path)?;
        let user = &caller.user;
        let change = http::change(&request, Some(user.id));
        caller.require_recent_proof(change.at)?;
        // Codes stand in for a factor: without one there is nothing that they could stand in for.
        if user.factors.is_empty() {
            return Err(ErrorCode::FactorNotFound.into());
        }

        let secrets = secrets.current(change.at).await?;
        let (kept, recovery_codes) = new_codes(&secrets, user, &change);
        FactorStore(store.table())
            .renew_codes(user, &kept, &change)
            .await?;
        http::json(StatusCode::OK, &RenewedCodes { recovery_codes })
    }
}
