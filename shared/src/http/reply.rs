//! Answers.

use lambda_http::Body;
use lambda_http::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, LOCATION,
    REFERRER_POLICY, RETRY_AFTER, SET_COOKIE, WWW_AUTHENTICATE,
};
use lambda_http::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::Value;

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

/// A page, and the content security policy it is shown under (W3C CSP Level 3). Its forms say where they come from, and
/// nobody else learns it.
#[must_use]
pub fn html(status: StatusCode, page: String, policy: &str) -> Reply {
    let reply = Reply {
        status,
        body: Body::Text(page),
        revalidates: false,
        ..no_content()
    };
    let reply = reply.header(CONTENT_TYPE, "text/html; charset=utf-8");
    let reply = reply.header(REFERRER_POLICY, "same-origin");
    reply.header(CONTENT_SECURITY_POLICY, policy)
}

/// Text of another type, such as a stylesheet.
#[must_use]
pub fn text(content_type: &str, text: &str) -> Reply {
    let reply = Reply {
        status: StatusCode::OK,
        body: Body::Text(text.to_owned()),
        ..no_content()
    };
    reply.header(CONTENT_TYPE, content_type)
}

/// An answer without a body.
#[must_use]
pub fn no_content() -> Reply {
    empty(StatusCode::NO_CONTENT)
}

/// A status alone, where a protocol wants another one than 204.
#[must_use]
pub fn empty(status: StatusCode) -> Reply {
    Reply {
        status,
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

    /// The JSON that it answers with; `null` where there is none.
    #[must_use]
    pub fn value(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Where it sends a browser.
    #[must_use]
    pub fn location_url(&self) -> Option<&str> {
        self.headers.get(LOCATION)?.to_str().ok()
    }

    /// The cookies that it sets, as `Set-Cookie` has them.
    pub fn cookies(&self) -> impl Iterator<Item = &str> {
        let cookies = self.headers.get_all(SET_COOKIE).iter();
        cookies.filter_map(|cookie| cookie.to_str().ok())
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

    /// Lets everybody keep the answer for a year: what changes has another URL (RFC 8246).
    #[must_use]
    pub fn immutable(self) -> Self {
        self.header(CACHE_CONTROL, "public, max-age=31536000, immutable")
    }

    /// Asks to wait so many seconds before the next try (RFC 9110 §10.2.3).
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        self.header(RETRY_AFTER, &seconds.to_string())
    }

    /// Lets scripts of every origin read the answer (CORS). For what takes no cookie.
    #[must_use]
    pub fn for_every_origin(self) -> Self {
        self.header(ACCESS_CONTROL_ALLOW_ORIGIN, "*")
    }

    /// What a browser asks before a script of another origin sends a bearer token (CORS, preflight).
    #[must_use]
    pub fn preflight(self, methods: &str) -> Self {
        let allowed = self.for_every_origin();
        let allowed = allowed.header(ACCESS_CONTROL_ALLOW_METHODS, methods);
        let allowed = allowed.header(ACCESS_CONTROL_ALLOW_HEADERS, "authorization");
        allowed.header(ACCESS_CONTROL_MAX_AGE, "3600")
    }

    /// Says how to authenticate (RFC 9110 §11.6.1).
    #[must_use]
    pub fn authenticate(self, challenge: &str) -> Self {
        self.header(WWW_AUTHENTICATE, challenge)
    }

    /// Adds a header; a value that cannot be one is left out.
    pub(super) fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }
}
