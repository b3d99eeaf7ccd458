//! What signs in whoever a provider has named, in whichever way it was asked.

use std::time::Duration;

use latchkey::config::ConfigError;
use latchkey::device::{self, DeviceToken};
use latchkey::http::{self, ApiError, ApiResult, Request, StatusCode, TokenResponse};
use latchkey::keys::CachedSecrets;
use latchkey::proof::First;
use latchkey::secret::SecretSource;
use latchkey::session::SessionId;
use latchkey::sign_in::{Ready, SignIn};
use latchkey::store::{Change, Store};
use latchkey::telemetry;

use crate::Identified;
use crate::account::Opener;

/// Signs in whoever a provider has named.
pub struct Entrance {
    /// The table.
    pub store: Store,
    /// The secrets of providers.
    pub secrets: CachedSecrets,
    sign_in: SignIn,
    opener: Opener,
    trusts_for: Option<Duration>,
}

/// Somebody whom a provider has named.
pub struct Arrival<'a> {
    /// Who it is.
    pub identified: &'a Identified,
    /// The session that starts: of all that bring the same one, one succeeds.
    pub session_id: SessionId,
    /// The device it happens on, if it is trusted.
    pub device_token: Option<&'a DeviceToken>,
}

impl Entrance {
    /// Reads what [`SignIn::from_env`] and [`Opener::from_env`] read, the secrets of providers and `TRUSTED_DEVICE_DAYS`.
    ///
    /// # Errors
    /// [`ConfigError`] naming the setting.
    pub async fn from_env() -> Result<Self, ConfigError> {
        let store = Store::from_env().await?;
        Ok(Self {
            opener: Opener::from_env()?,
            trusts_for: device::lifetime()?,
            sign_in: SignIn::from_env(&store).await?,
            secrets: CachedSecrets::from_env(SecretSource::PROVIDERS).await?,
            store,
        })
    }

    /// Makes ready, before anything is looked at.
    ///
    /// # Errors
    /// `unavailable`.
    pub async fn ready(&self, change: &Change) -> Result<Ready<'_>, ApiError> {
        Ok(self.sign_in.ready(change.at).await?)
    }

    /// Opens the account of an identity and starts a session there. 1 RT, 2 WU beside what
    /// [`Opener::open`] costs, and 1 RT for a device.
    ///
    /// # Errors
    /// What [`Opener::open`] and [`latchkey::sign_in::NotSignedIn`] say.
    pub async fn enter(
        &self,
        ready: &Ready<'_>,
        request: &Request,
        arrival: Arrival<'_>,
        change: &Change,
    ) -> ApiResult {
        let (identified, now) = (arrival.identified, change.at);
        let locale = http::accepted_locale(request).unwrap_or_default();
        let (store, secrets) = (&self.store, &self.secrets);
        let opened = self.opener.open(store, secrets, identified, locale, change);
        let user = opened.await?;
        telemetry::name_account(user.id);
        let admitted = ready.admit(&user, now)?;
        let change = Change {
            by: Some(user.id),
            ..change.clone()
        };
        let trusted = match arrival.device_token {
            None => None,
            Some(token) => {
                let (_, found) = store.get_user_with_device(&user.id, Some(token)).await?;
                device::confirmed(Some(token), found.as_ref(), self.trusts_for, &user, now)
            }
        };
        let client = http::client(request);
        let by = First::External(identified.id());
        let pair = admitted
            .start_once(arrival.session_id, by, trusted, client, &change)
            .await?;
        http::json(StatusCode::OK, &TokenResponse::new(&pair, &user, now))
    }
}
