//! JSON that is nearly what it was.

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;

use crate::fuzz::{self, Edit};

/// One change to an event that keeps it JSON.
#[derive(Clone, Debug)]
pub(crate) enum Bend {
    Drop(Index),
    Retype(Index, Value),
    Rename(Index, String),
    Exchange(Index, Index),
    EditText(Index, Vec<Edit>),
}

pub(crate) fn bends() -> impl Strategy<Value = Vec<Bend>> {
    let at = any::<Index>;
    let bend = prop_oneof![
        at().prop_map(Bend::Drop),
        (at(), fuzz::any_json()).prop_map(|(at, value)| Bend::Retype(at, value)),
        (at(), "\\PC{0,12}").prop_map(|(at, name)| Bend::Rename(at, name)),
        (at(), at()).prop_map(|(one, other)| Bend::Exchange(one, other)),
        (at(), fuzz::edits()).prop_map(|(at, edits)| Bend::EditText(at, edits)),
    ];
    prop::collection::vec(bend, 1..4)
}

/// JSON pointers (RFC 6901) to every member.
fn pointers(value: &Value, prefix: &str, found: &mut Vec<String>) {
    for (name, member) in value.as_object().into_iter().flatten() {
        let pointer = format!("{prefix}/{}", name.replace('~', "~0").replace('/', "~1"));
        pointers(member, &pointer, found);
        found.push(pointer);
    }
}

fn remove(event: &mut Value, pointer: &str) -> Option<Value> {
    let (parent, name) = pointer.rsplit_once('/')?;
    let name = name.replace("~1", "/").replace("~0", "~");
    let parent = event.pointer_mut(parent)?.as_object_mut()?;
    parent.remove(&name)
}

pub(crate) fn bent(event: &Value, bends: &[Bend]) -> Value {
    let mut event = event.clone();
    for bend in bends {
        let mut all = Vec::new();
        pointers(&event, "", &mut all);
        if all.is_empty() {
            break;
        }
        match bend {
            Bend::Drop(at) => drop(remove(&mut event, at.get::<String>(&all))),
            Bend::Retype(at, value) => {
                if let Some(member) = event.pointer_mut(at.get::<String>(&all)) {
                    *member = value.clone();
                }
            }
            Bend::Rename(at, name) => {
                let pointer = at.get::<String>(&all);
                let parent = pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
                if let Some(value) = remove(&mut event, pointer)
                    && let Some(parent) = event.pointer_mut(parent).and_then(Value::as_object_mut)
                {
                    parent.insert(name.clone(), value);
                }
            }
            Bend::Exchange(one, other) => {
                let (one, other) = (one.get::<String>(&all), other.get::<String>(&all));
                let value = event.pointer(other).cloned().unwrap_or_default();
                if let Some(one) = event.pointer_mut(one) {
                    *one = value;
                }
            }
            Bend::EditText(at, edits) => {
                if let Some(Value::String(text)) = event.pointer_mut(at.get::<String>(&all)) {
                    *text = fuzz::edited(text, edits);
                }
            }
        }
    }
    event
}
