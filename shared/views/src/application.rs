//! The pages of an application that signs people in here.

use serde::Serialize;

use crate::Form;

/// `/consent`: asks whether an application may have what it asks for.
#[derive(Clone, Serialize)]
pub struct Consent {
    pub(crate) form: Form,
    client: String,
    place: String,
    on_device: bool,
    scopes: Vec<String>,
    request: String,
}

impl Consent {
    /// Of the application of this name, which leads back to `redirect_uri`. `request` is sent with the
    /// answer as it is; so is each of the `scopes` that stays ticked, as `scope`. `openid` is no choice.
    #[must_use]
    pub fn new(
        form: Form,
        client: String,
        redirect_uri: &str,
        mut scopes: Vec<String>,
        request: String,
    ) -> Self {
        let (place, on_device) = place(redirect_uri);
        scopes.sort_by_key(|scope| scope != "openid");
        Self {
            form,
            client,
            place: place.to_owned(),
            on_device,
            scopes,
            request,
        }
    }

    pub(crate) fn client(&self) -> &str {
        &self.client
    }
}

/// Back to an application. A page of its own, because browsers keep a form from being led elsewhere
/// (`form-action`).
#[derive(Clone, Serialize)]
pub struct Return {
    client: String,
    url: String,
}

impl Return {
    /// To the application of this name, at an https URL, an http URL of this device, or one of its own
    /// scheme (RFC 8252 §7); none, if that is no such URL.
    #[must_use]
    pub fn new(client: String, url: String) -> Option<Self> {
        let (scheme, rest) = url.split_once(':')?;
        let is_right = match scheme {
            "https" => authority(rest).is_some_and(|host| !host.is_empty() && !host.contains('@')),
            "http" => authority(rest).is_some_and(is_loopback),
            own => is_own(own),
        };
        let graphic = url.bytes().all(|byte| byte.is_ascii_graphic());
        (is_right && graphic).then_some(Self { client, url })
    }

    pub(crate) fn client(&self) -> &str {
        &self.client
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

/// What a visitor is told of where a URL leads: its host, or its scheme where that is an application's own;
/// and whether that is on their device.
fn place(url: &str) -> (&str, bool) {
    let Some((scheme, rest)) = url.split_once(':') else {
        return (url, false);
    };
    match authority(rest) {
        Some(host) if matches!(scheme, "http" | "https") => {
            let host = host.rsplit('@').next().unwrap_or_default();
            (host, is_loopback(host))
        }
        _ => (scheme, true),
    }
}

/// Host and port, with whatever stands before them, of what follows the scheme.
fn authority(rest: &str) -> Option<&str> {
    rest.strip_prefix("//")?.split(['/', '?', '#', '\\']).next()
}

/// Whether a host, with a port or without, is this device.
fn is_loopback(authority: &str) -> bool {
    let digits = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    ["localhost", "127.0.0.1", "[::1]"].iter().any(|host| {
        let rest = authority.strip_prefix(host);
        rest.is_some_and(|rest| rest.is_empty() || rest.strip_prefix(':').is_some_and(digits))
    })
}

/// Whether a scheme is an application's own: one with a dot (RFC 8252 §7.1), which no scheme of browsers has.
fn is_own(scheme: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.contains('.')
        && scheme.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visitor_is_led_to_applications_alone() {
        let led = |url: &str| Return::new("Shop".to_owned(), url.to_owned()).is_some();
        for url in [
            "https://app.example.com",
            "https://app.example.com:8443/cb?code=a&state=b;c,'d'",
            "http://localhost/cb",
            "http://localhost:3000/cb?code=a",
            "http://127.0.0.1:53412/cb",
            "http://[::1]:53412",
            "com.example.app:/callback?code=a",
            "com.example.app://callback",
        ] {
            assert!(led(url), "{url}");
        }
        for url in [
            "",
            "/account",
            "//app.example.com/",
            "https:",
            "https:/app.example.com",
            "https:///app.example.com",
            "https://ada@app.example.com/",
            "http://app.example.com/",
            "http://localhost@app.example.com/",
            "http://localhost:@app.example.com/",
            "http://localhost.example.com/",
            "http://localhost:3000a/",
            "http://127.0.0.1.example.com/",
            "http://127.0.0.2/",
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "blob:https://app.example.com/1",
            "about:blank",
            "vbscript:x",
            "app:/callback",
            ".com:/callback",
            "1.example:/callback",
            "com.example app:/callback",
            " https://app.example.com/",
            "https://app.example.com/a b",
            "https://app.example.com/\n",
            "https://app.example.com/ä",
        ] {
            assert!(!led(url), "{url}");
        }
    }

    #[test]
    fn a_visitor_is_told_where_it_leads() {
        for (url, told, on_device) in [
            ("https://app.example.com/cb", "app.example.com", false),
            (
                "https://app.example.com:8443?a",
                "app.example.com:8443",
                false,
            ),
            (
                "https://bank.example@app.example.com\\/",
                "app.example.com",
                false,
            ),
            ("http://localhost:3000/cb", "localhost:3000", true),
            ("http://[::1]/cb", "[::1]", true),
            ("com.example.app:/cb", "com.example.app", true),
            ("com.example.app://cb", "com.example.app", true),
            ("odd", "odd", false),
        ] {
            assert_eq!(place(url), (told, on_device), "{url}");
        }
    }
}
