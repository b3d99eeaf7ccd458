//! The table as a mechanism: items of any entity, read and written under conditions.
//!
//! An entity that one area alone uses is a type of that area over [`Table`]; those of the kernel are in
//! [`store`](crate::store). Nothing here names an attribute beyond what every item has.

mod batch;
mod call;
mod item;
mod key;
mod listing;
mod update;

use aws_sdk_dynamodb::Client;

use crate::aws;
use crate::clock::Timestamp;
use crate::config::{self, ConfigError};
use crate::user::UserId;

pub use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
pub use batch::take;
pub use call::{failed, send};
pub use item::{
    Entity, RawItem, SCHEMA, check_absent, check_exists, delete, delete_own, delete_when, new_item,
    put, put_if, put_new, read, read_part,
};
pub use key::Key;
pub use listing::{Listing, MAX_EXAMINED, Page, Span, TooFar};
pub use update::{Update, Updated, attribute, number, text};

pub(crate) use item::is_readable;

/// The table could not be used. Not the caller's fault.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The call failed, timed out or stayed incomplete, with all its retries.
    #[error("{operation} failed: {cause}")]
    Unavailable {
        /// Which access pattern.
        operation: &'static str,
        /// The SDK's account of it.
        cause: String,
    },
    /// The table does not take the call for what it is: again, it would not either.
    #[error("{operation} was refused: {cause}")]
    Refused {
        /// Which access pattern.
        operation: &'static str,
        /// The SDK's account of it.
        cause: String,
    },
    /// An item is not what this version of the code can read.
    #[error("an item is unreadable: {0}")]
    Unreadable(String),
}

/// Who changes what when: stamped on every item that a request writes.
#[derive(Clone, Debug)]
pub struct Change {
    /// The acting user; nobody for registrations and system runs.
    pub by: Option<UserId>,
    /// Lambda's request id: how a retried write recognises its own work.
    pub request_id: String,
    /// When.
    pub at: Timestamp,
}

/// The table, as this environment reaches it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Table {
    client: Client,
    name: String,
}

impl Table {
    /// The table named by `TABLE_NAME`, in this environment's region and with its credentials.
    ///
    /// # Errors
    /// [`ConfigError`] naming the setting.
    pub async fn from_env() -> Result<Self, ConfigError> {
        let name = config::required(config::TABLE_NAME)?;
        let client = Client::new(&aws::sdk_config().await?);
        Ok(Self { client, name })
    }

    /// A table reached through `client`.
    #[must_use]
    pub const fn new(client: Client, name: String) -> Self {
        Self { client, name }
    }

    /// For calls that are made nowhere else; through [`send`].
    #[must_use]
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Reads one item, strongly consistent.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn get<T: Entity>(
        &self,
        operation: &'static str,
        key: Key,
    ) -> Result<Option<T>, StoreError> {
        let call = self
            .client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(key.into_attributes()))
            .consistent_read(true);
        let output = send(|| call.clone().send())
            .await
            .map_err(|error| failed(operation, &error))?;
        output.item.map(read).transpose()
    }

    /// Writes one item, whether or not there is one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put<T: Entity>(
        &self,
        operation: &'static str,
        key: Key,
        entity: &T,
        change: &Change,
    ) -> Result<(), StoreError> {
        let call = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(new_item(key, entity, change)?));
        send(|| call.clone().send())
            .await
            .map(|_| ())
            .map_err(|error| failed(operation, &error))
    }

    /// Writes all of `items` or none of them.
    ///
    /// # Errors
    /// [`TransactError`].
    pub async fn transact(
        &self,
        operation: &'static str,
        items: Vec<TransactWriteItem>,
    ) -> Result<(), TransactError> {
        // One for all repetitions: what an attempt wrote whose answer got lost is not refused to the next one.
        let token = uuid::Uuid::new_v4().to_string();
        let result = send(|| {
            self.client
                .transact_write_items()
                .set_transact_items(Some(items.clone()))
                .client_request_token(&token)
                .send()
        })
        .await;
        match result {
            Ok(_) => Ok(()),
            Err(error) => Err(call::refusals(&error).map_or_else(
                || TransactError::Store(failed(operation, &error)),
                TransactError::Refused,
            )),
        }
    }
}

/// Why a transaction wrote nothing.
#[derive(Debug)]
pub enum TransactError {
    /// For each item, whether its own condition failed.
    Refused(Vec<bool>),
    /// The table could not be used.
    Store(StoreError),
}
