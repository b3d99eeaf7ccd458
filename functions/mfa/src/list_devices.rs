//! `GET /v1/users/{id}/devices`: the devices that an account trusts, the newest first. For its owner, moderators and admins.

use std::time::Duration;

use lambda_http::Error;
use latchkey::clock;
use latchkey::device::{self, TrustedDevice};
use latchkey::http::{self, ApiResult, Operation, PathUser, Request, StatusCode};
use latchkey::keys::TokenVerifier;
use latchkey::permission::Permission;
use latchkey::store::Store;
use serde::Serialize;

/// A device on the wire. What is not named here never leaves.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DeviceResponse<'a> {
    id: String,
    created_at: String,
    expires_at: String,
    ip_address: Option<&'a str>,
    user_agent: Option<&'a str>,
}

#[derive(Serialize)]
struct DevicesResponse<'a> {
    data: Vec<DeviceResponse<'a>>,
}

/// The operation `listDevices`.
pub struct ListDevices {
    store: Store,
    tokens: TokenVerifier,
    lifetime: Option<Duration>,
}

impl Operation for ListDevices {
    async fn from_env() -> Result<Self, Error> {
        let store = Store::from_env().await?;
        let tokens = TokenVerifier::from_env(&store).await?;
        let lifetime = device::lifetime()?;
        Ok(Self {
            store,
            tokens,
            lifetime,
        })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let Self { store, tokens, .. } = self;
        let path = http::user_id(&request)?;
        let bearer = tokens.bearer(&request).await?;
        let id = bearer.resolve(path);
        let own = id == bearer.resolve(PathUser::Me);
        let mut devices = Vec::new();
        let user = http::authorize_beside(
            own || bearer.expects_all(Permission::ListSessions),
            bearer.authenticate_with(store, id),
            |(caller, user)| caller.user.authorize(Permission::ListSessions, &id, user),
            async {
                devices = store.list_devices(&id).await?;
                Ok(())
            },
        )
        .await?;
        let now = clock::now();
        let counts = |device: &&TrustedDevice| {
            self.lifetime
                .is_some_and(|lifetime| device.counts_for(&user, lifetime, now))
        };
        let data = devices.iter().filter(counts).map(DeviceResponse::from);
        let data = data.collect();
        http::json(StatusCode::OK, &DevicesResponse { data })
    }
}

impl<'a> From<&'a TrustedDevice> for DeviceResponse<'a> {
    fn from(device: &'a TrustedDevice) -> Self {
        Self {
            id: device.id.to_string(),
            created_at: device.created_at.to_string(),
            expires_at: device.expires_at.to_string(),
            ip_address: device.ip_address.as_deref(),
            user_agent: device.user_agent.as_deref(),
        }
    }
}
