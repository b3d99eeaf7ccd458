//! The reader against a writer, and against what CTAP2 refuses.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use super::*;

/// A value that owns its bytes, to be written.
#[derive(Clone, Debug)]
enum Owned {
    Integer(i128),
    Bytes(Vec<u8>),
    Text(String),
    Array(Vec<Owned>),
    Map(std::collections::BTreeMap<String, Owned>),
    Simple(u8),
}

impl Owned {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Integer(number) if *number < 0 => {
                head(1, u64::try_from(-1 - number).expect("64 bits"), out);
            }
            Self::Integer(number) => head(0, u64::try_from(*number).expect("64 bits"), out),
            Self::Bytes(bytes) => {
                head(2, bytes.len() as u64, out);
                out.extend(bytes);
            }
            Self::Text(text) => {
                head(3, text.len() as u64, out);
                out.extend(text.as_bytes());
            }
            Self::Array(items) => {
                head(4, items.len() as u64, out);
                for item in items {
                    item.write(out);
                }
            }
            Self::Map(members) => {
                head(5, members.len() as u64, out);
                for (name, value) in members {
                    Self::Text(name.clone()).write(out);
                    value.write(out);
                }
            }
            Self::Simple(value) => head(7, (*value).into(), out),
        }
    }

    fn borrow(&self) -> Value<'_> {
        match self {
            Self::Integer(number) => Value::Integer(*number),
            Self::Bytes(bytes) => Value::Bytes(bytes),
            Self::Text(text) => Value::Text(text),
            Self::Array(items) => Value::Array(items.iter().map(Self::borrow).collect()),
            Self::Map(members) => Value::Map(
                members
                    .iter()
                    .map(|(name, value)| (Key::Text(name), value.borrow()))
                    .collect(),
            ),
            Self::Simple(22) => Value::Null,
            Self::Simple(value) => Value::Bool(*value == 21),
        }
    }
}

fn head(major: u8, argument: u64, out: &mut Vec<u8>) {
    let bytes = argument.to_be_bytes();
    let (short, from) = match argument {
        0..24 => (u8::try_from(argument).expect("small"), 8),
        24..0x100 => (24, 7),
        0x100..0x1_0000 => (25, 6),
        0x1_0000..0x1_0000_0000 => (26, 4),
        _ => (27, 0),
    };
    out.push(major << 5 | short);
    out.extend(&bytes[from..]);
}

/// How many bytes the value takes in its shortest form.
fn length(value: &Value<'_>) -> usize {
    let of = |argument: usize| match argument {
        0..24 => 1,
        24..0x100 => 2,
        0x100..0x1_0000 => 3,
        _ => 5,
    };
    match value {
        Value::Integer(number) => {
            let mut out = Vec::new();
            Owned::Integer(*number).write(&mut out);
            out.len()
        }
        Value::Bytes(bytes) => of(bytes.len()) + bytes.len(),
        Value::Text(text) => of(text.len()) + text.len(),
        Value::Array(items) => of(items.len()) + items.iter().map(length).sum::<usize>(),
        Value::Map(members) => {
            let key = |key: &Key<'_>| match key {
                Key::Integer(number) => length(&Value::Integer(*number)),
                Key::Text(text) => length(&Value::Text(text)),
            };
            of(members.len())
                + members
                    .iter()
                    .map(|(name, value)| key(name) + length(value))
                    .sum::<usize>()
        }
        Value::Bool(_) | Value::Null => 1,
    }
}

fn values() -> impl Strategy<Value = Owned> {
    let limit = i128::from(u64::MAX);
    let leaf = prop_oneof![
        (-1 - limit..=limit).prop_map(Owned::Integer),
        (-300_i128..70_000).prop_map(Owned::Integer),
        vec(any::<u8>(), 0..300).prop_map(Owned::Bytes),
        ".{0,30}".prop_map(Owned::Text),
        (20_u8..=22).prop_map(Owned::Simple),
    ];
    // proptest's depth counts the branches above a leaf.
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Owned::Array),
            btree_map(".{0,5}", inner, 0..5).prop_map(Owned::Map),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_and_nothing_shorter_or_longer(value in values(), extra: u8) {
        let mut bytes = Vec::new();
        value.write(&mut bytes);
        prop_assert_eq!(whole(&bytes), Some(value.borrow()));
        for length in 0..bytes.len() {
            prop_assert_eq!(whole(&bytes[..length]), None);
        }
        bytes.push(extra);
        prop_assert_eq!(whole(&bytes), None);
        prop_assert_eq!(first(&bytes), Some((value.borrow(), &[extra][..])));
    }

    #[test]
    fn what_is_read_stands_in_its_shortest_form(bytes in vec(any::<u8>(), 0..40)) {
        if let Some((value, rest)) = first(&bytes) {
            prop_assert_eq!(length(&value), bytes.len() - rest.len());
        }
    }
}

#[test]
fn ctap2_refuses() {
    for (why, hex) in [
        ("nothing", ""),
        ("a number in one byte too many", "1817"),
        ("a number in two bytes too many", "1900ff"),
        ("a number in four bytes too many", "1a0000ffff"),
        ("a number in eight bytes too many", "1b00000000ffffffff"),
        ("a negative number in one byte too many", "3800"),
        ("a length in one byte too many", "580141"),
        ("an indefinite byte string", "5f4101ff"),
        ("an indefinite text", "7f6161ff"),
        ("an indefinite array", "9f01ff"),
        ("an indefinite map", "bf0101ff"),
        ("a break alone", "ff"),
        ("a reserved length", "1c"),
        ("a tag", "c001"),
        ("a half float", "f93c00"),
        ("a float", "fa3f800000"),
        ("a double", "fb3ff0000000000000"),
        ("undefined", "f7"),
        ("a simple value", "e0"),
        ("false in two bytes", "f814"),
        ("a key that stands twice", "a201010102"),
        ("a text that stands twice", "a2616101616102"),
        ("a key of bytes", "a1410101"),
        ("a key that is an array", "a18001"),
        ("a key without a value", "a101"),
        ("text that is not UTF-8", "61ff"),
        ("five arrays in one another", "818181818180"),
        ("five maps in one another", "a101a101a101a101a0"),
        ("an array of 2^64 - 1 items", "9bffffffffffffffff"),
        ("a map of 2^64 - 1 pairs", "bbffffffffffffffff"),
        ("bytes that are not there", "5bffffffffffffffff"),
        ("two items", "0101"),
    ] {
        assert_eq!(whole(&unhex(hex)), None, "{why}");
    }
    for kept in [
        "81818180",
        "a101a101a101a0",
        "a2200102f6",
        "3bffffffffffffffff",
        "a220012101",
    ] {
        assert!(whole(&unhex(kept)).is_some(), "{kept}");
    }
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex"))
        .collect()
}
