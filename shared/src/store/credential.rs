//! Credentials: the address an account signs in with, and the hash of its password.

use serde::{Deserialize, Serialize};

use super::item::{self, Entity};
use super::key::Key;
use super::update::Update;
use super::{Change, Store, StoreError, TransactError};
use crate::email::Email;
use crate::password::PasswordHash;
use crate::user::{User, UserId};

/// What signs an account in. It lives under its address, apart from the user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// Whose it is.
    pub user_id: UserId,
    /// The password's hash.
    pub password_hash: PasswordHash,
    /// Raised when the password or the address changes, not by a rehash; mirrored on the user.
    pub credential_version: u64,
    /// Raised by every change.
    pub version: u64,
}

impl Entity for Credential {
    const TYPE: &'static str = "credential";
}

/// What became of a registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// The account exists now.
    Done,
    /// The address belongs to an account.
    EmailTaken,
}

impl Credential {
    fn of(user: &User, password_hash: PasswordHash) -> Self {
        Self {
            user_id: user.id,
            password_hash,
            credential_version: user.credential_version,
            version: 1,
        }
    }
}

impl Store {
    /// Creates an account and its credential, or nothing. 1 RT, 5 WU.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn register(
        &self,
        user: &User,
        password_hash: PasswordHash,
        change: &Change,
    ) -> Result<Registration, StoreError> {
        let items = self.new_account(user, password_hash, change)?;
        match self.transact("register", items).await {
            Ok(()) => Ok(Registration::Done),
            Err(TransactError::Refused(_)) => Ok(Registration::EmailTaken),
            Err(TransactError::Store(error)) => Err(error),
        }
    }

    /// The parts of a transaction that create an account.
    pub(super) fn new_account(
        &self,
        user: &User,
        password_hash: PasswordHash,
        change: &Change,
    ) -> Result<Vec<aws_sdk_dynamodb::types::TransactWriteItem>, StoreError> {
        let credential = Credential::of(user, password_hash);
        let user_item = item::new_item(Key::user(&user.id), user, change)?;
        let credential_item = item::new_item(Key::credential(&user.email), &credential, change)?;
        Ok(vec![
            item::put_new(&self.table, user_item)?,
            item::put_new(&self.table, credential_item)?,
        ])
    }

    /// Reads the credential of an address. Strongly consistent, 1 RU.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn get_credential(&self, email: &Email) -> Result<Option<Credential>, StoreError> {
        self.get("get credential", Key::credential(email)).await
    }

    /// Stores a fresh hash of the same password, unless the password has changed since `old` was read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn rehash(
        &self,
        email: &Email,
        old: &Credential,
        new: &PasswordHash,
        change: &Change,
    ) -> Result<(), StoreError> {
        let stored = |hash: &PasswordHash| {
            serde_dynamo::to_attribute_value(hash)
                .map_err(|error| StoreError::Unreadable(error.to_string()))
        };
        let update = Update::new(Key::credential(email), change)
            .set("password_hash", stored(new)?)
            .when_equal("password_hash", stored(&old.password_hash)?);
        self.update("rehash", update).await.map(|_| ())
    }
}
