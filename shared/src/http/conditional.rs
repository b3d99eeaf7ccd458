//! Conditional requests (RFC 9110 §13).

use lambda_http::Request;
use lambda_http::http::HeaderMap;
use lambda_http::http::header::{HeaderName, IF_MATCH, IF_NONE_MATCH};

use super::error::{ApiError, ErrorCode};
use crate::store::WriteRefused;

/// The `If-Match` header of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IfMatch(Option<Tags>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Tags {
    Any,
    Listed(Vec<String>),
}

/// The entity tag of a version: strong, because a version names one representation.
pub(super) fn entity_tag(version: u64) -> String {
    format!("\"{version}\"")
}

/// Reads `If-Match`.
///
/// # Errors
/// `malformed_request` when it is no list of entity tags.
pub fn if_match(request: &Request) -> Result<IfMatch, ApiError> {
    tags(request.headers(), &IF_MATCH).map(IfMatch)
}

impl IfMatch {
    /// Refuses when the client names versions and this one is not among them. Weak tags never match
    /// (RFC 9110 §13.1.1).
    ///
    /// # Errors
    /// `precondition_failed`.
    pub fn check(&self, version: u64) -> Result<(), ApiError> {
        match &self.0 {
            Some(Tags::Listed(tags)) if !tags.contains(&entity_tag(version)) => {
                Err(ErrorCode::PreconditionFailed.into())
            }
            _ => Ok(()),
        }
    }

    /// The failure to report when a write was refused: the client's own condition, if it set one and the
    /// resource changed between its read and its write.
    #[must_use]
    pub fn refused(&self, refused: WriteRefused) -> ApiError {
        match (refused, &self.0) {
            (WriteRefused::Changed, Some(Tags::Listed(_))) => ErrorCode::PreconditionFailed.into(),
            (refused, _) => refused.into(),
        }
    }
}

/// Whether `If-None-Match` names this entity tag: the client has it already. Compared weakly (RFC 9110
/// §13.1.2).
pub(super) fn is_not_modified(request_headers: &HeaderMap, entity_tag: &str) -> bool {
    match tags(request_headers, &IF_NONE_MATCH) {
        Ok(Some(Tags::Any)) => true,
        Ok(Some(Tags::Listed(tags))) => tags
            .iter()
            .any(|tag| tag.strip_prefix("W/").unwrap_or(tag) == entity_tag),
        Ok(None) | Err(_) => false,
    }
}

fn tags(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Tags>, ApiError> {
    let Some(value) = headers.get(name) else {
        return Ok(None);
    };
    let malformed = || {
        ApiError::with_detail(
            ErrorCode::MalformedRequest,
            "If-Match is not a list of entity tags.",
        )
    };
    let value = value.to_str().map_err(|_| malformed())?.trim();
    if value == "*" {
        return Ok(Some(Tags::Any));
    }
    let is_tag = |tag: &str| {
        let opaque = tag.strip_prefix("W/").unwrap_or(tag);
        opaque.len() >= 2
            && opaque.starts_with('"')
            && opaque.ends_with('"')
            && !opaque[1..opaque.len() - 1].contains('"')
    };
    // Within quotes a comma is part of the tag (RFC 9110 §8.8.3).
    let mut within_quotes = false;
    let separates = |character: char| {
        within_quotes ^= character == '"';
        character == ',' && !within_quotes
    };
    let listed: Vec<String> = value
        .split(separates)
        .map(|tag| tag.trim().to_owned())
        .collect();
    if listed.iter().all(|tag| is_tag(tag)) {
        Ok(Some(Tags::Listed(listed)))
    } else {
        Err(malformed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(name: HeaderName, value: &str) -> Request {
        let mut request = Request::default();
        request
            .headers_mut()
            .insert(name, value.parse().expect("a header value"));
        request
    }

    #[test]
    fn if_match_compares_strongly() {
        for (header, version, passes) in [
            ("\"3\"", 3, true),
            ("\"1\", \"3\"", 3, true),
            ("*", 3, true),
            ("\"a,b\" , W/\",\",\"3\"", 3, true),
            ("\"a,3,b\"", 3, false),
            ("\"2\"", 3, false),
            ("W/\"3\"", 3, false),
        ] {
            let if_match = if_match(&request(IF_MATCH, header)).expect("well-formed");
            assert_eq!(if_match.check(version).is_ok(), passes, "{header}");
        }
        for malformed in ["3", "\"3", "", "\"3\" \"4\"", "\"3\",,"] {
            assert!(
                if_match(&request(IF_MATCH, malformed)).is_err(),
                "{malformed:?}"
            );
        }
    }

    #[test]
    fn if_none_match_compares_weakly_and_ignores_nonsense() {
        for (header, found) in [
            ("\"3\"", true),
            ("W/\"3\"", true),
            ("*", true),
            ("\"2\"", false),
            ("3", false),
        ] {
            let request = request(IF_NONE_MATCH, header);
            assert_eq!(
                is_not_modified(request.headers(), "\"3\""),
                found,
                "{header}"
            );
        }
    }
}
