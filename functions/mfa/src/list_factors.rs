//! `GET /v1/users/{id}/factors`: the second factors of an account, and how many recovery codes are left. For its owner,
//! moderators and admins.

use factors::{FactorStore, Passkey, RecoveryCodes, TotpFactor};
use lambda_http::Error;
use latchkey::factor::Factor;
use latchkey::http::{self, ApiResult, Operation, Request, StatusCode};
use latchkey::keys::TokenVerifier;
use latchkey::permission::Permission;
use latchkey::store::Store;
use latchkey::table::Key;
use serde::Serialize;

/// A factor on the wire. What is not named here never leaves.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FactorResponse {
    id: String,
    r#type: &'static str,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FactorsResponse {
    data: Vec<FactorResponse>,
    recovery_codes_left: usize,
}

/// The operation `listFactors`.
pub struct ListFactors {
    store: Store,
    tokens: TokenVerifier,
}

impl Operation for ListFactors {
    async fn from_env() -> Result<Self, Error> {
        let store = Store::from_env().await?;
        let tokens = TokenVerifier::from_env(&store).await?;
        Ok(Self { store, tokens })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let Self { store, tokens } = self;
        let path = http::user_id(&request)?;
        let bearer = tokens.bearer(&request).await?;
        let id = bearer.resolve(path);
        let [totp, codes] = [Key::totp(&id), Key::recovery_codes(&id)];
        let keys = vec![totp.clone(), codes.clone()];
        let (caller, user, mut beside) = bearer.authenticate_with_beside(store, id, keys).await?;
        let user = caller.user.authorize(Permission::ReadFactors, &id, user)?;

        let totp: Option<TotpFactor> = beside.take(&totp)?;
        let codes: Option<RecoveryCodes> = beside.take(&codes)?;
        let totp = totp.filter(|_| user.factors.contains(&Factor::Totp));
        let codes = codes.filter(|_| !user.factors.is_empty());
        let passkeys = FactorStore(store.table()).passkeys(&user).await?;
        let totp = totp.iter().map(FactorResponse::from);
        let passkeys = passkeys.iter().map(FactorResponse::from);
        http::json(
            StatusCode::OK,
            &FactorsResponse {
                data: totp.chain(passkeys).collect(),
                recovery_codes_left: codes.map_or(0, |codes| codes.left()),
            },
        )
    }
}

impl From<&TotpFactor> for FactorResponse {
    fn from(totp: &TotpFactor) -> Self {
        Self {
            id: totp.id.to_string(),
            r#type: Factor::Totp.kind(),
            created_at: totp.created_at.to_string(),
            last_used_at: Some(totp.last_used_at.to_string()),
        }
    }
}

impl From<&Passkey> for FactorResponse {
    fn from(passkey: &Passkey) -> Self {
        Self {
            id: passkey.id.to_string(),
            r#type: Factor::Passkey(passkey.id).kind(),
            created_at: passkey.created_at.to_string(),
            last_used_at: passkey.last_used_at.map(|at| at.to_string()),
        }
    }
}
