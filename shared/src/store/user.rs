//! Users: read, change, delete.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::admin::count_admins;
use super::key::USERS_INDEX;
use super::{Store, WriteRefused};
use crate::clock::Timestamp;
use crate::event::EventKind;
use crate::name::Name;
use crate::profile::Profile;
use crate::table::{
    self, Change, Entity, Key, StoreError, Update, Updated, attribute, number, text,
};
use crate::user::{Role, Status, Suspension, User, UserId};

/// How long a tombstone stays: longer than any session or token of the account can.
const TOMBSTONE_LIFETIME: Duration = Duration::from_hours(2400);

impl Entity for User {
    const TYPE: &'static str = "user";

    fn index(&self) -> Option<(String, String)> {
        Some((USERS_INDEX.to_owned(), self.id.to_string()))
    }

    fn events(&self) -> Vec<EventKind> {
        let invited = self.invited.then_some(EventKind::UserInvited);
        let mut events = vec![invited.unwrap_or(EventKind::UserRegistered)];
        // Made with the code of a letter, or by a provider that vouches for the address.
        let is_verified = self.passwordless && self.email_verified;
        events.extend(is_verified.then_some(EventKind::EmailVerified));
        events
    }
}

/// What is left of a deleted account, so that whatever is cleaned up later knows of it.
#[derive(Serialize, Deserialize)]
pub(super) struct Tombstone {
    pub(super) id: UserId,
    pub(super) role: Role,
    pub(super) status: Status,
    deleted_at: Timestamp,
    version: u64,
}

impl Entity for Tombstone {
    const TYPE: &'static str = "tombstone";

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.deleted_at.plus(TOMBSTONE_LIFETIME))
    }

    fn events(&self) -> Vec<EventKind> {
        vec![EventKind::UserDeleted]
    }
}

impl Store {
    /// Reads a user. Strongly consistent, 1 RU.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn get_user(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        self.table.get("get user", Key::user(id)).await
    }

    /// Replaces the profile of an account that is still as it was read. 1 RT, 2 WU.
    ///
    /// # Errors
    /// [`WriteRefused`].
    pub async fn update_user(
        &self,
        read: &User,
        profile: Profile,
        change: &Change,
    ) -> Result<User, WriteRefused> {
        let update = set_profile(Update::new(Key::user(&read.id), change), &profile)?;
        let user = read.clone().with_profile(profile);
        self.change_user("update user", read, user, update, change)
            .await
    }

    /// Notes that the owner of an account that is still as it was read receives mail at its address; what another
    /// click has noted meanwhile is noted. 1 RT, 2 WU.
    ///
    /// # Errors
    /// [`WriteRefused`].
    pub async fn verify_email(&self, read: &User, change: &Change) -> Result<(), WriteRefused> {
        let update = Update::new(Key::user(&read.id), change)
            .set("email_verified", attribute(&true)?)
            .set("updated_at", number(change.at.as_millis()))
            .events([EventKind::EmailVerified])
            .when_equal("email_verified", attribute(&false)?)
            .when_equal("version", number(read.version));
        let Updated::Refused(found) = self.table.update("verify email", update).await? else {
            return Ok(());
        };
        let found: Option<User> = found.map(table::read).transpose()?;
        let is_noted = found.is_some_and(|found| {
            found.email_verified
                && found.email == read.email
                && found.credential_version == read.credential_version
        });
        is_noted.then_some(()).ok_or(WriteRefused::Changed)
    }

    /// Gives an account that is still as it was read another role; with a higher one every session ends, because who
    /// gets it may be asked for more than they have proved. 1 RT, 2 WU for each KB, 3 more where an admin is made or
    /// unmade.
    ///
    /// # Errors
    /// [`WriteRefused`].
    pub async fn set_role(
        &self,
        read: &User,
        role: Role,
        change: &Change,
    ) -> Result<User, WriteRefused> {
        let update = Update::new(Key::user(&read.id), change).set("role", attribute(&role)?);
        let (update, session_epoch) = if role > read.role {
            (update.increment("session_epoch"), read.session_epoch + 1)
        } else {
            (update, read.session_epoch)
        };
        let user = User {
            role,
            session_epoch,
            ..read.clone()
        };
        self.change_user("set role", read, user, update, change)
            .await
    }

    /// Suspends an account that is still as it was read, or changes its suspension; every session ends, for
    /// good. 1 RT, 2 WU for each KB, 3 more for an active admin.
    ///
    /// # Errors
    /// [`WriteRefused`].
    pub async fn suspend(
        &self,
        read: &User,
        suspension: Suspension,
        change: &Change,
    ) -> Result<User, WriteRefused> {
        // What is suspended like this already has lost its sessions, and nobody can have signed in since.
        if read.status == Status::Suspended && read.suspension.as_ref() == Some(&suspension) {
            return Ok(read.clone());
        }
        let update = Update::new(Key::user(&read.id), change)
            .set("status", attribute(&Status::Suspended)?)
            .set("suspension", attribute(&suspension)?)
            .increment("session_epoch");
        let user = User {
            status: Status::Suspended,
            suspension: Some(suspension),
            session_epoch: read.session_epoch + 1,
            ..read.clone()
        };
        self.change_user("suspend", read, user, update, change)
            .await
    }

    /// Ends the suspension of an account that is still as it was read. 1 RT, 2 WU for each KB, 3 more for an
    /// admin.
    ///
    /// # Errors
    /// [`WriteRefused`].
    pub async fn reactivate(&self, read: &User, change: &Change) -> Result<User, WriteRefused> {
        if read.status == Status::Active {
            return Ok(read.clone());
        }
        let (update, user) = reactivation(read, change)?;
        self.write_user("reactivate", read, user, update, change)
            .await
    }

    /// Writes `update`, which makes `read` into `user`, together with the admin counter where that
    /// changes it; nothing where it changes nothing.
    async fn change_user(
        &self,
        operation: &'static str,
        read: &User,
        user: User,
        update: Update,
        change: &Change,
    ) -> Result<User, WriteRefused> {
        if user == *read {
            return Ok(user);
        }
        let (update, changed) = next_version(read, user, update, change);
        self.write_user(operation, read, changed, update, change)
            .await
    }

    async fn write_user(
        &self,
        operation: &'static str,
        read: &User,
        changed: User,
        update: Update,
        change: &Change,
    ) -> Result<User, WriteRefused> {
        let Some(counter) = count_admins(Some(read), Some(&changed), change) else {
            return match self.table.update(operation, update).await? {
                Updated::Done(_) => Ok(changed),
                Updated::Refused(_) => Err(WriteRefused::Changed),
            };
        };
        let items = vec![
            update.in_transaction(&self.table)?,
            counter.in_transaction(&self.table)?,
        ];
        self.transact_counting(operation, items, 1, change).await?;
        Ok(changed)
    }

    /// Deletes an account that is still as it was read, with its credential; its address is free again. What
    /// is left in its partition authenticates nothing and is purged. 1 RT, 7 WU, 9 for an admin, and 2 for each identity.
    ///
    /// # Errors
    /// [`WriteRefused`].
    pub async fn delete_user(&self, read: &User, change: &Change) -> Result<(), WriteRefused> {
        let tombstone = Tombstone {
            id: read.id,
            role: read.role,
            status: read.status,
            deleted_at: change.at,
            version: read.version + 1,
        };
        let tombstone = table::new_item(Key::tombstone(&read.id), &tombstone, change)?;
        let mut items = vec![
            table::delete_when(
                &self.table,
                Key::user(&read.id),
                &[("version", number(read.version))],
            )?,
            table::delete_when(
                &self.table,
                Key::credential(&read.email),
                &[("user_id", text(&read.id))],
            )?,
            table::put_new(&self.table, tombstone)?,
        ];
        items.extend(self.without_identities(&read.id, read.identities.iter())?);
        let own = items.len();
        if let Some(counter) = count_admins(Some(read), None, change) {
            items.push(counter.in_transaction(&self.table)?);
        }
        self.transact_counting("delete user", items, own, change)
            .await
    }
}

/// Writes a profile in place of the one before.
pub(super) fn set_profile(update: Update, profile: &Profile) -> Result<Update, StoreError> {
    let Profile {
        first_name,
        last_name,
        locale,
    } = profile;
    let name = |name: &Option<Name>| name.as_ref().map(|name| text(name.as_str()));
    Ok(update
        .set_or_remove("first_name", name(first_name))
        .set_or_remove("last_name", name(last_name))
        .set("locale", attribute(locale)?))
}

/// The end of a suspension, and the account as it is then.
pub(super) fn reactivation(read: &User, change: &Change) -> Result<(Update, User), StoreError> {
    let update = Update::new(Key::user(&read.id), change)
        .set("status", attribute(&Status::Active)?)
        .set_or_remove("suspension", None);
    let user = User {
        status: Status::Active,
        suspension: None,
        ..read.clone()
    };
    Ok(next_version(read, user, update, change))
}

/// `update`, which makes `read` into `user`, for the version that was read.
fn next_version(read: &User, user: User, update: Update, change: &Change) -> (Update, User) {
    let update = update
        .set("updated_at", number(change.at.as_millis()))
        .when_equal("version", number(read.version));
    let user = User {
        updated_at: change.at,
        version: read.version + 1,
        ..user
    };
    (update.events(happened(read, &user)), user)
}

/// What a change of an account means that leaves its address and its password alone.
fn happened(before: &User, after: &User) -> Vec<EventKind> {
    let is_suspended = after.status == Status::Suspended;
    let is_new_status = before.status != after.status;
    let is_new_suspension = is_new_status || before.suspension != after.suspension;
    let kinds = [
        (EventKind::UserRoleChanged, before.role != after.role),
        (EventKind::UserSuspended, is_suspended && is_new_suspension),
        (EventKind::UserReactivated, !is_suspended && is_new_status),
        (EventKind::UserUpdated, before.profile() != after.profile()),
    ];
    let happened = kinds.into_iter().filter(|(_, happened)| *happened);
    happened.map(|(kind, _)| kind).collect()
}

#[cfg(test)]
mod tests {
    use letters::Locale;

    use super::*;
    use crate::email::Email;
    use crate::event::Shows;
    use crate::table::new_item;

    /// An account with a profile in which everything is set.
    fn user() -> User {
        let name = |name| Name::parse(name).ok();
        let profile = Profile {
            first_name: name("Ada"),
            last_name: name("Lovelace"),
            locale: Locale::default(),
        };
        let email = Email::parse("ada@example.com").expect("valid");
        User::register(email, profile, Role::User, Timestamp::from_seconds(1))
    }

    #[test]
    fn events_show_all_of_a_profile() {
        let user = user();
        let change = Change {
            by: None,
            request_id: String::new(),
            at: Timestamp::from_seconds(1),
        };
        let item = new_item(Key::user(&user.id), &user, &change).expect("an item");
        for kind in [EventKind::UserRegistered, EventKind::UserUpdated] {
            let Shows::Changes(fields) = kind.shows() else {
                panic!("{kind:?} shows what changed");
            };
            let update = set_profile(Update::new(Key::user(&user.id), &change), &user.profile());
            let set = update.expect("an update").attributes();
            let stamp = ["version", "request_id", "changed_at", "changed_by"];
            for attribute in set.iter().filter(|name| !stamp.contains(&name.as_str())) {
                assert!(item.contains_key(attribute), "{attribute}");
                let shown = fields.iter().any(|(shown, _)| shown == attribute);
                assert!(shown, "{kind:?} does not show {attribute}");
            }
        }
    }
}
