//! Passkeys and ceremonies on the wire.

use factors::{CEREMONY_LIFETIME, Passkey};
use serde::Serialize;

/// A ceremony that has begun: `options` is what a browser's `parseCreationOptionsFromJSON()` or
/// `parseRequestOptionsFromJSON()` reads, and `ceremony` comes back with what it gives.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StartedCeremony<T> {
    ceremony: String,
    options: T,
    expires_in: u64,
}

impl<T> StartedCeremony<T> {
    /// With these options.
    #[must_use]
    pub const fn new(ceremony: String, options: T) -> Self {
        Self {
            ceremony,
            options,
            expires_in: CEREMONY_LIFETIME.as_secs(),
        }
    }
}

/// A passkey on the wire. What is not named here never leaves.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PasskeyResponse {
    id: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    authenticator: Option<&'static str>,
    synced: bool,
    backed_up: bool,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<String>,
    version: u64,
}

impl From<&Passkey> for PasskeyResponse {
    fn from(passkey: &Passkey) -> Self {
        Self {
            id: passkey.id.to_string(),
            name: passkey.name.as_str().to_owned(),
            authenticator: passkey.make(),
            synced: passkey.backup_eligible,
            backed_up: passkey.backed_up,
            created_at: passkey.created_at.to_string(),
            last_used_at: passkey.last_used_at.map(|at| at.to_string()),
            version: passkey.version,
        }
    }
}
