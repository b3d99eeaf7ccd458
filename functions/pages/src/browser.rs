//! The session of a browser: an ordinary one, carried by a cookie.
//!
//! The cookie says whose session it is, sealed, and nothing of it can be used elsewhere: the JSON API takes bearer
//! tokens alone. Whether the session still counts, the table knows.

use std::time::Duration;

use latchkey::clock::Timestamp;
use latchkey::device::DeviceToken;
use latchkey::http::{self, ApiError, Bearer, Request};
use latchkey::keys::CachedSecrets;
use latchkey::secret::Purpose;
use latchkey::session::SessionLifetimes;
use latchkey::token::access::Subject;
use latchkey::token::sealed::Kind;

use crate::cookie::{self, Cookie};

/// The session.
pub const SESSION: Cookie = Cookie {
    name: "__Host-latchkey-session",
    kind: Kind {
        prefix: "lkbs_",
        purpose: Purpose::BrowserSession,
    },
};

/// The token of a trusted device, as it is: the browser's own, whoever signs in with it.
const DEVICE: &str = "__Host-latchkey-device";

/// The cookie of a session that has just begun. It replaces whatever the browser had, so that nobody's session goes on
/// under another's sign-in.
///
/// # Errors
/// `unavailable` or `internal`.
pub async fn begun(
    secrets: &CachedSecrets,
    subject: Subject,
    lifetimes: SessionLifetimes,
    now: Timestamp,
) -> Result<String, ApiError> {
    SESSION.set(secrets, &subject, lifetimes.max, now).await
}

/// Who the browser says it is, before the table was asked whether that still counts; none where it has no cookie of
/// ours.
///
/// # Errors
/// `unavailable`.
pub async fn bearer(
    secrets: &CachedSecrets,
    request: &Request,
    now: Timestamp,
) -> Result<Option<Bearer>, ApiError> {
    let subject: Option<Subject> = SESSION.read(secrets, request, now).await?;
    Ok(subject
        .map(|subject| Bearer::of_session(subject.user_id, subject.session_id, subject.role, now)))
}

/// The token of a trusted device that the browser has.
#[must_use]
pub fn device_token(request: &Request) -> Option<&str> {
    http::cookie(request, DEVICE).filter(|token| DeviceToken::parse(token).is_ok())
}

/// The cookie of a device that is trusted from now on.
#[must_use]
pub fn trusted(token: &str, lifetime: Duration) -> String {
    cookie::plain(DEVICE, token, lifetime)
}
