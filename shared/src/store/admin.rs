//! The count of active admins, and the first of them.

use serde::{Deserialize, Serialize};

use super::item::{self, Entity};
use super::key::Key;
use super::update::{Update, number};
use super::{Change, Store, StoreError, TransactError};
use crate::password::PasswordHash;
use crate::user::User;

/// How many active admins there are. Every write that adds or removes one is a transaction with it.
#[derive(Serialize, Deserialize)]
struct AdminCounter {
    active: u64,
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

/// The part of a transaction that counts admins, where one is made or unmade; the last one cannot be.
pub(super) fn count_admins(
    before: Option<&User>,
    after: Option<&User>,
    change: &Change,
) -> Option<Update> {
    let counts = |user: Option<&User>| user.is_some_and(User::counts_as_admin);
    let counter = Update::new(Key::admin_counter(), change);
    match (counts(before), counts(after)) {
        (true, false) => Some(counter.decrement("active").when_above("active", number(1))),
        (false, true) => Some(counter.increment("active")),
        (true, true) | (false, false) => None,
    }
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
}
