//! Whether a form was sent by a page of ours, in the browser that it was shown in (OWASP, Cross-Site Request Forgery).

use std::time::Duration;

use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lambda_http::http::HeaderValue;
use latchkey::clock::{self, Timestamp};
use latchkey::http::{self, ApiError, ErrorCode, Parameters, Request};
use latchkey::keys::{CachedSecrets, KeyError, VerifyError};
use latchkey::secret::Purpose;
use latchkey::token::sealed::Kind;
use latchkey::user::UserId;

/// The field that carries it.
pub const FIELD: &str = "formToken";
/// How long a page may lie open.
const LIFETIME: Duration = Duration::from_hours(12);
const COOKIE: &str = "__Host-latchkey-form";
const ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=Lax";

const TOKEN: Kind = Kind {
    prefix: "lkft_",
    purpose: Purpose::FormToken,
};

/// A browser as forms know it: random bits in a cookie, and who is signed in.
pub struct Browser {
    id: String,
    /// Whether it has the cookie already.
    is_known: bool,
    signed_in: Option<UserId>,
}

impl Browser {
    /// The one that sends this request, in which this account is signed in.
    ///
    /// # Errors
    /// `internal` when the system has no randomness.
    pub fn of(request: &Request, signed_in: Option<UserId>) -> Result<Self, ApiError> {
        if let Some(id) = http::cookie(request, COOKIE).filter(|id| !id.is_empty()) {
            return Ok(Self {
                id: id.to_owned(),
                is_known: true,
                signed_in,
            });
        }
        let mut bits = [0; 16];
        rand::fill(&mut bits)
            .map_err(|_| ApiError::caused_by(ErrorCode::Internal, "no randomness"))?;
        Ok(Self {
            id: URL_SAFE_NO_PAD.encode(bits),
            is_known: false,
            signed_in,
        })
    }

    /// The cookie that it is known by, where it has none.
    #[must_use]
    pub fn cookie(&self) -> Option<String> {
        (!self.is_known).then(|| format!("{COOKIE}={}; {ATTRIBUTES}", self.id))
    }

    /// What a form of this browser carries. With another account signed in it counts no more.
    ///
    /// # Errors
    /// `unavailable` or `internal`.
    pub async fn token(&self, secrets: &CachedSecrets, now: Timestamp) -> Result<String, ApiError> {
        let current = secrets.current(now).await?;
        let sealed = TOKEN.seal(
            &current,
            &context(&self.id, self.signed_in),
            &(),
            now.plus(LIFETIME),
        );
        Ok(sealed.map_err(KeyError::from)?)
    }

    /// Refuses a form that no page of ours has shown in this browser, or that was shown to another account. With
    /// `to_nobody` one counts as well that was shown before anybody was signed in: that of a sign-in, sent twice.
    ///
    /// # Errors
    /// `forbidden` or `unavailable`.
    pub async fn check(
        &self,
        secrets: &CachedSecrets,
        request: &Request,
        form: &Parameters,
        origin: &str,
        to_nobody: bool,
    ) -> Result<(), ApiError> {
        let now = clock::now();
        if !is_from_here(request, origin) {
            return Err(ErrorCode::Forbidden.into());
        }
        let token = form.get(FIELD).ok_or(ErrorCode::Forbidden)?;
        let mut shown_to = vec![self.signed_in];
        if to_nobody {
            shown_to.push(None);
        }
        for account in shown_to {
            let context = context(&self.id, account);
            match secrets.open::<()>(&TOKEN, &context, token, now).await {
                Ok(()) => return Ok(()),
                Err(VerifyError::Invalid) => {}
                Err(VerifyError::Keys(error)) => {
                    return Err(ApiError::caused_by(ErrorCode::Unavailable, error));
                }
            }
        }
        Err(ErrorCode::Forbidden.into())
    }
}

/// What a token is bound to.
fn context(browser: &str, account: Option<UserId>) -> Vec<u8> {
    let account = account.map(|id| id.to_string());
    format!("{browser} {}", account.unwrap_or_default()).into_bytes()
}

/// What the browser itself says of where a request comes from: Fetch Metadata (W3C) and `Origin` (RFC 6454 §7), which
/// is ours, or that of the host it was sent to. Browsers that say nothing have the token alone.
fn is_from_here(request: &Request, origin: &str) -> bool {
    let header = |name: &str| request.headers().get(name).map(HeaderValue::as_bytes);
    let is_same_origin = header("sec-fetch-site").is_none_or(|site| site == b"same-origin");
    let (scheme, _) = origin.split_once("://").unwrap_or_default();
    let is_ours = header("origin").is_none_or(|from| {
        let host = header("host").unwrap_or_default();
        from == origin.as_bytes() || from == [scheme.as_bytes(), b"://", host].concat()
    });
    is_same_origin && is_ours
}

#[cfg(test)]
mod tests {
    use latchkey::http::Request;

    use super::*;

    fn request(headers: &[(&str, &str)]) -> Request {
        let mut request = Request::default();
        for (name, value) in headers {
            let name: lambda_http::http::HeaderName = name.parse().expect("a name");
            request
                .headers_mut()
                .insert(name, value.parse().expect("a value"));
        }
        request
    }

    #[test]
    fn what_a_browser_says_of_another_site_is_believed() {
        let here = "https://auth.example.com";
        for (headers, is_ours) in [
            (vec![], true),
            (
                vec![("sec-fetch-site", "same-origin"), ("origin", here)],
                true,
            ),
            (vec![("origin", here)], true),
            (vec![("sec-fetch-site", "same-site")], false),
            (
                vec![("sec-fetch-site", "cross-site"), ("origin", here)],
                false,
            ),
            (vec![("sec-fetch-site", "none")], false),
            (
                vec![("sec-fetch-site", "same-origin"), ("origin", "null")],
                false,
            ),
            (
                vec![("origin", "https://auth.example.com.evil.example")],
                false,
            ),
            (vec![("origin", "http://auth.example.com")], false),
            (
                vec![
                    ("origin", "https://id.example.net"),
                    ("host", "id.example.net"),
                ],
                true,
            ),
            (
                vec![
                    ("origin", "http://id.example.net"),
                    ("host", "id.example.net"),
                ],
                false,
            ),
            (
                vec![
                    ("origin", "https://evil.example"),
                    ("host", "id.example.net"),
                ],
                false,
            ),
        ] {
            assert_eq!(
                is_from_here(&request(&headers), here),
                is_ours,
                "{headers:?}"
            );
        }
    }
}
