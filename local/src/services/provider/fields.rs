//! What stands in queries and forms: `application/x-www-form-urlencoded`.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, header};
use percent_encoding::percent_decode_str;

const FORM: &str = "application/x-www-form-urlencoded";

/// Parameters by name. One without a value is as one that is not there (RFC 6749 §3.1).
pub(super) struct Fields(BTreeMap<String, String>);

impl Fields {
    /// Of a query, or of the body of a form.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut fields = BTreeMap::new();
        for pair in text.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name);
            if !value.is_empty() && fields.insert(name.clone(), decode(value)).is_some() {
                return Err(format!("{name} is there twice."));
            }
        }
        Ok(Self(fields))
    }

    /// Of a form that was posted.
    pub(super) fn of_form(headers: &HeaderMap, body: &[u8]) -> Result<Self, String> {
        let kind = headers.get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case(FORM) {
            return Err(format!("The body must be {FORM}."));
        }
        Self::parse(&String::from_utf8_lossy(body))
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

/// One name or value.
pub(super) fn decode(text: &str) -> String {
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_are_decoded_and_stand_once() {
        let fields = Fields::parse("a=b+c%2B%26&d%20=%C3%A9&empty=&none&x=1=2&").expect("fields");
        assert_eq!(fields.get("a"), Some("b c+&"));
        assert_eq!(fields.get("d "), Some("é"));
        assert_eq!(fields.get("x"), Some("1=2"));
        for name in ["empty", "none", "", "other"] {
            assert_eq!(fields.get(name), None, "{name:?}");
        }
        let twice = Fields::parse("a=1&b=2&%61=3").err();
        assert_eq!(twice.as_deref(), Some("a is there twice."));
    }

    #[test]
    fn a_body_says_that_it_is_a_form() {
        for (kind, is_one) in [
            ("application/x-www-form-urlencoded", true),
            ("Application/X-WWW-Form-Urlencoded; charset=UTF-8", true),
            ("application/json", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, kind.parse().expect("a value"));
            assert_eq!(Fields::of_form(&headers, b"a=b").is_ok(), is_one, "{kind}");
        }
        assert!(Fields::of_form(&HeaderMap::new(), b"a=b").is_err());
    }
}
