//! What is left of a deleted account, but for the tombstone.

use std::time::Duration;

use aws_sdk_dynamodb::types::{DeleteRequest, WriteRequest};

use super::item::RawItem;
use super::key::{self, Key};
use super::update::text;
use super::{Store, StoreError, failed, jittered, send};
use crate::user::UserId;

/// Most writes of one batch (`BatchWriteItem`).
const MAX_WRITES: usize = 25;
/// A batch is written this often for what it left out.
const ATTEMPTS: u32 = 4;
const BACKOFF: Duration = Duration::from_millis(40);

/// What became of a purge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purged {
    /// So many items are gone.
    Done(usize),
    /// There is no tombstone: nothing was touched.
    NotDeleted,
}

impl Store {
    /// Removes what a deleted account has left in its partition: preferences, sessions, letters, an address it asked
    /// for. Doing it again removes nothing. 1 RT and one for each 25 items, 1 WU an item.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn purge_user(&self, user_id: &UserId) -> Result<Purged, StoreError> {
        const OPERATION: &str = "purge user";
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression("pk = :pk")
            .projection_expression("pk, sk")
            // Backwards: an account would be the first, and then its tombstone.
            .scan_index_forward(false)
            .expression_attribute_values(":pk", text(&Key::user(user_id).pk));
        let mut removed = 0;
        loop {
            // From the start each time: what the call before found is gone.
            let output = send(|| query.clone().send())
                .await
                .map_err(|error| failed(OPERATION, &error))?;
            let more = output.last_evaluated_key.is_some();
            let keys = output.items.unwrap_or_default().into_iter();
            let mut keys: Vec<Key> = keys.filter_map(|item| Key::of(&item)).collect();
            if keys.first().is_some_and(|key| key.sk != key::TOMBSTONE) {
                return Ok(Purged::NotDeleted);
            }
            keys.retain(|key| key.sk != key::TOMBSTONE);
            for batch in keys.chunks(MAX_WRITES) {
                self.delete_batch(OPERATION, batch).await?;
                removed += batch.len();
            }
            if !more {
                return Ok(Purged::Done(removed));
            }
        }
    }

    async fn delete_batch(&self, operation: &'static str, keys: &[Key]) -> Result<(), StoreError> {
        let delete = |key: RawItem| {
            let delete = DeleteRequest::builder().set_key(Some(key)).build();
            let delete = delete.map_err(|error| StoreError::Unreadable(error.to_string()))?;
            Ok(WriteRequest::builder().delete_request(delete).build())
        };
        let requests = keys.iter().cloned().map(Key::into_attributes).map(delete);
        let mut pending = requests.collect::<Result<Vec<_>, StoreError>>()?;
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                tokio::time::sleep(jittered(BACKOFF * 2_u32.pow(attempt))).await;
            }
            let call = self
                .client
                .batch_write_item()
                .request_items(&self.table, pending);
            let output = send(|| call.clone().send())
                .await
                .map_err(|error| failed(operation, &error))?;
            let unprocessed = output.unprocessed_items.into_iter().flatten();
            pending = unprocessed.flat_map(|(_, writes)| writes).collect();
            if pending.is_empty() {
                return Ok(());
            }
        }
        Err(StoreError::Unavailable {
            operation,
            cause: "deletions stayed unprocessed".to_owned(),
        })
    }
}
