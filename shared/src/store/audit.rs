//! The audit: an entry for each event, and the numbers of accounts that are kept with it.

use std::time::Duration;

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{self, AttributeValue, TransactWriteItem};
use serde::{Deserialize, Serialize};

use super::item::{self, Entity, RawItem};
use super::key::{self, Key};
use super::update::{number, text};
use super::{Change, Store, StoreError, TransactError, failed, send};
use crate::clock::Timestamp;
use crate::event::{Event, UserCounts};
use crate::user::UserId;

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
        Some((key::audit_month(month), format!("{time}#{}", self.event.id)))
    }
}

/// A share of the accounts there are, as far as their events have been recorded.
#[derive(Serialize, Deserialize)]
struct UserCounter {
    #[serde(flatten)]
    counts: UserCounts,
}

impl Entity for UserCounter {
    const TYPE: &'static str = "user_counter";
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

impl Store {
    /// Keeps an event for `retention`, once: keeping it again changes nothing. What it adds to the numbers of
    /// accounts is added in the same transaction. 1 RT, 2 WU for each KB, twice that and 2 more where it
    /// changes a number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn record_event(&self, event: &Event, retention: Duration) -> Result<(), StoreError> {
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
        let key = Key::audit_entry(user_id, &event.sequence, number);
        let entry = AuditEntry {
            event: event.clone(),
            expires_at: event.time.plus(retention),
        };
        let item = item::new_item(key, &entry, &change)?;
        let counts = event.counted();
        if counts == UserCounts::default() {
            return self.put_entry(item).await;
        }
        let items = vec![
            item::put_new(&self.table, item)?,
            self.add_to_counter(user_id, counts, &change)?,
        ];
        match self.transact("record event", items).await {
            // Kept before, and counted then.
            Ok(()) | Err(TransactError::Refused(_)) => Ok(()),
            Err(TransactError::Store(error)) => Err(error),
        }
    }

    async fn put_entry(&self, item: RawItem) -> Result<(), StoreError> {
        let call = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk)");
        match send(|| call.clone().send()).await {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("ConditionalCheckFailedException") => Ok(()),
            Err(error) => Err(failed("record event", &error)),
        }
    }

    /// Made by the first that counts.
    fn add_to_counter(
        &self,
        user_id: &UserId,
        counts: UserCounts,
        change: &Change,
    ) -> Result<TransactWriteItem, StoreError> {
        let add = |count: i64| AttributeValue::N(count.to_string());
        let update = types::Update::builder()
            .table_name(&self.table)
            .set_key(Some(Key::user_counter(user_id).into_attributes()))
            .update_expression(
                "SET #type = :type, #schema = :schema, request_id = :request_id, changed_at = :now \
                 ADD active :active, suspended :suspended, version :one",
            )
            .expression_attribute_names("#type", "type")
            .expression_attribute_names("#schema", "schema")
            .expression_attribute_values(":type", text(UserCounter::TYPE))
            .expression_attribute_values(":schema", number(item::SCHEMA.into()))
            .expression_attribute_values(":request_id", text(&change.request_id))
            .expression_attribute_values(":now", number(change.at.as_millis()))
            .expression_attribute_values(":active", add(counts.active))
            .expression_attribute_values(":suspended", add(counts.suspended))
            .expression_attribute_values(":one", number(1))
            .build()
            .map_err(|error| StoreError::Unreadable(error.to_string()))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// The numbers of accounts: approximate, because they follow the events. Eventually consistent, half a
    /// RU.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count_users(&self) -> Result<UserCounts, StoreError> {
        let call = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", text(key::USER_COUNTERS));
        let output = send(|| call.clone().send())
            .await
            .map_err(|error| failed("count users", &error))?;
        let mut all = UserCounts::default();
        for item in output.items.unwrap_or_default() {
            all = all.plus(item::read::<UserCounter>(item)?.counts);
        }
        Ok(all)
    }

    /// A page of what happened to an account, in the order in which it happened. Strongly consistent. 1 RT,
    /// 1 RU for 4 KB.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_user_audit(
        &self,
        user_id: &UserId,
        position: &AuditPosition,
        limit: usize,
    ) -> Result<AuditPage, StoreError> {
        let query = self.client.query().consistent_read(true);
        self.audit_page(query, ("pk", "sk"), &key::audit(user_id), position, limit)
            .await
    }

    /// A page of what happened in a month, `2026-11`, by time. Eventually consistent, as an index is. 1 RT,
    /// half a RU for 4 KB.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_audit(
        &self,
        month: &str,
        position: &AuditPosition,
        limit: usize,
    ) -> Result<AuditPage, StoreError> {
        let query = self.client.query().index_name("gsi1");
        let partition = key::audit_month(month);
        self.audit_page(query, ("gsi1pk", "gsi1sk"), &partition, position, limit)
            .await
    }

    async fn audit_page(
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
            .table_name(&self.table)
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
            let entry: AuditEntry = item::read(item)?;
            Ok::<_, StoreError>(entry.event)
        });
        Ok(AuditPage {
            events: events.collect::<Result<_, _>>()?,
            next: last.filter(|_| more),
        })
    }
}
