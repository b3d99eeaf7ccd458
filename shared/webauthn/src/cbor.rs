//! CBOR (RFC 8949) as CTAP2 narrows it (§8, Message Encoding): lengths are definite, numbers are as short as they can
//! be, nothing is nested deeper than four levels, no key stands twice, and there are no tags and no floats.
//! The order of keys is not looked at: authenticators in use get it wrong, and here it carries no meaning.

use std::collections::BTreeMap;

/// How many containers may stand in one another.
const MAX_DEPTH: usize = 4;

/// One item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// From -2^64 to 2^64 - 1.
    Integer(i128),
    Bytes(&'a [u8]),
    Text(&'a str),
    Array(Vec<Value<'a>>),
    Map(Map<'a>),
    Bool(bool),
    Null,
}

/// A map. Other keys than integers and text do not occur in Web Authentication.
pub(crate) type Map<'a> = BTreeMap<Key<'a>, Value<'a>>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key<'a> {
    Integer(i128),
    Text(&'a str),
}

/// Reads bytes that are one item and nothing more.
pub(crate) fn whole(bytes: &[u8]) -> Option<Value<'_>> {
    match first(bytes)? {
        (value, []) => Some(value),
        _ => None,
    }
}

/// Reads the item that the bytes begin with. Also gives the bytes after it.
pub(crate) fn first(bytes: &[u8]) -> Option<(Value<'_>, &[u8])> {
    let mut reader = Reader { rest: bytes };
    let value = reader.value(0)?;
    Some((value, reader.rest))
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Option<Value<'a>> {
        let (major, argument) = self.head()?;
        Some(match major {
            0 => Value::Integer(argument.into()),
            1 => Value::Integer(-1 - i128::from(argument)),
            2 => Value::Bytes(self.take(argument)?),
            3 => Value::Text(std::str::from_utf8(self.take(argument)?).ok()?),
            4 if depth < MAX_DEPTH => {
                // No room is made ahead for a length that is only claimed.
                let mut items = Vec::new();
                for _ in 0..argument {
                    items.push(self.value(depth + 1)?);
                }
                Value::Array(items)
            }
            5 if depth < MAX_DEPTH => {
                let mut map = Map::new();
                for _ in 0..argument {
                    let key = match self.value(depth + 1)? {
                        Value::Integer(number) => Key::Integer(number),
                        Value::Text(text) => Key::Text(text),
                        _ => return None,
                    };
                    if map.insert(key, self.value(depth + 1)?).is_some() {
                        return None;
                    }
                }
                Value::Map(map)
            }
            7 => match argument {
                20 => Value::Bool(false),
                21 => Value::Bool(true),
                22 => Value::Null,
                _ => return None,
            },
            _ => return None,
        })
    }

    /// The major type and its argument, which must stand in its shortest form.
    fn head(&mut self) -> Option<(u8, u64)> {
        let initial = *self.take(1)?.first()?;
        let (argument, least) = match initial & 0x1f {
            short @ 0..24 => (short.into(), 0),
            24 => (self.number(1)?, 24),
            25 => (self.number(2)?, 1 << 8),
            26 => (self.number(4)?, 1 << 16),
            27 => (self.number(8)?, 1 << 32),
            _ => return None,
        };
        (argument >= least).then_some((initial >> 5, argument))
    }

    fn number(&mut self, length: u64) -> Option<u64> {
        let bytes = self.take(length)?;
        Some(
            bytes
                .iter()
                .fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
        )
    }

    fn take(&mut self, length: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length.try_into().ok()?)?;
        self.rest = rest;
        Some(taken)
    }
}

#[cfg(test)]
#[path = "cbor_tests.rs"]
mod tests;
