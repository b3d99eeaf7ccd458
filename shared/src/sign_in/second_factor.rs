//! Of whom a second factor is asked.

use crate::config::{self, ConfigError};
use crate::user::Role;

/// Of whom a second factor is asked. Whoever has one is asked for it always.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecondFactor {
    /// Of whoever has one.
    Optional,
    /// Of everybody: who has none sets one up during the sign-in.
    Required,
    /// Of moderators and admins.
    Admins,
}

impl SecondFactor {
    /// Reads `SECOND_FACTOR`.
    ///
    /// # Errors
    /// [`ConfigError`] naming the setting.
    pub fn from_env() -> Result<Self, ConfigError> {
        let words = [
            ("optional", Self::Optional),
            ("required", Self::Required),
            ("admins", Self::Admins),
        ];
        config::one_of(config::SECOND_FACTOR, &words)
    }

    /// Whether somebody with this role must have one.
    #[must_use]
    pub fn is_asked_of(self, role: Role) -> bool {
        match self {
            Self::Optional => false,
            Self::Required => true,
            Self::Admins => role > Role::User,
        }
    }
}
