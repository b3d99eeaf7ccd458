//! `PATCH /v1/users/{id}/passkeys/{pid}`: gives a passkey another name. For the owner.

use factors::{FactorStore, Passkey};
use lambda_http::Error;
use latchkey::factor::{Factor, PasskeyId};
use latchkey::http::{self, ApiResult, ErrorCode, Fields, Operation, Request, StatusCode};
use latchkey::keys::TokenVerifier;
use latchkey::name::Name;
use latchkey::store::Store;
use latchkey::table::Key;

use crate::passkeys::PasskeyResponse;

/// The operation `renamePasskey`.
pub struct RenamePasskey {
    store: Store,
    tokens: TokenVerifier,
}

impl Operation for RenamePasskey {
    async fn from_env() -> Result<Self, Error> {
        let store = Store::from_env().await?;
        let tokens = TokenVerifier::from_env(&store).await?;
        Ok(Self { store, tokens })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let Self { store, tokens } = self;
        let path = http::user_id(&request)?;
        let id = http::path_parameter(&request, "pid", PasskeyId::parse)?;
        let preconditions = http::preconditions(&request)?;
        let mut fields = Fields::read(&request)?;
        let name = fields.required("name", Name::parse);
        let name = fields.finish(|| name)?;
        let bearer = tokens.bearer(&request).await?;
        let key = Key::passkey(&bearer.user_id(), &id);
        let (caller, mut beside) = bearer.authenticate_beside(store, vec![key.clone()]).await?;
        caller.require_own(path)?;
        let user = &caller.user;
        if !user.factors.contains(&Factor::Passkey(id)) {
            return Err(ErrorCode::FactorNotFound.into());
        }
        let read: Option<Passkey> = beside.take(&key)?;
        let passkey = read.ok_or(ErrorCode::FactorNotFound)?;
        preconditions.check(passkey.version)?;
        if passkey.name == name {
            return reply(&passkey);
        }

        let change = http::change(&request, Some(user.id));
        let expected = preconditions.name_versions().then_some(passkey.version);
        let renamed = FactorStore(store.table())
            .rename_passkey(&user.id, &id, &name, expected, &change)
            .await?;
        match (renamed, expected) {
            (Some(passkey), _) => reply(&passkey),
            (None, Some(_)) => Err(ErrorCode::PreconditionFailed.into()),
            (None, None) => Err(ErrorCode::FactorNotFound.into()),
        }
    }
}

fn reply(passkey: &Passkey) -> ApiResult {
    let response = PasskeyResponse::from(passkey);
    Ok(http::json(StatusCode::OK, &response)?.etag(passkey.version))
}
