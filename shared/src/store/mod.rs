//! The entities that more than one area uses: one module each, one method per access pattern.
//!
//! The edge names no attribute and no key, and nothing here names a status code.

mod admin;
mod authentication;
mod credential;
mod device;
mod idempotency;
mod identity;
pub mod key;
mod limit;
mod mail_request;
mod password;
mod session;
mod signing_key;
mod stream;
mod user;
mod user_counter;

use aws_sdk_dynamodb::Client;

use crate::config::ConfigError;
use crate::table::Table;

pub use crate::table::{Change, StoreError};
pub use admin::first_admin_counter;
pub use authentication::{AuthenticationRead, Beside};
pub use credential::{Credential, Registration};
pub use idempotency::Idempotency;
pub use identity::Identity;
pub use limit::{KnownAddress, Taken};
pub use mail_request::MailRequest;
pub use password::next_credential_version;
pub(crate) use session::SessionPut;
pub use session::{SessionRevoked, proving};
pub use stream::events;

/// Why something that was read was not changed.
#[derive(Debug)]
pub enum WriteRefused {
    /// It was changed or deleted since it was read.
    Changed,
    /// It is the last admin.
    LastAdmin,
    /// The address belongs to another account.
    EmailTaken,
    /// The table could not be used.
    Store(StoreError),
}

impl From<StoreError> for WriteRefused {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// The kernel's entities in the table. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    table: Table,
}

impl Store {
    /// In the table of [`Table::from_env`].
    ///
    /// # Errors
    /// [`ConfigError`] naming the setting.
    pub async fn from_env() -> Result<Self, ConfigError> {
        Ok(Self {
            table: Table::from_env().await?,
        })
    }

    /// In a table reached through `client`.
    #[must_use]
    pub const fn new(client: Client, table: String) -> Self {
        Self {
            table: Table::new(client, table),
        }
    }

    /// The table, for what an area keeps there.
    #[must_use]
    pub const fn table(&self) -> &Table {
        &self.table
    }
}
