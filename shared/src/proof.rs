//! What somebody has shown to sign in: one thing, or two different ones.
//!
//! What a sign-in begins with and what can stand beside it are two types, so that the same thing is never two factors:
//! a password never stands beside a password, nor a letter beside a letter.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::factor::{Factor, Factors, PasskeyId};
use crate::identity::IdentityId;
use crate::session::SessionId;
use crate::user::{User, UserId};

/// Where the private half of a passkey is, by its method reference (RFC 8176 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Held {
    /// On the device that made it, for ever: `hwk`.
    Device,
    /// In a password manager, which copies it from device to device: `swk`.
    Synced,
}

impl Held {
    const fn method(self) -> &'static str {
        match self {
            Self::Device => "hwk",
            Self::Synced => "swk",
        }
    }
}

/// What a sign-in can begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum First {
    /// The password of the account.
    Password,
    /// A letter to the address of the account: its code or its link, which are one mailbox.
    Mail,
    /// A passkey that has verified its user: two factors by itself, the device and what unlocks it.
    Passkey(PasskeyId, Held),
    /// An identity at another provider, which says who it is. How it has found out is not counted.
    External(IdentityId),
}

/// What can stand beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Second {
    /// A code of an authenticator app (RFC 6238).
    Totp,
    /// One of the codes that were handed out for when nothing else is at hand.
    RecoveryCode,
    /// A passkey, whether or not it has verified its user.
    Passkey(PasskeyId, Held),
    /// A device on which one was shown some weeks ago: it stands in for a second factor, and is none.
    TrustedDevice,
}

impl Second {
    /// Whether it is one of these factors: what was removed since it was shown counts for nothing.
    #[must_use]
    pub fn is_among(self, factors: &Factors) -> bool {
        match self {
            Self::Totp => factors.contains(&Factor::Totp),
            Self::RecoveryCode => !factors.is_empty(),
            Self::Passkey(id, _) => factors.contains(&Factor::Passkey(id)),
            Self::TrustedDevice => false,
        }
    }

    /// Whether it is a factor that was shown for this session.
    pub(crate) const fn is_factor(self) -> bool {
        !matches!(self, Self::TrustedDevice)
    }
}

/// A second factor, and when it was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmed {
    /// What was shown.
    pub by: Second,
    /// When.
    pub at: Timestamp,
}

/// What a session stands on, and when it was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proved {
    /// What the sign-in began with.
    pub first: First,
    /// When.
    pub at: Timestamp,
    /// What stands beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<Confirmed>,
}

impl Proved {
    /// One thing, shown at this time.
    #[must_use]
    pub const fn first(first: First, at: Timestamp) -> Self {
        Self {
            first,
            at,
            second: None,
        }
    }

    /// With a second factor beside it. A passkey beside a passkey is nothing more.
    #[must_use]
    pub const fn with(self, second: Confirmed) -> Self {
        if let (First::Passkey(..), Second::Passkey(..)) = (self.first, second.by) {
            return self;
        }
        Self {
            second: Some(second),
            ..self
        }
    }

    /// Whether it is two different things.
    #[must_use]
    pub const fn is_two(&self) -> bool {
        let second = matches!(self.second, Some(second) if second.by.is_factor());
        second || matches!(self.first, First::Passkey(..))
    }

    /// Whether it is as much as is asked of who has a second factor: two things, or one on a trusted device.
    #[must_use]
    pub const fn suffices(&self) -> bool {
        self.second.is_some() || self.is_two()
    }

    /// The ways used: `amr`, in the registered values of RFC 8176; `email`, `fed`, `recovery` and `device` are values of our own.
    #[must_use]
    pub fn methods(&self) -> Vec<&'static str> {
        let mut methods = match self.first {
            First::Password => vec!["pwd"],
            First::Mail => vec!["email"],
            First::Passkey(_, held) => vec![held.method(), "user"],
            First::External(_) => vec!["fed"],
        };
        if let Some(second) = self.second {
            let method = match second.by {
                Second::Totp => "otp",
                Second::RecoveryCode => "recovery",
                Second::Passkey(_, held) => held.method(),
                Second::TrustedDevice => "device",
            };
            methods.push(method);
            if second.by.is_factor() {
                methods.push("mfa");
            }
        }
        methods
    }

    /// How much was proved: `acr`, `aal1` for one thing and `aal2` for two different ones, after the levels of NIST
    /// SP 800-63B.
    #[must_use]
    pub const fn level(&self) -> &'static str {
        if self.is_two() { "aal2" } else { "aal1" }
    }

    /// When something was last shown: `auth_time`.
    #[must_use]
    pub fn latest(&self) -> Timestamp {
        self.second.map_or(self.at, |second| second.at.max(self.at))
    }

    /// When the strongest of what an account with these factors has was last shown, if it was: a second factor where
    /// there is one, and a passkey that has verified its user is one. What it has no more counts for nothing.
    #[must_use]
    pub fn strongest(&self, factors: &Factors) -> Option<Timestamp> {
        if factors.is_empty() {
            return Some(self.latest());
        }
        let first = match self.first {
            First::Password | First::Mail | First::External(_) => false,
            First::Passkey(id, _) => factors.contains(&Factor::Passkey(id)),
        };
        let second = self.second.filter(|second| second.by.is_among(factors));
        let first = first.then_some(self.at);
        first.max(second.map(|second| second.at))
    }
}

/// A sign-in that is under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    /// Id of the session that it is to start.
    pub session_id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// Version of the credential that was looked at.
    pub credential_version: u64,
    /// The account's `session_epoch` then.
    pub session_epoch: u64,
    /// What was proved.
    pub proved: Proved,
}

impl Begun {
    /// One that begins now.
    #[must_use]
    pub fn new(user: &User, credential_version: u64, proved: Proved) -> Self {
        Self {
            session_id: SessionId::generate(proved.at),
            user_id: user.id,
            credential_version,
            session_epoch: user.session_epoch,
            proved,
        }
    }

    /// Whether the account is as it was then: no other password or address, and no end of all sessions since.
    #[must_use]
    pub fn is_of(&self, user: &User) -> bool {
        self.user_id == user.id
            && self.credential_version == user.credential_version
            && self.session_epoch == user.session_epoch
    }

    /// With a second factor.
    #[must_use]
    pub const fn with(self, second: Confirmed) -> Self {
        Self {
            proved: self.proved.with(second),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSKEY: PasskeyId = PasskeyId::from_bytes([7; 16]);

    #[test]
    fn an_account_with_a_second_factor_is_proved_by_that() {
        let [first, second] = [1, 2].map(Timestamp::from_seconds);
        let one = Proved::first(First::Password, first);
        let by = Second::Totp;
        let two = one.with(Confirmed { by, at: second });
        let (none, totp) = (Factors::default(), Factors::from_iter([Factor::Totp]));
        assert_eq!(one.strongest(&none), Some(first));
        assert_eq!(two.strongest(&none), Some(second));
        assert_eq!(one.strongest(&totp), None);
        assert_eq!(two.strongest(&totp), Some(second));
        assert_eq!((one.level(), two.level()), ("aal1", "aal2"));
        assert_eq!(two.methods(), ["pwd", "otp", "mfa"]);
    }

    #[test]
    fn a_trusted_device_suffices_and_proves_nothing() {
        let [before, at] = [1, 2].map(Timestamp::from_seconds);
        let by = Second::TrustedDevice;
        let proved = Proved::first(First::Password, at).with(Confirmed { by, at: before });
        assert!(proved.suffices() && !proved.is_two());
        assert_eq!((proved.level(), proved.latest()), ("aal1", at));
        assert_eq!(proved.methods(), ["pwd", "device"]);
        assert_eq!(proved.strongest(&Factors::from_iter([Factor::Totp])), None);
        let more = proved.with(Confirmed {
            by: Second::Totp,
            at,
        });
        assert_eq!(more.methods(), ["pwd", "otp", "mfa"]);
    }

    #[test]
    fn a_passkey_is_two_by_itself_and_no_more_beside_itself() {
        let [at, later] = [1, 2].map(Timestamp::from_seconds);
        let passkey = Proved::first(First::Passkey(PASSKEY, Held::Synced), at);
        assert_eq!(
            (passkey.level(), passkey.methods()),
            ("aal2", vec!["swk", "user"])
        );
        let [totp, both] = [
            &[Factor::Totp][..],
            &[Factor::Totp, Factor::Passkey(PASSKEY)],
        ]
        .map(|factors| factors.iter().copied().collect::<Factors>());
        assert_eq!(passkey.strongest(&both), Some(at));
        assert_eq!(passkey.strongest(&totp), None, "it was removed");
        let by = Second::Passkey(PASSKEY, Held::Device);
        assert_eq!(passkey.with(Confirmed { by, at: later }), passkey);
        let password = Proved::first(First::Password, at).with(Confirmed { by, at: later });
        assert_eq!(password.methods(), ["pwd", "hwk", "mfa"]);
        let by = Second::Totp;
        let more = passkey.with(Confirmed { by, at: later });
        assert_eq!(more.methods(), ["swk", "user", "otp", "mfa"]);
        assert_eq!(more.strongest(&totp), Some(later));
    }
}
