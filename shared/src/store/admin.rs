//! The count of active admins, and the first of them.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::TransactWriteItem;
use serde::{Deserialize, Serialize};

use super::user::reactivation;
use super::{Store, WriteRefused};
use crate::table::{self, Change, Entity, Key, StoreError, Table, TransactError, Update, number};
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

/// The part of a transaction that counts the first admin, if there has never been one.
///
/// # Errors
/// [`StoreError::Unreadable`] when it is none.
pub fn first_admin_counter(
    table: &Table,
    change: &Change,
) -> Result<TransactWriteItem, StoreError> {
    let counter = AdminCounter {
        active: 1,
        suspended: BTreeSet::new(),
        version: 1,
    };
    table::put_new(
        table,
        table::new_item(Key::admin_counter(), &counter, change)?,
    )
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
            match self.table.transact(operation, items.clone()).await {
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
        let counter: Option<AdminCounter> = self.table.get(OPERATION, Key::admin_counter()).await?;
        let suspended = counter.map(|counter| counter.suspended).unwrap_or_default();
        let keys: Vec<Key> = suspended.iter().take(MAX_KEYS).map(Key::user).collect();
        if keys.is_empty() {
            return Ok(false);
        }
        let users = self.table.batch_get(OPERATION, keys).await?.into_iter();
        let users = users.map(table::read).collect::<Result<Vec<User>, _>>()?;
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
        match self.table.transact(OPERATION, items).await {
            // Somebody else has changed it meanwhile, and may have counted it.
            Ok(()) | Err(TransactError::Refused(_)) => Ok(true),
            Err(TransactError::Store(error)) => Err(error),
        }
    }
}
