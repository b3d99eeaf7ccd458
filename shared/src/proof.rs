//! What somebody has shown to sign in.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

/// What a sign-in can begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum First {
    /// The password of the account.
    Password,
}

/// What a session stands on, and when it was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proved {
    /// What the sign-in began with.
    pub first: First,
    /// When.
    pub at: Timestamp,
}

impl Proved {
    /// The ways used: `amr`, in the registered values of RFC 8176.
    #[must_use]
    pub fn methods(&self) -> Vec<&'static str> {
        match self.first {
            First::Password => vec!["pwd"],
        }
    }
}
