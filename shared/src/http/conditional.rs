//! Conditional requests (RFC 9110 §13): on every method, by every header that names entity tags.

use lambda_http::http::header::{CONTENT_TYPE, ETAG, HeaderName, IF_MATCH, IF_NONE_MATCH};
use lambda_http::http::{HeaderMap, HeaderValue, StatusCode};
use lambda_http::{Body, Request};

use super::ApiResult;
use super::error::ApiError;
use super::error_code::ErrorCode;
use super::reply::Reply;
use crate::store::WriteRefused;

/// What a request that changes something says about the version that it expects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preconditions {
    matches: Option<Tags>,
    none_matches: Option<Tags>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Tags {
    Any,
    Listed(Vec<Vec<u8>>),
}

/// The entity tag of a version: strong, because a version names one representation.
pub(super) fn entity_tag(version: u64) -> String {
    format!("\"{version}\"")
}

/// Reads `If-Match` and `If-None-Match`.
///
/// # Errors
/// `malformed_request` when one of them is no list of entity tags.
pub fn preconditions(request: &Request) -> Result<Preconditions, ApiError> {
    let headers = request.headers();
    let malformed = |Malformed| {
        let detail = "If-None-Match is not a list of entity tags.";
        ApiError::with_detail(ErrorCode::MalformedRequest, detail)
    };
    Ok(Preconditions {
        matches: if_match(headers)?,
        none_matches: tags(headers, &IF_NONE_MATCH).map_err(malformed)?,
    })
}

fn if_match(headers: &HeaderMap) -> Result<Option<Tags>, ApiError> {
    tags(headers, &IF_MATCH).map_err(|Malformed| {
        let detail = "If-Match is not a list of entity tags.";
        ApiError::with_detail(ErrorCode::MalformedRequest, detail)
    })
}

/// The answer to a request that reads, as its preconditions have it (RFC 9110 §13.2.2): refused when `If-Match` names
/// another representation, and without a body when the client has it already. Only one with an entity tag has any.
///
/// # Errors
/// `precondition_failed`; `malformed_request` when `If-Match` is no list of entity tags.
pub(super) fn evaluated(mut reply: Reply, request_headers: &HeaderMap) -> ApiResult {
    let tag = reply.headers.get(ETAG).and_then(|tag| tag.to_str().ok());
    let Some(tag) = tag.filter(|_| reply.status == StatusCode::OK) else {
        return Ok(reply);
    };
    let matches = if_match(request_headers)?;
    if matches.is_some_and(|tags| !tags.name_strongly(tag, true)) {
        return Err(ErrorCode::PreconditionFailed.into());
    }
    if reply.revalidates && is_not_modified(request_headers, tag) {
        reply.status = StatusCode::NOT_MODIFIED;
        reply.headers.remove(CONTENT_TYPE);
        reply.body = Body::Empty;
    }
    Ok(reply)
}

impl Preconditions {
    /// Refuses when they are not true of this version. Version 0 stands for what was never written. `If-Match`
    /// compares strongly, so that weak tags never match (RFC 9110 §13.1.1), `If-None-Match` weakly (§13.1.2).
    ///
    /// # Errors
    /// `precondition_failed`.
    pub fn check(&self, version: u64) -> Result<(), ApiError> {
        let (tag, is_there) = (entity_tag(version), version > 0);
        let matches = self.matches.as_ref();
        let matches = matches.is_none_or(|tags| tags.name_strongly(&tag, is_there));
        let none_matches = self.none_matches.as_ref().is_none_or(|tags| match tags {
            Tags::Any => !is_there,
            Tags::Listed(_) => !tags.name(&tag),
        });
        if matches && none_matches {
            return Ok(());
        }
        Err(ErrorCode::PreconditionFailed.into())
    }

    /// Whether they tell one version from another, so that a write must find the one they were checked with.
    #[must_use]
    pub fn name_versions(&self) -> bool {
        matches!(self.matches, Some(Tags::Listed(_))) || self.none_matches.is_some()
    }

    /// The failure to report when a write was refused: the client's own condition, if it set one and the
    /// resource changed between its read and its write.
    #[must_use]
    pub fn refused(&self, refused: WriteRefused) -> ApiError {
        match refused {
            WriteRefused::Changed if self.name_versions() => ErrorCode::PreconditionFailed.into(),
            refused => refused.into(),
        }
    }
}

impl Tags {
    /// Whether they name this entity tag, compared strongly; `*` names whatever is there.
    fn name_strongly(&self, tag: &str, is_there: bool) -> bool {
        match self {
            Self::Any => is_there,
            Self::Listed(tags) => tags.iter().any(|listed| listed == tag.as_bytes()),
        }
    }

    /// Whether they name this entity tag, compared weakly.
    fn name(&self, tag: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Listed(tags) => tags
                .iter()
                .any(|listed| listed.strip_prefix(b"W/").unwrap_or(listed) == tag.as_bytes()),
        }
    }
}

/// Whether `If-None-Match` names this entity tag: the client has it already.
fn is_not_modified(request_headers: &HeaderMap, entity_tag: &str) -> bool {
    matches!(tags(request_headers, &IF_NONE_MATCH), Ok(Some(tags)) if tags.name(entity_tag))
}

struct Malformed;

/// Reads all field lines of this name as one list (RFC 9110 §5.3), whose empty elements count for nothing (§5.6.1.2).
fn tags(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Tags>, Malformed> {
    let lines: Vec<&[u8]> = (headers.get_all(name).iter())
        .map(HeaderValue::as_bytes)
        .collect();
    if lines.is_empty() {
        return Ok(None);
    }
    let value = lines.join(&b',');
    if value.trim_ascii() == b"*" {
        return Ok(Some(Tags::Any));
    }
    // Within quotes a comma is part of the tag (§8.8.3).
    let mut within_quotes = false;
    let separates = |byte: &u8| {
        within_quotes ^= *byte == b'"';
        *byte == b',' && !within_quotes
    };
    let listed: Vec<Vec<u8>> = value
        .split(separates)
        .map(|tag| tag.trim_ascii().to_vec())
        .filter(|tag| !tag.is_empty())
        .collect();
    if listed.iter().all(|tag| is_tag(tag)) {
        Ok(Some(Tags::Listed(listed)))
    } else {
        Err(Malformed)
    }
}

/// `entity-tag` of RFC 9110 §8.8.3.
fn is_tag(tag: &[u8]) -> bool {
    let opaque = tag.strip_prefix(b"W/").unwrap_or(tag);
    let opaque = opaque.strip_prefix(b"\"");
    let opaque = opaque.and_then(|opaque| opaque.strip_suffix(b"\""));
    let is_tag_character = |byte: &u8| matches!(byte, 0x21 | 0x23..=0x7e | 0x80..);
    opaque.is_some_and(|opaque| opaque.iter().all(is_tag_character))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(lines: &[(HeaderName, &str)]) -> Request {
        let mut request = Request::default();
        for (name, value) in lines {
            let value = value.parse().expect("a header value");
            request.headers_mut().append(name, value);
        }
        request
    }

    fn passes(lines: &[(HeaderName, &str)], version: u64) -> bool {
        preconditions(&request(lines))
            .expect("well-formed")
            .check(version)
            .is_ok()
    }

    #[test]
    fn if_match_compares_strongly() {
        for (header, version, expected) in [
            ("\"3\"", 3, true),
            ("\"1\", \"3\"", 3, true),
            ("*", 3, true),
            (" * ", 1, true),
            ("*", 0, false),
            ("\"0\"", 0, true),
            ("\"a,b\" , W/\",\",\"3\"", 3, true),
            ("\"a,3,b\"", 3, false),
            ("\"2\"", 3, false),
            ("W/\"3\"", 3, false),
            ("\"\"", 3, false),
            ("", 3, false),
        ] {
            assert_eq!(passes(&[(IF_MATCH, header)], version), expected, "{header}");
        }
    }

    #[test]
    fn bug_69_if_none_match_refuses_a_change_of_what_it_names() {
        for (header, version, expected) in [
            ("*", 0, true),
            ("*", 1, false),
            ("\"3\"", 3, false),
            ("W/\"3\"", 3, false),
            ("\"2\"", 3, true),
            ("\"0\"", 0, false),
        ] {
            assert_eq!(
                passes(&[(IF_NONE_MATCH, header)], version),
                expected,
                "{header}"
            );
        }
        let both = [(IF_MATCH, "\"3\""), (IF_NONE_MATCH, "\"3\"")];
        assert!(!passes(&both, 3));
        let both = [(IF_MATCH, "\"3\""), (IF_NONE_MATCH, "\"2\"")];
        assert!(passes(&both, 3));
    }

    #[test]
    fn bug_70_empty_elements_count_for_nothing_and_lines_are_one_list() {
        for header in ["\"x\",,\"3\"", ", \"3\"", "\"3\",", ",\t,\"3\" , ,"] {
            assert!(passes(&[(IF_MATCH, header)], 3), "{header}");
            let request = request(&[(IF_NONE_MATCH, header)]);
            assert!(is_not_modified(request.headers(), "\"3\""), "{header}");
        }
        let lines = |name: HeaderName| [(name.clone(), "\"x\""), (name, "\"3\"")];
        assert!(passes(&lines(IF_MATCH), 3));
        assert!(is_not_modified(
            request(&lines(IF_NONE_MATCH)).headers(),
            "\"3\""
        ));
    }

    #[test]
    fn what_is_no_list_of_tags_is_malformed() {
        for malformed in [
            "3",
            "\"3",
            "\"3\" \"4\"",
            "\"3 4\"",
            "w/\"3\"",
            "*, \"3\"",
            "W/",
            "\"",
        ] {
            for name in [IF_MATCH, IF_NONE_MATCH] {
                let request = request(&[(name, malformed)]);
                assert!(preconditions(&request).is_err(), "{malformed:?}");
            }
            // A GET that says nonsense is answered in full.
            let request = request(&[(IF_NONE_MATCH, malformed)]);
            assert!(
                !is_not_modified(request.headers(), "\"3\""),
                "{malformed:?}"
            );
        }
    }

    #[test]
    fn if_none_match_of_a_get_compares_weakly() {
        for (header, found) in [
            ("\"3\"", true),
            ("W/\"3\"", true),
            ("*", true),
            ("\"2\"", false),
        ] {
            let request = request(&[(IF_NONE_MATCH, header)]);
            assert_eq!(
                is_not_modified(request.headers(), "\"3\""),
                found,
                "{header}"
            );
        }
    }
}
