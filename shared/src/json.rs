//! JSON objects that name nothing twice, at any depth (RFC 8259 §4): parsers that disagree on which of two
//! counts have been used to slip values past checks. And no name has a meaning: what clients choose is read here and
//! nowhere else, because `serde_json` itself takes `{"$serde_json::private::RawValue": "…"}` for the JSON in its text.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// No double from here on: 2^63.
const LARGEST: f64 = 9_223_372_036_854_775_808.0;

/// Reads one JSON object in UTF-8. Numbers are 64-bit integers or IEEE 754 doubles below 2^63 (RFC 7493
/// §2.2), and stay what they are; nothing is nested deeper than 127 levels.
///
/// # Errors
/// When it is anything else.
pub fn object(text: &[u8]) -> Result<Map<String, Value>, serde_json::Error> {
    match serde_json::from_slice(text)? {
        Unique(Value::Object(object)) => Ok(object),
        Unique(_) => Err(serde_json::Error::custom("not an object")),
    }
}

/// A value without repeated names.
struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any).map(Self)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        // Here also ends an integer of more than 64 bits, which a double would round in silence.
        if value.abs() >= LARGEST {
            return Err(E::custom("a number is too large"));
        }
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Unique(value)) = sequence.next_element()? {
            values.push(value);
        }
        Ok(values.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some((name, Unique(value))) = map.next_entry::<String, Unique>()? {
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom("a name stands twice"));
            }
        }
        Ok(object.into())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bug_49_a_name_stands_once_at_every_depth() {
        for refused in [
            r#"{"a":1,"a":2}"#,
            r#"{"a":{"b":1,"b":1}}"#,
            r#"{"a":[{"b":1,"b":1}]}"#,
            "[]",
            "null",
            r#"{"a":12345678901234567890123}"#,
            r#"{"a":-9223372036854775809}"#,
            r#"{"a":1e19}"#,
        ] {
            assert!(object(refused.as_bytes()).is_err(), "{refused}");
        }
        for kept in [
            r#"{"a":{"b":1},"b":[{"b":1},{"b":1}]}"#,
            r#"{"a":[18446744073709551615,-9223372036854775808,31.245270191439438,121.48791951161945]}"#,
        ] {
            let object = object(kept.as_bytes()).expect("an object");
            assert_eq!(Value::Object(object).to_string(), kept);
        }
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_what_serde_json_reads(text in r#"\{("[ab]":(1|-2|0\.5|null|true|"x"|\[\]|\{\}),){0,2}"c":\{\}\}"#) {
            let plain: Value = serde_json::from_str(&text).expect("JSON");
            if let Ok(object) = object(text.as_bytes()) {
                prop_assert_eq!(Value::Object(object), plain);
            }
        }
    }
}
