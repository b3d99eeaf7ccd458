//! `DELETE /v1/users/{id}/devices/{did}`: trusts a device no longer: the next sign-in on it takes a second factor. For its
//! owner and admins.

use lambda_http::Error;
use latchkey::device::DeviceId;
use latchkey::http::{self, ApiResult, ErrorCode, Request};
use latchkey::keys::TokenVerifier;
use latchkey::permission::Permission;
use latchkey::store::Store;
use latchkey::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let store = Store::from_env().await?;
    let tokens = TokenVerifier::from_env(&store).await?;
    http::serve(|request| forget_device(&store, &tokens, request)).await
}

async fn forget_device(store: &Store, tokens: &TokenVerifier, request: Request) -> ApiResult {
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
