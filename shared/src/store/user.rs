//! Users: read with whoever asks, change, delete.

use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use serde::{Deserialize, Serialize};

use super::item::{self, Entity, RawItem};
use super::key::{Key, USERS_INDEX};
use super::update::{Update, Updated, number, text};
use super::{Change, Store, StoreError, TransactError, jittered, send, unavailable};
use crate::clock::Timestamp;
use crate::name::Name;
use crate::session::{Session, SessionId};
use crate::user::{Role, Status, User, UserId};

/// How long a tombstone stays: longer than any session or token of the account can.
const TOMBSTONE_LIFETIME: Duration = Duration::from_hours(2400);
/// A batch read is asked this often for what it left out.
const BATCH_ATTEMPTS: u32 = 4;
const BATCH_BACKOFF: Duration = Duration::from_millis(40);

impl Entity for User {
    const TYPE: &'static str = "user";

    fn index(&self) -> Option<(String, String)> {
        Some((USERS_INDEX.to_owned(), self.id.to_string()))
    }
}

/// What is left of a deleted account, so that whatever is cleaned up later knows of it.
#[derive(Serialize, Deserialize)]
struct Tombstone {
    id: UserId,
    deleted_at: Timestamp,
    version: u64,
}

impl Entity for Tombstone {
    const TYPE: &'static str = "tombstone";

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.deleted_at.plus(TOMBSTONE_LIFETIME))
    }
}

/// What one authenticated request reads: its caller, the caller's session, and the account it is about.
#[derive(Debug)]
pub struct AuthenticationRead {
    /// The account the token names.
    pub caller: Option<User>,
    /// The session the token names.
    pub session: Option<Session>,
    /// The account asked for; the caller's own where it is the same.
    pub target: Option<User>,
}

/// The editable fields of a profile, as they are to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserChanges {
    /// Given name.
    pub first_name: Option<Name>,
    /// Family name.
    pub last_name: Option<Name>,
}

/// Why an account was not changed.
#[derive(Debug)]
pub enum UpdateRefused {
    /// It was changed or deleted since it was read.
    Changed,
    /// The table could not be used.
    Store(StoreError),
}

/// Why an account was not deleted.
#[derive(Debug)]
pub enum DeleteRefused {
    /// It is the last admin.
    LastAdmin,
    /// It was changed or deleted since it was read.
    Changed,
    /// The table could not be used.
    Store(StoreError),
}

impl Store {
    /// Reads a user. Strongly consistent, 1 RU.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn get_user(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        self.get("get user", Key::user(id)).await
    }

    /// Reads one item, strongly consistent.
    pub(super) async fn get<T: Entity>(
        &self,
        operation: &'static str,
        key: Key,
    ) -> Result<Option<T>, StoreError> {
        let call = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key.into_attributes()))
            .consistent_read(true);
        let output = send(|| call.clone().send())
            .await
            .map_err(|error| unavailable(operation, &error))?;
        output.item.map(item::read).transpose()
    }

    /// Reads everything an authenticated request needs in one round trip, strongly consistent, 1 RU an
    /// item. `target` may be the caller.
    ///
    /// # Errors
    /// [`StoreError`], also when the table leaves a key unanswered: that is never taken for absence.
    pub async fn read_for_authentication(
        &self,
        caller: &UserId,
        session: &SessionId,
        target: Option<&UserId>,
    ) -> Result<AuthenticationRead, StoreError> {
        let caller_key = Key::user(caller);
        let session_key = Key::session(caller, session);
        let target_key = target.map(Key::user).filter(|key| *key != caller_key);
        let mut keys = vec![caller_key.clone(), session_key.clone()];
        keys.extend(target_key.clone());

        let mut items = self.batch_get("authenticate", keys).await?;
        let caller: Option<User> = take(&mut items, &caller_key)?;
        let session = take(&mut items, &session_key)?;
        let target = match target_key {
            Some(key) => take(&mut items, &key)?,
            None => target.and(caller.clone()),
        };
        Ok(AuthenticationRead {
            caller,
            session,
            target,
        })
    }

    async fn batch_get(
        &self,
        operation: &'static str,
        keys: Vec<Key>,
    ) -> Result<Vec<RawItem>, StoreError> {
        let incomplete = |cause: &str| StoreError::Unavailable {
            operation,
            cause: cause.to_owned(),
        };
        let mut pending: Vec<RawItem> = keys.into_iter().map(Key::into_attributes).collect();
        let mut items = Vec::with_capacity(pending.len());
        for attempt in 0..BATCH_ATTEMPTS {
            if attempt > 0 {
                tokio::time::sleep(jittered(BATCH_BACKOFF * 2_u32.pow(attempt))).await;
            }
            let request = KeysAndAttributes::builder()
                .set_keys(Some(pending))
                .consistent_read(true)
                .build()
                .map_err(|error| incomplete(&error.to_string()))?;
            let call = self
                .client
                .batch_get_item()
                .request_items(&self.table, request);
            let output = send(|| call.clone().send())
                .await
                .map_err(|error| unavailable(operation, &error))?;
            items.extend(
                output
                    .responses
                    .into_iter()
                    .flatten()
                    .flat_map(|(_, items)| items),
            );
            pending = output
                .unprocessed_keys
                .into_iter()
                .flatten()
                .flat_map(|(_, unprocessed)| unprocessed.keys)
                .collect();
            if pending.is_empty() {
                return Ok(items);
            }
        }
        Err(incomplete("keys stayed unprocessed"))
    }

    /// Replaces the editable fields of an account that is still as it was read. 1 RT, 2 WU.
    ///
    /// # Errors
    /// [`UpdateRefused`].
    pub async fn update_user(
        &self,
        read: &User,
        changes: &UserChanges,
        change: &Change,
    ) -> Result<User, UpdateRefused> {
        let name = |name: &Option<Name>| name.as_ref().map(|name| text(name.as_str()));
        let update = Update::new(Key::user(&read.id), change)
            .set_or_remove("first_name", name(&changes.first_name))
            .set_or_remove("last_name", name(&changes.last_name))
            .set("updated_at", number(change.at.as_millis()))
            .when_equal("version", number(read.version));
        match self.update("update user", update).await? {
            Updated::Done(item) => Ok(item::read(item)?),
            Updated::Refused(_) => Err(UpdateRefused::Changed),
        }
    }

    /// Deletes an account that is still as it was read, with its credential; its address is free again.
    /// 1 RT, 7 WU, 9 for an admin.
    ///
    /// # Errors
    /// [`DeleteRefused`].
    pub async fn delete_user(&self, read: &User, change: &Change) -> Result<(), DeleteRefused> {
        let tombstone = Tombstone {
            id: read.id,
            deleted_at: change.at,
            version: read.version + 1,
        };
        let id: AttributeValue = text(&read.id);
        let tombstone = item::new_item(Key::tombstone(&read.id), &tombstone, change)?;
        let mut items = vec![
            item::delete_when(
                &self.table,
                Key::user(&read.id),
                &[("version", number(read.version))],
            )?,
            item::delete_when(
                &self.table,
                Key::credential(&read.email),
                &[("user_id", id)],
            )?,
            item::put_new(&self.table, tombstone)?,
        ];
        if read.role == Role::Admin && read.status == Status::Active {
            let counter = Update::new(Key::admin_counter(), change)
                .decrement("active")
                .when_above("active", number(1));
            items.push(counter.in_transaction(&self.table)?);
        }
        match self.transact("delete user", items).await {
            Ok(()) => Ok(()),
            Err(TransactError::Refused(refused)) if refused[..3].contains(&true) => {
                Err(DeleteRefused::Changed)
            }
            Err(TransactError::Refused(_)) => Err(DeleteRefused::LastAdmin),
            Err(TransactError::Store(error)) => Err(DeleteRefused::Store(error)),
        }
    }
}

/// Takes the item with this key out of a batch read.
fn take<T: Entity>(items: &mut Vec<RawItem>, key: &Key) -> Result<Option<T>, StoreError> {
    let is = |item: &RawItem, name: &str, value: &String| {
        item.get(name).and_then(|found| found.as_s().ok()) == Some(value)
    };
    let position = items
        .iter()
        .position(|item| is(item, "pk", &key.pk) && is(item, "sk", &key.sk));
    position
        .map(|position| item::read(items.swap_remove(position)))
        .transpose()
}

impl From<StoreError> for UpdateRefused {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<StoreError> for DeleteRefused {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
