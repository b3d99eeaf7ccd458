//! The second factors that an account has.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::table::Key;
use crate::user::UserId;

crate::uuid_id! {
    /// Identifies a passkey within its account: the first half of the SHA-256 of its credential id.
    PasskeyId
}

const TOTP: &str = "totp";
const PASSKEY: &str = "passkey";

/// A second factor that an account has. As a text it is its kind, and what tells it from others of that kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Factor {
    /// An authenticator app (RFC 6238). An account has one at most.
    Totp,
    /// A passkey (W3C Web Authentication). With its user verified it is enough to sign in.
    Passkey(PasskeyId),
}

/// A text is no factor of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no factor")]
pub struct NoFactor;

impl Factor {
    /// Its kind, by the names of the contract.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Totp => TOTP,
            Self::Passkey(_) => PASSKEY,
        }
    }

    /// Where it is stored.
    #[must_use]
    pub fn key(&self, user_id: &UserId) -> Key {
        match self {
            Self::Totp => Key::totp(user_id),
            Self::Passkey(id) => Key::passkey(user_id, id),
        }
    }
}

impl fmt::Display for Factor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Totp => formatter.write_str(TOTP),
            Self::Passkey(id) => write!(formatter, "{PASSKEY}:{id}"),
        }
    }
}

impl From<Factor> for String {
    fn from(factor: Factor) -> Self {
        factor.to_string()
    }
}

impl TryFrom<String> for Factor {
    type Error = NoFactor;

    fn try_from(text: String) -> Result<Self, NoFactor> {
        match text.split_once(':') {
            None if text == TOTP => Ok(Self::Totp),
            Some((PASSKEY, id)) => PasskeyId::parse(id)
                .map(Self::Passkey)
                .map_err(|_| NoFactor),
            _ => Err(NoFactor),
        }
    }
}

/// Which ones, as the account itself knows: a sign-in asks for no other item to learn that it needs one. What is not
/// among them counts for nothing, whatever else of it is in the table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Factors(#[serde(with = "serde_dynamo::string_set")] BTreeSet<Factor>);

impl Factors {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Factor> {
        self.0.iter()
    }

    /// The passkeys among them.
    pub fn passkeys(&self) -> impl Iterator<Item = PasskeyId> {
        self.0.iter().filter_map(|factor| match factor {
            Factor::Passkey(id) => Some(*id),
            Factor::Totp => None,
        })
    }

    /// Whether this is one of them.
    #[must_use]
    pub fn contains(&self, factor: &Factor) -> bool {
        self.0.contains(factor)
    }

    /// What somebody who has them can show, by the names of the contract. Recovery codes come with the first factor.
    #[must_use]
    pub fn ways(&self) -> Vec<&'static str> {
        let mut ways: Vec<&str> = self.0.iter().map(Factor::kind).collect();
        ways.dedup();
        if !self.is_empty() {
            ways.push("recovery_code");
        }
        ways
    }
}

impl FromIterator<Factor> for Factors {
    fn from_iter<I: IntoIterator<Item = Factor>>(factors: I) -> Self {
        Self(factors.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_are_read_as_they_are_written_and_each_way_is_named_once() {
        let [one, other] = [1, 2].map(|id| Factor::Passkey(PasskeyId::from_bytes([id; 16])));
        for factor in [Factor::Totp, one] {
            assert_eq!(Factor::try_from(factor.to_string()).ok(), Some(factor));
        }
        for none in ["", "totp:", "passkey", "passkey:", "passkey:1"] {
            assert!(Factor::try_from(none.to_owned()).is_err(), "{none:?}");
        }
        let factors = Factors::from_iter([other, Factor::Totp, one]);
        assert_eq!(factors.ways(), ["totp", "passkey", "recovery_code"]);
        assert_eq!(factors.passkeys().count(), 2);
    }
}
