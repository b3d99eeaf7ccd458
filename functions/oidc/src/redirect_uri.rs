//! Where a client may be sent back to (OAuth 2.0 Security BCP, RFC 9700 §2.1; native apps, RFC 8252 §7).

use std::net::{Ipv4Addr, Ipv6Addr};

use latchkey::field::FieldError;
use serde::{Deserialize, Serialize};

const MAX_BYTES: usize = 512;
/// What the loopback interface is called with a port that an app is given when it runs (RFC 8252 §7.3).
const LOOPBACK: [&str; 2] = ["http://127.0.0.1", "http://[::1]"];

/// A URI as a client has registered it: what it asks for is this one, byte by byte.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RedirectUri(String);

impl RedirectUri {
    /// Reads a URI that is to be registered. It is absolute and written as browsers write it, so that what is compared
    /// is what they go to: `https` to anywhere, `http` to this machine, or a scheme of an app's own with a dot in its
    /// name.
    ///
    /// # Errors
    /// `too_long`, `invalid_format` or `invalid_value`.
    pub fn parse(input: &str) -> Result<Self, FieldError> {
        let refused = |code, message: &str| Err(FieldError::new(code, message));
        if input.len() > MAX_BYTES {
            return refused("too_long", "A redirect URI has at most 512 bytes.");
        }
        if !is_spelt(input) {
            let message = "A redirect URI has the ASCII characters of RFC 3986, and % before two hexadecimal digits.";
            return refused("invalid_format", message);
        }
        if input.contains(['#', '*']) {
            return refused(
                "invalid_value",
                "A redirect URI has no fragment and no wildcard.",
            );
        }
        let Some((scheme, rest)) = input.split_once(':') else {
            return refused("invalid_format", "A redirect URI is absolute.");
        };
        let (authority, behind) = match rest.strip_prefix("//") {
            Some(rest) => rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len())),
            None => ("", rest),
        };
        if authority.contains('@') {
            return refused("invalid_value", "A redirect URI has no user in it.");
        }
        let is_taken = match scheme {
            "https" => is_host_and_port(authority),
            "http" => is_this_machine(authority),
            _ => is_own_scheme(scheme) && rest.starts_with('/'),
        };
        if !is_taken {
            let message = "This is https, http of localhost, 127.0.0.1 or [::1], or a scheme with a dot: in lower case.";
            return refused("invalid_value", message);
        }
        let path = behind.split('?').next().unwrap_or_default();
        if path.split('/').any(is_dots) {
            let message = "A redirect URI has no . or .. in its path: browsers leave them out.";
            return refused("invalid_value", message);
        }
        Ok(Self(input.to_owned()))
    }

    /// Whether what a client asks for is this one. It is exactly the same (RFC 9700 §2.1), but for the port of an
    /// address of this machine, which an app learns when it runs (RFC 8252 §7.3).
    #[must_use]
    pub fn matches(&self, given: &str) -> bool {
        let same_but_for_port = |prefix: &str| {
            let ours = self.0.strip_prefix(prefix).and_then(without_port);
            let theirs = given.strip_prefix(prefix).and_then(without_port);
            ours.is_some() && ours == theirs
        };
        self.0 == given || LOOPBACK.iter().any(|prefix| same_but_for_port(prefix))
    }

    /// The URI.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether it has the characters of a URI alone (RFC 3986 §2), each escape whole.
fn is_spelt(input: &str) -> bool {
    let is_known =
        |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte);
    let mut escapes = input.split('%').skip(1).map(str::as_bytes);
    input.bytes().all(is_known)
        && escapes.all(|escape| {
            matches!(escape, [high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit())
        })
}

/// What follows a host: nothing, or a path or query, behind a port where there is one.
fn without_port(rest: &str) -> Option<&str> {
    let Some(port) = rest.strip_prefix(':') else {
        let ends_host = rest.is_empty() || rest.starts_with(['/', '?']);
        return ends_host.then_some(rest);
    };
    let (port, behind) = port.split_at(port.find(['/', '?']).unwrap_or(port.len()));
    is_port(port).then_some(behind)
}

fn is_port(text: &str) -> bool {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    is_plain && text.parse::<u16>().is_ok()
}

/// The host of an authority whose port, if it has one, is one.
fn host(authority: &str) -> Option<&str> {
    let end = match authority.rfind(']') {
        Some(end) => end + 1,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, port) = authority.split_at(end);
    let is_right = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
    is_right.then_some(host)
}

fn is_this_machine(authority: &str) -> bool {
    matches!(host(authority), Some("localhost" | "127.0.0.1" | "[::1]"))
}

/// Whether it names a host as browsers write it, which read some names as addresses (WHATWG URL §3.5).
fn is_host_and_port(authority: &str) -> bool {
    let Some(host) = host(authority) else {
        return false;
    };
    let inner = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    if let Some(inner) = inner {
        let address: Option<Ipv6Addr> = inner.parse().ok();
        return address.is_some_and(|address| address.to_string() == inner);
    }
    let is_label = |label: &str| {
        let is_known = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
        (1..=63).contains(&label.len()) && label.bytes().all(is_known)
    };
    let last = host.rsplit('.').next().unwrap_or_default();
    let is_number = last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x");
    host.len() <= 253
        && host.split('.').all(is_label)
        && (!is_number || host.parse::<Ipv4Addr>().is_ok())
}

/// A scheme that is an app's own, by a domain turned round (RFC 8252 §7.1). None that browsers know has a dot.
fn is_own_scheme(scheme: &str) -> bool {
    let is_known = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'+' | b'-' | b'.');
    scheme.starts_with(|first: char| first.is_ascii_lowercase())
        && scheme.bytes().all(is_known)
        && scheme.split('.').count() > 1
        && !scheme.split('.').any(str::is_empty)
}

/// Whether browsers leave it out of a path, or go up with it (WHATWG URL §4.4).
fn is_dots(segment: &str) -> bool {
    let plain = segment.to_ascii_lowercase().replace("%2e", ".");
    plain == "." || plain == ".."
}

#[cfg(test)]
#[path = "redirect_uri_tests.rs"]
mod tests;
