//! Who passkeys are for, from the settings.

use latchkey::config::{self, ConfigError};
use webauthn::{InvalidRelyingParty, RelyingParty};

/// The relying party: `PASSKEY_RP_ID`, and the origins in `PASSKEY_ORIGINS` with spaces between them. Where they are not
/// set, the origin is that of `APP_URL`, or without one that of `ISSUER`, and the id is the host of the first web origin.
///
/// # Errors
/// [`ConfigError`] naming the setting.
pub fn relying_party() -> Result<RelyingParty, ConfigError> {
    let url = config::optional(config::APP_URL).or_else(|| config::optional(config::ISSUER));
    let [id, origins] = [config::PASSKEY_RP_ID, config::PASSKEY_ORIGINS].map(config::optional);
    of(id, origins.as_deref(), url.as_deref())
}

/// The same for whoever has other work to do without: a setting of passkeys that cannot be used is in the log, and passkeys
/// are refused.
#[must_use]
pub fn relying_party_if_usable() -> Option<RelyingParty> {
    relying_party()
        .inspect_err(|error| tracing::error!(cause = %error, "passkeys cannot be used"))
        .ok()
}

fn of(
    id: Option<String>,
    origins: Option<&str>,
    url: Option<&str>,
) -> Result<RelyingParty, ConfigError> {
    let url = url.map(config::origin);
    let origins: Vec<String> = match origins {
        Some(origins) => origins.split_whitespace().map(str::to_owned).collect(),
        None => url.into_iter().collect(),
    };
    let web = origins.iter().find_map(|origin| host(origin));
    let id = id.or(web).unwrap_or_default();
    RelyingParty::new(id, origins).map_err(|error| match error {
        InvalidRelyingParty::Id(_) => ConfigError::invalid(
            config::PASSKEY_RP_ID,
            "it, or else the host of the first origin, of APP_URL or of ISSUER, must be a domain such as example.com",
        ),
        InvalidRelyingParty::Origin(_) | InvalidRelyingParty::NoOrigin => ConfigError::invalid(
            config::PASSKEY_ORIGINS,
            "they, or else APP_URL or ISSUER, must be origins in the domain of PASSKEY_RP_ID, such as https://example.com",
        ),
    })
}

/// Of an origin of the web; an app's has none.
fn host(origin: &str) -> Option<String> {
    let (_, authority) = origin.split_once("://")?;
    Some(authority.split(':').next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP: &str = "android:apk-key-hash:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    #[test]
    fn without_settings_of_their_own_passkeys_are_where_the_application_is() {
        for (id, origins, url, expected) in [
            (
                None,
                None,
                "https://App.example.com",
                ("app.example.com", "https://app.example.com"),
            ),
            (
                None,
                None,
                "https://example.com:443/app",
                ("example.com", "https://example.com"),
            ),
            (
                None,
                None,
                "http://localhost:3000",
                ("localhost", "http://localhost:3000"),
            ),
            (
                Some("example.com"),
                None,
                "https://a.example.com",
                ("example.com", "https://a.example.com"),
            ),
            (
                None,
                Some("https://a.example.com"),
                "https://b.org",
                ("a.example.com", "https://a.example.com"),
            ),
        ] {
            let made = of(id.map(str::to_owned), origins, Some(url)).expect("usable");
            assert_eq!((made.id(), made.origins()[0].as_str()), expected, "{url}");
        }
        let apps = format!("{APP} https://example.com");
        let made = of(None, Some(&apps), None).expect("usable");
        assert_eq!((made.id(), made.origins().len()), ("example.com", 2));
    }

    #[test]
    fn what_cannot_be_used_is_named_and_not_shown() {
        for (id, origins, url, name) in [
            (None, None, Some("https://intranet"), config::PASSKEY_RP_ID),
            (None, None, Some("https://10.0.0.5"), config::PASSKEY_RP_ID),
            (None, None, None, config::PASSKEY_RP_ID),
            (
                Some("example.com"),
                None,
                Some("https://example.org"),
                config::PASSKEY_ORIGINS,
            ),
            (
                None,
                Some("https://example.com/"),
                None,
                config::PASSKEY_RP_ID,
            ),
        ] {
            let error = of(id.map(str::to_owned), origins, url).err();
            let error = error.unwrap_or_else(|| panic!("{url:?}")).to_string();
            assert!(error.contains(name), "{error}");
            assert!(
                !error.contains("intranet") && !error.contains("example.org"),
                "{error}"
            );
        }
    }
}
