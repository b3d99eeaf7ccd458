//! Who a credential is for.

use aws_lc_rs::digest::{Digest, SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// What an Android app's origin begins with; the SHA-256 of its signing certificate follows, in base64url.
const ANDROID: &str = "android:apk-key-hash:";

/// A relying party: the domain that credentials are bound to, and the origins its ceremonies may run in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelyingParty {
    id: String,
    origins: Vec<String>,
}

/// Why there can be no such relying party.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRelyingParty {
    /// The id is not a domain name in lower case (an internationalised one in its `xn--` form), nor `localhost`.
    #[error("{0:?} is not a domain name in lower case")]
    Id(String),
    /// The origin is not one that browsers and apps would name, or is of a host outside of the id's domain.
    #[error("{0:?} is not an origin of the relying party")]
    Origin(String),
    /// Without an origin every response would be refused.
    #[error("there is no origin")]
    NoOrigin,
}

impl RelyingParty {
    /// The id is a domain such as `example.org`, or `localhost`. An origin is compared as a text, so each has to be
    /// as browsers write it: `https://` and a host that is the id or ends in `.` and the id, in lower case, with a
    /// port where it is not 443 and with nothing after; `http://localhost` with any port; or an Android app's
    /// `android:apk-key-hash:` and 32 bytes in base64url. An app on iOS has the origin `https://` and the id.
    ///
    /// Whether anybody may register names below the id (as below `co.uk`) is not known here. Browsers refuse those.
    ///
    /// # Errors
    /// When the id or an origin is anything else, or there is no origin.
    pub fn new<O: Into<String>>(
        id: impl Into<String>,
        origins: impl IntoIterator<Item = O>,
    ) -> Result<Self, InvalidRelyingParty> {
        let id = id.into();
        if id != "localhost" && !(is_host(&id) && id.contains('.')) {
            return Err(InvalidRelyingParty::Id(id));
        }
        let origins: Vec<String> = origins.into_iter().map(Into::into).collect();
        if let Some(origin) = origins.iter().find(|origin| !is_origin(origin, &id)) {
            return Err(InvalidRelyingParty::Origin(origin.clone()));
        }
        if origins.is_empty() {
            return Err(InvalidRelyingParty::NoOrigin);
        }
        Ok(Self { id, origins })
    }

    /// The domain that credentials are bound to.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The origins that its ceremonies may run in.
    #[must_use]
    pub fn origins(&self) -> &[String] {
        &self.origins
    }

    /// The SHA-256 of the id, which authenticator data begins with.
    pub(crate) fn id_hash(&self) -> Digest {
        digest(&SHA256, self.id.as_bytes())
    }
}

/// Letters, digits and hyphens in labels of up to 63 characters, as browsers write them. The last label is no number,
/// or it would be an IP address, which cannot be a relying party.
fn is_host(host: &str) -> bool {
    let is_label = |label: &str| {
        let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (1..=63).contains(&label.len())
            && label.bytes().all(inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_number = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    host.len() <= 253
        && host.split('.').all(is_label)
        && !host.rsplit('.').next().is_some_and(is_number)
}

fn is_origin(origin: &str, id: &str) -> bool {
    if let Some(hash) = origin.strip_prefix(ANDROID) {
        return URL_SAFE_NO_PAD
            .decode(hash)
            .is_ok_and(|hash| hash.len() == 32);
    }
    let Some((scheme, rest)) = origin.split_once("://") else {
        return false;
    };
    let (host, port) = rest
        .split_once(':')
        .map_or((rest, None), |(host, port)| (host, Some(port)));
    let default = match scheme {
        "https" => "443",
        "http" if host == "localhost" => "80",
        _ => return false,
    };
    let in_domain = host
        .strip_suffix(id)
        .is_some_and(|before| before.is_empty() || before.ends_with('.'));
    in_domain && is_host(host) && port.is_none_or(|port| port != default && is_port(port))
}

/// As browsers write it: without leading zeros.
fn is_port(port: &str) -> bool {
    port.parse::<u16>()
        .is_ok_and(|number| number != 0 && number.to_string() == port)
}
