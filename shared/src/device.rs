//! Trusted devices: where a second factor was shown, and for some weeks is not asked for again.

use std::fmt;
use std::time::Duration;

use aws_lc_rs::{constant_time, digest, rand};
use base64::Engine;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::config::{self, ConfigError};
use crate::event::EventKind;
use crate::field::FieldError;
use crate::proof::{Confirmed, Second};
use crate::session::Client;
use crate::table::{Entity, Key};
use crate::token::{BASE64URL, base64url_decode};
use crate::user::{User, UserId};

const PREFIX: &str = "lkdt_";
/// Random bits of a token: nobody guesses one, and its plain hash keeps it.
const SECRET_BYTES: usize = 32;
const BYTES: usize = 16 + 16 + SECRET_BYTES;

crate::uuid_id! {
    /// Identifies a trusted device within its account.
    DeviceId
}

/// What a device shows at a sign-in in place of a second factor: `lkdt_` and in base64url whose it is (16 bytes), its id
/// (16) and a secret (32). It cannot be printed by accident.
#[derive(Clone)]
pub struct DeviceToken {
    user_id: UserId,
    id: DeviceId,
    secret: [u8; SECRET_BYTES],
}

impl fmt::Debug for DeviceToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DeviceToken(…)")
    }
}

impl DeviceToken {
    /// A new one.
    ///
    /// # Panics
    /// When the system has no randomness.
    #[must_use]
    pub fn generate(user_id: UserId, now: Timestamp) -> Self {
        let mut secret = [0; SECRET_BYTES];
        rand::fill(&mut secret).expect("the system has randomness");
        Self {
            user_id,
            id: DeviceId::generate(now),
            secret,
        }
    }

    /// Reads a token. Whether there is such a device, the table knows.
    ///
    /// # Errors
    /// `invalid_format`.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let invalid = || FieldError::new("invalid_format", "This is not the token of a device.");
        let text = text.strip_prefix(PREFIX).ok_or_else(invalid)?;
        if text.len() > BYTES.div_ceil(3) * 4 {
            return Err(invalid());
        }
        let bytes = base64url_decode(text).ok_or_else(invalid)?;
        let bytes: [u8; BYTES] = bytes.try_into().map_err(|_| invalid())?;
        let part = |from: usize| {
            let mut id = [0; 16];
            id.copy_from_slice(&bytes[from..from + 16]);
            id
        };
        let mut secret = [0; SECRET_BYTES];
        secret.copy_from_slice(&bytes[32..]);
        Ok(Self {
            user_id: UserId::from_bytes(part(0)),
            id: DeviceId::from_bytes(part(16)),
            secret,
        })
    }

    /// The text for the device.
    #[must_use]
    pub fn reveal(&self) -> String {
        let bytes = [
            &self.user_id.as_bytes()[..],
            &self.id.as_bytes()[..],
            &self.secret,
        ];
        format!("{PREFIX}{}", BASE64URL.encode(bytes.concat()))
    }

    /// Where the device is stored, if it is one of this account.
    #[must_use]
    pub fn key(&self, user_id: &UserId) -> Key {
        Key::device(user_id, &self.id)
    }

    fn hash(&self) -> String {
        BASE64URL.encode(digest::digest(&digest::SHA256, &self.secret))
    }
}

/// How long a device is trusted, from `TRUSTED_DEVICE_DAYS`; never, where that is 0.
///
/// # Errors
/// [`ConfigError`] naming the setting.
pub fn lifetime() -> Result<Option<Duration>, ConfigError> {
    let days = config::number(config::TRUSTED_DEVICE_DAYS, 30, 0..=90)?;
    Ok((days > 0).then(|| Duration::from_hours(24 * days)))
}

/// A trusted device.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TrustedDevice {
    /// Its id.
    pub id: DeviceId,
    /// SHA-256 of the secret of its token.
    hash: String,
    /// When a second factor was shown on it.
    pub created_at: Timestamp,
    /// Until when it is trusted.
    pub expires_at: Timestamp,
    /// The account's `credential_version` then.
    credential_version: u64,
    /// The account's `session_epoch` then.
    session_epoch: u64,
    /// The account's `factors_version` then.
    factors_version: u64,
    /// Network address of that sign-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip_address: Option<String>,
    /// User agent of that sign-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// When it was forgotten, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forgotten_at: Option<Timestamp>,
    /// Raised by every change.
    pub version: u64,
}

impl Entity for TrustedDevice {
    const TYPE: &'static str = "trusted_device";

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }

    fn events(&self) -> Vec<EventKind> {
        vec![EventKind::DeviceTrusted]
    }
}

impl TrustedDevice {
    /// The device with this token, on which the owner of the account has just shown a second factor.
    #[must_use]
    pub fn new(
        token: &DeviceToken,
        user: &User,
        client: Client,
        lifetime: Duration,
        now: Timestamp,
    ) -> Self {
        let client = client.kept();
        Self {
            id: token.id,
            hash: token.hash(),
            created_at: now,
            expires_at: now.plus(lifetime),
            credential_version: user.credential_version,
            session_epoch: user.session_epoch,
            factors_version: user.factors_version,
            ip_address: client.address,
            user_agent: client.user_agent,
            forgotten_at: None,
            version: 1,
        }
    }

    /// Whether it counts for the account as it is: with the same password, address and factors, no end of all sessions
    /// since, and for as long as devices are trusted by now.
    #[must_use]
    pub fn counts_for(&self, user: &User, lifetime: Duration, now: Timestamp) -> bool {
        self.credential_version == user.credential_version
            && self.session_epoch == user.session_epoch
            && self.factors_version == user.factors_version
            && !user.factors.is_empty()
            && self.forgotten_at.is_none()
            && now < self.expires_at.min(self.created_at.plus(lifetime))
    }

    /// What stands in for a second factor where this token is shown, if it does.
    #[must_use]
    pub fn confirmed(
        &self,
        token: &DeviceToken,
        user: &User,
        lifetime: Duration,
        now: Timestamp,
    ) -> Option<Confirmed> {
        let (known, shown) = (self.hash.as_bytes(), token.hash());
        let is_its = constant_time::verify_slices_are_equal(known, shown.as_bytes()).is_ok();
        let is_ours = token.user_id == user.id && token.id == self.id;
        (is_its && is_ours && self.counts_for(user, lifetime, now)).then_some(Confirmed {
            by: Second::TrustedDevice,
            at: self.created_at,
        })
    }
}

/// What stands in for a second factor where a client shows this token, if it does: `device` is what was read for it, and
/// `trusts_for` the [`lifetime`] that was chosen.
#[must_use]
pub fn confirmed(
    token: Option<&DeviceToken>,
    device: Option<&TrustedDevice>,
    trusts_for: Option<Duration>,
    user: &User,
    now: Timestamp,
) -> Option<Confirmed> {
    device?.confirmed(token?, user, trusts_for?, now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::email::Email;
    use crate::factor::{Factor, Factors};
    use crate::profile::Profile;
    use crate::user::Role;

    #[test]
    fn a_device_counts_with_its_token_for_the_account_as_it_was_until_it_expires() {
        let at = Timestamp::from_seconds(1_800_000_000);
        let email = Email::parse("a@example.com").expect("valid");
        let user = User {
            factors: [Factor::Totp].into_iter().collect(),
            ..User::register(email, Profile::default(), Role::User, at)
        };
        let token = DeviceToken::generate(user.id, at);
        let lifetime = Duration::from_hours(24);
        let device = TrustedDevice::new(&token, &user, Client::default(), lifetime, at);
        let read = DeviceToken::parse(&token.reveal()).expect("reads");
        assert_eq!(read.key(&user.id), token.key(&user.id));
        let counts = |token: &DeviceToken, user: &User, now| {
            device.confirmed(token, user, lifetime, now).is_some()
        };
        assert!(counts(&read, &user, at.plus(Duration::from_secs(86_399))));
        assert!(!counts(&read, &user, at.plus(lifetime)));
        let shorter = Duration::from_hours(1);
        let later = at.plus(shorter);
        assert!(device.confirmed(&read, &user, shorter, later).is_none());
        let mut other = read.clone();
        other.secret[31] ^= 1;
        assert!(!counts(&other, &user, at));
        for changed in [
            User {
                credential_version: 2,
                ..user.clone()
            },
            User {
                session_epoch: 2,
                ..user.clone()
            },
            User {
                id: UserId::NOBODY,
                ..user.clone()
            },
            User {
                factors_version: 1,
                ..user.clone()
            },
            User {
                factors: Factors::default(),
                ..user.clone()
            },
        ] {
            assert!(!counts(&read, &changed, at));
        }
        let text = token.reveal();
        for wrong in [
            "",
            "lkdt_",
            &text[1..],
            &text[..text.len() - 1],
            &format!("{text}A"),
        ] {
            assert!(DeviceToken::parse(wrong).is_err(), "{wrong}");
        }
    }
}
