use proptest::prelude::*;

use super::*;
use crate::fuzz;

fn codes(error: &ApiError) -> Vec<(String, String)> {
    let document =
        serde_json::to_value(error.problem("", crate::clock::now())).expect("serializes");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    document["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|error| (text(&error["field"]), text(&error["code"])))
        .collect()
}

#[test]
fn every_wrong_field_is_reported_at_once() {
    let body = br#"{"email":"nope","firstName":7,"role":"admin"}"#;
    let mut fields = Fields::parse(body).expect("an object");
    let email = fields.required("email", Email::parse);
    let password = fields.required("password", |text| Ok(text.to_owned()));
    let first_name = fields.optional("firstName", Name::parse);
    let error = fields
        .finish(|| Some((email?, password?, first_name?)))
        .expect_err("four fields are wrong");
    let expected = [
        ("email", "invalid_format"),
        ("password", "required"),
        ("firstName", "invalid_type"),
        ("role", "unknown"),
    ];
    let expected = expected.map(|(field, code)| (field.to_owned(), code.to_owned()));
    assert_eq!(codes(&error), expected);
}

#[test]
fn what_is_wrong_within_a_field_is_named_by_its_path() {
    let body = br#"{"a":{"b":7,"c":1},"d":[],"e":null,"f":{"g":{}}}"#;
    let mut fields = Fields::parse(body).expect("an object");
    let text = |fields: &mut Fields| fields.required("b", |text| Ok(text.to_owned()));
    assert_eq!(fields.nested("a", text), None);
    assert_eq!(fields.nested("d", text), None);
    assert_eq!(fields.nested("e", text), Some(None));
    let whole = |fields: &mut Fields| fields.object("g", |object| Ok(object.len()));
    assert_eq!(fields.nested("f", whole), Some(Some(0)));
    assert_eq!(fields.object("h", |_| Ok(())), None);
    let error = fields.finish(|| Some(())).expect_err("four are wrong");
    let expected = [
        ("a.b", "invalid_type"),
        ("a.c", "unknown"),
        ("d", "invalid_type"),
        ("h", "required"),
    ];
    let expected = expected.map(|(field, code)| (field.to_owned(), code.to_owned()));
    assert_eq!(codes(&error), expected);
}

#[test]
fn a_merge_keeps_what_is_missing_and_clears_what_is_null() {
    let mut fields = Fields::parse(br#"{"b":null,"c":"new"}"#).expect("an object");
    let parse = |text: &str| Ok(text.to_owned());
    let kept = fields.merged("a", Some("old".to_owned()), parse);
    let cleared = fields.merged("b", Some("old".to_owned()), parse);
    let set = fields.merged("c", None, parse);
    assert_eq!(kept, Some(Some("old".to_owned())));
    assert_eq!(cleared, Some(None));
    assert_eq!(set, Some(Some("new".to_owned())));
}

#[test]
fn bug_49_hostile_json_is_refused_and_nothing_panics() {
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let hostile: [&[u8]; 14] = [
        b"",
        b"null",
        b"[]",
        b"\"text\"",
        b"{",
        b"{\"a\":1,\"a\":2}",
        b"{\"a\":NaN}",
        b"{\"a\":1e999}",
        b"{\"a\":\"\\ud800\"}",
        b"\xef\xbb\xbf{}",
        b"{\"a\":\"\xff\"}",
        b"{} {}",
        b"{'a':1}",
        deep.as_bytes(),
    ];
    for body in hostile {
        let shown = String::from_utf8_lossy(&body[..body.len().min(20)]).into_owned();
        let error = Fields::parse(body).err().map(|error| error.code());
        assert_eq!(error, Some(ErrorCode::MalformedRequest), "{shown}");
    }
}

#[test]
fn what_is_missing_is_told_from_what_is_empty() {
    let mut fields = Fields::parse(br#"{"none":null,"empty":[],"off":false}"#).expect("an object");
    let parse = |text: &str| Ok(text.to_owned());
    for (name, expected) in [
        ("missing", None),
        ("none", None),
        ("empty", Some(Vec::new())),
    ] {
        assert_eq!(fields.optional_texts(name, 2, parse), Some(expected));
    }
    assert_eq!(fields.optional_flag("missing"), Some(None));
    assert_eq!(fields.optional_flag("off"), Some(Some(false)));
    assert!(fields.finish(|| Some(())).is_ok());
}

proptest! {
    #![proptest_config(fuzz::config())]

    #[test]
    fn bug_49_no_body_panics_and_what_is_read_is_an_object(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        edits in fuzz::edits(),
    ) {
        let body = r#"{"email":"a@b.example","tags":[1,-2.5e3,null,{"x":"\u00e9\ud83d\ude00"}],"yes":true}"#;
        let edited = fuzz::edited(body, &edits);
        for body in [bytes.as_slice(), edited.as_bytes()] {
            if let Ok(object) = parse_object(body) {
                let text = Value::Object(object.clone()).to_string();
                prop_assert_eq!(parse_object(text.as_bytes()).ok(), Some(object));
            }
        }
    }
}
