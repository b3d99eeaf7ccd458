//! The numbers of accounts, by their status: kept with the audit, shown with lists.

use aws_sdk_dynamodb::types::{self, TransactWriteItem};
use serde::{Deserialize, Serialize};

use super::{Store, key};
use crate::event::UserCounts;
use crate::table::{
    self, AttributeValue, Change, Entity, Key, SCHEMA, StoreError, failed, number, send, text,
};
use crate::user::UserId;

/// A share of the accounts there are, as far as their events have been recorded.
#[derive(Serialize, Deserialize)]
struct UserCounter {
    #[serde(flatten)]
    counts: UserCounts,
}

impl Entity for UserCounter {
    const TYPE: &'static str = "user_counter";
}

impl Store {
    /// The part of a transaction that adds to the numbers of accounts. Their items are made by the first that counts.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] when it is none.
    pub fn add_to_user_counter(
        &self,
        user_id: &UserId,
        counts: UserCounts,
        change: &Change,
    ) -> Result<TransactWriteItem, StoreError> {
        let add = |count: i64| AttributeValue::N(count.to_string());
        let update = types::Update::builder()
            .table_name(self.table.name())
            .set_key(Some(Key::user_counter(user_id).into_attributes()))
            .update_expression(
                "SET #type = :type, #schema = :schema, request_id = :request_id, changed_at = :now \
                 ADD active :active, suspended :suspended, version :one",
            )
            .expression_attribute_names("#type", "type")
            .expression_attribute_names("#schema", "schema")
            .expression_attribute_values(":type", text(UserCounter::TYPE))
            .expression_attribute_values(":schema", number(SCHEMA.into()))
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
            .table
            .client()
            .query()
            .table_name(self.table.name())
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", text(key::USER_COUNTERS));
        let output = send(|| call.clone().send())
            .await
            .map_err(|error| failed("count users", &error))?;
        let mut all = UserCounts::default();
        for item in output.items.unwrap_or_default() {
            all = all.plus(table::read::<UserCounter>(item)?.counts);
        }
        Ok(all)
    }
}
