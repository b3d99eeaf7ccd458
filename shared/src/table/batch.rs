//! Reads and deletions of many items in one call.

use std::time::Duration;

use aws_sdk_dynamodb::types::{DeleteRequest, KeysAndAttributes, WriteRequest};

use super::call::jittered;
use super::{Entity, Key, RawItem, StoreError, Table, failed, read, send};

/// A batch is asked or written this often for what it left out.
const ATTEMPTS: u32 = 4;
const BACKOFF: Duration = Duration::from_millis(40);

impl Table {
    /// Reads items by their keys, at most 100, strongly consistent, in no order. 1 RT, 1 RU for 4 KB of each.
    ///
    /// # Errors
    /// [`StoreError`], also when the table leaves a key unanswered: that is never taken for absence.
    pub async fn batch_get(
        &self,
        operation: &'static str,
        keys: Vec<Key>,
    ) -> Result<Vec<RawItem>, StoreError> {
        let incomplete = |cause: &str| StoreError::Unavailable {
            operation,
            cause: cause.to_owned(),
        };
        let mut pending: Vec<RawItem> = keys.into_iter().map(Key::into_attributes).collect();
        let mut items = Vec::with_capacity(pending.len());
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                tokio::time::sleep(jittered(BACKOFF * 2_u32.pow(attempt))).await;
            }
            let request = KeysAndAttributes::builder()
                .set_keys(Some(pending))
                .consistent_read(true)
                .build()
                .map_err(|error| incomplete(&error.to_string()))?;
            let call = self
                .client
                .batch_get_item()
                .request_items(&self.name, request);
            let output = send(|| call.clone().send())
                .await
                .map_err(|error| failed(operation, &error))?;
            items.extend(
                output
                    .responses
                    .into_iter()
                    .flatten()
                    .flat_map(|(_, items)| items),
            );
            pending = output
                .unprocessed_keys
                .into_iter()
                .flatten()
                .flat_map(|(_, unprocessed)| unprocessed.keys)
                .collect();
            if pending.is_empty() {
                return Ok(items);
            }
        }
        Err(incomplete("keys stayed unprocessed"))
    }

    /// Deletes items by their keys, at most 25. 1 RT, 1 WU for each KB.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete_batch(
        &self,
        operation: &'static str,
        keys: &[Key],
    ) -> Result<(), StoreError> {
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
                .request_items(&self.name, pending);
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

/// Takes the item with this key out of a batch read.
///
/// # Errors
/// [`StoreError::Unreadable`].
pub fn take<T: Entity>(items: &mut Vec<RawItem>, key: &Key) -> Result<Option<T>, StoreError> {
    let is = |item: &RawItem, name: &str, value: &String| {
        item.get(name).and_then(|found| found.as_s().ok()) == Some(value)
    };
    let position = items
        .iter()
        .position(|item| is(item, "pk", &key.pk) && is(item, "sk", &key.sk));
    position
        .map(|position| read(items.swap_remove(position)))
        .transpose()
}
