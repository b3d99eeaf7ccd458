//! Preferences: a JSON object that an application keeps for an account, and nobody here reads.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use latchkey::clock::Timestamp;
use latchkey::event::EventKind;
use latchkey::field::FieldError;
use latchkey::http::{ApiError, Bearer, Caller, PathUser};
use latchkey::permission::Permission;
use latchkey::store::{Store, WriteRefused};
use latchkey::table::{self, Change, Entity, Key, Table, TransactError, number};
use latchkey::user::UserId;

/// Largest preferences, in bytes of compact JSON: 36 write units at most.
pub const MAX_BYTES: usize = 16 * 1024;
/// Deepest nesting; the object itself is the first level.
pub const MAX_DEPTH: usize = 16;

/// The preferences of an account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Preferences {
    /// What the application keeps. Stored as JSON text, so that every number stays what it is.
    #[serde(with = "json_text")]
    pub values: Map<String, Value>,
    /// When they were last set.
    pub updated_at: Timestamp,
    /// Raised by every change; the entity tag. 0 when they were never set.
    pub version: u64,
}

impl Preferences {
    /// What an account has that never set any.
    #[must_use]
    pub fn none() -> Self {
        Self {
            values: Map::new(),
            updated_at: Timestamp::from_seconds(0),
            version: 0,
        }
    }

    /// Their next version, with these values instead.
    ///
    /// # Errors
    /// `too_long` or `too_deep`.
    pub fn replaced(&self, values: Map<String, Value>, now: Timestamp) -> Result<Self, FieldError> {
        if object_depth(&values) > MAX_DEPTH {
            return Err(FieldError::new(
                "too_deep",
                format!("Preferences are at most {MAX_DEPTH} levels deep."),
            ));
        }
        if !serde_json::to_vec(&values).is_ok_and(|text| text.len() <= MAX_BYTES) {
            return Err(FieldError::new(
                "too_long",
                format!("Preferences have at most {MAX_BYTES} bytes as compact JSON."),
            ));
        }
        Ok(Self {
            values,
            updated_at: now,
            version: self.version + 1,
        })
    }

    /// Their next version, with a merge patch applied (RFC 7396 §2).
    ///
    /// # Errors
    /// `too_long` or `too_deep`.
    pub fn merged(&self, patch: Map<String, Value>, now: Timestamp) -> Result<Self, FieldError> {
        let mut values = self.values.clone();
        merge(&mut values, patch);
        self.replaced(values, now)
    }
}

impl Entity for Preferences {
    const TYPE: &'static str = "preferences";

    fn events(&self) -> Vec<EventKind> {
        vec![EventKind::PreferencesUpdated]
    }
}

/// The preferences of accounts, in the table.
#[derive(Clone, Copy, Debug)]
pub struct PreferencesTable<'a>(pub &'a Table);

impl PreferencesTable<'_> {
    /// Stores the next version of preferences, if the one before is still the current one and the account
    /// is there: none may outlive it. 1 RT, 2 WU a KB and 2 more.
    ///
    /// # Errors
    /// [`WriteRefused`].
    pub async fn put(
        &self,
        user_id: &UserId,
        preferences: &Preferences,
        change: &Change,
    ) -> Result<(), WriteRefused> {
        let item = table::new_item(Key::preferences(user_id), preferences, change)?;
        let put = match preferences.version.saturating_sub(1) {
            0 => table::put_new(self.0, item)?,
            read => table::put_if(
                self.0,
                item,
                "#version = :read",
                &[("#version", "version")],
                &[(":read", number(read))],
            )?,
        };
        let items = vec![put, table::check_exists(self.0, Key::user(user_id))?];
        match self.0.transact("put preferences", items).await {
            Ok(()) => Ok(()),
            Err(TransactError::Refused(_)) => Err(WriteRefused::Changed),
            Err(TransactError::Store(error)) => Err(error.into()),
        }
    }
}

/// Who may reach the preferences of an account, whose they are, and the preferences: read beside the caller.
///
/// # Errors
/// As [`Bearer::authenticate`], or as the permission is denied.
pub async fn authorize(
    store: &Store,
    bearer: &Bearer,
    path: PathUser,
    permission: Permission,
) -> Result<(Caller, UserId, Preferences), ApiError> {
    let id = bearer.resolve(path);
    let key = Key::preferences(&id);
    let (caller, user, mut beside) = bearer
        .authenticate_with_beside(store, id, vec![key.clone()])
        .await?;
    caller.user.authorize(permission, &id, user)?;
    let preferences = beside.take(&key)?.unwrap_or_else(Preferences::none);
    Ok((caller, id, preferences))
}

fn merge(target: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (name, value) in patch {
        match value {
            Value::Null => {
                target.remove(&name);
            }
            Value::Object(patch) => {
                let mut nested = match target.remove(&name) {
                    Some(Value::Object(nested)) => nested,
                    _ => Map::new(),
                };
                merge(&mut nested, patch);
                target.insert(name, Value::Object(nested));
            }
            value => {
                target.insert(name, value);
            }
        }
    }
}

fn object_depth(object: &Map<String, Value>) -> usize {
    1 + object.values().map(depth).max().unwrap_or_default()
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Object(object) => object_depth(object),
        Value::Array(array) => 1 + array.iter().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}

mod json_text {
    use serde::de::Error as _;
    use serde::ser::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};
    use serde_json::{Map, Value};

    use latchkey::json;

    pub(super) fn serialize<S: Serializer>(
        values: &Map<String, Value>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let text = serde_json::to_string(values).map_err(S::Error::custom)?;
        serializer.serialize_str(&text)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Map<String, Value>, D::Error> {
        let text = String::deserialize(deserializer)?;
        // As it was read from the client: serde_json gives some names a meaning when it reads a `Value`.
        json::object(text.as_bytes()).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(object) => object,
            other => panic!("{other} is no object"),
        }
    }

    fn nested(levels: usize) -> Map<String, Value> {
        let mut value = json!({});
        for _ in 1..levels {
            value = json!({ "a": value });
        }
        object(value)
    }

    #[test]
    fn a_merge_patch_does_what_rfc_7396_shows() {
        // The examples of appendix A whose target and patch are objects.
        for (target, patch, result) in [
            (json!({"a":"b"}), json!({"a":"c"}), json!({"a":"c"})),
            (json!({"a":"b"}), json!({"b":"c"}), json!({"a":"b","b":"c"})),
            (json!({"a":"b"}), json!({"a":null}), json!({})),
            (
                json!({"a":"b","b":"c"}),
                json!({"a":null}),
                json!({"b":"c"}),
            ),
            (json!({"a":["b"]}), json!({"a":"c"}), json!({"a":"c"})),
            (json!({"a":"c"}), json!({"a":["b"]}), json!({"a":["b"]})),
            (
                json!({"a":{"b":"c"}}),
                json!({"a":{"b":"d","c":null}}),
                json!({"a":{"b":"d"}}),
            ),
            (json!({"a":[{"b":"c"}]}), json!({"a":[1]}), json!({"a":[1]})),
            (json!({"e":null}), json!({"a":1}), json!({"e":null,"a":1})),
            (
                json!({}),
                json!({"a":{"bb":{"ccc":null}}}),
                json!({"a":{"bb":{}}}),
            ),
        ] {
            let mut merged = object(target);
            merge(&mut merged, object(patch));
            assert_eq!(Value::Object(merged), result);
        }
    }

    #[test]
    fn what_is_too_large_or_too_deep_is_refused_however_it_came() {
        let (now, none) = (Timestamp::from_seconds(9), Preferences::none());
        let code = |result: Result<Preferences, FieldError>| result.map_err(|error| error.code);
        assert!(none.replaced(nested(MAX_DEPTH), now).is_ok());
        assert_eq!(
            code(none.replaced(nested(MAX_DEPTH + 1), now)),
            Err("too_deep")
        );

        // {"a":"…"} is 8 bytes longer than the text.
        let long = |bytes: usize| object(json!({ "a": "x".repeat(bytes - 8) }));
        let full = none.replaced(long(MAX_BYTES), now).expect("just fits");
        assert_eq!((full.version, full.updated_at), (1, now));
        assert_eq!(
            code(none.replaced(long(MAX_BYTES + 1), now)),
            Err("too_long")
        );
        assert_eq!(
            code(full.merged(object(json!({ "b": 1 })), now)),
            Err("too_long")
        );
    }

    #[test]
    fn preferences_are_stored_as_they_are() {
        let values = object(json!({"n": u64::MAX, "f": 0.1, "e": "", "deep": [{"null": null}]}));
        let preferences = Preferences::none()
            .replaced(values, Timestamp::from_seconds(1))
            .expect("fits");
        let stored = serde_json::to_string(&preferences).expect("serializes");
        let read: Preferences = serde_json::from_str(&stored).expect("deserializes");
        assert_eq!(read, preferences);
    }
}
