//! The key ring as a running function uses it: loaded during init, reloaded as it ages.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::clock::{self, Timestamp};
use crate::config::{self, ConfigError};
use crate::secret::{SecretError, Secrets, Unwrappable};
use crate::session::Session;
use crate::store::{Store, StoreError};
use crate::token::TokenError;
use crate::token::access::{self, AccessToken, Parties, SigningFailed, Subject};
use crate::token::key_ring::{
    self, GenerationFailed, MAX_RING_AGE, PublicKey, SigningKey, WrappedKey,
};
use crate::token::refresh::{self, RefreshClaims, RefreshToken};
use crate::user::User;

/// A token that names an unknown key makes the ring reload, this often at most: forgers cannot turn
/// made-up key ids into reads of the table.
const MIN_RELOAD_INTERVAL: Duration = Duration::from_secs(30);

/// How long a secret serves on while it cannot be read again.
const MAX_SECRET_AGE: Duration = Duration::from_hours(1);

/// Why keys cannot be used right now. All of it passes by itself or after a look at the log.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// No key has been published yet: `rotate-keys` has not run.
    #[error("there is no signing key yet: rotate-keys has not run")]
    NoKey,
    /// The table could not be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The session secret could not be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The session secret does not open a stored key.
    #[error(transparent)]
    Unwrappable(#[from] Unwrappable),
    /// The key is unusable.
    #[error(transparent)]
    Signing(#[from] SigningFailed),
    /// No key could be made.
    #[error(transparent)]
    Generation(#[from] GenerationFailed),
}

/// Why a token was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It is not valid.
    #[error("the token is not valid")]
    Invalid,
    /// Nobody can tell right now.
    #[error(transparent)]
    Keys(#[from] KeyError),
}

/// Something loaded from afar, and when.
struct Cached<T> {
    state: Mutex<Option<(Timestamp, Arc<T>)>>,
}

impl<T> Cached<T> {
    const fn empty() -> Self {
        Self {
            state: Mutex::new(None),
        }
    }

    fn get(&self) -> Option<(Timestamp, Arc<T>)> {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The value, if it was loaded less than `max_age` before `now`. Wall-clock time, because the
    /// monotonic clock may stand still while Lambda freezes the environment.
    fn fresh(&self, now: Timestamp, max_age: Duration) -> Option<Arc<T>> {
        self.get()
            .filter(|(loaded_at, _)| now.since(*loaded_at) < max_age && *loaded_at <= now)
            .map(|(_, value)| value)
    }

    fn put(&self, now: Timestamp, value: T) -> Arc<T> {
        let value = Arc::new(value);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        *state = Some((now, Arc::clone(&value)));
        value
    }
}

/// Verifies access tokens by the published keys.
pub struct TokenVerifier {
    store: Store,
    parties: Parties,
    ring: Cached<Vec<PublicKey>>,
}

impl TokenVerifier {
    /// Reads `ISSUER` and `AUDIENCE`, and loads the ring: best effort, the first request tries again.
    ///
    /// # Errors
    /// [`ConfigError`] naming the setting.
    pub async fn from_env(store: &Store) -> Result<Self, ConfigError> {
        let verifier = Self::new(store.clone(), parties_from_env()?);
        verifier.warm_up().await;
        Ok(verifier)
    }

    /// A verifier that has loaded nothing yet.
    #[must_use]
    pub const fn new(store: Store, parties: Parties) -> Self {
        Self {
            store,
            parties,
            ring: Cached::empty(),
        }
    }

    async fn warm_up(&self) {
        if let Err(error) = self.load(clock::now()).await {
            tracing::warn!(cause = %error, "the key ring was not loaded during init");
        }
    }

    /// Who an access token speaks for.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub async fn verify(&self, token: &str, now: Timestamp) -> Result<Subject, VerifyError> {
        let keys = self.published(now).await?;
        match access::verify(&keys, &self.parties, token, now) {
            Ok(subject) => Ok(subject),
            Err(TokenError::Invalid) => Err(VerifyError::Invalid),
            Err(TokenError::UnknownKey) => {
                if self.ring.fresh(now, MIN_RELOAD_INTERVAL).is_some() {
                    return Err(VerifyError::Invalid);
                }
                let keys = self.load(now).await?;
                access::verify(&keys, &self.parties, token, now).map_err(|_| VerifyError::Invalid)
            }
        }
    }

    /// The published keys, at most ten minutes old.
    ///
    /// # Errors
    /// [`KeyError::NoKey`] while there is none.
    pub async fn published(&self, now: Timestamp) -> Result<Arc<Vec<PublicKey>>, KeyError> {
        match self.ring.fresh(now, MAX_RING_AGE) {
            Some(keys) => Ok(keys),
            None => self.load(now).await,
        }
    }

    async fn load(&self, now: Timestamp) -> Result<Arc<Vec<PublicKey>>, KeyError> {
        let keys = self.store.public_keys().await?;
        if keys.is_empty() {
            return Err(KeyError::NoKey);
        }
        Ok(self.ring.put(now, keys))
    }
}

/// Reads the session secret and verifies refresh tokens with it.
pub struct SessionSecrets {
    secrets: Cached<Secrets>,
}

impl SessionSecrets {
    /// Reads the secret. A missing or weak one is an error; when Secrets Manager does not answer, the
    /// first request tries again.
    ///
    /// # Errors
    /// [`ConfigError`] naming the setting.
    pub async fn from_env() -> Result<Self, ConfigError> {
        let secrets = Cached::empty();
        match Secrets::load().await {
            Ok(loaded) => {
                secrets.put(clock::now(), loaded);
            }
            Err(SecretError::Config(error)) => return Err(error),
            Err(error) => tracing::warn!(cause = %error, "the secret was not loaded during init"),
        }
        Ok(Self { secrets })
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
        let secrets = self.current(now).await?;
        match refresh::verify(&secrets, token) {
            Ok(claims) => Ok(claims),
            Err(TokenError::UnknownKey)
                if self.secrets.fresh(now, MIN_RELOAD_INTERVAL).is_none() =>
            {
                let secrets = self.load(now).await?;
                refresh::verify(&secrets, token).map_err(|_| VerifyError::Invalid)
            }
            Err(_) => Err(VerifyError::Invalid),
        }
    }

    /// The secrets, at most ten minutes old: a rotation reaches every warm function by then. When they
    /// cannot be read again, the known ones serve on for an hour.
    pub(crate) async fn current(&self, now: Timestamp) -> Result<Arc<Secrets>, KeyError> {
        if let Some(secrets) = self.secrets.fresh(now, MAX_RING_AGE) {
            return Ok(secrets);
        }
        match self.load(now).await {
            Ok(secrets) => Ok(secrets),
            Err(error) => self.secrets.fresh(now, MAX_SECRET_AGE).ok_or(error),
        }
    }

    async fn load(&self, now: Timestamp) -> Result<Arc<Secrets>, KeyError> {
        Ok(self.secrets.put(now, Secrets::load().await?))
    }
}

/// The two tokens a sign-in or a refresh hands out.
pub struct TokenPair {
    /// For requests.
    pub access: AccessToken,
    /// For the next pair.
    pub refresh: RefreshToken,
}

/// Mints tokens.
pub struct TokenIssuer {
    store: Store,
    parties: Parties,
    secrets: SessionSecrets,
    ring: Cached<Vec<WrappedKey>>,
}

impl TokenIssuer {
    /// Reads `ISSUER`, `AUDIENCE` and the session secret, and loads the ring: best effort, the first
    /// request tries again.
    ///
    /// # Errors
    /// [`ConfigError`] naming the setting.
    pub async fn from_env(store: &Store) -> Result<Self, ConfigError> {
        let (secrets, keys) = tokio::join!(SessionSecrets::from_env(), store.signing_keys());
        let issuer = Self {
            store: store.clone(),
            parties: parties_from_env()?,
            secrets: secrets?,
            ring: Cached::empty(),
        };
        match keys {
            Ok(keys) if !keys.is_empty() => {
                issuer.ring.put(clock::now(), keys);
            }
            Ok(_) => tracing::warn!("there is no signing key yet"),
            Err(error) => tracing::warn!(cause = %error, "the key ring was not loaded during init"),
        }
        Ok(issuer)
    }

    /// The secrets it mints with.
    #[must_use]
    pub const fn secrets(&self) -> &SessionSecrets {
        &self.secrets
    }

    /// Makes ready to mint. Done before anything is written: a session must not move on to a token that
    /// nobody can be given.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn mint(&self, now: Timestamp) -> Result<Mint<'_>, KeyError> {
        let secrets = self.secrets.current(now).await?;
        let keys = match self.ring.fresh(now, MAX_RING_AGE) {
            Some(keys) => keys,
            None => self.load(now).await?,
        };
        let key = key_ring::signing_at(&keys, now).ok_or(KeyError::NoKey)?;
        Ok(Mint {
            key: SigningKey::open(key, &secrets)?,
            parties: &self.parties,
            secrets,
            now,
        })
    }

    async fn load(&self, now: Timestamp) -> Result<Arc<Vec<WrappedKey>>, KeyError> {
        let keys = self.store.signing_keys().await?;
        if keys.is_empty() {
            return Err(KeyError::NoKey);
        }
        Ok(self.ring.put(now, keys))
    }
}

/// A key and a secret in hand.
pub struct Mint<'a> {
    key: SigningKey,
    parties: &'a Parties,
    secrets: Arc<Secrets>,
    now: Timestamp,
}

impl Mint<'_> {
    /// The tokens that stand at the session's place in its chain.
    ///
    /// # Errors
    /// [`KeyError::Signing`].
    pub fn issue(&self, user: &User, session: &Session) -> Result<TokenPair, KeyError> {
        let claims = RefreshClaims {
            user_id: user.id,
            session_id: session.id,
            counter: session.counter,
        };
        Ok(TokenPair {
            access: AccessToken::issue(&self.key, self.parties, user, session, self.now)?,
            refresh: RefreshToken::issue(&self.secrets, &claims),
        })
    }
}

fn parties_from_env() -> Result<Parties, ConfigError> {
    Ok(Parties {
        issuer: config::issuer()?,
        audience: config::required(config::AUDIENCE)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bug_65_a_loaded_ring_is_used_for_ten_minutes_at_most() {
        let loaded_at = Timestamp::from_seconds(1_800_000_000);
        let ring = Cached::empty();
        assert!(ring.fresh(loaded_at, MAX_RING_AGE).is_none());
        ring.put(loaded_at, "keys");
        let age = |seconds| loaded_at.plus(Duration::from_secs(seconds));
        assert!(ring.fresh(age(599), MAX_RING_AGE).is_some());
        assert!(ring.fresh(age(600), MAX_RING_AGE).is_none());
        let before = Timestamp::from_seconds(1_799_999_999);
        assert!(
            ring.fresh(before, MAX_RING_AGE).is_none(),
            "a clock set back trusts nothing"
        );
    }
}
