//! What is left of a deleted account, but for the tombstone.

use latchkey::store::key::TOMBSTONE;
use latchkey::table::{Key, StoreError, Table, failed, send, text};
use latchkey::user::UserId;

/// Most writes of one batch (`BatchWriteItem`).
const MAX_WRITES: usize = 25;

/// What became of a purge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purged {
    /// So many items are gone.
    Done(usize),
    /// There is no tombstone: nothing was touched.
    NotDeleted,
}

/// Removes what a deleted account has left in its partition: preferences, sessions, letters, an address it asked
/// for. Doing it again removes nothing. 1 RT and one for each 25 items, 1 WU an item.
///
/// # Errors
/// [`StoreError`].
pub async fn purge_user(table: &Table, user_id: &UserId) -> Result<Purged, StoreError> {
    const OPERATION: &str = "purge user";
    let query = table
        .client()
        .query()
        .table_name(table.name())
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
        if keys.first().is_some_and(|key| key.sk != TOMBSTONE) {
            return Ok(Purged::NotDeleted);
        }
        keys.retain(|key| key.sk != TOMBSTONE);
        for batch in keys.chunks(MAX_WRITES) {
            table.delete_batch(OPERATION, batch).await?;
            removed += batch.len();
        }
        if !more {
            return Ok(Purged::Done(removed));
        }
    }
}
