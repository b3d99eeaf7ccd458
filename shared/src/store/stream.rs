//! The table's stream, read as domain events: an item that was written names what happened, whatever it is an item of.
//!
//! One record can mean several events, or none. Removals mean nothing: what a deletion means, the
//! tombstone says that is written with it; the rest is what TTL and the purge clean up.

use aws_lambda_events::dynamodb::EventRecord;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::key;
use crate::clock::Timestamp;
use crate::event::{Event, EventKind, Field, Shows};
use crate::table::{self, RawItem, StoreError};
use crate::user::{Suspension, UserId};

/// What every item says about the change that wrote it.
#[derive(Deserialize)]
struct Stamp {
    schema: u32,
    /// Names of kinds, between spaces.
    #[serde(default)]
    events: String,
    /// Where it does not stand in the account's partition.
    #[serde(default)]
    user_id: Option<UserId>,
    #[serde(default)]
    changed_by: Option<UserId>,
    #[serde(default)]
    changed_at: Option<Timestamp>,
    #[serde(default)]
    request_id: String,
    #[serde(default)]
    version: u64,
}

impl Stamp {
    fn read(image: &RawItem) -> Result<Self, StoreError> {
        let stamp: Self = serde_dynamo::from_item(image.clone())
            .map_err(|error| StoreError::Unreadable(format!("a stream record: {error}")))?;
        if !table::is_readable(stamp.schema) {
            let schema = stamp.schema;
            let unreadable = format!("a stream record: schema {schema}");
            return Err(StoreError::Unreadable(unreadable));
        }
        Ok(stamp)
    }

    fn kinds(&self) -> Result<Vec<EventKind>, StoreError> {
        let find = |name| {
            let mut kinds = EventKind::ALL.iter().copied();
            kinds.find(|kind| kind.name() == name).ok_or_else(|| {
                StoreError::Unreadable(format!("a stream record: an event called {name}"))
            })
        };
        self.events.split_ascii_whitespace().map(find).collect()
    }

    /// Whether it is of the same write. What somebody edits by hand leaves it as it was, and means nothing.
    fn is_of_the_write_of(&self, other: &Self) -> bool {
        self.request_id == other.request_id
            && self.changed_at == other.changed_at
            && self.version == other.version
    }
}

/// The events of one record, in their order. What is not about accounts has none.
///
/// # Errors
/// [`StoreError::Unreadable`] when it is not what this version of the code writes.
pub fn events(record: &EventRecord) -> Result<Vec<Event>, StoreError> {
    let image = |image: &serde_dynamo::Item| {
        let raw = RawItem::from(image.clone());
        (!raw.is_empty()).then_some(raw)
    };
    let Some(new) = image(&record.change.new_image) else {
        return Ok(Vec::new());
    };
    let old = image(&record.change.old_image);
    let stamp = Stamp::read(&new)?;
    if let Some(old) = &old
        && stamp.is_of_the_write_of(&Stamp::read(old)?)
    {
        return Ok(Vec::new());
    }
    let sequence = record.change.sequence_number.clone().ok_or_else(|| {
        StoreError::Unreadable("a stream record without a sequence number".to_owned())
    })?;
    let streamed = record
        .change
        .approximate_creation_date_time
        .timestamp_millis();
    let streamed = Timestamp::from_millis(u64::try_from(streamed).unwrap_or_default());
    let user_id = stamp.user_id.or_else(|| key::user_of(&new));
    let kinds = stamp.kinds()?.into_iter().enumerate();
    let events = kinds.filter_map(|(number, kind)| {
        let (before, after) = match shown(kind, old.as_ref(), &new) {
            Ok(shown) => shown?,
            Err(error) => return Some(Err(error)),
        };
        Some(Ok(Event {
            id: format!("{}-{number}", record.event_id),
            kind,
            time: stamp.changed_at.unwrap_or(streamed),
            sequence: sequence.clone(),
            user_id,
            actor_id: stamp.changed_by,
            request_id: stamp.request_id.clone(),
            before,
            after,
        }))
    });
    events.collect()
}

type Fields = Map<String, Value>;

/// What an event shows before and after; nothing when it is of changes, and there are none.
fn shown(
    kind: EventKind,
    old: Option<&RawItem>,
    new: &RawItem,
) -> Result<Option<(Fields, Fields)>, StoreError> {
    Ok(Some(match kind.shows() {
        Shows::Values(fields) => (Fields::new(), values(fields, new)?),
        Shows::LastValues(fields) => (values(fields, new)?, Fields::new()),
        Shows::Changes(fields) => return changes(fields, old, new),
        Shows::ChangesOf(fields) => {
            let changes = changes(fields, old, new)?;
            let named = values(&fields[..1], new)?;
            return Ok(changes.map(|(before, mut after)| {
                after.extend(named);
                (before, after)
            }));
        }
    }))
}

/// What changed of these, before and after; nothing when nothing did.
fn changes(
    fields: &[Field],
    old: Option<&RawItem>,
    new: &RawItem,
) -> Result<Option<(Fields, Fields)>, StoreError> {
    let Some(old) = old else {
        return Ok(Some((Fields::new(), values(fields, new)?)));
    };
    let (mut before, mut after) = (Fields::new(), Fields::new());
    for (attribute, name) in fields {
        let (was, is) = (old.get(*attribute), new.get(*attribute));
        if was != is {
            before.insert((*name).to_owned(), value(attribute, was)?);
            after.insert((*name).to_owned(), value(attribute, is)?);
        }
    }
    Ok((!after.is_empty()).then_some((before, after)))
}

fn values(fields: &[Field], item: &RawItem) -> Result<Fields, StoreError> {
    let there = fields.iter().filter_map(|(attribute, name)| {
        let found = item.get(*attribute)?;
        Some((*attribute, *name, found))
    });
    there
        .map(|(attribute, name, found)| Ok((name.to_owned(), value(attribute, Some(found))?)))
        .collect()
}

/// An attribute as an event shows it.
fn value(attribute: &str, found: Option<&AttributeValue>) -> Result<Value, StoreError> {
    let Some(found) = found.cloned() else {
        return Ok(Value::Null);
    };
    let unreadable =
        |error| StoreError::Unreadable(format!("a stream record: {attribute}: {error}"));
    if attribute == "suspension" {
        let Suspension { reason, until } =
            serde_dynamo::from_attribute_value(found).map_err(unreadable)?;
        let until = until.map(|until| until.to_string());
        return Ok(json!({ "reason": reason, "until": until }));
    }
    serde_dynamo::from_attribute_value(found).map_err(unreadable)
}
