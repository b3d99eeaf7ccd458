//! Credentials: the address an account signs in with, and the hash of its password.

use serde::{Deserialize, Serialize};

use super::Store;
use super::admin::count_admins;
use super::idempotency::{Idempotency, Recorded};
use crate::email::Email;
use crate::password::PasswordHash;
use crate::table::{
    self, Change, Entity, Key, StoreError, TransactError, Update, attribute, failed, send,
};
use crate::user::{User, UserId};

/// What signs an account in. It lives under its address, apart from the user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// Whose it is.
    pub user_id: UserId,
    /// The password's hash; none until the owner of an account that somebody else made sets one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_hash: Option<PasswordHash>,
    /// Raised when the password or the address changes, not by a rehash; mirrored on the user.
    pub credential_version: u64,
    /// Raised by every change.
    pub version: u64,
}

impl Entity for Credential {
    const TYPE: &'static str = "credential";
}

/// What became of a registration.
#[derive(Debug)]
pub enum Registration {
    /// The account exists now.
    Done,
    /// This very request made it before; as it was then.
    Repeated(Box<User>),
    /// The address belongs to an account.
    EmailTaken,
    /// The idempotency key belongs to another request.
    KeyReused,
}

impl Credential {
    fn of(user: &User, password_hash: Option<PasswordHash>) -> Self {
        Self {
            user_id: user.id,
            password_hash,
            credential_version: user.credential_version,
            version: 1,
        }
    }
}

impl Store {
    /// Creates an account and its credential, or nothing; an admin is counted. 1 RT, 5 WU, 2 more for an
    /// admin and 2 more with an idempotency key. A repeat takes another RT and RU.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn register(
        &self,
        user: &User,
        password_hash: Option<PasswordHash>,
        idempotency: Option<&Idempotency>,
        change: &Change,
    ) -> Result<Registration, StoreError> {
        let mut items = self.new_account(user, password_hash, change)?;
        if let Some(counter) = count_admins(None, Some(user), change) {
            items.push(counter.in_transaction(&self.table)?);
        }
        if let Some(idempotency) = idempotency {
            items.push(self.record(idempotency, user, change)?);
        }
        match (self.table.transact("register", items).await, idempotency) {
            (Ok(()), _) => Ok(Registration::Done),
            // Looked at first: a repeat finds the address taken, too, by itself.
            (Err(TransactError::Refused(refused)), Some(idempotency))
                if refused.last() == Some(&true) =>
            {
                match self.recorded(idempotency, change.at).await? {
                    Recorded::Same(user) => Ok(Registration::Repeated(user)),
                    Recorded::Other => Ok(Registration::KeyReused),
                    Recorded::Nothing => Err(StoreError::Unavailable {
                        operation: "register",
                        cause: "the idempotency record expired meanwhile".to_owned(),
                    }),
                }
            }
            (Err(TransactError::Refused(_)), _) => Ok(Registration::EmailTaken),
            (Err(TransactError::Store(error)), _) => Err(error),
        }
    }

    /// The parts of a transaction that create an account.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] when they are none.
    pub fn new_account(
        &self,
        user: &User,
        password_hash: Option<PasswordHash>,
        change: &Change,
    ) -> Result<Vec<aws_sdk_dynamodb::types::TransactWriteItem>, StoreError> {
        let credential = Credential::of(user, password_hash);
        let user_item = table::new_item(Key::user(&user.id), user, change)?;
        let credential_item = table::new_item(Key::credential(&user.email), &credential, change)?;
        Ok(vec![
            table::put_new(&self.table, user_item)?,
            table::put_new(&self.table, credential_item)?,
        ])
    }

    /// Reads the credential of an address. Strongly consistent, 1 RU.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn get_credential(&self, email: &Email) -> Result<Option<Credential>, StoreError> {
        self.table
            .get("get credential", Key::credential(email))
            .await
    }

    /// Whose address this is. Reads that attribute alone, so that who lists users never sees a hash.
    /// Strongly consistent, 1 RU.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_user_id(&self, email: &Email) -> Result<Option<UserId>, StoreError> {
        #[derive(Deserialize)]
        struct Owner {
            user_id: UserId,
        }
        let call = self
            .table
            .client()
            .get_item()
            .table_name(self.table.name())
            .set_key(Some(Key::credential(email).into_attributes()))
            .projection_expression("user_id")
            .consistent_read(true);
        let output = send(|| call.clone().send())
            .await
            .map_err(|error| failed("find user id", &error))?;
        let owner: Option<Owner> = output
            .item
            .map(serde_dynamo::from_item)
            .transpose()
            .map_err(|error| StoreError::Unreadable(format!("credential: {error}")))?;
        Ok(owner.map(|owner| owner.user_id))
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
        let update = Update::new(Key::credential(email), change)
            .set("password_hash", attribute(new)?)
            .when_equal("password_hash", attribute(&old.password_hash)?);
        self.table.update("rehash", update).await.map(|_| ())
    }
}
