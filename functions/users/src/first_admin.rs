//! The first admin, made once.

use latchkey::password::PasswordHash;
use latchkey::store::{Store, first_admin_counter};
use latchkey::table::{Change, StoreError, TransactError};
use latchkey::user::User;

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

/// Creates the first admin, while there has never been one. 1 RT, 7 WU.
///
/// # Errors
/// [`StoreError`].
pub async fn create_first_admin(
    store: &Store,
    admin: &User,
    password_hash: Option<PasswordHash>,
    change: &Change,
) -> Result<FirstAdmin, StoreError> {
    let mut items = store.new_account(admin, password_hash, change)?;
    items.push(first_admin_counter(store.table(), change)?);
    match store.table().transact("create first admin", items).await {
        Ok(()) => Ok(FirstAdmin::Created),
        Err(TransactError::Refused(refused)) if refused.last() == Some(&true) => {
            Ok(FirstAdmin::Exists)
        }
        Err(TransactError::Refused(_)) => Ok(FirstAdmin::EmailTaken),
        Err(TransactError::Store(error)) => Err(error),
    }
}
