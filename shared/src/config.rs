//! Every environment variable a function reads. A missing or bad one fails init by its name.

use std::env;
use std::fmt;
use std::time::Duration;

/// Name of the `DynamoDB` table that holds everything.
pub const TABLE_NAME: &str = "TABLE_NAME";
/// `iss` of every access token and base of the discovery document: an absolute URL without a trailing
/// slash. A setting of its own, so that a change of domain does not invalidate tokens.
pub const ISSUER: &str = "ISSUER";
/// `aud` of every access token.
pub const AUDIENCE: &str = "AUDIENCE";
/// ARN of the session secret in AWS Secrets Manager. Takes precedence over [`SESSION_SECRET`].
pub const SESSION_SECRET_ARN: &str = "SESSION_SECRET_ARN";
/// The session secret itself, for a laptop and for tests.
pub const SESSION_SECRET: &str = "SESSION_SECRET";
/// The session secret before the current one, still accepted; optional, beside [`SESSION_SECRET`].
pub const SESSION_SECRET_PREVIOUS: &str = "SESSION_SECRET_PREVIOUS";
/// Algorithm of new signing keys: `RS256` (default) or `ES256`.
pub const SIGNING_ALGORITHM: &str = "SIGNING_ALGORITHM";
/// How long after a rotation the previous refresh token still answers with the same successor:
/// seconds, 0 to 60, default 30.
pub const REFRESH_GRACE_SECONDS: &str = "REFRESH_GRACE_SECONDS";
/// `true` trusts the system's certificate roots instead of Amazon's own alone, for a TLS-inspecting
/// proxy or a private endpoint.
pub const TRUST_SYSTEM_ROOTS: &str = "TRUST_SYSTEM_ROOTS";
/// AWS region; set by Lambda.
pub const AWS_REGION: &str = "AWS_REGION";

/// A setting that stops a function from starting.
#[derive(thiserror::Error)]
pub enum ConfigError {
    /// The variable is not set, or empty.
    #[error("the environment variable {0} is not set")]
    Missing(&'static str),
    /// The variable is set to something unusable. The value itself is never shown.
    #[error("the environment variable {name} is not usable: {reason}")]
    Invalid {
        /// Name of the variable.
        name: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

impl fmt::Debug for ConfigError {
    /// As `Display`: Rust prints the error that `main` returns through `Debug`, and that line is what
    /// the operator reads.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl ConfigError {
    pub(crate) fn invalid(name: &'static str, reason: impl Into<String>) -> Self {
        Self::Invalid {
            name,
            reason: reason.into(),
        }
    }
}

/// The variable's value, if it is set and not empty.
#[must_use]
pub fn optional(name: &'static str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// The variable's value.
///
/// # Errors
/// [`ConfigError::Missing`] when it is not set.
pub fn required(name: &'static str) -> Result<String, ConfigError> {
    optional(name).ok_or(ConfigError::Missing(name))
}

/// How long a replaced refresh token still answers, from `REFRESH_GRACE_SECONDS`.
///
/// # Errors
/// [`ConfigError`] naming the setting.
pub fn refresh_grace() -> Result<Duration, ConfigError> {
    /// Longer would let a stolen token be used beside the real one (RFC 9700 §4.14.2).
    const MAX_SECONDS: u64 = 60;
    const DEFAULT: Duration = Duration::from_secs(30);
    let Some(value) = optional(REFRESH_GRACE_SECONDS) else {
        return Ok(DEFAULT);
    };
    match value.parse() {
        Ok(seconds) if seconds <= MAX_SECONDS => Ok(Duration::from_secs(seconds)),
        _ => Err(ConfigError::invalid(
            REFRESH_GRACE_SECONDS,
            format!("it must be a whole number of seconds from 0 to {MAX_SECONDS}"),
        )),
    }
}

/// The issuer URL: absolute, https (or http on a loopback host), without a trailing slash.
///
/// # Errors
/// [`ConfigError`] naming `ISSUER`.
pub fn issuer() -> Result<String, ConfigError> {
    let issuer = required(ISSUER)?;
    let loopback = ["http://127.0.0.1", "http://localhost", "http://[::1]"]
        .iter()
        .any(|prefix| {
            issuer
                .strip_prefix(prefix)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
        });
    if !(issuer.starts_with("https://") || loopback) || issuer.ends_with('/') {
        return Err(ConfigError::invalid(
            ISSUER,
            "it must be an https:// URL without a trailing slash",
        ));
    }
    Ok(issuer)
}
