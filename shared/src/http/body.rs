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
        self.optional_flag(name).map(Option::unwrap_or_default)
    }

    /// A field that is `true` or `false`; it may be missing or `null`: both are the inner `None`.
    pub fn optional_flag(&mut self, name: &str) -> Option<Option<bool>> {
        match self.values.remove(name) {
            None | Some(Value::Null) => Some(None),
            Some(Value::Bool(flag)) => Some(Some(flag)),
            Some(_) => {
                let error = FieldError::new("invalid_type", "This field is true or false.");
                self.reject(name, error);
                None
            }
        }
    }

    /// A list of texts; it may be missing or `null`, which is empty.
    pub fn texts<T>(
        &mut self,
        name: &str,
        most: usize,
        parse: impl Fn(&str) -> Result<T, FieldError>,
    ) -> Option<Vec<T>> {
        self.optional_texts(name, most, parse)
            .map(Option::unwrap_or_default)
    }

    /// A list of texts; it may be missing or `null`: both are the inner `None`.
    pub fn optional_texts<T>(
        &mut self,
        name: &str,
        most: usize,
        parse: impl Fn(&str) -> Result<T, FieldError>,
    ) -> Option<Option<Vec<T>>> {
        let invalid = |code, message: String| Err(FieldError::new(code, message));
        let parsed = match self.values.remove(name) {
            None | Some(Value::Null) => return Some(None),
            Some(Value::Array(values)) if values.len() > most => {
                invalid("too_long", format!("This list has at most {most} texts."))
            }
            Some(Value::Array(values)) => values
                .iter()
                .map(|value| match value {
                    Value::String(text) => parse(text),
                    _ => invalid_text(),
                })
                .collect(),
            Some(_) => invalid("invalid_type", "This field is a list of texts.".to_owned()),
        };
        let parsed = parsed.map(Some);
        parsed.map_err(|error| self.reject(name, error)).ok()
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
            _ => invalid_text(),
        };
        parsed.map_err(|error| self.reject(name, error)).ok()
    }
}

fn invalid_text<T>() -> Result<T, FieldError> {
    Err(FieldError::new("invalid_type", "This field is a string."))
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
#[path = "body_tests.rs"]
mod tests;
