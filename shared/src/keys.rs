//! The key ring as a running function uses it: loaded during init, reloaded as it ages.

mod cached;
mod secrets;

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use serde::Serialize;

use self::cached::Cached;
use crate::clock::{self, Timestamp};
use crate::config::{self, ConfigError};
use crate::secret::{SecretError, SecretSource, Secrets, Unwrappable};
use crate::session::Session;
use crate::store::{Store, StoreError};
use crate::token::TokenError;
use crate::token::access::{self, AccessToken, Parties, SigningFailed, Subject};
use crate::token::jwt;
use crate::token::key_ring::{
    self, GenerationFailed, MAX_RING_AGE, PublicKey, SigningKey, WrappedKey,
};
use crate::token::refresh::{RefreshClaims, RefreshToken};
use crate::user::User;

pub use secrets::CachedSecrets;

/// A token that names an unknown key makes the ring reload, this often at most: forgers cannot turn
/// made-up key ids into reads of the table.
const MIN_RELOAD_INTERVAL: Duration = Duration::from_secs(30);

/// Why keys cannot be used right now. All of it passes by itself or after a look at the log.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// No key has been published yet: `rotate-keys` has not run.
    #[error("there is no signing key yet: rotate-keys has not run")]
    NoKey,
    /// The table could not be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A secret could not be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// A secret does not open what is stored.
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

/// The keys that this process has read: whatever is made of the environment shares them.
static PUBLISHED: LazyLock<Arc<Cached<Vec<PublicKey>>>> = LazyLock::new(Arc::default);
static SIGNING: LazyLock<Arc<SigningRing>> = LazyLock::new(Arc::default);

/// Verifies access tokens by the published keys.
pub struct TokenVerifier {
    store: Store,
    parties: Parties,
    ring: Arc<Cached<Vec<PublicKey>>>,
}

impl TokenVerifier {
    /// Reads `ISSUER` and `AUDIENCE`, and loads the ring: best effort, the first request tries again.
    ///
    /// # Errors
    /// [`ConfigError`] naming the setting.
    pub async fn from_env(store: &Store) -> Result<Self, ConfigError> {
        let verifier = Self {
            ring: Arc::clone(&PUBLISHED),
            ..Self::new(store.clone(), parties_from_env()?)
        };
        verifier.warm_up().await;
        Ok(verifier)
    }

    /// A verifier that has loaded nothing yet.
    #[must_use]
    pub fn new(store: Store, parties: Parties) -> Self {
        Self {
            store,
            parties,
            ring: Arc::default(),
        }
    }

    async fn warm_up(&self) {
        if let Err(error) = self.published(clock::now()).await {
            tracing::warn!(cause = %error, "the key ring was not loaded during init");
        }
    }

    /// Who an access token speaks for.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub async fn verify(&self, token: &str, now: Timestamp) -> Result<Subject, VerifyError> {
        let verify = |keys: &[PublicKey]| access::verify(keys, &self.parties, token, now);
        self.open(now, verify).await
    }

    /// What `open` finds in a token by the published keys, for other tokens than those of sessions.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub async fn open<T>(
        &self,
        now: Timestamp,
        open: impl Fn(&[PublicKey]) -> Result<T, TokenError>,
    ) -> Result<T, VerifyError> {
        let keys = self.published(now).await?;
        match open(&keys) {
            Ok(found) => Ok(found),
            Err(TokenError::Invalid) => Err(VerifyError::Invalid),
            Err(TokenError::UnknownKey) => {
                if self.ring.fresh(now, MIN_RELOAD_INTERVAL).is_some() {
                    return Err(VerifyError::Invalid);
                }
                let keys = self.ring.put(now, self.load().await?);
                open(&keys).map_err(|_| VerifyError::Invalid)
            }
        }
    }

    /// `iss` of every token.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.parties.issuer
    }

    /// The published keys, at most ten minutes old.
    ///
    /// # Errors
    /// [`KeyError::NoKey`] while there is none.
    pub async fn published(&self, now: Timestamp) -> Result<Arc<Vec<PublicKey>>, KeyError> {
        self.ring.fresh_or(now, MAX_RING_AGE, self.load()).await
    }

    async fn load(&self) -> Result<Vec<PublicKey>, KeyError> {
        some(self.store.public_keys().await?)
    }
}

/// The two tokens a sign-in or a refresh hands out.
pub struct TokenPair {
    /// For requests.
    pub access: AccessToken,
    /// For the next pair.
    pub refresh: RefreshToken,
    /// Life of the access token.
    pub expires_in: Duration,
}

/// Mints tokens.
pub struct TokenIssuer {
    store: Store,
    parties: Parties,
    secrets: CachedSecrets,
    ring: Arc<SigningRing>,
    access_token_lifetime: Duration,
}

/// The signing keys.
#[derive(Default)]
struct SigningRing {
    wrapped: Cached<Vec<WrappedKey>>,
    /// The one of them that signs.
    opened: Cached<SigningKey>,
}

impl TokenIssuer {
    /// Reads `ISSUER`, `AUDIENCE`, `ACCESS_TOKEN_MINUTES` and the session secret, and loads the ring: best effort, the
    /// first request tries again.
    ///
    /// # Errors
    /// [`ConfigError`] naming the setting.
    pub async fn from_env(store: &Store) -> Result<Self, ConfigError> {
        let access_token_lifetime = config::access_token_lifetime()?;
        let (ring, now) = (Arc::clone(&SIGNING), clock::now());
        let load = async { some(store.signing_keys().await?) };
        let (secrets, keys) = tokio::join!(
            CachedSecrets::from_env(SecretSource::SESSION),
            ring.wrapped.fresh_or(now, MAX_RING_AGE, load)
        );
        let issuer = Self {
            store: store.clone(),
            parties: parties_from_env()?,
            secrets: secrets?,
            ring,
            access_token_lifetime,
        };
        let opened = match keys {
            Ok(_) => issuer.mint(now).await.map(drop),
            Err(error) => Err(error),
        };
        if let Err(error) = opened {
            tracing::warn!(cause = %error, "the signing key was not opened during init");
        }
        Ok(issuer)
    }

    /// The secrets it mints with.
    #[must_use]
    pub const fn secrets(&self) -> &CachedSecrets {
        &self.secrets
    }

    /// Makes ready to mint. Done before anything is written: a session must not move on to a token that
    /// nobody can be given.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn mint(&self, now: Timestamp) -> Result<Mint<'_>, KeyError> {
        let secrets = self.secrets.current(now).await?;
        let load = async { some(self.store.signing_keys().await?) };
        let keys = self.ring.wrapped.fresh_or(now, MAX_RING_AGE, load).await?;
        let wrapped = key_ring::signing_at(&keys, now).ok_or(KeyError::NoKey)?;
        let opened = &self.ring.opened;
        let current = opened.fresh(now, MAX_RING_AGE);
        let key = match current.filter(|current| current.kid == wrapped.kid) {
            Some(key) => key,
            None => opened.put(now, SigningKey::open(wrapped, &secrets)?),
        };
        Ok(Mint {
            key,
            parties: &self.parties,
            secrets,
            lifetime: self.access_token_lifetime,
            now,
        })
    }
}

/// A key and a secret in hand.
pub struct Mint<'a> {
    key: Arc<SigningKey>,
    parties: &'a Parties,
    secrets: Arc<Secrets>,
    lifetime: Duration,
    now: Timestamp,
}

impl Mint<'_> {
    /// The secret in hand.
    #[must_use]
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// An access token of the session, and nothing to go on with.
    ///
    /// # Errors
    /// [`KeyError::Signing`].
    pub fn access(&self, user: &User, session: &Session) -> Result<AccessToken, KeyError> {
        let (key, parties, lifetime) = (&self.key, self.parties, self.lifetime);
        let token = AccessToken::issue(key, parties, user, session, lifetime, self.now)?;
        Ok(token)
    }

    /// Signs claims as a token of this type, for other tokens than those of sessions.
    ///
    /// # Errors
    /// [`KeyError::Signing`].
    pub fn sign(&self, typ: &'static str, claims: &impl Serialize) -> Result<String, KeyError> {
        Ok(jwt::sign(&self.key, typ, claims)?)
    }

    /// `iss` of every token.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.parties.issuer
    }

    /// Life of an access token.
    #[must_use]
    pub const fn lifetime(&self) -> Duration {
        self.lifetime
    }

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
            access: self.access(user, session)?,
            refresh: RefreshToken::issue(&self.secrets, &claims),
            expires_in: self.lifetime,
        })
    }
}

/// A ring that has a key.
fn some<T>(keys: Vec<T>) -> Result<Vec<T>, KeyError> {
    (!keys.is_empty()).then_some(keys).ok_or(KeyError::NoKey)
}

fn parties_from_env() -> Result<Parties, ConfigError> {
    Ok(Parties {
        issuer: config::issuer()?,
        audience: config::required(config::AUDIENCE)?,
    })
}
