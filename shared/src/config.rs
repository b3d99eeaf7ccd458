//! Every environment variable a function reads. A missing or bad one fails init by its name.

use std::env;
use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::email::Email;

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
/// ARN of the mail secret, from which the tokens in letters are derived. Takes precedence over
/// [`MAIL_SECRET`].
pub const MAIL_SECRET_ARN: &str = "MAIL_SECRET_ARN";
/// The mail secret itself, for a laptop and for tests.
pub const MAIL_SECRET: &str = "MAIL_SECRET";
/// The mail secret before the current one, still accepted; optional, beside [`MAIL_SECRET`].
pub const MAIL_SECRET_PREVIOUS: &str = "MAIL_SECRET_PREVIOUS";
/// ARN of the secret behind second factors. Takes precedence over [`FACTOR_SECRET`].
pub const FACTOR_SECRET_ARN: &str = "FACTOR_SECRET_ARN";
/// That secret itself, for a laptop and for tests.
pub const FACTOR_SECRET: &str = "FACTOR_SECRET";
/// The one before the current one, still accepted; optional, beside [`FACTOR_SECRET`].
pub const FACTOR_SECRET_PREVIOUS: &str = "FACTOR_SECRET_PREVIOUS";
/// ARN of the secret behind other providers. Takes precedence over [`PROVIDER_SECRET`].
pub const PROVIDER_SECRET_ARN: &str = "PROVIDER_SECRET_ARN";
/// That secret itself, for a laptop and for tests.
pub const PROVIDER_SECRET: &str = "PROVIDER_SECRET";
/// The one before the current one, still accepted; optional, beside [`PROVIDER_SECRET`].
pub const PROVIDER_SECRET_PREVIOUS: &str = "PROVIDER_SECRET_PREVIOUS";
/// Where a sign-in with another provider may end: URLs of the application, exactly as they are, with spaces between them.
pub const REDIRECT_URLS: &str = "REDIRECT_URLS";
/// Of whom a second factor is asked: `optional` (default), `required` or `admins`.
pub const SECOND_FACTOR: &str = "SECOND_FACTOR";
/// Who is mailed codes to sign in with: `passwordless` (default) accounts, or `everybody`.
pub const CODE_SIGN_IN: &str = "CODE_SIGN_IN";
/// How long a device on which a second factor was shown is not asked for one again: days, 0 to 90, default 30; 0 asks always.
pub const TRUSTED_DEVICE_DAYS: &str = "TRUSTED_DEVICE_DAYS";
/// The domain that passkeys are for; default: the host of their first origin.
pub const PASSKEY_RP_ID: &str = "PASSKEY_RP_ID";
/// The origins in which passkeys may be used, with spaces between them; default: that of [`APP_URL`], or of [`ISSUER`].
pub const PASSKEY_ORIGINS: &str = "PASSKEY_ORIGINS";
/// Algorithm of new signing keys: `RS256` (default) or `ES256`.
pub const SIGNING_ALGORITHM: &str = "SIGNING_ALGORITHM";
/// How long after a rotation the previous refresh token still answers with the same successor:
/// seconds, 0 to 60, default 30.
pub const REFRESH_GRACE_SECONDS: &str = "REFRESH_GRACE_SECONDS";
/// Life of an access token: minutes, 1 to 60, default 15.
pub const ACCESS_TOKEN_MINUTES: &str = "ACCESS_TOKEN_MINUTES";
/// A session nobody refreshed for this long is over: days, 1 to 365, default 30.
pub const SESSION_IDLE_DAYS: &str = "SESSION_IDLE_DAYS";
/// A session is over this long after the sign-in, however often it was refreshed: days, 1 to 365,
/// default 90 (OWASP ASVS 5.0 7.3.2, 10.4.8).
pub const SESSION_MAX_DAYS: &str = "SESSION_MAX_DAYS";
/// `true` refuses the sign-in to an account whose address is not verified; default `false`.
pub const REQUIRE_VERIFIED_EMAIL: &str = "REQUIRE_VERIFIED_EMAIL";
/// `private` never tells whether an address has an account already; default `open`.
pub const REGISTRATION: &str = "REGISTRATION";
/// How long audit entries stay: days, 1 to 3650, default 400.
pub const AUDIT_RETENTION_DAYS: &str = "AUDIT_RETENTION_DAYS";
/// Name of the `EventBridge` bus that domain events go to.
pub const EVENT_BUS_NAME: &str = "EVENT_BUS_NAME";
/// URL of the queue of events that can never work.
pub const DEAD_LETTERS_URL: &str = "DEAD_LETTERS_URL";
/// Sender of letters: an address, or a name and an address in angle brackets.
pub const MAIL_FROM: &str = "MAIL_FROM";
/// SES configuration set of letters, which reports their bounces; optional.
pub const MAIL_CONFIGURATION_SET: &str = "MAIL_CONFIGURATION_SET";
/// Where the links in letters lead: the application's URL, absolute, without a trailing slash; default: the pages.
pub const APP_URL: &str = "APP_URL";
/// `on`: this stack has pages, at the origin of [`ISSUER`]; default `off`.
pub const PAGES: &str = "PAGES";
/// What letters call the application; default `Latchkey`.
pub const APP_NAME: &str = "APP_NAME";
/// The picture in place of the application's name on the pages: an https URL, or a path there; optional.
pub const THEME_LOGO: &str = "THEME_LOGO";
/// The colour of buttons and links on the pages, `#rrggbb`, or two, for light and dark screens; optional.
pub const THEME_ACCENT: &str = "THEME_ACCENT";
/// The colour behind everything on the pages, as [`THEME_ACCENT`]; optional.
pub const THEME_BACKGROUND: &str = "THEME_BACKGROUND";
/// `off` where the stack has no second factors, passkeys and mailed codes; default `on`.
pub const MFA: &str = "MFA";
/// `off` where the stack has no sign-in with other providers; default `on`.
pub const OAUTH: &str = "OAUTH";
/// `off` where the stack is no OpenID provider; default `on`.
pub const OIDC: &str = "OIDC";
/// How long a link that confirms an address works: hours, 1 to 168, default 24.
pub const VERIFICATION_LINK_HOURS: &str = "VERIFICATION_LINK_HOURS";
/// How long a link that resets a password works: minutes, 5 to 30, default 30.
pub const RESET_LINK_MINUTES: &str = "RESET_LINK_MINUTES";
/// How long the link in an invitation works: days, 1 to 30, default 7.
pub const INVITATION_LINK_DAYS: &str = "INVITATION_LINK_DAYS";
/// How often a route may be called: `off`, or rules such as `account-address=10/15m address=100/5m account=100/1h`,
/// for ten at once and then one each minute and a half; default: the route's own.
pub const RATE_LIMITS: &str = "RATE_LIMITS";
/// `true` trusts the system's certificate roots instead of Amazon's own alone, for a TLS-inspecting
/// proxy or a private endpoint.
pub const TRUST_SYSTEM_ROOTS: &str = "TRUST_SYSTEM_ROOTS";
/// AWS region; set by Lambda.
pub const AWS_REGION: &str = "AWS_REGION";
/// Name of the function; set by Lambda.
pub const AWS_LAMBDA_FUNCTION_NAME: &str = "AWS_LAMBDA_FUNCTION_NAME";

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
    /// A setting that is there and cannot be used.
    #[must_use]
    pub fn invalid(name: &'static str, reason: impl Into<String>) -> Self {
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
    number(REFRESH_GRACE_SECONDS, 30, 0..=MAX_SECONDS).map(Duration::from_secs)
}

/// A whole number within `range`.
///
/// # Errors
/// [`ConfigError::Invalid`].
pub fn number(
    name: &'static str,
    default: u64,
    range: RangeInclusive<u64>,
) -> Result<u64, ConfigError> {
    let Some(value) = optional(name) else {
        return Ok(default);
    };
    match value.parse() {
        Ok(number) if range.contains(&number) => Ok(number),
        _ => Err(ConfigError::invalid(
            name,
            format!(
                "it must be a whole number from {} to {}",
                range.start(),
                range.end()
            ),
        )),
    }
}

/// A number of days, within `range`.
///
/// # Errors
/// [`ConfigError::Invalid`].
pub fn days(
    name: &'static str,
    default: u64,
    range: RangeInclusive<u64>,
) -> Result<Duration, ConfigError> {
    number(name, default, range).map(|days| Duration::from_hours(24 * days))
}

/// One of several words; the first where nothing is set.
///
/// # Errors
/// [`ConfigError::Invalid`].
pub fn one_of<T: Copy>(name: &'static str, words: &[(&str, T)]) -> Result<T, ConfigError> {
    let value = optional(name);
    let mut words_of_it = words.iter();
    let found = match &value {
        None => words_of_it.next(),
        Some(value) => words_of_it.find(|(word, _)| word == value),
    };
    found.map(|(_, meaning)| *meaning).ok_or_else(|| {
        let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        ConfigError::invalid(name, format!("it must be {}", words.join(" or ")))
    })
}

/// Whether an area is on that a stack can do without.
///
/// # Errors
/// [`ConfigError`] naming the setting.
pub fn is_on(name: &'static str) -> Result<bool, ConfigError> {
    one_of(name, &[("on", true), ("off", false)])
}

/// Whether a sign-in takes a verified address.
///
/// # Errors
/// [`ConfigError`] naming `REQUIRE_VERIFIED_EMAIL`.
pub fn requires_verified_email() -> Result<bool, ConfigError> {
    one_of(REQUIRE_VERIFIED_EMAIL, &[("false", false), ("true", true)])
}

/// Whether nobody may learn from a registration that an address has an account.
///
/// # Errors
/// [`ConfigError`] naming `REGISTRATION`.
pub fn registers_privately() -> Result<bool, ConfigError> {
    one_of(REGISTRATION, &[("open", false), ("private", true)])
}

/// Life of an access token.
///
/// # Errors
/// [`ConfigError`] naming `ACCESS_TOKEN_MINUTES`.
pub fn access_token_lifetime() -> Result<Duration, ConfigError> {
    number(ACCESS_TOKEN_MINUTES, 15, 1..=60).map(Duration::from_mins)
}

/// How long audit entries stay.
///
/// # Errors
/// [`ConfigError`] naming `AUDIT_RETENTION_DAYS`.
pub fn audit_retention() -> Result<Duration, ConfigError> {
    days(AUDIT_RETENTION_DAYS, 400, 1..=3650)
}

/// How long a session may lie idle.
///
/// # Errors
/// [`ConfigError`] naming `SESSION_IDLE_DAYS`.
pub fn session_idle_lifetime() -> Result<Duration, ConfigError> {
    days(SESSION_IDLE_DAYS, 30, 1..=365)
}

/// How long a session may live at all.
///
/// # Errors
/// [`ConfigError`] naming `SESSION_MAX_DAYS`.
pub fn session_max_lifetime() -> Result<Duration, ConfigError> {
    days(SESSION_MAX_DAYS, 90, 1..=365)
}

/// The issuer URL: absolute, https (or http on a loopback host), without a trailing slash.
///
/// # Errors
/// [`ConfigError`] naming `ISSUER`.
pub fn issuer() -> Result<String, ConfigError> {
    base_url(ISSUER)
}

/// Where the application is: absolute, https (or http on a loopback host), without a trailing slash.
///
/// # Errors
/// [`ConfigError`] naming `APP_URL`.
pub fn app_url() -> Result<String, ConfigError> {
    base_url(APP_URL)
}

/// Where the pages of this stack are, if it has any: an origin, as browsers write it.
///
/// # Errors
/// [`ConfigError`] naming `PAGES` or `ISSUER`.
pub fn pages() -> Result<Option<String>, ConfigError> {
    let has_pages = one_of(PAGES, &[("off", false), ("on", true)])?;
    has_pages.then(|| Ok(origin(&issuer()?))).transpose()
}

/// Scheme, host and port of a URL, as browsers write them (RFC 6454 §6.2).
#[must_use]
pub fn origin(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    let scheme = scheme.to_ascii_lowercase();
    let authority = rest.split('/').next().unwrap_or_default();
    let authority = authority.to_ascii_lowercase();
    let default = if scheme == "https" { ":443" } else { ":80" };
    let authority = authority.strip_suffix(default).unwrap_or(&authority);
    format!("{scheme}://{authority}")
}

/// The sender of letters.
///
/// # Errors
/// [`ConfigError`] naming `MAIL_FROM` when it holds no address.
pub fn mail_from() -> Result<String, ConfigError> {
    let from = required(MAIL_FROM)?;
    let address = match from.rsplit_once('<') {
        Some((_, address)) => address.strip_suffix('>').unwrap_or_default(),
        None => from.as_str(),
    };
    match Email::parse(address) {
        Ok(_) if from.is_ascii() => Ok(from),
        _ => Err(ConfigError::invalid(
            MAIL_FROM,
            "it must be an address, or a name and an address in angle brackets, in ASCII",
        )),
    }
}

fn base_url(name: &'static str) -> Result<String, ConfigError> {
    let url = required(name)?;
    let loopback = ["http://127.0.0.1", "http://localhost", "http://[::1]"]
        .iter()
        .any(|prefix| {
            url.strip_prefix(prefix)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
        });
    if !(url.starts_with("https://") || loopback) || url.ends_with('/') {
        return Err(ConfigError::invalid(
            name,
            "it must be an https:// URL without a trailing slash",
        ));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_as_browsers_write_it() {
        for (url, expected) in [
            ("https://auth.example.com", "https://auth.example.com"),
            ("https://auth.example.com/base", "https://auth.example.com"),
            ("HTTPS://Auth.example.com:443", "https://auth.example.com"),
            (
                "https://auth.example.com:8443/",
                "https://auth.example.com:8443",
            ),
            ("http://localhost:9000", "http://localhost:9000"),
            ("http://localhost:80/x", "http://localhost"),
        ] {
            assert_eq!(origin(url), expected);
        }
    }
}
