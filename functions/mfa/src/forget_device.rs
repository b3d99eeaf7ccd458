//! `DELETE /v1/users/{id}/devices/{did}`: trusts a device no longer: the next sign-in on it takes a second factor. For its
//! owner and admins.

use lambda_http::Error;
use latchkey::device::DeviceId;
use latchkey::http::{self, ApiResult, ErrorCode, Operation, Request};
use latchkey::keys::TokenVerifier;
use latchkey::permission::Permission;
use latchkey::store::Store;

/// The operation `forgetDevice`.
pub struct ForgetDevice {
    store: Store,
    tokens: TokenVerifier,
}

impl Operation for ForgetDevice {
    async fn from_env() -> Result<Self, Error> {
        let store = Store::from_env().await?;
        let tokens = TokenVerifier::from_env(&store).await?;
        Ok(Self { store, tokens })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let Self { store, tokens } = self;
        let path = http::user_id(&request)?;
        let device_id = http::path_parameter(&request, "did", DeviceId::parse)?;
        let (caller, id, user) = tokens.authenticate_with(store, &request, path).await?;
        let user = caller
            .user
            .authorize(Permission::RevokeSession, &id, user)?;
        let change = http::change(&request, Some(caller.user.id));
        if !store.forget_device(&user.id, &device_id, &change).await? {
            return Err(ErrorCode::DeviceNotFound.into());
        }
        Ok(http::no_content())
    }
}
