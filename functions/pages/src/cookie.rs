//! What a browser keeps for the pages: sealed cookies, which no script and no other site reads.

use std::time::Duration;

use latchkey::clock::Timestamp;
use latchkey::http::{self, ApiError, ErrorCode, Request};
use latchkey::keys::{CachedSecrets, KeyError, VerifyError};
use latchkey::token::sealed::Kind;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// `__Host-` keeps other hosts of the domain from setting it (RFC 6265bis §4.1.3.2); `Lax` lets a link in a letter lead
/// into the session, and no form of another site.
const ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=Lax";

/// A sealed cookie.
pub struct Cookie {
    /// Its name, with `__Host-`.
    pub name: &'static str,
    /// How its value is sealed.
    pub kind: Kind,
}

impl Cookie {
    /// The `Set-Cookie` of this value.
    ///
    /// # Errors
    /// `unavailable` or `internal`.
    pub async fn set(
        &self,
        secrets: &CachedSecrets,
        value: &impl Serialize,
        lifetime: Duration,
        now: Timestamp,
    ) -> Result<String, ApiError> {
        let current = secrets.current(now).await?;
        let sealed = self.kind.seal(&current, b"", value, now.plus(lifetime));
        let sealed = sealed.map_err(KeyError::from)?;
        Ok(plain(self.name, &sealed, lifetime))
    }

    /// Its value; none where the browser brings none that counts.
    ///
    /// # Errors
    /// `unavailable`.
    pub async fn read<T: DeserializeOwned>(
        &self,
        secrets: &CachedSecrets,
        request: &Request,
        now: Timestamp,
    ) -> Result<Option<T>, ApiError> {
        let Some(cookie) = http::cookie(request, self.name) else {
            return Ok(None);
        };
        match secrets.open(&self.kind, b"", cookie, now).await {
            Ok(value) => Ok(Some(value)),
            Err(VerifyError::Invalid) => Ok(None),
            Err(VerifyError::Keys(error)) => {
                Err(ApiError::caused_by(ErrorCode::Unavailable, error))
            }
        }
    }

    /// The `Set-Cookie` after which the browser has it no more.
    #[must_use]
    pub fn over(&self) -> String {
        over(self.name)
    }
}

/// The `Set-Cookie` of a value that needs no seal.
#[must_use]
pub fn plain(name: &str, value: &str, lifetime: Duration) -> String {
    format!(
        "{name}={value}; Max-Age={}; {ATTRIBUTES}",
        lifetime.as_secs()
    )
}

/// The `Set-Cookie` after which the browser has this one no more.
#[must_use]
pub fn over(name: &str) -> String {
    format!("{name}=; Max-Age=0; {ATTRIBUTES}")
}
