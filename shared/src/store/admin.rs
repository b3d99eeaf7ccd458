//! The count of active admins, and the first of them.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::TransactWriteItem;
use serde::{Deserialize, Serialize};

use super::item::{self, Entity};
use super::key::Key;
use super::update::{Update, number};
use super::user::reactivation;
use super::{Change, Store, StoreError, TransactError, WriteRefused};
use crate::password::PasswordHash;
use crate::user::{Role, Status, User, UserId};

/// Most keys of one batch read (`BatchGetItem`).
const MAX_KEYS: usize = 100;
/// The set of suspended admins.
const SUSPENDED: &str = "suspended";

/// How many active admins there are, and who is suspended. Every write that adds or removes one is a transaction
/// with it.
#[derive(Serialize, Deserialize)]
struct AdminCounter {
    active: u64,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    suspended: BTreeSet<UserId>,
    version: u64,
}

impl Entity for AdminCounter {
    const TYPE: &'static str = "admin_counter";
}

/// What became of making the first admin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstAdmin {
    /// The account exists now.
    Created,
    /// There has been an admin before: the first one is made once.
    Exists,
    /// The address belongs to an account.
    EmailTaken,
}

/// The part of a transaction that counts admins, where one is made or unmade, active or suspended; the last active
/// one cannot be.
pub(super) fn count_admins(
    before: Option<&User>,
    after: Option<&User>,
    change: &Change,
) -> Option<Update> {
    let counts = |user: Option<&User>| user.is_some_and(User::counts_as_admin);
    let suspended = |user: Option<&User>| {
        let is_suspended = |user: &&User| user.role == Role::Admin && !user.counts_as_admin();
        user.filter(is_suspended).map(|user| user.id)
    };
    let (was_active, is_active) = (counts(before), counts(after));
    let (was_suspended, is_suspended) = (suspended(before), suspended(after));
    if was_active == is_active && was_suspended == is_suspended {
        return None;
    }
    let counter = Update::new(Key::admin_counter(), change);
    let counter = match (was_active, is_active) {
        (true, false) => counter.decrement("active").when_above("active", number(1)),
        (false, true) => counter.increment("active"),
        (true, true) | (false, false) => counter,
    };
    Some(match (was_suspended, is_suspended) {
        (None, Some(id)) => counter.add_member(SUSPENDED, &id),
        (Some(id), None) => counter.remove_member(SUSPENDED, &id),
        (Some(_), Some(_)) | (None, None) => counter,
    })
}

impl Store {
    /// Creates the first admin, while there has never been one. 1 RT, 7 WU.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn create_first_admin(
        &self,
        admin: &User,
        password_hash: Option<PasswordHash>,
        change: &Change,
    ) -> Result<FirstAdmin, StoreError> {
        let counter = AdminCounter {
            active: 1,
            suspended: BTreeSet::new(),
            version: 1,
        };
        let counter = item::new_item(Key::admin_counter(), &counter, change)?;
        let mut items = self.new_account(admin, password_hash, change)?;
        items.push(item::put_new(&self.table, counter)?);
        match self.transact("create first admin", items).await {
            Ok(()) => Ok(FirstAdmin::Created),
            Err(TransactError::Refused(refused)) if refused.last() == Some(&true) => {
                Ok(FirstAdmin::Exists)
            }
            Err(TransactError::Refused(_)) => Ok(FirstAdmin::EmailTaken),
            Err(TransactError::Store(error)) => Err(error),
        }
    }

    /// Runs a transaction of `own` parts and at the most one behind them that counts admins. Where it would take the
    /// last one away, and a suspension of another has ended, that one counts again, and it is tried once more:
    /// 4 RT and 1 RU for each suspended admin more.
    pub(super) async fn transact_counting(
        &self,
        operation: &'static str,
        items: Vec<TransactWriteItem>,
        own: usize,
        change: &Change,
    ) -> Result<(), WriteRefused> {
        let mut has_counted = false;
        loop {
            match self.transact(operation, items.clone()).await {
                Ok(()) => return Ok(()),
                Err(TransactError::Refused(refused)) if refused[..own].contains(&true) => {
                    return Err(WriteRefused::Changed);
                }
                Err(TransactError::Refused(_)) if has_counted => {
                    return Err(WriteRefused::LastAdmin);
                }
                Err(TransactError::Refused(_)) => {
                    if !self.count_returned_admin(change).await? {
                        return Err(WriteRefused::LastAdmin);
                    }
                    has_counted = true;
                }
                Err(TransactError::Store(error)) => return Err(error.into()),
            }
        }
    }

    /// Makes an admin active whose suspension has ended by itself, if there is one.
    async fn count_returned_admin(&self, change: &Change) -> Result<bool, StoreError> {
        const OPERATION: &str = "count returned admin";
        let counter: Option<AdminCounter> = self.get(OPERATION, Key::admin_counter()).await?;
        let suspended = counter.map(|counter| counter.suspended).unwrap_or_default();
        let keys: Vec<Key> = suspended.iter().take(MAX_KEYS).map(Key::user).collect();
        if keys.is_empty() {
            return Ok(false);
        }
        let users = self.batch_get(OPERATION, keys).await?.into_iter();
        let users = users.map(item::read).collect::<Result<Vec<User>, _>>()?;
        let has_returned = |user: &User| {
            user.role == Role::Admin
                && user.status == Status::Suspended
                && user.status_at(change.at) == Status::Active
        };
        let Some(read) = users.into_iter().find(has_returned) else {
            return Ok(false);
        };
        // Time has done it, and not who asks.
        let change = Change {
            by: None,
            ..change.clone()
        };
        let (update, active) = reactivation(&read, &change)?;
        let mut items = vec![update.in_transaction(&self.table)?];
        if let Some(counter) = count_admins(Some(&read), Some(&active), &change) {
            items.push(counter.in_transaction(&self.table)?);
        }
        match self.transact(OPERATION, items).await {
            // Somebody else has changed it meanwhile, and may have counted it.
            Ok(()) | Err(TransactError::Refused(_)) => Ok(true),
            Err(TransactError::Store(error)) => Err(error),
        }
    }
}
