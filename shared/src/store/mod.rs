//! The table: one module per entity, one method per access pattern.
//!
//! Nothing above this layer names an attribute or a key, and nothing in it names a status code.

mod admin;
mod audit;
mod authentication;
mod credential;
mod email_change;
mod health;
mod idempotency;
mod item;
mod key;
mod letter;
mod limit;
mod listing;
mod mail_request;
mod password;
mod preferences;
mod purge;
mod session;
mod signing_key;
mod stream;
mod update;
mod user;
mod user_list;

use std::future::Future;
use std::sync::atomic::Ordering;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{CancellationReason, TransactWriteItem};

use self::item::Entity;
use self::key::Key;
use crate::aws;
use crate::clock::Timestamp;
use crate::config::{self, ConfigError};
use crate::telemetry::{Awaiting, STORE_CALLS};
use crate::user::UserId;

pub use admin::FirstAdmin;
pub use audit::{AuditPage, AuditPosition};
pub use authentication::{AuthenticationRead, Target};
pub use credential::{Credential, Registration};
pub use email_change::EmailChange;
pub use idempotency::Idempotency;
pub use item::RawItem;
pub use letter::{LetterRecord, Outcome};
pub use limit::{KnownAddress, LimitSubject, Taken};
pub use listing::{Listing, MAX_EXAMINED, Page, Span, TooFar};
pub use purge::Purged;
pub use session::SessionRevoked;
pub use stream::events;
pub use user_list::UserFilter;

/// A call met by a transaction on the same item is tried this often in all.
const CONFLICT_ATTEMPTS: u32 = 4;
/// Longest wait before the first repetition; doubled each time, a random part of it is waited.
const CONFLICT_BACKOFF: Duration = Duration::from_millis(40);

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
pub struct Store {
    client: Client,
    table: String,
}

impl Store {
    /// The table named by `TABLE_NAME`, in this environment's region and with its credentials.
    ///
    /// # Errors
    /// [`ConfigError`] naming the setting.
    pub async fn from_env() -> Result<Self, ConfigError> {
        let table = config::required(config::TABLE_NAME)?;
        let client = Client::new(&aws::sdk_config().await?);
        Ok(Self::new(client, table))
    }

    /// A table reached through `client`.
    #[must_use]
    pub const fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// Reads one item, strongly consistent.
    async fn get<T: Entity>(
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
            .map_err(|error| failed(operation, &error))?;
        output.item.map(item::read).transpose()
    }

    /// Writes one item, whether or not there is one.
    async fn put<T: Entity>(
        &self,
        operation: &'static str,
        key: Key,
        entity: &T,
        change: &Change,
    ) -> Result<(), StoreError> {
        let call = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item::new_item(key, entity, change)?));
        send(|| call.clone().send())
            .await
            .map(|_| ())
            .map_err(|error| failed(operation, &error))
    }

    /// Writes all of `items` or none of them.
    async fn transact(
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
            Err(error) => Err(refusals(&error).map_or_else(
                || TransactError::Store(failed(operation, &error)),
                TransactError::Refused,
            )),
        }
    }
}

/// Why a transaction wrote nothing.
#[derive(Debug)]
enum TransactError {
    /// For each item, whether its own condition failed.
    Refused(Vec<bool>),
    Store(StoreError),
}

/// Counts a call, and repeats it while a transaction of somebody else holds the item, or a part of a transaction
/// was throttled: the SDK knows that a call was, and looks at no part.
async fn send<T, E, F>(call: impl Fn() -> F) -> Result<T, SdkError<E>>
where
    F: Future<Output = Result<T, SdkError<E>>>,
    SdkError<E>: MayPass,
{
    let _awaiting = Awaiting::start();
    let mut attempt = 1;
    loop {
        STORE_CALLS.fetch_add(1, Ordering::Relaxed);
        // Boxed: the SDK's futures are deeply nested types of several KB.
        let result = Box::pin(call()).await;
        match result {
            Err(error) if error.may_pass() && attempt < CONFLICT_ATTEMPTS => {
                tokio::time::sleep(jittered(CONFLICT_BACKOFF * 2_u32.pow(attempt - 1))).await;
                attempt += 1;
            }
            result => return result,
        }
    }
}

/// A random part of `longest` ("full jitter", AWS Architecture Blog), from the ids' random bits.
fn jittered(longest: Duration) -> Duration {
    let random = uuid::Uuid::new_v4().as_bytes()[0];
    longest * u32::from(random) / 256
}

trait MayPass {
    fn may_pass(&self) -> bool;
}

impl<E: ProvideErrorMetadata + 'static> MayPass for SdkError<E> {
    fn may_pass(&self) -> bool {
        let Some(error) = self.as_service_error() else {
            return false;
        };
        match error.code() {
            Some("TransactionConflictException") => true,
            Some("TransactionCanceledException") => {
                let error: &dyn std::any::Any = error;
                error
                    .downcast_ref::<TransactWriteItemsError>()
                    .is_some_and(|error| codes(error).any(is_passing))
            }
            _ => false,
        }
    }
}

const CONDITION_FAILED: &str = "ConditionalCheckFailed";

/// Whether a part of a transaction was refused for a reason that passes by itself.
fn is_passing(code: &str) -> bool {
    [
        "TransactionConflict",
        "ThrottlingError",
        "ProvisionedThroughputExceeded",
    ]
    .contains(&code)
}

fn codes(error: &TransactWriteItemsError) -> impl Iterator<Item = &str> {
    reasons(error).iter().filter_map(CancellationReason::code)
}

fn reasons(error: &TransactWriteItemsError) -> &[CancellationReason] {
    match error {
        TransactWriteItemsError::TransactionCanceledException(error) => {
            error.cancellation_reasons()
        }
        _ => &[],
    }
}

/// For each item of a cancelled transaction whether its condition failed; nothing when it was
/// cancelled for another reason. An item that somebody else holds, or that was not looked at, says nothing about its
/// condition, and so the others say too little.
fn refusals(error: &SdkError<TransactWriteItemsError>) -> Option<Vec<bool>> {
    let error = error.as_service_error()?;
    if codes(error).any(is_passing) {
        return None;
    }
    let refused: Vec<bool> = reasons(error)
        .iter()
        .map(|reason| reason.code() == Some(CONDITION_FAILED))
        .collect();
    refused.contains(&true).then_some(refused)
}

/// Whether a call is not taken for what it is, such as an item over 400 KB.
fn is_refused<E: ProvideErrorMetadata + 'static>(error: &SdkError<E>) -> bool {
    let Some(error) = error.as_service_error() else {
        return false;
    };
    let part: &dyn std::any::Any = error;
    error.code() == Some("ValidationException")
        || part
            .downcast_ref::<TransactWriteItemsError>()
            .is_some_and(|error| codes(error).any(|code| code == "ValidationError"))
}

fn failed<E>(operation: &'static str, error: &SdkError<E>) -> StoreError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let cause = aws::causes(error);
    if is_refused(error) {
        return StoreError::Refused { operation, cause };
    }
    StoreError::Unavailable { operation, cause }
}
