//! Who passkeys are for, from the settings.

use latchkey::config::{self, ConfigError};
use webauthn::{InvalidRelyingParty, RelyingParty};

/// The relying party: `PASSKEY_RP_ID`, and the origins in `PASSKEY_ORIGINS` with spaces between them. Where they are not
/// set, the origin is that of `APP_URL`, or without one that of `ISSUER`, and the id is the host of the first origin.
///
/// # Errors
/// [`ConfigError`] naming the setting.
pub fn relying_party() -> Result<RelyingParty, ConfigError> {
    let origins = match config::optional(config::PASSKEY_ORIGINS) {
        Some(origins) => origins.split_whitespace().map(str::to_owned).collect(),
        None if config::optional(config::APP_URL).is_some() => vec![origin(&config::app_url()?)],
        None => vec![origin(&config::issuer()?)],
    };
    let id = config::optional(config::PASSKEY_RP_ID);
    let id = id.unwrap_or_else(|| origins.first().map(|first| host(first)).unwrap_or_default());
    RelyingParty::new(id, origins).map_err(|error| {
        let name = match error {
            InvalidRelyingParty::Id(_) => config::PASSKEY_RP_ID,
            InvalidRelyingParty::Origin(_) | InvalidRelyingParty::NoOrigin => {
                config::PASSKEY_ORIGINS
            }
        };
        ConfigError::invalid(name, error.to_string())
    })
}

/// Scheme, host and port of a URL (RFC 6454 §4).
fn origin(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    let authority = rest.split('/').next().unwrap_or_default();
    format!("{scheme}://{authority}").to_ascii_lowercase()
}

fn host(origin: &str) -> String {
    let authority = origin.rsplit("://").next().unwrap_or_default();
    authority.split(':').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origin_and_host_of_a_url() {
        for (url, expected, name) in [
            (
                "https://App.example.com",
                "https://app.example.com",
                "app.example.com",
            ),
            (
                "https://example.com/app",
                "https://example.com",
                "example.com",
            ),
            (
                "http://localhost:3000",
                "http://localhost:3000",
                "localhost",
            ),
        ] {
            assert_eq!(origin(url), expected);
            assert_eq!(host(expected), name);
        }
    }
}
