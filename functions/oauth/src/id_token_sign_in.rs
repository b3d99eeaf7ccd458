//! `POST /v1/auth/oauth/{provider}/id-token`: signs in with an ID token that an application has got from a provider itself, as
//! those on a phone and Google's One Tap do. Anybody may call it; each token starts one session.

use lambda_http::Error;
use latchkey::device::DeviceToken;
use latchkey::http::{self, ApiError, ApiResult, ErrorCode, Fields, Limiter, Operation, Request};
use latchkey::identity::ProviderName;
use outbound::Client;

use crate::native::{Native, identify, nonce};
use crate::{Arrival, Directory, Entrance, ProviderStore, ROUTE};

/// What the body says.
struct Input {
    native: Native,
    first_name: Option<String>,
    last_name: Option<String>,
    device_token: Option<DeviceToken>,
}

/// The operation `idTokenSignIn`.
pub struct IdTokenSignIn {
    limiter: Limiter,
    entrance: Entrance,
    directory: Directory,
}

impl Operation for IdTokenSignIn {
    async fn from_env() -> Result<Self, Error> {
        Ok(Self {
            limiter: Limiter::from_env(ROUTE)?,
            directory: Directory::new(Client::from_env()?),
            entrance: Box::pin(Entrance::from_env()).await?,
        })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let name = http::path_parameter(&request, "provider", ProviderName::parse)?;
        let input = read(&request)?;
        let change = http::change(&request, None);
        let (entrance, now) = (&self.entrance, change.at);
        let store = &entrance.store;
        let ready = entrance.ready(&change).await?;
        let attempt = self.limiter.attempt(store, &request, &name, now);
        let providers = ProviderStore(store.table());
        let (admitted, provider) = tokio::join!(attempt.admit(), providers.get(&name));
        admitted?;
        let provider = provider?.ok_or(ErrorCode::ProviderNotFound)?;
        let (identified, session_id) =
            identify(&self.directory, &provider, &input.native, now).await?;
        if !provider.takes(identified.email.as_ref(), identified.is_verified) {
            let detail = "Its address does not sign in here.";
            return Err(ApiError::with_detail(ErrorCode::IdentityRefused, detail));
        }
        let identified =
            identified.with_names(input.first_name.as_deref(), input.last_name.as_deref());
        let arrival = Arrival {
            identified: &identified,
            session_id,
            device_token: input.device_token.as_ref(),
        };
        entrance.enter(&ready, &request, arrival, &change).await
    }
}

fn read(request: &Request) -> Result<Input, ApiError> {
    let mut fields = Fields::read(request)?;
    let id_token = fields.required("idToken", |token| Ok(token.to_owned()));
    let nonce = fields.required("nonce", nonce);
    let first_name = fields.optional("firstName", |name| Ok(name.to_owned()));
    let last_name = fields.optional("lastName", |name| Ok(name.to_owned()));
    let device_token = fields.optional("deviceToken", DeviceToken::parse);
    fields.finish(|| {
        Some(Input {
            native: Native {
                id_token: id_token?,
                nonce: nonce?,
            },
            first_name: first_name?,
            last_name: last_name?,
            device_token: device_token?,
        })
    })
}
