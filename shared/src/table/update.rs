//! Conditional updates of one item, alone or as part of a transaction.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    self, AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use serde::Serialize;

use super::item::{self, RawItem, is_written_by};
use super::{Change, Key, StoreError, Table, failed, send};
use crate::event::EventKind;

/// An update of an item that exists. It raises `version` and stamps who, when and which request.
#[must_use]
#[derive(Debug)]
pub struct Update {
    key: Key,
    change: Change,
    set: Vec<String>,
    remove: Vec<String>,
    /// Whole clauses for members of sets.
    members: Vec<String>,
    conditions: Vec<String>,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
    events: Vec<EventKind>,
}

/// What became of an update.
#[derive(Debug)]
pub enum Updated {
    /// The item as it is now.
    Done(RawItem),
    /// A condition did not hold; the item as it was found, if there is one.
    Refused(Option<RawItem>),
}

impl Update {
    /// One that changes nothing but `version` and the stamp.
    pub fn new(key: Key, change: &Change) -> Self {
        let by = change.by.map(|by| AttributeValue::S(by.to_string()));
        let update = Self {
            key,
            change: change.clone(),
            set: Vec::new(),
            remove: Vec::new(),
            members: Vec::new(),
            conditions: vec!["attribute_exists(pk)".to_owned()],
            names: HashMap::new(),
            values: HashMap::new(),
            events: Vec::new(),
        };
        update
            .increment("version")
            .set("request_id", AttributeValue::S(change.request_id.clone()))
            .set("changed_at", number(change.at.as_millis()))
            .set_or_remove("changed_by", by)
    }

    /// What it means, beside what else it means. Without any, the item tells of nothing any more.
    pub fn events(mut self, events: impl IntoIterator<Item = EventKind>) -> Self {
        self.events.extend(events);
        self
    }

    /// Sets an attribute.
    pub fn set(mut self, attribute: &str, value: AttributeValue) -> Self {
        let (name, placeholder) = (self.name(attribute), format!(":{attribute}"));
        self.set.push(format!("{name} = {placeholder}"));
        self.values.insert(placeholder, value);
        self
    }

    /// Sets an attribute, or removes it.
    pub fn set_or_remove(mut self, attribute: &str, value: Option<AttributeValue>) -> Self {
        if let Some(value) = value {
            return self.set(attribute, value);
        }
        let name = self.name(attribute);
        self.remove.push(name);
        self
    }

    /// Adds one to a number.
    pub fn increment(self, attribute: &str) -> Self {
        self.add(attribute, '+')
    }

    /// Takes one from a number.
    pub fn decrement(self, attribute: &str) -> Self {
        self.add(attribute, '-')
    }

    fn add(mut self, attribute: &str, sign: char) -> Self {
        let name = self.name(attribute);
        self.set.push(format!("{name} = {name} {sign} :one"));
        self.values.insert(":one".to_owned(), number(1));
        self
    }

    /// Makes `member` one of a set of texts.
    pub fn add_member(self, attribute: &str, member: &impl ToString) -> Self {
        self.member("ADD", attribute, member)
    }

    /// Takes `member` out of a set of texts, if it is in it.
    pub fn remove_member(self, attribute: &str, member: &impl ToString) -> Self {
        self.member("DELETE", attribute, member)
    }

    fn member(mut self, clause: &str, attribute: &str, member: &impl ToString) -> Self {
        let (name, placeholder) = (self.name(attribute), format!(":{attribute}"));
        self.members.push(format!("{clause} {name} {placeholder}"));
        let member = AttributeValue::Ss(vec![member.to_string()]);
        self.values.insert(placeholder, member);
        self
    }

    /// Only where an attribute has this value.
    pub fn when_equal(self, attribute: &str, value: AttributeValue) -> Self {
        self.when(attribute, "=", value)
    }

    /// Only where an attribute is above this value.
    pub fn when_above(self, attribute: &str, value: AttributeValue) -> Self {
        self.when(attribute, ">", value)
    }

    /// Only where an attribute is below this value.
    pub fn when_below(self, attribute: &str, value: AttributeValue) -> Self {
        self.when(attribute, "<", value)
    }

    /// Only where `member` is one of a set of texts.
    pub fn when_member(mut self, attribute: &str, member: &impl ToString) -> Self {
        let (name, placeholder) = (self.name(attribute), format!(":if_{attribute}"));
        self.conditions
            .push(format!("contains({name}, {placeholder})"));
        self.values.insert(placeholder, text(&member.to_string()));
        self
    }

    fn when(mut self, attribute: &str, comparison: &str, value: AttributeValue) -> Self {
        let (name, placeholder) = (self.name(attribute), format!(":if_{attribute}"));
        self.conditions
            .push(format!("{name} {comparison} {placeholder}"));
        self.values.insert(placeholder, value);
        self
    }

    /// Only where there is no such attribute.
    pub fn when_absent(mut self, attribute: &str) -> Self {
        let name = self.name(attribute);
        self.conditions
            .push(format!("attribute_not_exists({name})"));
        self
    }

    fn name(&mut self, attribute: &str) -> String {
        let name = format!("#{attribute}");
        self.names.insert(name.clone(), attribute.to_owned());
        name
    }

    /// The attributes it touches.
    #[cfg(test)]
    pub(crate) fn attributes(&self) -> Vec<String> {
        self.names.values().cloned().collect()
    }

    fn expression(&self) -> String {
        let mut clauses = vec![format!("SET {}", self.set.join(", "))];
        if !self.remove.is_empty() {
            clauses.push(format!("REMOVE {}", self.remove.join(", ")));
        }
        clauses.extend(self.members.iter().cloned());
        clauses.join(" ")
    }

    /// With the events as the item names them.
    fn telling(mut self) -> Self {
        let names = item::event_names(&std::mem::take(&mut self.events));
        self.set_or_remove(item::EVENTS, names.map(AttributeValue::S))
    }

    /// This update as a part of a transaction.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] when it is none.
    pub fn in_transaction(self, table: &Table) -> Result<TransactWriteItem, StoreError> {
        let this = self.telling();
        let update = types::Update::builder()
            .table_name(table.name())
            .update_expression(this.expression())
            .condition_expression(this.conditions.join(" AND "))
            .set_key(Some(this.key.into_attributes()))
            .set_expression_attribute_names(Some(this.names))
            .set_expression_attribute_values(Some(this.values))
            .build()
            .map_err(|error| StoreError::Unreadable(error.to_string()))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }
}

impl Table {
    /// Runs one update. A refusal that finds this request's own mark was a retry of a write whose
    /// answer got lost: it has succeeded.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn update(
        &self,
        operation: &'static str,
        update: Update,
    ) -> Result<Updated, StoreError> {
        let update = update.telling();
        let call = self
            .client
            .update_item()
            .table_name(&self.name)
            .update_expression(update.expression())
            .condition_expression(update.conditions.join(" AND "))
            .set_key(Some(update.key.into_attributes()))
            .set_expression_attribute_names(Some(update.names))
            .set_expression_attribute_values(Some(update.values))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match send(|| call.clone().send()).await {
            Ok(output) => Ok(Updated::Done(output.attributes.unwrap_or_default())),
            Err(SdkError::ServiceError(error))
                if matches!(
                    error.err(),
                    UpdateItemError::ConditionalCheckFailedException(_)
                ) =>
            {
                let UpdateItemError::ConditionalCheckFailedException(refusal) = error.into_err()
                else {
                    return Ok(Updated::Refused(None));
                };
                Ok(match refusal.item {
                    Some(item) if is_written_by(&item, &update.change) => Updated::Done(item),
                    item => Updated::Refused(item),
                })
            }
            Err(error) => Err(failed(operation, &error)),
        }
    }
}

/// A number as it is stored.
#[must_use]
pub fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// A text as it is stored.
pub fn text(value: &(impl ToString + ?Sized)) -> AttributeValue {
    AttributeValue::S(value.to_string())
}

/// A field of an entity as it is stored.
///
/// # Errors
/// [`StoreError::Unreadable`] when it has no form there.
pub fn attribute(value: &impl Serialize) -> Result<AttributeValue, StoreError> {
    serde_dynamo::to_attribute_value(value)
        .map_err(|error| StoreError::Unreadable(error.to_string()))
}
