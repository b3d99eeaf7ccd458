//! The key ring as it is written: by the rotation alone.

use latchkey::table::{self, Change, Key, StoreError, Table, TransactError, TransactWriteItem};
use latchkey::token::key_ring::{PublicKey, WrappedKey};

/// The keys in the table.
#[derive(Clone, Copy, Debug)]
pub struct KeyRing<'a>(pub &'a Table);

impl KeyRing<'_> {
    /// Adds a key pair to the ring.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn publish(
        &self,
        public: &PublicKey,
        private: &WrappedKey,
        change: &Change,
    ) -> Result<(), StoreError> {
        let public_item = table::new_item(Key::public_key(&public.kid), public, change)?;
        let private_item = table::new_item(Key::signing_key(&private.kid), private, change)?;
        let items = vec![
            table::put_new(self.0, public_item)?,
            table::put_new(self.0, private_item)?,
        ];
        self.transact_all("publish key", items).await
    }

    /// Replaces the wrapped half of a key that is still there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn rewrap(&self, private: &WrappedKey, change: &Change) -> Result<(), StoreError> {
        let item = table::new_item(Key::signing_key(&private.kid), private, change)?;
        let items = vec![table::put_if(
            self.0,
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
    pub async fn remove(&self, kid: &str) -> Result<(), StoreError> {
        let items = vec![
            table::delete(self.0, Key::public_key(kid))?,
            table::delete(self.0, Key::signing_key(kid))?,
        ];
        self.transact_all("remove key", items).await
    }

    async fn transact_all(
        &self,
        operation: &'static str,
        items: Vec<TransactWriteItem>,
    ) -> Result<(), StoreError> {
        match self.0.transact(operation, items).await {
            Ok(()) => Ok(()),
            Err(TransactError::Refused(_)) => Err(StoreError::Unavailable {
                operation,
                cause: "the key ring was changed at the same time".to_owned(),
            }),
            Err(TransactError::Store(error)) => Err(error),
        }
    }
}
