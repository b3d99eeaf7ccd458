//! The audit: an entry for each event, and the numbers of accounts that are kept with it.

use std::time::Duration;

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use serde::{Deserialize, Serialize};

use latchkey::clock::Timestamp;
use latchkey::event::{Event, UserCounts};
use latchkey::store::Store;
use latchkey::table::{
    self, Change, Entity, Key, RawItem, StoreError, TransactError, failed, send, text,
};
use latchkey::user::UserId;

/// An event that is kept.
#[derive(Serialize, Deserialize)]
struct AuditEntry {
    #[serde(flatten)]
    event: Event,
    /// When it goes.
    expires_at: Timestamp,
}

impl Entity for AuditEntry {
    const TYPE: &'static str = "audit_entry";

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }

    fn index(&self) -> Option<(String, String)> {
        let time = self.event.time.to_string();
        let month = time.get(..7).unwrap_or_default();
        Some((month_partition(month), format!("{time}#{}", self.event.id)))
    }
}

/// Where a list of audit entries goes on, and in which direction.
#[derive(Clone, Debug)]
pub struct AuditPosition {
    /// The sort key of the last entry seen, if any was.
    pub behind: Option<String>,
    /// Whether the newest come first.
    pub descending: bool,
}

/// A page of audit entries.
#[derive(Debug, Default)]
pub struct AuditPage {
    /// Its entries.
    pub events: Vec<Event>,
    /// The sort key behind which the list goes on, if it does.
    pub next: Option<String>,
}

/// What happened to accounts, as it is kept.
#[derive(Clone, Debug)]
pub struct AuditLog {
    store: Store,
}

impl AuditLog {
    /// In the table of `store`.
    #[must_use]
    pub fn new(store: &Store) -> Self {
        Self {
            store: store.clone(),
        }
    }

    /// Keeps an event for `retention`, once: keeping it again changes nothing. What it adds to the numbers of
    /// accounts is added in the same transaction. 1 RT, 2 WU for each KB, twice that and 2 more where it
    /// changes a number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn record(&self, event: &Event, retention: Duration) -> Result<(), StoreError> {
        let Some(user_id) = &event.user_id else {
            return Ok(());
        };
        // Stamped as what it tells of.
        let change = Change {
            by: event.actor_id,
            request_id: event.request_id.clone(),
            at: event.time,
        };
        let number = event.id.rsplit('-').next().unwrap_or_default();
        let key = entry_key(user_id, &event.sequence, number);
        let entry = AuditEntry {
            event: event.clone(),
            expires_at: event.time.plus(retention),
        };
        let item = table::new_item(key, &entry, &change)?;
        let counts = event.counted();
        if counts == UserCounts::default() {
            return self.put_entry(item).await;
        }
        let items = vec![
            table::put_new(self.store.table(), item)?,
            self.store.add_to_user_counter(user_id, counts, &change)?,
        ];
        match self.store.table().transact("record event", items).await {
            // Kept before, and counted then.
            Ok(()) | Err(TransactError::Refused(_)) => Ok(()),
            Err(TransactError::Store(error)) => Err(error),
        }
    }

    async fn put_entry(&self, item: RawItem) -> Result<(), StoreError> {
        let call = self
            .store
            .table()
            .client()
            .put_item()
            .table_name(self.store.table().name())
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk)");
        match send(|| call.clone().send()).await {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("ConditionalCheckFailedException") => Ok(()),
            Err(error) => Err(failed("record event", &error)),
        }
    }

    /// A page of what happened to an account, in the order in which it happened. Strongly consistent. 1 RT,
    /// 1 RU for 4 KB.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn of_user(
        &self,
        user_id: &UserId,
        position: &AuditPosition,
        limit: usize,
    ) -> Result<AuditPage, StoreError> {
        let query = self.store.table().client().query().consistent_read(true);
        self.page(query, ("pk", "sk"), &partition(user_id), position, limit)
            .await
    }

    /// A page of what happened in a month, `2026-11`, by time. Eventually consistent, as an index is. 1 RT,
    /// half a RU for 4 KB.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn of_month(
        &self,
        month: &str,
        position: &AuditPosition,
        limit: usize,
    ) -> Result<AuditPage, StoreError> {
        let query = self.store.table().client().query().index_name("gsi1");
        let partition = month_partition(month);
        self.page(query, ("gsi1pk", "gsi1sk"), &partition, position, limit)
            .await
    }

    async fn page(
        &self,
        query: QueryFluentBuilder,
        (partition_key, sort_key): (&str, &str),
        partition: &str,
        position: &AuditPosition,
        limit: usize,
    ) -> Result<AuditPage, StoreError> {
        let mut condition = format!("{partition_key} = :pk");
        // One more than asked for tells whether there are more.
        let wanted = i32::try_from(limit + 1).unwrap_or(i32::MAX);
        let mut query = query
            .table_name(self.store.table().name())
            .scan_index_forward(!position.descending)
            .limit(wanted)
            .expression_attribute_values(":pk", text(partition));
        if let Some(behind) = &position.behind {
            let comparison = if position.descending { '<' } else { '>' };
            condition = format!("{condition} AND {sort_key} {comparison} :behind");
            query = query.expression_attribute_values(":behind", text(behind));
        }
        let query = query.key_condition_expression(condition);
        let output = send(|| query.clone().send())
            .await
            .map_err(|error| failed("list audit", &error))?;
        let mut items = output.items.unwrap_or_default();
        let more = items.len() > limit || output.last_evaluated_key.is_some();
        items.truncate(limit);
        let last = items.last().and_then(|item| item.get(sort_key));
        let last = last.and_then(|key| key.as_s().ok()).cloned();
        let events = items.into_iter().map(|item| {
            let entry: AuditEntry = table::read(item)?;
            Ok::<_, StoreError>(entry.event)
        });
        Ok(AuditPage {
            events: events.collect::<Result<_, _>>()?,
            next: last.filter(|_| more),
        })
    }
}

/// Partition of what happened to an account.
fn partition(user_id: &UserId) -> String {
    format!("AUDIT#{user_id}")
}

/// Partition of the index that lists what happened in a month, such as `2026-11`.
fn month_partition(month: &str) -> String {
    format!("AUDIT#{month}")
}

/// Sequence numbers have 21 to 40 digits: padded, their order as text is their order.
fn entry_key(user_id: &UserId, sequence: &str, number: &str) -> Key {
    Key::new(partition(user_id), format!("{sequence:0>40}#{number}"))
}
