//! The key ring: public halves for everybody, wrapped private halves for whoever mints.

use super::item::{self, Entity};
use super::key::{Key, PUBLIC_KEYS, SIGNING_KEYS};
use super::update::text;
use super::{Change, Store, StoreError, TransactError, failed, send};
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
            .client
            .query()
            .table_name(&self.table)
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
            .map(item::read)
            .collect()
    }

    /// Adds a key pair to the ring.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn publish_key(
        &self,
        public: &PublicKey,
        private: &WrappedKey,
        change: &Change,
    ) -> Result<(), StoreError> {
        let public_item = item::new_item(Key::public_key(&public.kid), public, change)?;
        let private_item = item::new_item(Key::signing_key(&private.kid), private, change)?;
        let items = vec![
            item::put_new(&self.table, public_item)?,
            item::put_new(&self.table, private_item)?,
        ];
        self.transact_all("publish key", items).await
    }

    /// Replaces the wrapped half of a key that is still there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn rewrap_key(
        &self,
        private: &WrappedKey,
        change: &Change,
    ) -> Result<(), StoreError> {
        let item = item::new_item(Key::signing_key(&private.kid), private, change)?;
        let items = vec![item::put_if(
            &self.table,
            item,
            "attribute_exists(pk)",
            &[],
            &[],
        )?];
        self.transact_all("rewrap key", items).await
    }

    /// Removes a key pair from the ring, or the half of it that is left.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_key(&self, kid: &str) -> Result<(), StoreError> {
        let items = vec![
            item::delete(&self.table, Key::public_key(kid))?,
            item::delete(&self.table, Key::signing_key(kid))?,
        ];
        self.transact_all("remove key", items).await
    }

    async fn transact_all(
        &self,
        operation: &'static str,
        items: Vec<aws_sdk_dynamodb::types::TransactWriteItem>,
    ) -> Result<(), StoreError> {
        match self.transact(operation, items).await {
            Ok(()) => Ok(()),
            Err(TransactError::Refused(_)) => Err(StoreError::Unavailable {
                operation,
                cause: "the key ring was changed at the same time".to_owned(),
            }),
            Err(TransactError::Store(error)) => Err(error),
        }
    }
}
