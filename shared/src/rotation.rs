//! Looking after the key ring: what the schedule runs.

use std::sync::Arc;

use crate::clock::Timestamp;
use crate::config::ConfigError;
use crate::keys::{KeyError, SessionSecrets};
use crate::secret::Secrets;
use crate::store::{Change, Store};
use crate::token::key_ring::{
    self, Algorithm, PublicKey, SigningKey, WrappedKey, plan_rotation, signing_at,
};

/// What a rotation did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rotated {
    /// The key it published.
    pub published: Option<String>,
    /// The keys it removed.
    pub removed: Vec<String>,
}

/// Looks after the key ring: publishes, retires, revokes. The only writer of keys.
pub struct KeyRotation {
    store: Store,
    algorithm: Algorithm,
    secrets: SessionSecrets,
}

impl KeyRotation {
    /// Reads `SIGNING_ALGORITHM` and the session secret.
    ///
    /// # Errors
    /// [`ConfigError`] naming the setting.
    pub async fn from_env(store: &Store) -> Result<Self, ConfigError> {
        Ok(Self {
            store: store.clone(),
            algorithm: Algorithm::from_env()?,
            secrets: SessionSecrets::from_env().await?,
        })
    }

    /// Does what is due: seals keys of the previous secret with the current one, publishes a new key a day
    /// before the current one ends, and removes keys whose signatures have all expired. Running it again
    /// changes nothing.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn run(&self, change: &Change) -> Result<Rotated, KeyError> {
        let secrets = self.secrets.current(change.at).await?;
        let (public, private) = self.ring().await?;
        self.rewrap(&secrets, &private, change).await?;
        let mut plan = plan_rotation(&public, change.at);
        if !can_sign(&private, &secrets, change) {
            plan.publish = Some(change.at);
        }
        let published = match plan.publish {
            Some(signs_from) => Some(self.publish(signs_from, change).await?),
            None => None,
        };
        for kid in &plan.retire {
            self.store.remove_key(kid).await?;
        }
        Ok(Rotated {
            published,
            removed: plan.retire,
        })
    }

    /// Removes a leaked key at once, or the half of it that is left. When no other key signs now, a new
    /// one does from now on. Nothing happens when there is no such key.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn revoke(&self, kid: &str, change: &Change) -> Result<Rotated, KeyError> {
        let secrets = self.secrets.current(change.at).await?;
        let (public, mut private) = self.ring().await?;
        let known =
            public.iter().any(|key| key.kid == kid) || private.iter().any(|key| key.kid == kid);
        if !known {
            return Ok(Rotated::default());
        }
        private.retain(|key| key.kid != kid);
        // The new key first: between the two writes there is always one that signs.
        let published = if can_sign(&private, &secrets, change) {
            None
        } else {
            Some(self.publish(change.at, change).await?)
        };
        self.store.remove_key(kid).await?;
        Ok(Rotated {
            published,
            removed: vec![kid.to_owned()],
        })
    }

    async fn ring(&self) -> Result<(Vec<PublicKey>, Vec<WrappedKey>), KeyError> {
        let (public, private) = tokio::join!(self.store.public_keys(), self.store.signing_keys());
        Ok((public?, private?))
    }

    /// Seals with the current secret what the previous one sealed: the next rotation of the secret would
    /// leave it shut.
    async fn rewrap(
        &self,
        secrets: &Arc<Secrets>,
        keys: &[WrappedKey],
        change: &Change,
    ) -> Result<(), KeyError> {
        for key in keys {
            if let Some(rewrapped) = key.rewrapped(secrets)? {
                self.store.rewrap_key(&rewrapped, change).await?;
            }
        }
        Ok(())
    }

    async fn publish(&self, signs_from: Timestamp, change: &Change) -> Result<String, KeyError> {
        let secrets = self.secrets.current(change.at).await?;
        let (public, private) = key_ring::generate(self.algorithm, signs_from, secrets.current())?;
        self.store.publish_key(&public, &private, change).await?;
        Ok(public.kid)
    }
}

/// Whether there is a key that signs now and opens.
fn can_sign(keys: &[WrappedKey], secrets: &Secrets, change: &Change) -> bool {
    signing_at(keys, change.at).is_some_and(|key| SigningKey::open(key, secrets).is_ok())
}
