//! Accounts, their roles and their status.

use letters::Locale;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::email::Email;
use crate::factor::Factors;
use crate::field::FieldError;
use crate::identity::Identities;
use crate::name::Name;
use crate::profile::Profile;
use crate::text;

/// An id of something that is stored: a UUID of the moment it was made. Takes its documentation and its name; the package
/// it is used in needs `serde`.
#[macro_export]
macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name($crate::uuid::Uuid);

        impl $name {
            /// A new id made of the moment `now` and 74 random bits; ids made later sort after ids made
            /// earlier (`UUIDv7`, RFC 9562 §5.7).
            #[must_use]
            pub fn generate(now: $crate::clock::Timestamp) -> Self {
                let millis = now.as_millis();
                let nanos = u32::try_from(millis % 1000 * 1_000_000).unwrap_or_default();
                let moment = $crate::uuid::Timestamp::from_unix($crate::uuid::NoContext, millis / 1000, nanos);
                Self($crate::uuid::Uuid::new_v7(moment))
            }

            /// The id of the moment `at` with 74 of these bits, for what is to have the same id each time.
            #[must_use]
            pub fn derived(at: $crate::clock::Timestamp, bits: &[u8; 10]) -> Self {
                Self($crate::uuid::Builder::from_unix_timestamp_millis(at.as_millis(), bits).into_uuid())
            }

            /// Reads the hyphenated form in any case (RFC 9562 §4), and no other. It is written in lower case.
            ///
            /// # Errors
            /// `invalid_format`.
            pub fn parse(input: &str) -> Result<Self, $crate::field::FieldError> {
                let is_spelt = |id: &$crate::uuid::Uuid| {
                    let mut buffer = $crate::uuid::Uuid::encode_buffer();
                    let spelling = id.hyphenated().encode_lower(&mut buffer);
                    spelling.eq_ignore_ascii_case(input)
                };
                match $crate::uuid::Uuid::try_parse(input) {
                    Ok(id) if is_spelt(&id) => Ok(Self(id)),
                    _ => Err($crate::field::FieldError::new("invalid_format", "This is not an id.")),
                }
            }

            /// The id as a UUID.
            #[must_use]
            pub const fn as_uuid(&self) -> $crate::uuid::Uuid {
                self.0
            }

            /// The 16 bytes of the id.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// The id with these 16 bytes.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self($crate::uuid::Uuid::from_bytes(bytes))
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(&self.0.hyphenated(), formatter)
            }
        }
    };
}

crate::uuid_id! {
    /// Identifies an account for ever; never reused.
    UserId
}

impl UserId {
    /// An id no account has: what is looked up where there is no account, so that both cases cost the
    /// same.
    pub const NOBODY: Self = Self(Uuid::nil());
}

/// What an account may do. Ordered: a later role ranks higher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Owns one account.
    User,
    /// Reads every account, suspends users.
    Moderator,
    /// Administers every account.
    Admin,
}

/// Whether an account may sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It may.
    Active,
    /// It may not, and its sessions are dead.
    Suspended,
}

impl Role {
    /// Reads a role by its name.
    ///
    /// # Errors
    /// `invalid_value`.
    pub fn parse(input: &str) -> Result<Self, FieldError> {
        match input {
            "user" => Ok(Self::User),
            "moderator" => Ok(Self::Moderator),
            "admin" => Ok(Self::Admin),
            _ => Err(FieldError::new(
                "invalid_value",
                "Choose among: user, moderator, admin.",
            )),
        }
    }
}

impl Status {
    /// Reads a status by its name.
    ///
    /// # Errors
    /// `invalid_value`.
    pub fn parse(input: &str) -> Result<Self, FieldError> {
        match input {
            "active" => Ok(Self::Active),
            "suspended" => Ok(Self::Suspended),
            _ => Err(FieldError::new(
                "invalid_value",
                "Choose among: active, suspended.",
            )),
        }
    }
}

/// Longest reason, in characters.
const MAX_REASON_CHARS: usize = 500;

/// Why an account is suspended, for the people who administer it: 1 to 500 characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Reason(String);

impl Reason {
    /// Reads a reason; surrounding white space is dropped.
    ///
    /// # Errors
    /// `too_short`, `too_long` or `invalid_format`.
    pub fn parse(input: &str) -> Result<Self, FieldError> {
        text::line(input, MAX_REASON_CHARS, "A reason").map(Self)
    }

    /// The reason.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is known of a suspension.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspension {
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// When it ends by itself, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// Its address, as registered.
    pub email: Email,
    /// Whether the owner has shown to receive mail there.
    pub email_verified: bool,
    /// Given name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<Name>,
    /// Family name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<Name>,
    /// Language of the letters to it.
    #[serde(default)]
    pub locale: Locale,
    /// Whether it was made without a password, and waits for its owner to set one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub invited: bool,
    /// Whether its owner has chosen to have none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub passwordless: bool,
    /// The second factors it has.
    #[serde(default, skip_serializing_if = "Factors::is_empty")]
    pub factors: Factors,
    /// Raised whenever one is set up or removed: a device that was trusted before is trusted no longer.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub factors_version: u64,
    /// The identities at other providers that sign in to it.
    #[serde(default, skip_serializing_if = "Identities::is_empty")]
    pub identities: Identities,
    /// What it may do.
    pub role: Role,
    /// Whether it may sign in, as it was last set: [`status_at`](Self::status_at) knows whether a
    /// suspension has ended meanwhile.
    pub status: Status,
    /// Reason and end of a suspension.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspension: Option<Suspension>,
    /// Copy of the credential's version: a session of another version is dead.
    pub credential_version: u64,
    /// Raised to end every session at once.
    pub session_epoch: u64,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Raised by every change; the entity tag.
    pub version: u64,
}

/// As serde asks.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks with a reference"
)]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl User {
    /// A new account: active, unverified, version 1.
    #[must_use]
    pub fn register(email: Email, profile: Profile, role: Role, now: Timestamp) -> Self {
        let Profile {
            first_name,
            last_name,
            locale,
        } = profile;
        Self {
            id: UserId::generate(now),
            email,
            email_verified: false,
            first_name,
            last_name,
            locale,
            invited: false,
            passwordless: false,
            factors: Factors::default(),
            factors_version: 0,
            identities: Identities::default(),
            role,
            status: Status::Active,
            suspension: None,
            credential_version: 1,
            session_epoch: 1,
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    /// What its owner has set.
    #[must_use]
    pub fn profile(&self) -> Profile {
        Profile {
            first_name: self.first_name.clone(),
            last_name: self.last_name.clone(),
            locale: self.locale,
        }
    }

    /// The account with this profile.
    #[must_use]
    pub fn with_profile(self, profile: Profile) -> Self {
        let Profile {
            first_name,
            last_name,
            locale,
        } = profile;
        Self {
            first_name,
            last_name,
            locale,
            ..self
        }
    }

    /// Whether it may sign in at `now`.
    #[must_use]
    pub fn status_at(&self, now: Timestamp) -> Status {
        let end = self
            .suspension
            .as_ref()
            .and_then(|suspension| suspension.until);
        match self.status {
            Status::Suspended if end.is_some_and(|end| end <= now) => Status::Active,
            status => status,
        }
    }

    /// How many things sign in to it by themselves: its password, its passkeys and its identities. Letters are not counted:
    /// whoever loses the mailbox would lose the account.
    #[must_use]
    pub fn ways_in(&self) -> usize {
        let has_password = !self.passwordless && !self.invited;
        usize::from(has_password) + self.factors.passkeys().count() + self.identities.len()
    }

    /// Whether the admin counter counts it: by what is stored. So an admin whose suspension has ended by
    /// itself counts again when somebody sets the status to active, or when the last one counted is to go, and
    /// not before: the counter may be too low, never too high.
    #[must_use]
    pub fn counts_as_admin(&self) -> bool {
        self.role == Role::Admin && self.status == Status::Active
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(role: Role) -> User {
        let email = Email::parse("a@example.com").expect("valid");
        User::register(email, Profile::default(), role, Timestamp::from_seconds(1))
    }

    #[test]
    fn bug_79_an_id_is_read_in_any_case_and_has_one_spelling() {
        let id = UserId::generate(Timestamp::from_seconds(1));
        let text = id.to_string();
        assert_eq!(text, text.to_lowercase());
        for spelling in [text.clone(), text.to_uppercase(), text.replace('a', "A")] {
            assert_eq!(UserId::parse(&spelling), Ok(id));
        }
        for other in [
            text.replace('-', ""),
            format!("{{{text}}}"),
            format!("urn:uuid:{text}"),
            format!("{text} "),
            String::new(),
        ] {
            assert!(UserId::parse(&other).is_err(), "{other:?}");
        }
    }

    #[test]
    fn ids_are_made_of_the_moment_and_sort_by_it() {
        let ids = [1, 2, 3].map(|second| UserId::generate(Timestamp::from_seconds(second)));
        assert!(ids.is_sorted());
        assert_eq!(ids[0].as_bytes()[..6], [0, 0, 0, 0, 0x03, 0xe8]);
    }

    #[test]
    fn a_suspension_ends_by_itself_when_it_says_so() {
        let now = Timestamp::from_seconds(100);
        let mut user = user(Role::Admin);
        assert_eq!(user.status_at(now), Status::Active);
        user.status = Status::Suspended;
        assert_eq!(user.status_at(now), Status::Suspended, "without an end");
        for (until, status) in [(101, Status::Suspended), (100, Status::Active)] {
            let until = Some(Timestamp::from_seconds(until));
            user.suspension = Some(Suspension {
                reason: None,
                until,
            });
            assert_eq!(user.status_at(now), status);
            assert!(!user.counts_as_admin());
        }
    }
}
