//! The second factors that an account has.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// A second factor that an account has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Factor {
    /// An authenticator app (RFC 6238). An account has one at most.
    Totp,
}

impl Factor {
    /// As it is stored.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Totp => "totp",
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

    /// Whether this is one of them.
    #[must_use]
    pub fn contains(&self, factor: &Factor) -> bool {
        self.0.contains(factor)
    }

    /// What somebody who has them can show, by the names of the contract. Recovery codes come with the first factor.
    #[must_use]
    pub fn ways(&self) -> Vec<&'static str> {
        let mut ways: Vec<&str> = self.0.iter().map(Factor::as_str).collect();
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
