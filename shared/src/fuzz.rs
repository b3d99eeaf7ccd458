//! Property tests at the depth of a fuzzer: how many cases, and how a valid input is bent.

pub(crate) mod bends;

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;

/// At least 2,000 cases, more by `PROPTEST_CASES`.
pub(crate) fn config() -> ProptestConfig {
    let default = ProptestConfig::default();
    ProptestConfig {
        cases: default.cases.max(2_000),
        ..default
    }
}

/// One small change to a text.
#[derive(Clone, Debug)]
pub(crate) enum Edit {
    Replace(Index, char),
    Insert(Index, char),
    Remove(Index, usize),
    Repeat(Index, usize),
    Swap(Index, Index),
    Truncate(Index),
    FlipCase(Index),
}

/// One to four edits.
pub(crate) fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let character = prop_oneof![
        4 => prop::char::range('!', '~'),
        1 => prop::sample::select(vec!['\0', '\n', '\r', '\t', ' ', '\u{feff}', '\u{202e}', '\u{1f600}', 'ı', 'İ', '１']),
        1 => any::<char>(),
    ];
    let at = any::<Index>;
    let edit = prop_oneof![
        (at(), character.clone()).prop_map(|(at, character)| Edit::Replace(at, character)),
        (at(), character).prop_map(|(at, character)| Edit::Insert(at, character)),
        (at(), 1..9_usize).prop_map(|(at, length)| Edit::Remove(at, length)),
        (at(), 1..9_usize).prop_map(|(at, length)| Edit::Repeat(at, length)),
        (at(), at()).prop_map(|(one, other)| Edit::Swap(one, other)),
        at().prop_map(Edit::Truncate),
        at().prop_map(Edit::FlipCase),
    ];
    prop::collection::vec(edit, 1..5)
}

/// The text after these edits: it may be the same again.
pub(crate) fn edited(text: &str, edits: &[Edit]) -> String {
    let mut text: Vec<char> = text.chars().collect();
    for edit in edits {
        let length = text.len();
        if length == 0 {
            break;
        }
        match edit {
            Edit::Replace(at, character) => text[at.index(length)] = *character,
            Edit::Insert(at, character) => text.insert(at.index(length + 1), *character),
            Edit::Remove(at, count) => {
                let at = at.index(length);
                text.drain(at..length.min(at + count));
            }
            Edit::Repeat(at, count) => {
                let at = at.index(length);
                let piece = text[at..length.min(at + count)].to_vec();
                text.splice(at..at, piece);
            }
            Edit::Swap(one, other) => text.swap(one.index(length), other.index(length)),
            Edit::Truncate(at) => text.truncate(at.index(length)),
            Edit::FlipCase(at) => {
                let character = &mut text[at.index(length)];
                *character = if character.is_ascii_lowercase() {
                    character.to_ascii_uppercase()
                } else {
                    character.to_ascii_lowercase()
                };
            }
        }
    }
    text.into_iter().collect()
}

/// Any small JSON value.
pub(crate) fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(".{0,8}", inner, 0..4)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}
