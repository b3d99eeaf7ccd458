//! Clients in the table: one partition.

use std::time::Duration;

use latchkey::event::EventKind;
use latchkey::store::{Beside, StoreError, WriteRefused};
use latchkey::table::{
    self, Change, Key, Table, TransactError, Update, Updated, failed, number, send, text,
};

use crate::{Client, ClientId};

const CLIENTS: &str = "CLIENTS";
/// What is left of one that was removed goes by itself.
const REMOVED_LIFETIME: Duration = Duration::from_hours(24);

/// Clients in the table.
#[derive(Clone, Copy, Debug)]
pub struct ClientStore<'a>(pub &'a Table);

impl ClientStore<'_> {
    /// Where it is.
    #[must_use]
    pub fn key(id: &ClientId) -> Key {
        Key::new(CLIENTS, id.as_str())
    }

    /// A client that was read beside something else, unless it was removed.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`].
    pub fn take(beside: &mut Beside, id: &ClientId) -> Result<Option<Client>, StoreError> {
        let found: Option<Client> = beside.take(&Self::key(id))?;
        Ok(found.filter(|client| client.removed_at.is_none()))
    }

    /// Reads a client, unless it was removed. Strongly consistent, 1 RT, 1 RU for each 4 KB.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn get(&self, id: &ClientId) -> Result<Option<Client>, StoreError> {
        let found: Option<Client> = self.0.get("get client", Self::key(id)).await?;
        Ok(found.filter(|client| client.removed_at.is_none()))
    }

    /// Those of some ids that are there, in no order. Strongly consistent, 1 RT for 100, 1 RU for 4 KB of each.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn get_all(&self, ids: &[&ClientId]) -> Result<Vec<Client>, StoreError> {
        let mut clients: Vec<Client> = Vec::new();
        for ids in ids.chunks(100) {
            let keys = ids.iter().map(|id| Self::key(id)).collect();
            for item in self.0.batch_get("get clients", keys).await? {
                clients.push(table::read(item)?);
            }
        }
        clients.retain(|client| client.removed_at.is_none());
        Ok(clients)
    }

    /// All of them, by their ids. Strongly consistent, 1 RT for each MB, 1 RU for each 4 KB.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list(&self) -> Result<Vec<Client>, StoreError> {
        let mut clients: Vec<Client> = Vec::new();
        let mut behind = None;
        loop {
            let query = self
                .0
                .client()
                .query()
                .table_name(self.0.name())
                .consistent_read(true)
                .key_condition_expression("pk = :pk")
                .expression_attribute_values(":pk", text(CLIENTS))
                .set_exclusive_start_key(behind.take());
            let output = send(|| query.clone().send())
                .await
                .map_err(|error| failed("list clients", &error))?;
            for item in output.items.unwrap_or_default() {
                clients.push(table::read(item)?);
            }
            behind = output.last_evaluated_key.filter(|key| !key.is_empty());
            if behind.is_none() {
                break;
            }
        }
        clients.retain(|client| client.removed_at.is_none());
        Ok(clients)
    }

    /// Writes a client, where none was written since `read` was. 1 RT, 2 WU for each KB.
    ///
    /// # Errors
    /// [`WriteRefused`].
    pub async fn put(
        &self,
        client: &Client,
        read: Option<&Client>,
        change: &Change,
    ) -> Result<(), WriteRefused> {
        let item = table::new_item(Self::key(&client.id), client, change)?;
        let part = match read {
            Some(read) => table::put_if(
                self.0,
                item,
                "#version = :version AND #created_at = :created_at",
                &[("#version", "version"), ("#created_at", "created_at")],
                &[
                    (":version", number(read.version)),
                    (":created_at", number(read.created_at.as_millis())),
                ],
            )?,
            None => table::put_if(
                self.0,
                item,
                "attribute_not_exists(pk) OR attribute_exists(removed_at)",
                &[],
                &[],
            )?,
        };
        match self.0.transact("put client", vec![part]).await {
            Ok(()) => Ok(()),
            Err(TransactError::Refused(_)) => Err(WriteRefused::Changed),
            Err(TransactError::Store(error)) => Err(error.into()),
        }
    }

    /// Removes a client that is still as it was read, and its secrets. What is left of it for a day tells the stream.
    /// 1 RT, 1 WU for each KB.
    ///
    /// # Errors
    /// [`WriteRefused`].
    pub async fn remove(&self, client: &Client, change: &Change) -> Result<(), WriteRefused> {
        let goes_at = change.at.plus(REMOVED_LIFETIME);
        let update = Update::new(Self::key(&client.id), change)
            .set("removed_at", number(change.at.as_millis()))
            .set("ttl", number(goes_at.as_seconds()))
            .set_or_remove("secrets", None)
            .set_or_remove("user_id", change.by.as_ref().map(text))
            .events([EventKind::ClientRemoved])
            .when_equal("version", number(client.version))
            .when_equal("created_at", number(client.created_at.as_millis()));
        match self.0.update("remove client", update).await? {
            Updated::Done(_) => Ok(()),
            Updated::Refused(_) => Err(WriteRefused::Changed),
        }
    }
}
