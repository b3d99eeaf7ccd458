//! Bodies: one bounded JSON object, every field parsed, every wrong one reported at once.

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lambda_http::{Body, Request, RequestExt};
use serde_json::{Map, Value};

use super::error::ApiError;
use super::error_code::ErrorCode;
use crate::email::Email;
use crate::field::FieldError;
use crate::json;
use crate::locale::{self, Locale};
use crate::name::Name;
use crate::password::Password;
use crate::profile::Profile;

/// The fields of a request body on their way to typed values.
///
/// Each reader parses a field and remembers what is wrong with it; [`finish`](Fields::finish) answers
/// with all of that together, unknown fields included.
pub struct Fields {
    values: Map<String, Value>,
    errors: Vec<(String, FieldError)>,
}

impl Fields {
    /// Reads the body as a JSON object without duplicate names (RFC 8259 §4).
    ///
    /// # Errors
    /// `malformed_request`.
    pub fn read(request: &Request) -> Result<Self, ApiError> {
        Self::parse(body_bytes(request.body()))
    }

    /// Reads a JSON object, however it came.
    ///
    /// # Errors
    /// `malformed_request`.
    pub fn parse(body: &[u8]) -> Result<Self, ApiError> {
        Ok(Self {
            values: parse_object(body)?,
            errors: Vec::new(),
        })
    }

    /// Reads the query of a request, each parameter a field that stands once.
    #[must_use]
    pub fn of_query(request: &Request) -> Self {
        let mut fields = Self {
            values: Map::new(),
            errors: Vec::new(),
        };
        let parameters = request.query_string_parameters_ref();
        for (name, value) in parameters.into_iter().flat_map(|all| all.iter()) {
            let before = fields.values.insert(name.to_owned(), value.into());
            if before.is_some() {
                let twice = "This parameter stands more than once.";
                fields.reject(&displayable(name), FieldError::new("duplicate", twice));
            }
        }
        fields
    }

    /// SHA-256 over all fields but these, in base64url: whether two bodies ask for the same. A digest of
    /// a secret would help to guess it.
    #[must_use]
    pub fn fingerprint(&self, secrets: &[&str]) -> String {
        let mut values = self.values.clone();
        values.retain(|name, _| !secrets.contains(&name.as_str()));
        let text = Value::Object(values).to_string();
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, text.as_bytes()))
    }

    /// A field that must be there.
    pub fn required<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, FieldError>,
    ) -> Option<T> {
        match self.values.remove(name) {
            None => {
                self.reject(name, FieldError::new("required", "This field is required."));
                None
            }
            Some(value) => self.parse_text(name, &value, parse),
        }
    }

    /// A field that may be missing or `null`: both are the inner `None`.
    pub fn optional<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, FieldError>,
    ) -> Option<Option<T>> {
        match self.values.remove(name) {
            None | Some(Value::Null) => Some(None),
            Some(value) => self.parse_text(name, &value, parse).map(Some),
        }
    }

    /// A field that is `true` or `false`; it may be missing or `null`, which is `false`.
    pub fn flag(&mut self, name: &str) -> Option<bool> {
        match self.values.remove(name) {
            None | Some(Value::Null) => Some(false),
            Some(Value::Bool(flag)) => Some(flag),
            Some(_) => {
                let error = FieldError::new("invalid_type", "This field is true or false.");
                self.reject(name, error);
                None
            }
        }
    }

    /// A field that must be there and is an object of somebody else's, read as it is.
    pub fn object<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&Map<String, Value>) -> Result<T, FieldError>,
    ) -> Option<T> {
        let parsed = match self.values.remove(name) {
            None => Err(FieldError::new("required", "This field is required.")),
            Some(Value::Object(object)) => parse(&object),
            Some(_) => Err(FieldError::new("invalid_type", "This field is an object.")),
        };
        parsed.map_err(|error| self.reject(name, error)).ok()
    }

    /// A field that may be missing or `null` and else has fields of its own: what is wrong with them is named by the path
    /// to it.
    pub fn nested<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<Option<T>> {
        let values = match self.values.remove(name) {
            None | Some(Value::Null) => return Some(None),
            Some(Value::Object(values)) => values,
            Some(_) => {
                let error = FieldError::new("invalid_type", "This field is an object.");
                self.reject(name, error);
                return None;
            }
        };
        let mut inner = Self {
            values,
            errors: Vec::new(),
        };
        let read = read(&mut inner);
        inner.reject_unknown();
        let is_right = inner.errors.is_empty();
        for (field, error) in inner.errors {
            self.reject(&format!("{name}.{field}"), error);
        }
        read.filter(|_| is_right).map(Some)
    }

    /// A field of a merge (RFC 7396): missing keeps `current`, `null` clears it.
    pub fn merged<T>(
        &mut self,
        name: &str,
        current: Option<T>,
        parse: impl FnOnce(&str) -> Result<T, FieldError>,
    ) -> Option<Option<T>> {
        if self.values.contains_key(name) {
            return self.optional(name, parse);
        }
        Some(current)
    }

    /// The fields of a profile: missing ones are as in `current`, `null` clears them, which makes `locale` `unset`.
    pub fn profile(&mut self, current: Profile, unset: Locale) -> Option<Profile> {
        let Profile {
            first_name,
            last_name,
            locale,
        } = current;
        let first_name = self.merged("firstName", first_name, Name::parse);
        let last_name = self.merged("lastName", last_name, Name::parse);
        let locale = self.merged("locale", Some(locale), locale::parse);
        Some(Profile {
            first_name: first_name?,
            last_name: last_name?,
            locale: locale?.unwrap_or(unset),
        })
    }

    /// Refuses a field for a reason found outside its parser.
    pub fn reject(&mut self, name: &str, error: FieldError) {
        self.errors.push((name.to_owned(), error));
    }

    /// Refuses a new password that attackers try first, once the fields it is compared with are known.
    pub fn check_password_policy(
        &mut self,
        field: &str,
        password: Option<&Password>,
        email: Option<&Email>,
        profile: Option<&Profile>,
    ) {
        let Some(password) = password else {
            return;
        };
        let names = profile.into_iter().flat_map(Profile::names);
        if let Err(error) = password.check_policy(email, names) {
            self.reject(field, error);
        }
    }

    /// The typed input, if every field was right and none is left over.
    ///
    /// # Errors
    /// `invalid_fields`, naming every refused field.
    pub fn finish<T>(mut self, build: impl FnOnce() -> Option<T>) -> Result<T, ApiError> {
        self.reject_unknown();
        if !self.errors.is_empty() {
            return Err(ApiError::invalid_fields(self.errors));
        }
        build().ok_or_else(|| ErrorCode::Internal.into())
    }

    fn reject_unknown(&mut self) {
        for (name, _) in std::mem::take(&mut self.values) {
            let error = FieldError::new("unknown", "Nothing here has this name.");
            self.reject(&displayable(&name), error);
        }
    }

    fn parse_text<T>(
        &mut self,
        name: &str,
        value: &Value,
        parse: impl FnOnce(&str) -> Result<T, FieldError>,
    ) -> Option<T> {
        let parsed = match value {
            Value::String(text) => parse(text),
            _ => Err(FieldError::new("invalid_type", "This field is a string.")),
        };
        parsed.map_err(|error| self.reject(name, error)).ok()
    }
}

/// Reads the body as a JSON object without duplicate names, whatever they are.
///
/// # Errors
/// `malformed_request`.
pub fn json_object(request: &Request) -> Result<Map<String, Value>, ApiError> {
    parse_object(body_bytes(request.body()))
}

fn parse_object(body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    let detail = if body.is_empty() {
        "This needs a JSON object as its body."
    } else {
        "The body is not a JSON object in UTF-8 with each name once and numbers of 64 bits."
    };
    json::object(body).map_err(|_| ApiError::with_detail(ErrorCode::MalformedRequest, detail))
}

/// An unknown name as it may be repeated in an answer: short and printable.
pub(super) fn displayable(name: &str) -> String {
    name.chars()
        .filter(|character| !character.is_control())
        .take(64)
        .collect()
}

pub(super) fn body_bytes(body: &Body) -> &[u8] {
    match body {
        Body::Text(text) => text.as_bytes(),
        Body::Binary(bytes) => bytes,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
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
}
