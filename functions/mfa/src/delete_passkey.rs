//! `DELETE /v1/users/{id}/passkeys/{pid}`: removes a passkey, and with the last factor the recovery codes. For the owner,
//! who has shown a second factor within five minutes. An admin removes one by `delete-factor`.

use factors::{FactorStore, Passkey};
use lambda_http::Error;
use latchkey::factor::{Factor, PasskeyId};
use latchkey::http::{self, ApiResult, ErrorCode, Operation, Request};
use latchkey::keys::TokenVerifier;
use latchkey::sign_in::SecondFactor;
use latchkey::store::Store;
use latchkey::table::{Key, number, text};

use crate::enrolled::may_remove;

/// The operation `deletePasskey`.
pub struct DeletePasskey {
    store: Store,
    tokens: TokenVerifier,
    second_factor: SecondFactor,
}

impl Operation for DeletePasskey {
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
        let id = http::path_parameter(&request, "pid", PasskeyId::parse)?;
        let preconditions = http::preconditions(&request)?;
        let bearer = tokens.bearer(&request).await?;
        let key = Key::passkey(&bearer.user_id(), &id);
        let (caller, mut beside) = bearer.authenticate_beside(store, vec![key.clone()]).await?;
        caller.require_own(path)?;
        let user = &caller.user;
        let change = http::change(&request, Some(user.id));
        caller.require_recent_proof(change.at)?;
        let factor = Factor::Passkey(id);
        if !user.factors.contains(&factor) {
            return Err(ErrorCode::FactorNotFound.into());
        }
        may_remove(user, factor, self.second_factor)?;
        let read: Option<Passkey> = beside.take(&key)?;
        let passkey = read.ok_or(ErrorCode::FactorNotFound)?;
        preconditions.check(passkey.version)?;
        // A sign-in beside it keeps nobody from removing a passkey.
        let read = if preconditions.name_versions() {
            ("version", number(passkey.version))
        } else {
            ("id", text(&id))
        };
        let factors = FactorStore(store.table());
        match factors.remove(user, factor, read, None, &change).await {
            Ok(()) => Ok(http::no_content()),
            Err(refused) => Err(preconditions.refused(refused)),
        }
    }
}
