//! What every item carries around its entity.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, Delete, Put, TransactWriteItem};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Change, Key, StoreError, Table};
use crate::clock::Timestamp;
use crate::event::EventKind;
use crate::user::UserId;

/// An item as the SDK has it.
pub type RawItem = HashMap<String, AttributeValue>;

/// Version of the items' shape that is written. Readers accept it and the one before, so that a
/// deployment and its rollback both read what the other wrote.
pub const SCHEMA: u32 = 1;

/// Whether this version of the code reads items of a schema.
pub(crate) fn is_readable(schema: u32) -> bool {
    (SCHEMA.saturating_sub(1)..=SCHEMA).contains(&schema)
}

/// Marks an entity that is stored as an item of its own.
pub trait Entity: Serialize + DeserializeOwned {
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

    /// What happens where a whole one is written.
    fn events(&self) -> Vec<EventKind> {
        Vec::new()
    }
}

/// Names what the write of an item means. The stream finds it there, and need not know the entity: kinds with a
/// space between them, because the filters of its readers look into no list.
pub(crate) const EVENTS: &str = "events";

/// Value of [`EVENTS`], where there are any.
pub(super) fn event_names(events: &[EventKind]) -> Option<String> {
    let names: Vec<&str> = events.iter().map(|event| event.name()).collect();
    (!names.is_empty()).then(|| names.join(" "))
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
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<String>,
    #[serde(flatten)]
    entity: &'a T,
}

/// The item of a new entity.
///
/// # Errors
/// [`StoreError::Unreadable`] when it has no form in the table.
pub fn new_item<T: Entity>(key: Key, entity: &T, change: &Change) -> Result<RawItem, StoreError> {
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
        events: event_names(&entity.events()),
        entity,
    })
    .map_err(|error| StoreError::Unreadable(error.to_string()))
}

/// The entity in an item.
///
/// # Errors
/// [`StoreError::Unreadable`] when it is of another type or schema.
pub fn read<T: Entity>(item: RawItem) -> Result<T, StoreError> {
    read_part::<T, T>(item)
}

/// What `P` names of the entity in an item.
///
/// # Errors
/// [`StoreError::Unreadable`] when it is of another type or schema.
pub fn read_part<T: Entity, P: DeserializeOwned>(item: RawItem) -> Result<P, StoreError> {
    let kind = item.get("type").and_then(|kind| kind.as_s().ok());
    let schema = item.get("schema").and_then(|schema| schema.as_n().ok());
    if kind.is_none_or(|kind| kind != T::TYPE)
        || !schema.is_some_and(|schema| schema.parse().is_ok_and(is_readable))
    {
        return Err(StoreError::Unreadable(format!(
            "type {}, schema {} where type {}, schema {SCHEMA} was expected",
            kind.map_or("missing", String::as_str),
            schema.map_or("missing", String::as_str),
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
///
/// # Errors
/// [`StoreError::Unreadable`] when it is none.
pub fn put_new(table: &Table, item: RawItem) -> Result<TransactWriteItem, StoreError> {
    put_if(table, item, "attribute_not_exists(pk)", &[], &[])
}

/// A transaction's part that writes an item, whether or not there is one.
///
/// # Errors
/// [`StoreError::Unreadable`] when it is none.
pub fn put(table: &Table, item: RawItem) -> Result<TransactWriteItem, StoreError> {
    let put = Put::builder()
        .table_name(table.name())
        .set_item(Some(item))
        .build()
        .map_err(|error| StoreError::Unreadable(error.to_string()))?;
    Ok(TransactWriteItem::builder().put(put).build())
}

/// A transaction's part that writes an item under a condition, with the names and values it uses.
///
/// # Errors
/// [`StoreError::Unreadable`] when it is none.
pub fn put_if(
    table: &Table,
    item: RawItem,
    condition: &str,
    names: &[(&str, &str)],
    values: &[(&str, AttributeValue)],
) -> Result<TransactWriteItem, StoreError> {
    let mut put = Put::builder()
        .table_name(table.name())
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
///
/// # Errors
/// [`StoreError::Unreadable`] when it is none.
pub fn check_exists(table: &Table, key: Key) -> Result<TransactWriteItem, StoreError> {
    check(table, key, "attribute_exists(pk)")
}

/// The same while there is none.
///
/// # Errors
/// [`StoreError::Unreadable`] when it is none.
pub fn check_absent(table: &Table, key: Key) -> Result<TransactWriteItem, StoreError> {
    check(table, key, "attribute_not_exists(pk)")
}

fn check(
    table: &Table,
    key: Key,
    condition: &'static str,
) -> Result<TransactWriteItem, StoreError> {
    let check = ConditionCheck::builder()
        .table_name(table.name())
        .set_key(Some(key.into_attributes()))
        .condition_expression(condition)
        .build()
        .map_err(|error| StoreError::Unreadable(error.to_string()))?;
    Ok(TransactWriteItem::builder().condition_check(check).build())
}

/// A transaction's part that deletes an item, if there is one.
///
/// # Errors
/// [`StoreError::Unreadable`] when it is none.
pub fn delete(table: &Table, key: Key) -> Result<TransactWriteItem, StoreError> {
    let delete = Delete::builder()
        .table_name(table.name())
        .set_key(Some(key.into_attributes()))
        .build()
        .map_err(|error| StoreError::Unreadable(error.to_string()))?;
    Ok(TransactWriteItem::builder().delete(delete).build())
}

/// A transaction's part that deletes an item if there is one, and only where `attribute` has this value.
///
/// # Errors
/// [`StoreError::Unreadable`] when it is none.
pub fn delete_own(
    table: &Table,
    key: Key,
    attribute: &str,
    value: AttributeValue,
) -> Result<TransactWriteItem, StoreError> {
    let delete = Delete::builder()
        .table_name(table.name())
        .set_key(Some(key.into_attributes()))
        .condition_expression("attribute_not_exists(pk) OR #own = :own")
        .expression_attribute_names("#own", attribute)
        .expression_attribute_values(":own", value)
        .build()
        .map_err(|error| StoreError::Unreadable(error.to_string()))?;
    Ok(TransactWriteItem::builder().delete(delete).build())
}

/// A transaction's part that deletes an item whose attributes have these values.
///
/// # Errors
/// [`StoreError::Unreadable`] when it is none.
pub fn delete_when(
    table: &Table,
    key: Key,
    equal: &[(&str, AttributeValue)],
) -> Result<TransactWriteItem, StoreError> {
    let mut condition = "attribute_exists(pk)".to_owned();
    let mut delete = Delete::builder()
        .table_name(table.name())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, serde::Deserialize)]
    struct Thing {
        name: String,
    }

    impl Entity for Thing {
        const TYPE: &'static str = "thing";
    }

    fn read_as(kind: Option<&str>, schema: Option<&str>) -> Result<Thing, String> {
        let mut item = RawItem::from([("name".to_owned(), AttributeValue::S("one".to_owned()))]);
        if let Some(kind) = kind {
            item.insert("type".to_owned(), AttributeValue::S(kind.to_owned()));
        }
        if let Some(schema) = schema {
            item.insert("schema".to_owned(), AttributeValue::N(schema.to_owned()));
        }
        read(item).map_err(|error| error.to_string())
    }

    #[test]
    fn an_item_of_this_schema_and_the_one_before_is_read() {
        let name = "one".to_owned();
        assert_eq!(
            read_as(Some("thing"), Some("1")).as_ref(),
            Ok(&Thing { name })
        );
        assert!(read_as(Some("thing"), Some("0")).is_ok());
    }

    #[test]
    fn an_item_of_another_type_or_schema_is_unreadable() {
        for (kind, schema, found) in [
            (Some("user"), Some("1"), "type user, schema 1"),
            (None, Some("1"), "type missing, schema 1"),
            (Some("thing"), None, "type thing, schema missing"),
            (Some("thing"), Some("2"), "type thing, schema 2"),
            (Some("thing"), Some("-1"), "type thing, schema -1"),
        ] {
            let expected =
                format!("an item is unreadable: {found} where type thing, schema 1 was expected");
            assert_eq!(read_as(kind, schema), Err(expected));
        }
    }
}
