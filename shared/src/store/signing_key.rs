//! The key ring: public halves for everybody, wrapped private halves for whoever mints.

use super::Store;
use super::key::{PUBLIC_KEYS, SIGNING_KEYS};
use crate::table::{self, Entity, StoreError, failed, send, text};
use crate::token::key_ring::{PublicKey, WrappedKey};

impl Entity for PublicKey {
    const TYPE: &'static str = "public_key";
}

impl Entity for WrappedKey {
    const TYPE: &'static str = "signing_key";
}

impl Store {
    /// All published keys.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn public_keys(&self) -> Result<Vec<PublicKey>, StoreError> {
        self.partition("load public keys", PUBLIC_KEYS).await
    }

    /// All wrapped private keys.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn signing_keys(&self) -> Result<Vec<WrappedKey>, StoreError> {
        self.partition("load signing keys", SIGNING_KEYS).await
    }

    /// A handful of items, far below the 1 MB of one page; strongly consistent, so that a revoked key
    /// is gone with the next load.
    async fn partition<T: Entity>(
        &self,
        operation: &'static str,
        pk: &str,
    ) -> Result<Vec<T>, StoreError> {
        let call = self
            .table
            .client()
            .query()
            .table_name(self.table.name())
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", text(pk))
            .consistent_read(true);
        let output = send(|| call.clone().send())
            .await
            .map_err(|error| failed(operation, &error))?;
        output
            .items
            .unwrap_or_default()
            .into_iter()
            .map(table::read)
            .collect()
    }
}
