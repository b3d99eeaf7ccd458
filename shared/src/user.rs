//! Accounts, roles, and the one table of who may do what.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::email::Email;
use crate::field::FieldError;
use crate::name::Name;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id; ids made later sort after ids made earlier (`UUIDv7`, RFC 9562 §5.7).
            #[must_use]
            pub fn generate() -> Self {
                Self(Uuid::now_v7())
            }

            /// Reads the hyphenated lower-case form, and no other: one id, one spelling.
            ///
            /// # Errors
            /// `invalid_format`.
            pub fn parse(input: &str) -> Result<Self, FieldError> {
                match Uuid::try_parse(input) {
                    Ok(id) if id.hyphenated().to_string() == input => Ok(Self(id)),
                    _ => Err(FieldError::new("invalid_format", "This is not an id.")),
                }
            }

            /// The 16 bytes of the id.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// The id with these 16 bytes.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0.hyphenated(), formatter)
            }
        }
    };
}
pub(crate) use uuid_id;

uuid_id! {
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
    /// Reads every account.
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

/// One thing that can be done to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Read the profile.
    ReadUser,
    /// Change the profile.
    UpdateUser,
    /// Delete the account.
    DeleteUser,
}

/// Whose accounts a permission reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// The caller's own.
    Own,
    /// The caller's own, and every account whose role does not rank higher.
    UpToOwnRole,
    /// Everybody's.
    All,
}

impl Permission {
    /// The permission table.
    const fn reach(self, role: Role) -> Reach {
        match (self, role) {
            (Self::ReadUser, Role::Admin | Role::Moderator) => Reach::All,
            (Self::UpdateUser | Self::DeleteUser, Role::Admin) => Reach::UpToOwnRole,
            (Self::ReadUser, Role::User)
            | (Self::UpdateUser | Self::DeleteUser, Role::User | Role::Moderator) => Reach::Own,
        }
    }
}

/// Why a caller may not act on an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// The caller's role does not allow it, whether or not the account exists.
    Forbidden,
    /// The caller might, but there is no such account.
    NotFound,
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
    /// What it may do.
    pub role: Role,
    /// Whether it may sign in.
    pub status: Status,
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

impl User {
    /// A new account: active, unverified, version 1.
    #[must_use]
    pub fn register(
        email: Email,
        first_name: Option<Name>,
        last_name: Option<Name>,
        role: Role,
        now: Timestamp,
    ) -> Self {
        Self {
            id: UserId::generate(),
            email,
            email_verified: false,
            first_name,
            last_name,
            role,
            status: Status::Active,
            credential_version: 1,
            session_epoch: 1,
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    /// Decides whether this caller may use `permission` on the account `id`, given what was read of
    /// it. Whoever may not act on an account cannot learn whether it exists.
    ///
    /// # Errors
    /// [`Denied`].
    pub fn authorize(
        &self,
        permission: Permission,
        id: &UserId,
        target: Option<User>,
    ) -> Result<User, Denied> {
        let reach = permission.reach(self.role);
        if reach == Reach::Own && self.id != *id {
            return Err(Denied::Forbidden);
        }
        let target = target.ok_or(Denied::NotFound)?;
        if reach == Reach::UpToOwnRole && target.role > self.role {
            return Err(Denied::Forbidden);
        }
        Ok(target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(role: Role) -> User {
        let email = Email::parse("a@example.com").expect("valid");
        User::register(email, None, None, role, Timestamp::from_seconds(1))
    }

    #[test]
    fn an_id_has_one_spelling() {
        let id = UserId::generate();
        let text = id.to_string();
        assert_eq!(UserId::parse(&text), Ok(id));
        for other in [
            text.to_uppercase(),
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
    fn every_role_has_exactly_its_permissions() {
        use Permission::{DeleteUser, ReadUser, UpdateUser};
        use Role::{Admin, Moderator, User};
        let roles = [User, Moderator, Admin];
        for caller_role in roles {
            for target_role in roles {
                let (caller, target) = (user(caller_role), user(target_role));
                for permission in [ReadUser, UpdateUser, DeleteUser] {
                    assert!(
                        caller
                            .authorize(permission, &caller.id, Some(caller.clone()))
                            .is_ok(),
                        "everybody has {permission:?} on their own account"
                    );
                    let allowed = match permission {
                        ReadUser => caller_role != User,
                        UpdateUser | DeleteUser => caller_role == Admin,
                    };
                    let decision = caller.authorize(permission, &target.id, Some(target.clone()));
                    assert_eq!(
                        decision.is_ok(),
                        allowed,
                        "{caller_role:?} {permission:?} {target_role:?}"
                    );
                    let missing = caller.authorize(permission, &target.id, None);
                    let expected = if allowed {
                        Denied::NotFound
                    } else {
                        Denied::Forbidden
                    };
                    assert_eq!(missing, Err(expected));
                }
            }
        }
    }
}
