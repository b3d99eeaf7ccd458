//! What a person can set of their account.

use letters::Locale;

use crate::name::Name;

/// The part of a [`User`](crate::user::User) that belongs to its owner. Wherever it is stored, wiped, told or
/// answered it is taken apart without `..`, so that the compiler asks about a new field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// Given name.
    pub first_name: Option<Name>,
    /// Family name.
    pub last_name: Option<Name>,
    /// Language of the letters to it.
    pub locale: Locale,
}

impl Profile {
    /// The names in it, which no password may be made of.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.first_name.iter().chain(&self.last_name)
    }
}
