//! Providers in the table: one partition, read whole.

use latchkey::clock::Timestamp;
use latchkey::event::EventKind;
use latchkey::identity::ProviderName;
use latchkey::store::{Beside, StoreError, WriteRefused};
use latchkey::table::{
    self, Change, Key, Table, TransactError, Update, Updated, failed, number, send, text,
};

use crate::Provider;

const PROVIDERS: &str = "PROVIDERS";
/// What is left of one that was removed goes by itself.
const REMOVED_LIFETIME: std::time::Duration = std::time::Duration::from_hours(24);

/// Providers in the table.
#[derive(Clone, Copy, Debug)]
pub struct ProviderStore<'a>(pub &'a Table);

impl ProviderStore<'_> {
    /// Where it is.
    #[must_use]
    pub fn key(name: &ProviderName) -> Key {
        Key::new(PROVIDERS, name.as_str())
    }

    /// A provider that was read beside something else, unless it was removed.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`].
    pub fn take(beside: &mut Beside, name: &ProviderName) -> Result<Option<Provider>, StoreError> {
        let found: Option<Provider> = beside.take(&Self::key(name))?;
        Ok(found.filter(|provider| provider.removed_at.is_none()))
    }

    /// Reads a provider, unless it was removed. Strongly consistent, 1 RT, 1 RU.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn get(&self, name: &ProviderName) -> Result<Option<Provider>, StoreError> {
        let found: Option<Provider> = self.0.get("get provider", Self::key(name)).await?;
        Ok(found.filter(|provider| provider.removed_at.is_none()))
    }

    /// All of them, by their names. Strongly consistent, 1 RT, by size.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list(&self) -> Result<Vec<Provider>, StoreError> {
        let query = self
            .0
            .client()
            .query()
            .table_name(self.0.name())
            .consistent_read(true)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", text(PROVIDERS));
        let output = send(|| query.clone().send())
            .await
            .map_err(|error| failed("list providers", &error))?;
        let items = output.items.unwrap_or_default().into_iter();
        let providers = items.map(table::read::<Provider>);
        let mut providers = providers.collect::<Result<Vec<_>, _>>()?;
        providers.retain(|provider| provider.removed_at.is_none());
        Ok(providers)
    }

    /// Writes a provider, where none was written since `read` was. 1 RT, 2 WU for each KB.
    ///
    /// # Errors
    /// [`WriteRefused`].
    pub async fn put(
        &self,
        provider: &Provider,
        read: Option<&Provider>,
        change: &Change,
    ) -> Result<(), WriteRefused> {
        let item = table::new_item(Self::key(&provider.name), provider, change)?;
        let part = match read {
            Some(read) => table::put_if(
                self.0,
                item,
                "#version = :version",
                &[("#version", "version")],
                &[(":version", number(read.version))],
            )?,
            None => table::put_if(
                self.0,
                item,
                "attribute_not_exists(pk) OR attribute_exists(removed_at)",
                &[],
                &[],
            )?,
        };
        match self.0.transact("put provider", vec![part]).await {
            Ok(()) => Ok(()),
            Err(TransactError::Refused(_)) => Err(WriteRefused::Changed),
            Err(TransactError::Store(error)) => Err(error.into()),
        }
    }

    /// Removes a provider that is still as it was read. What is left of it for a day tells the stream. 1 RT, 1 WU for
    /// each KB.
    ///
    /// # Errors
    /// [`WriteRefused`].
    pub async fn remove(&self, provider: &Provider, change: &Change) -> Result<(), WriteRefused> {
        let goes_at: Timestamp = change.at.plus(REMOVED_LIFETIME);
        let update = Update::new(Self::key(&provider.name), change)
            .set("removed_at", number(change.at.as_millis()))
            .set("ttl", number(goes_at.as_seconds()))
            .set_or_remove("sealed_secret", None)
            .set_or_remove("user_id", change.by.as_ref().map(text))
            .events([EventKind::ProviderRemoved])
            .when_equal("version", number(provider.version));
        match self.0.update("remove provider", update).await? {
            Updated::Done(_) => Ok(()),
            Updated::Refused(_) => Err(WriteRefused::Changed),
        }
    }
}
