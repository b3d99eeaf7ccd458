//! Looking after the key ring: what the schedule runs.

use std::sync::Arc;
use std::time::Duration;

use crate::ring::KeyRing;
use latchkey::clock::Timestamp;
use latchkey::config::ConfigError;
use latchkey::keys::{CachedSecrets, KeyError};
use latchkey::secret::{SecretSource, Secrets};
use latchkey::store::{Change, Store};
use latchkey::token::access::MAX_LIFETIME;
use latchkey::token::key_ring::{
    self, Algorithm, MAX_RING_AGE, PublicKey, SigningKey, WrappedKey, signing_at,
};

/// A key signs for this long.
const SIGNING_PERIOD: Duration = Duration::from_hours(720);
/// A key is published this long before it signs, so that every cache of the key set has it by then.
const PUBLISHED_BEFORE: Duration = Duration::from_hours(24);
/// A key stays published this long after its last signature has expired.
const RETIRED_AFTER: Duration = Duration::from_hours(1);
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
    secrets: CachedSecrets,
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
            secrets: CachedSecrets::from_env(SecretSource::SESSION).await?,
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
            KeyRing(self.store.table()).remove(kid).await?;
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
        KeyRing(self.store.table()).remove(kid).await?;
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
                KeyRing(self.store.table())
                    .rewrap(&rewrapped, change)
                    .await?;
            }
        }
        Ok(())
    }

    async fn publish(&self, signs_from: Timestamp, change: &Change) -> Result<String, KeyError> {
        let secrets = self.secrets.current(change.at).await?;
        let (public, private) = key_ring::generate(self.algorithm, signs_from, secrets.current())?;
        KeyRing(self.store.table())
            .publish(&public, &private, change)
            .await?;
        Ok(public.kid)
    }
}

/// Whether there is a key that signs now and opens.
fn can_sign(keys: &[WrappedKey], secrets: &Secrets, change: &Change) -> bool {
    signing_at(keys, change.at).is_some_and(|key| SigningKey::open(key, secrets).is_ok())
}

/// What a rotation run has to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct RotationPlan {
    /// Publish a new key that signs from this moment on.
    publish: Option<Timestamp>,
    /// Remove these keys: nothing they signed can still be valid.
    retire: Vec<String>,
}

/// Decides what is due at `now`. Running it twice changes nothing the second time.
fn plan_rotation(keys: &[PublicKey], now: Timestamp) -> RotationPlan {
    let mut by_start: Vec<&PublicKey> = keys.iter().collect();
    by_start.sort_by_key(|key| key.signs_from);
    let publish = match by_start.last() {
        None => Some(now),
        Some(newest) => {
            let ends = newest.signs_from.plus(SIGNING_PERIOD);
            let due = now.plus(PUBLISHED_BEFORE) >= ends;
            // When the schedule was off for long, the next key still waits to be known everywhere.
            due.then(|| ends.max(now.plus(PUBLISHED_BEFORE)))
        }
    };
    let retire = by_start
        .windows(2)
        .filter(|pair| {
            let last_signature = pair[1].signs_from.plus(MAX_RING_AGE);
            now > last_signature.plus(MAX_LIFETIME).plus(RETIRED_AFTER)
        })
        .map(|pair| pair[0].kid.clone())
        .collect();
    RotationPlan { publish, retire }
}

#[cfg(test)]
mod tests {
    use super::*;
    use latchkey::token::key_ring::PublicNumbers;

    const HOUR: Duration = Duration::from_hours(1);
    const DAY: Duration = Duration::from_hours(24);

    fn key(kid: &str, signs_from: Timestamp) -> PublicKey {
        let numbers = PublicNumbers::Rsa {
            n: String::new(),
            e: String::new(),
        };
        PublicKey {
            kid: kid.to_owned(),
            algorithm: Algorithm::RS256,
            numbers,
            signs_from,
        }
    }

    fn start() -> Timestamp {
        Timestamp::from_seconds(1_800_000_000)
    }

    #[test]
    fn the_first_key_signs_at_once() {
        assert_eq!(plan_rotation(&[], start()).publish, Some(start()));
    }

    #[test]
    fn a_new_key_every_30_days_is_published_a_day_before_it_signs() {
        let keys = [key("a", start())];
        assert_eq!(
            plan_rotation(&keys, start().plus(28 * DAY)),
            RotationPlan::default()
        );
        let plan = plan_rotation(&keys, start().plus(29 * DAY));
        assert_eq!(plan.publish, Some(start().plus(30 * DAY)));
        let keys = [keys[0].clone(), key("b", start().plus(30 * DAY))];
        assert_eq!(
            plan_rotation(&keys, start().plus(29 * DAY)),
            RotationPlan::default()
        );
    }

    #[test]
    fn a_late_rotation_still_publishes_a_day_ahead() {
        let late = start().plus(100 * DAY);
        let plan = plan_rotation(&[key("a", start())], late);
        assert_eq!(plan.publish, Some(late.plus(DAY)));
    }

    #[test]
    fn a_key_is_retired_only_when_nothing_it_signed_can_be_valid() {
        let replaced = start().plus(30 * DAY);
        let keys = [key("a", start()), key("b", replaced)];
        assert!(
            plan_rotation(&keys, replaced.plus(2 * HOUR))
                .retire
                .is_empty()
        );
        assert_eq!(plan_rotation(&keys, replaced.plus(3 * HOUR)).retire, ["a"]);
    }
}
