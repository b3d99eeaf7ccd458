//! What every item carries around its entity.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, Delete, Put, TransactWriteItem};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::key::Key;
use super::{Change, StoreError};
use crate::clock::Timestamp;
use crate::user::UserId;

/// An item as the SDK has it.
pub type RawItem = HashMap<String, AttributeValue>;

/// Version of the items' shape that is written. Readers accept it and the one before, so that a
/// deployment and its rollback both read what the other wrote.
pub(super) const SCHEMA: u32 = 1;

/// Marks an entity that is stored as an item of its own.
pub(super) trait Entity: Serialize + DeserializeOwned {
    /// Value of `type`.
    const TYPE: &'static str;

    /// When `DynamoDB` may remove it. Code that reads it checks expiry by itself as well.
    fn expires_at(&self) -> Option<Timestamp> {
        None
    }

    /// Partition and sort key in the index `gsi1`.
    fn index(&self) -> Option<(String, String)> {
        None
    }
}

#[derive(Serialize)]
struct NewItem<'a, T> {
    pk: String,
    sk: String,
    #[serde(rename = "type")]
    kind: &'static str,
    schema: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    gsi1pk: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gsi1sk: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_by: Option<UserId>,
    changed_at: u64,
    request_id: &'a str,
    #[serde(flatten)]
    entity: &'a T,
}

/// The item of a new entity.
pub(super) fn new_item<T: Entity>(
    key: Key,
    entity: &T,
    change: &Change,
) -> Result<RawItem, StoreError> {
    let (gsi1pk, gsi1sk) = entity.index().unzip();
    serde_dynamo::to_item(NewItem {
        pk: key.pk,
        sk: key.sk,
        kind: T::TYPE,
        schema: SCHEMA,
        gsi1pk,
        gsi1sk,
        ttl: entity.expires_at().map(Timestamp::as_seconds),
        changed_by: change.by,
        changed_at: change.at.as_millis(),
        request_id: &change.request_id,
        entity,
    })
    .map_err(|error| StoreError::Unreadable(error.to_string()))
}

/// The entity in an item.
pub(super) fn read<T: Entity>(item: RawItem) -> Result<T, StoreError> {
    let kind = item.get("type").and_then(|kind| kind.as_s().ok());
    let schema = item.get("schema").and_then(|schema| schema.as_n().ok());
    let accepted = SCHEMA.saturating_sub(1)..=SCHEMA;
    if kind.is_none_or(|kind| kind != T::TYPE)
        || !schema.is_some_and(|schema| {
            schema
                .parse()
                .is_ok_and(|schema| accepted.contains(&schema))
        })
    {
        return Err(StoreError::Unreadable(format!(
            "{kind:?} of schema {schema:?} where {} of schema {SCHEMA} was expected",
            T::TYPE
        )));
    }
    serde_dynamo::from_item(item)
        .map_err(|error| StoreError::Unreadable(format!("{}: {error}", T::TYPE)))
}

/// Whether this very request wrote the item: a retry that finds its own work has succeeded.
pub(super) fn is_written_by(item: &RawItem, change: &Change) -> bool {
    !change.request_id.is_empty()
        && item.get("request_id").and_then(|id| id.as_s().ok()) == Some(&change.request_id)
}

/// A transaction's part that creates an item where there is none.
pub(super) fn put_new(table: &str, item: RawItem) -> Result<TransactWriteItem, StoreError> {
    put_if(table, item, "attribute_not_exists(pk)", &[], &[])
}

/// A transaction's part that writes an item under a condition, with the names and values it uses.
pub(super) fn put_if(
    table: &str,
    item: RawItem,
    condition: &str,
    names: &[(&str, &str)],
    values: &[(&str, AttributeValue)],
) -> Result<TransactWriteItem, StoreError> {
    let mut put = Put::builder()
        .table_name(table)
        .set_item(Some(item))
        .condition_expression(condition);
    for (name, attribute) in names {
        put = put.expression_attribute_names(*name, *attribute);
    }
    for (name, value) in values {
        put = put.expression_attribute_values(*name, value.clone());
    }
    let put = put
        .build()
        .map_err(|error| StoreError::Unreadable(error.to_string()))?;
    Ok(TransactWriteItem::builder().put(put).build())
}

/// A transaction's part that writes nothing and holds only while there is an item.
pub(super) fn check_exists(table: &str, key: Key) -> Result<TransactWriteItem, StoreError> {
    let check = ConditionCheck::builder()
        .table_name(table)
        .set_key(Some(key.into_attributes()))
        .condition_expression("attribute_exists(pk)")
        .build()
        .map_err(|error| StoreError::Unreadable(error.to_string()))?;
    Ok(TransactWriteItem::builder().condition_check(check).build())
}

/// A transaction's part that deletes an item, if there is one.
pub(super) fn delete(table: &str, key: Key) -> Result<TransactWriteItem, StoreError> {
    let delete = Delete::builder()
        .table_name(table)
        .set_key(Some(key.into_attributes()))
        .build()
        .map_err(|error| StoreError::Unreadable(error.to_string()))?;
    Ok(TransactWriteItem::builder().delete(delete).build())
}

/// A transaction's part that deletes an item whose attributes have these values.
pub(super) fn delete_when(
    table: &str,
    key: Key,
    equal: &[(&str, AttributeValue)],
) -> Result<TransactWriteItem, StoreError> {
    let mut condition = "attribute_exists(pk)".to_owned();
    let mut delete = Delete::builder()
        .table_name(table)
        .set_key(Some(key.into_attributes()));
    for (attribute, value) in equal {
        condition = format!("{condition} AND #{attribute} = :{attribute}");
        delete = delete
            .expression_attribute_names(format!("#{attribute}"), *attribute)
            .expression_attribute_values(format!(":{attribute}"), value.clone());
    }
    let delete = delete
        .condition_expression(condition)
        .build()
        .map_err(|error| StoreError::Unreadable(error.to_string()))?;
    Ok(TransactWriteItem::builder().delete(delete).build())
}
