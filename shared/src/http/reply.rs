//! Answers.

use lambda_http::Body;
use lambda_http::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, LOCATION, SET_COOKIE};
use lambda_http::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Serialize;

use super::ApiResult;
use super::conditional::entity_tag;
use super::error::ApiError;
use super::error_code::ErrorCode;
use super::query::Projection;

/// An answer before the edge adds the headers that every answer has.
#[derive(Debug)]
pub struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Body,
    /// Whether a client that has this version need not get it again.
    pub(super) revalidates: bool,
}

/// A JSON answer.
///
/// # Errors
/// `internal` when the value has no JSON form.
pub fn json(status: StatusCode, value: &impl Serialize) -> ApiResult {
    Reply::projected(status, value, &Projection::all())
}

/// An answer without a body.
#[must_use]
pub fn no_content() -> Reply {
    Reply {
        status: StatusCode::NO_CONTENT,
        headers: HeaderMap::new(),
        body: Body::Empty,
        revalidates: true,
    }
}

/// An answer that sends a browser elsewhere, with `GET` whatever it came with (RFC 9110 §15.4.4).
#[must_use]
pub fn see_other(url: &str) -> Reply {
    let reply = Reply {
        status: StatusCode::SEE_OTHER,
        ..no_content()
    };
    reply.location(url)
}

/// The answer to whoever asks for a letter: the same, whatever is known of the address.
///
/// # Errors
/// `internal` when it has no JSON form.
pub fn accepted() -> ApiResult {
    #[derive(Serialize)]
    struct Accepted {
        message: &'static str,
    }
    let message = "If there is something to send, a letter is on its way.";
    json(StatusCode::ACCEPTED, &Accepted { message })
}

impl Reply {
    /// A JSON answer with the properties that were asked for.
    ///
    /// # Errors
    /// `internal` when the value has no JSON form.
    pub fn projected(
        status: StatusCode,
        value: &impl Serialize,
        projection: &Projection,
    ) -> ApiResult {
        let body = if projection.is_all() {
            serde_json::to_string(value)
                .map_err(|error| ApiError::caused_by(ErrorCode::Internal, error))?
        } else {
            projection.of(value)?.to_string()
        };
        let reply = Self {
            status,
            headers: HeaderMap::new(),
            body: Body::Text(body),
            revalidates: true,
        };
        Ok(reply.header(CONTENT_TYPE, "application/json"))
    }

    /// Adds the entity tag of this version.
    #[must_use]
    pub fn etag(self, version: u64) -> Self {
        self.header(ETAG, &entity_tag(version))
    }

    /// Never answers 304: what is shown has changed without a new version.
    #[must_use]
    pub fn always_sent(self) -> Self {
        Self {
            revalidates: false,
            ..self
        }
    }

    /// Adds where the new resource is.
    #[must_use]
    pub fn location(self, path: &str) -> Self {
        self.header(LOCATION, path)
    }

    /// Adds a cookie, as `Set-Cookie` has it (RFC 6265 §4.1).
    #[must_use]
    pub fn cookie(mut self, cookie: &str) -> Self {
        if let Ok(cookie) = HeaderValue::from_str(cookie) {
            self.headers.append(SET_COOKIE, cookie);
        }
        self
    }

    /// Lets shared caches keep the answer for so many seconds.
    #[must_use]
    pub fn public_for(self, seconds: u32) -> Self {
        self.header(CACHE_CONTROL, &format!("public, max-age={seconds}"))
    }

    /// Adds a header; a value that cannot be one is left out.
    pub(super) fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }
}
