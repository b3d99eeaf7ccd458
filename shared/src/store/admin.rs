//! The count of active admins, and the first of them.

use serde::{Deserialize, Serialize};

use super::item::{self, Entity};
use super::key::Key;
use super::{Change, Registration, Store, StoreError, TransactError};
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

/// There has been an admin before: the first one is made once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdminExists;

impl Store {
    /// Creates the first admin, while there has never been one. 1 RT, 7 WU.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn create_first_admin(
        &self,
        admin: &User,
        password_hash: PasswordHash,
        change: &Change,
    ) -> Result<Result<Registration, AdminExists>, StoreError> {
        let counter = AdminCounter {
            active: 1,
            version: 1,
        };
        let counter = item::new_item(Key::admin_counter(), &counter, change)?;
        let mut items = self.new_account(admin, password_hash, change)?;
        items.push(item::put_new(&self.table, counter)?);
        match self.transact("create first admin", items).await {
            Ok(()) => Ok(Ok(Registration::Done)),
            Err(TransactError::Refused(refused)) if refused.last() == Some(&true) => {
                Ok(Err(AdminExists))
            }
            Err(TransactError::Refused(_)) => Ok(Ok(Registration::EmailTaken)),
            Err(TransactError::Store(error)) => Err(error),
        }
    }
}
