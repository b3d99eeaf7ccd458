//! A secret in use, and the tokens that are verified with it alone.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::cached::Cached;
use super::{KeyError, MIN_RELOAD_INTERVAL, VerifyError};
use crate::clock::{self, Timestamp};
use crate::config::ConfigError;
use crate::secret::{SecretError, SecretSource, Secrets, Unwrappable};
use crate::token::TokenError;
use crate::token::action::{self, ActionClaims};
use crate::token::key_ring::MAX_RING_AGE;
use crate::token::refresh::{self, RefreshClaims};
use crate::token::sealed;

/// How long a secret serves on while it cannot be read again.
const MAX_SECRET_AGE: Duration = Duration::from_hours(1);

/// A secret as a running function uses it, and the tokens that are verified with it alone. Cheap to clone.
#[derive(Clone)]
pub struct CachedSecrets {
    source: SecretSource,
    secrets: Arc<Cached<Secrets>>,
}

/// The secrets that this process has read: whatever is made of the environment shares them.
static SHARED: Mutex<Vec<CachedSecrets>> = Mutex::new(Vec::new());

fn shared(source: SecretSource) -> Option<CachedSecrets> {
    let known = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    known.iter().find(|known| known.source == source).cloned()
}

impl CachedSecrets {
    /// Reads the secret, once a process. A missing or weak one is an error; when Secrets Manager does not answer, the
    /// first request tries again.
    ///
    /// # Errors
    /// [`ConfigError`] naming the setting.
    pub async fn from_env(source: SecretSource) -> Result<Self, ConfigError> {
        if let Some(known) = shared(source) {
            return Ok(known);
        }
        let secrets = Cached::empty();
        match Secrets::load(source).await {
            Ok(loaded) => {
                secrets.put(clock::now(), loaded);
            }
            Err(SecretError::Config(error)) => return Err(error),
            Err(error) => tracing::warn!(cause = %error, "the secret was not loaded during init"),
        }
        let secrets = Arc::new(secrets);
        let read = Self { source, secrets };
        let mut known = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        known.push(read.clone());
        Ok(read)
    }

    /// What an authentic refresh token says. Without I/O, but for an authentic-looking token of a
    /// secret not seen yet.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub async fn verify_refresh(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<RefreshClaims, VerifyError> {
        self.verify(now, |secrets| refresh::verify(secrets, token))
            .await
    }

    /// What an authentic token out of a letter says. I/O as [`verify_refresh`](Self::verify_refresh).
    ///
    /// # Errors
    /// [`VerifyError`]; an expired token is invalid.
    pub async fn verify_action(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<ActionClaims, VerifyError> {
        self.verify(now, |secrets| action::verify(secrets, token, now))
            .await
    }

    /// The value in a sealed text. I/O as [`verify_refresh`](Self::verify_refresh).
    ///
    /// # Errors
    /// [`VerifyError`]; an expired one is invalid.
    pub async fn open<T: DeserializeOwned>(
        &self,
        kind: &sealed::Kind,
        context: &[u8],
        text: &str,
        now: Timestamp,
    ) -> Result<T, VerifyError> {
        self.verify(now, |secrets| kind.open(secrets, context, text, now))
            .await
    }

    /// What was stored sealed, as `open` reads it. I/O as [`verify_refresh`](Self::verify_refresh).
    ///
    /// # Errors
    /// [`KeyError::Unwrappable`] when no secret opens it.
    pub async fn read<T>(
        &self,
        now: Timestamp,
        open: impl Fn(&Secrets) -> Result<T, TokenError>,
    ) -> Result<T, KeyError> {
        match self.verify(now, open).await {
            Ok(value) => Ok(value),
            Err(VerifyError::Invalid) => Err(Unwrappable.into()),
            Err(VerifyError::Keys(error)) => Err(error),
        }
    }

    /// Whether what names no version of a secret was made with an accepted one. I/O as
    /// [`verify_refresh`](Self::verify_refresh), whatever is checked.
    ///
    /// # Errors
    /// [`KeyError::Secret`].
    pub async fn made(
        &self,
        now: Timestamp,
        is_of: impl Fn(&Secrets) -> bool,
    ) -> Result<bool, KeyError> {
        let check = |secrets: &Secrets| is_of(secrets).then_some(()).ok_or(TokenError::UnknownKey);
        match self.verify(now, check).await {
            Ok(()) => Ok(true),
            Err(VerifyError::Invalid) => Ok(false),
            Err(VerifyError::Keys(error)) => Err(error),
        }
    }

    async fn verify<T>(
        &self,
        now: Timestamp,
        verify: impl Fn(&Secrets) -> Result<T, TokenError>,
    ) -> Result<T, VerifyError> {
        let secrets = self.current(now).await?;
        match verify(&secrets) {
            Ok(claims) => Ok(claims),
            Err(TokenError::UnknownKey)
                if self.secrets.fresh(now, MIN_RELOAD_INTERVAL).is_none() =>
            {
                let secrets = self.load(now).await?;
                verify(&secrets).map_err(|_| VerifyError::Invalid)
            }
            Err(_) => Err(VerifyError::Invalid),
        }
    }

    /// The secrets, at most ten minutes old: a rotation reaches every warm function by then. When they
    /// cannot be read again, the known ones serve on for an hour.
    ///
    /// # Errors
    /// [`KeyError::Secret`].
    pub async fn current(&self, now: Timestamp) -> Result<Arc<Secrets>, KeyError> {
        if let Some(secrets) = self.secrets.fresh(now, MAX_RING_AGE) {
            return Ok(secrets);
        }
        match self.load(now).await {
            Ok(secrets) => Ok(secrets),
            Err(error) => self.secrets.fresh(now, MAX_SECRET_AGE).ok_or(error),
        }
    }

    async fn load(&self, now: Timestamp) -> Result<Arc<Secrets>, KeyError> {
        Ok(self.secrets.put(now, Secrets::load(self.source).await?))
    }
}
