//! Who may do what: one table, and the one decision made with it.

use serde::{Deserialize, Serialize};

use crate::user::{Role, User, UserId};

/// One thing that can be done to accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// Read a profile.
    ReadUser,
    /// Change a profile.
    UpdateUser,
    /// Delete an account.
    DeleteUser,
    /// List accounts.
    ListUsers,
    /// Create accounts for others.
    CreateUser,
    /// Change a role.
    SetRole,
    /// Suspend an account and end that.
    SetStatus,
    /// Read preferences.
    ReadPreferences,
    /// Change preferences.
    UpdatePreferences,
    /// List sessions.
    ListSessions,
    /// End sessions.
    RevokeSession,
    /// Move an account to another address.
    ChangeEmail,
    /// Read which second factors an account has.
    ReadFactors,
    /// Remove a second factor.
    DeleteFactor,
    /// Read which identities at other providers an account has.
    ReadIdentities,
    /// Read which applications an account has given access.
    ReadGrants,
    /// Take that access back.
    RevokeGrant,
    /// Set up the providers to sign in with.
    ManageProviders,
    /// Register the clients that we are a provider for.
    ManageClients,
    /// Read what happened to an account.
    ReadAudit,
    /// Read what happened to all accounts.
    ListAudit,
}

/// Whose accounts a permission reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Nobody's.
    Nobody,
    /// The caller's own.
    Own,
    /// Every account whose role ranks lower than the caller's.
    BelowOwnRole,
    /// The caller's own, and every account whose role ranks lower.
    OwnAndBelow,
    /// The caller's own, and every account whose role does not rank higher.
    UpToOwnRole,
    /// Everybody's.
    All,
}

impl Permission {
    /// All of them.
    pub const ALL: [Self; 21] = [
        Self::ReadUser,
        Self::UpdateUser,
        Self::DeleteUser,
        Self::ListUsers,
        Self::CreateUser,
        Self::SetRole,
        Self::SetStatus,
        Self::ReadPreferences,
        Self::UpdatePreferences,
        Self::ListSessions,
        Self::RevokeSession,
        Self::ChangeEmail,
        Self::ReadFactors,
        Self::DeleteFactor,
        Self::ReadIdentities,
        Self::ReadGrants,
        Self::RevokeGrant,
        Self::ManageProviders,
        Self::ManageClients,
        Self::ReadAudit,
        Self::ListAudit,
    ];

    /// The permission table.
    #[rustfmt::skip]
    #[expect(clippy::match_same_arms, reason = "a row for each")]
    #[must_use]
    pub const fn reach(self, role: Role) -> Reach {
        use Reach::{All, BelowOwnRole, Nobody, Own, OwnAndBelow, UpToOwnRole};
        let [user, moderator, admin] = match self {
            //                          user    moderator     admin
            Self::ReadUser          => [Own,    All,          All],
            Self::UpdateUser        => [Own,    Own,          UpToOwnRole],
            Self::DeleteUser        => [Own,    Own,          UpToOwnRole],
            Self::ListUsers         => [Nobody, All,          All],
            Self::CreateUser        => [Nobody, Nobody,       All],
            Self::SetRole           => [Nobody, Nobody,       UpToOwnRole],
            Self::SetStatus         => [Nobody, BelowOwnRole, UpToOwnRole],
            Self::ReadPreferences   => [Own,    All,          All],
            Self::UpdatePreferences => [Own,    Own,          UpToOwnRole],
            Self::ListSessions      => [Own,    All,          All],
            Self::RevokeSession     => [Own,    Own,          UpToOwnRole],
            Self::ChangeEmail       => [Own,    Own,          Own],
            Self::ReadFactors       => [Own,    All,          All],
            Self::DeleteFactor      => [Own,    Own,          OwnAndBelow],
            Self::ReadIdentities    => [Own,    All,          All],
            Self::ReadGrants        => [Own,    All,          All],
            Self::RevokeGrant       => [Own,    Own,          UpToOwnRole],
            Self::ManageProviders   => [Nobody, Nobody,       All],
            Self::ManageClients     => [Nobody, Nobody,       All],
            Self::ReadAudit         => [Own,    Own,          All],
            Self::ListAudit         => [Nobody, Nobody,       All],
        };
        match role {
            Role::User => user,
            Role::Moderator => moderator,
            Role::Admin => admin,
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

impl User {
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
        if reach == Reach::Nobody || (reach == Reach::Own && self.id != *id) {
            return Err(Denied::Forbidden);
        }
        let target = target.ok_or(Denied::NotFound)?;
        let reached = match reach {
            Reach::Nobody => false,
            Reach::Own | Reach::All => true,
            Reach::BelowOwnRole => target.role < self.role,
            Reach::OwnAndBelow => target.id == self.id || target.role < self.role,
            Reach::UpToOwnRole => target.role <= self.role,
        };
        if reached {
            Ok(target)
        } else {
            Err(Denied::Forbidden)
        }
    }

    /// Decides whether this caller may use `permission` on accounts in general: to list or create them.
    ///
    /// # Errors
    /// [`Denied::Forbidden`].
    pub fn authorize_all(&self, permission: Permission) -> Result<(), Denied> {
        if permission.reach(self.role) == Reach::All {
            Ok(())
        } else {
            Err(Denied::Forbidden)
        }
    }

    /// Decides whether this caller may give an account this role: nobody gives more than they have.
    ///
    /// # Errors
    /// [`Denied::Forbidden`].
    pub fn authorize_granting(&self, role: Role) -> Result<(), Denied> {
        if role <= self.role {
            Ok(())
        } else {
            Err(Denied::Forbidden)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::email::Email;
    use crate::profile::Profile;

    const ROLES: [Role; 3] = [Role::User, Role::Moderator, Role::Admin];

    fn user(role: Role) -> User {
        let email = Email::parse("a@example.com").expect("valid");
        User::register(email, Profile::default(), role, Timestamp::from_seconds(1))
    }

    /// Written down a second time, by whom and not by permission, so that a slip in the table shows.
    fn expected(permission: Permission, caller: Role, own: bool, target: Role) -> bool {
        use Permission::{
            ChangeEmail, CreateUser, DeleteFactor, DeleteUser, ListAudit, ListSessions, ListUsers,
            ManageClients, ManageProviders, ReadAudit, ReadFactors, ReadGrants, ReadIdentities,
            ReadPreferences, ReadUser, RevokeGrant, RevokeSession, SetRole, SetStatus,
            UpdatePreferences, UpdateUser,
        };
        let owners = [
            ReadUser,
            UpdateUser,
            DeleteUser,
            ReadPreferences,
            UpdatePreferences,
            ListSessions,
            RevokeSession,
            ChangeEmail,
            ReadFactors,
            DeleteFactor,
            ReadIdentities,
            ReadGrants,
            RevokeGrant,
            ReadAudit,
        ];
        let readers = [
            ReadUser,
            ReadPreferences,
            ListSessions,
            ReadFactors,
            ReadIdentities,
            ReadGrants,
            ListUsers,
        ];
        match caller {
            Role::User => own && owners.contains(&permission),
            Role::Moderator => {
                (own && owners.contains(&permission))
                    || readers.contains(&permission)
                    || (permission == SetStatus && target == Role::User)
            }
            Role::Admin => {
                let below = permission == DeleteFactor && target < Role::Admin;
                (own && [ChangeEmail, DeleteFactor].contains(&permission))
                    || below
                    || (![ChangeEmail, DeleteFactor].contains(&permission)
                        && owners.contains(&permission))
                    || readers.contains(&permission)
                    || [
                        CreateUser,
                        SetRole,
                        SetStatus,
                        ListAudit,
                        ManageProviders,
                        ManageClients,
                    ]
                    .contains(&permission)
            }
        }
    }

    #[test]
    fn bug_37_every_role_reaches_exactly_whom_it_may() {
        for permission in Permission::ALL {
            for caller_role in ROLES {
                let caller = user(caller_role);
                let own = caller.authorize(permission, &caller.id, Some(caller.clone()));
                assert_eq!(
                    own.is_ok(),
                    expected(permission, caller_role, true, caller_role),
                    "{caller_role:?} {permission:?} own"
                );
                for target_role in ROLES {
                    let target = user(target_role);
                    let decision = caller.authorize(permission, &target.id, Some(target.clone()));
                    assert_eq!(
                        decision.is_ok(),
                        expected(permission, caller_role, false, target_role),
                        "{caller_role:?} {permission:?} {target_role:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn bug_37_only_who_could_act_on_some_account_learns_that_one_is_missing() {
        for permission in Permission::ALL {
            for role in ROLES {
                let missing = user(role).authorize(permission, &UserId::NOBODY, None);
                let could = ROLES.map(|target| expected(permission, role, false, target));
                let denied = if could.contains(&true) {
                    Denied::NotFound
                } else {
                    Denied::Forbidden
                };
                assert_eq!(missing, Err(denied), "{role:?} {permission:?}");
            }
        }
    }

    #[test]
    fn nobody_gives_a_role_above_their_own() {
        for role in ROLES {
            for given in ROLES {
                assert_eq!(user(role).authorize_granting(given).is_ok(), given <= role);
            }
        }
    }
}
