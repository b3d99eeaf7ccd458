//! Identities at other providers: each signs in to one account, and the account knows which.

use aws_sdk_dynamodb::types::TransactWriteItem;
use serde::{Deserialize, Serialize};

use super::password::{may_be_anothers, next_credential_version, wiped};
use super::{Store, WriteRefused};
use crate::clock::Timestamp;
use crate::email::Email;
use crate::event::EventKind;
use crate::identity::{Identities, IdentityId, LinkedIdentity, ProviderName};
use crate::profile::Profile;
use crate::table::{
    self, Change, Entity, Key, StoreError, TransactError, Update, attribute, number, text,
};
use crate::user::{User, UserId};

/// An identity that signs in to an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Whose it is.
    pub user_id: UserId,
    /// The provider, by the name it had here.
    pub provider: ProviderName,
    /// Who says so.
    pub issuer: String,
    /// Who it is there.
    pub subject: String,
    /// The address it had there when it was linked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// When that was.
    pub linked_at: Timestamp,
}

impl Entity for Identity {
    const TYPE: &'static str = "identity";
}

impl Identity {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> IdentityId {
        IdentityId::of(&self.issuer, &self.subject)
    }

    /// As its account knows it.
    #[must_use]
    pub fn linked(&self) -> LinkedIdentity {
        LinkedIdentity {
            provider: self.provider.clone(),
            id: self.id(),
        }
    }
}

impl Store {
    /// Reads an identity. Strongly consistent, 1 RU.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_identity(&self, id: &IdentityId) -> Result<Option<Identity>, StoreError> {
        self.table.get("find identity", Key::identity(id)).await
    }

    /// The identities of an account, the oldest first. 1 RT and 1 RU each, none where there are none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_identities(&self, user: &User) -> Result<Vec<Identity>, StoreError> {
        let keys = user.identities.iter();
        let keys: Vec<Key> = keys.map(|identity| Key::identity(&identity.id)).collect();
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let items = self.table.batch_get("list identities", keys).await?;
        let identities = items.into_iter().map(table::read::<Identity>);
        let mut identities = identities.collect::<Result<Vec<_>, _>>()?;
        identities.retain(|identity| identity.user_id == user.id);
        identities.sort_by_key(|identity| (identity.linked_at, identity.id()));
        Ok(identities)
    }

    /// Creates an account without a password that this identity signs in to. 1 RT, 7 WU.
    ///
    /// # Errors
    /// [`WriteRefused::Changed`] where the address or the identity has an account meanwhile.
    pub async fn register_identity(
        &self,
        user: &User,
        identity: &Identity,
        change: &Change,
    ) -> Result<(), WriteRefused> {
        let mut items = self.new_account(user, None, change)?;
        items.push(self.put_identity(identity, change)?);
        self.write_identity("register identity", items).await
    }

    /// Links an identity to an account that is still as it was read. 1 RT, 5 WU.
    ///
    /// # Errors
    /// [`WriteRefused::Changed`], also where the identity has an account meanwhile.
    pub async fn link_identity(
        &self,
        read: &User,
        identity: &Identity,
        change: &Change,
    ) -> Result<(), WriteRefused> {
        let update = change_identities(read, change)
            .add_member("identities", &identity.linked())
            .events([EventKind::IdentityLinked]);
        let items = vec![
            update.in_transaction(&self.table)?,
            self.put_identity(identity, change)?,
        ];
        self.write_identity("link identity", items).await
    }

    /// Unlinks an identity from an account that is still as it was read. 1 RT, 5 WU.
    ///
    /// # Errors
    /// [`WriteRefused`].
    pub async fn unlink_identity(
        &self,
        read: &User,
        identity: &LinkedIdentity,
        change: &Change,
    ) -> Result<(), WriteRefused> {
        let update = change_identities(read, change)
            .remove_member("identities", identity)
            .events([EventKind::IdentityUnlinked]);
        let mut items = vec![update.in_transaction(&self.table)?];
        items.extend(self.without_identities(&read.id, [identity])?);
        self.write_identity("unlink identity", items).await
    }

    /// Gives an account whose address nobody had verified to the owner of that address, whose provider says who it is.
    /// What was set by whoever made it goes, as by a reset of the password, and the password with it; an invitation is
    /// accepted. Every session ends. 1 RT, 7 WU, and 2 more for each factor and each identity and 4 for the recovery codes
    /// and preferences.
    ///
    /// # Errors
    /// [`WriteRefused::Changed`], also where the identity has an account meanwhile.
    pub async fn take_over(
        &self,
        read: &User,
        identity: &Identity,
        profile: &Profile,
        change: &Change,
    ) -> Result<(), WriteRefused> {
        let version = read.credential_version;
        let next = |key| next_credential_version(key, version, change);
        let credential = next(Key::credential(&read.email))
            .set_or_remove("password_hash", None)
            .when_equal("user_id", text(&read.id));
        let accepted = read.invited.then_some(EventKind::UserInvitationAccepted);
        let identities = Identities::from_iter([identity.linked()]);
        let mut user = next(Key::user(&read.id))
            .events([EventKind::IdentityLinked, EventKind::EmailVerified])
            .events(accepted)
            .set("updated_at", number(change.at.as_millis()))
            .set("email_verified", attribute(&true)?)
            .set("passwordless", attribute(&true)?)
            .set_or_remove("invited", None)
            .set("identities", attribute(&identities)?)
            .when_equal("version", number(read.version));
        let unlinked = (!read.identities.is_empty()).then_some(EventKind::IdentityUnlinked);
        user = user.events(unlinked);
        let mut gone = Vec::new();
        if may_be_anothers(read) {
            (user, gone) = wiped(user, read, profile)?;
        }
        let mut items = vec![
            credential.in_transaction(&self.table)?,
            user.in_transaction(&self.table)?,
            self.put_identity(identity, change)?,
        ];
        for key in gone {
            items.push(table::delete(&self.table, key)?);
        }
        items.extend(self.without_identities(&read.id, read.identities.iter())?);
        self.write_identity("take over", items).await
    }

    /// The parts of a transaction after which these identities of an account are nobody's.
    pub(super) fn without_identities<'a>(
        &self,
        user_id: &UserId,
        identities: impl IntoIterator<Item = &'a LinkedIdentity>,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let owner = text(user_id);
        let identities = identities.into_iter();
        identities
            .map(|identity| {
                let key = Key::identity(&identity.id);
                table::delete_own(&self.table, key, "user_id", owner.clone())
            })
            .collect()
    }

    fn put_identity(
        &self,
        identity: &Identity,
        change: &Change,
    ) -> Result<TransactWriteItem, StoreError> {
        let item = table::new_item(Key::identity(&identity.id()), identity, change)?;
        table::put_new(&self.table, item)
    }

    async fn write_identity(
        &self,
        operation: &'static str,
        items: Vec<TransactWriteItem>,
    ) -> Result<(), WriteRefused> {
        match self.table.transact(operation, items).await {
            Ok(()) => Ok(()),
            Err(TransactError::Refused(_)) => Err(WriteRefused::Changed),
            Err(TransactError::Store(error)) => Err(error.into()),
        }
    }
}

/// A change of the identities of an account that is still as it was read.
fn change_identities(read: &User, change: &Change) -> Update {
    Update::new(Key::user(&read.id), change)
        .set("updated_at", number(change.at.as_millis()))
        .when_equal("version", number(read.version))
}
