//! Whether the table answers.

use super::key::Key;
use super::{Store, StoreError, failed, send};

impl Store {
    /// Reads an item that does not exist. 1 RT, 0.5 RU.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn check(&self) -> Result<(), StoreError> {
        let call = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(Key::health().into_attributes()));
        send(|| call.clone().send())
            .await
            .map(|_| ())
            .map_err(|error| failed("health check", &error))
    }
}
