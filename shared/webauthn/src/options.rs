//! What a client is asked for, in the JSON that `PublicKeyCredential.parseCreationOptionsFromJSON()` and
//! `parseRequestOptionsFromJSON()` read (Web Authentication §5.1.9 and §5.1.10).

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Serialize, Serializer};

use crate::public_key::Algorithm;
use crate::relying_party::RelyingParty;

const PUBLIC_KEY: &str = "public-key";

/// Whether the authenticator has to verify its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum UserVerification {
    /// It has to, and the response is refused without.
    Required,
    /// It does if it can.
    Preferred,
}

/// A credential, named to a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CredentialDescriptor {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(serialize_with = "base64url")]
    id: Vec<u8>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    transports: Vec<String>,
}

impl CredentialDescriptor {
    /// Of the id and the transports of [`Registered`](crate::Registered).
    #[must_use]
    pub const fn new(id: Vec<u8>, transports: Vec<String>) -> Self {
        Self {
            kind: PUBLIC_KEY,
            id,
            transports,
        }
    }
}

/// The credential that is wanted.
#[derive(Clone, Copy, Debug)]
pub struct NewCredential<'a> {
    /// The application's name, which clients may show.
    pub application: &'a str,
    /// Who it is for. Authenticators store it and hand it to anybody at the device, so it says nothing of the person.
    pub user_handle: [u8; 16],
    /// What the user tells this account from others by, such as an address. Authenticators may cut it to 64 bytes.
    pub name: &'a str,
    /// The user's name for people.
    pub display_name: &'a str,
    /// Random, at least [`MIN_CHALLENGE`](crate::MIN_CHALLENGE) bytes, for this ceremony alone.
    pub challenge: &'a [u8],
    /// The user's other credentials: an authenticator that has one of them makes no second.
    pub exclude: &'a [CredentialDescriptor],
    /// Whether the authenticator has to verify its user.
    pub user_verification: UserVerification,
    /// How long the client waits for the user, rounded down to milliseconds.
    pub timeout: Duration,
}

/// `PublicKeyCredentialCreationOptionsJSON`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreationOptions {
    rp: RelyingPartyEntity,
    user: UserEntity,
    #[serde(serialize_with = "base64url")]
    challenge: Vec<u8>,
    pub_key_cred_params: [Parameters; Algorithm::OFFERED.len()],
    #[serde(serialize_with = "milliseconds")]
    timeout: Duration,
    exclude_credentials: Vec<CredentialDescriptor>,
    authenticator_selection: AuthenticatorSelection,
    attestation: &'static str,
    extensions: Extensions,
}

#[derive(Clone, Debug, Serialize)]
struct RelyingPartyEntity {
    id: String,
    name: String,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct UserEntity {
    #[serde(serialize_with = "base64url")]
    id: [u8; 16],
    name: String,
    display_name: String,
}

#[derive(Clone, Debug, Serialize)]
struct Parameters {
    #[serde(rename = "type")]
    kind: &'static str,
    alg: i16,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AuthenticatorSelection {
    resident_key: &'static str,
    /// The same for clients of Level 1.
    require_resident_key: bool,
    user_verification: UserVerification,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Extensions {
    /// Whether the client says if the credential is discoverable.
    cred_props: bool,
}

/// `PublicKeyCredentialRequestOptionsJSON`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestOptions {
    #[serde(serialize_with = "base64url")]
    challenge: Vec<u8>,
    #[serde(serialize_with = "milliseconds")]
    timeout: Duration,
    rp_id: String,
    allow_credentials: Vec<CredentialDescriptor>,
    user_verification: UserVerification,
}

/// Asks for a new, discoverable credential without attestation.
#[must_use]
pub fn creation_options(relying_party: &RelyingParty, new: &NewCredential<'_>) -> CreationOptions {
    CreationOptions {
        rp: RelyingPartyEntity {
            id: relying_party.id().to_owned(),
            name: new.application.to_owned(),
        },
        user: UserEntity {
            id: new.user_handle,
            name: new.name.to_owned(),
            display_name: new.display_name.to_owned(),
        },
        challenge: new.challenge.to_vec(),
        pub_key_cred_params: Algorithm::OFFERED.map(|algorithm| Parameters {
            kind: PUBLIC_KEY,
            alg: algorithm.cose(),
        }),
        timeout: new.timeout,
        exclude_credentials: new.exclude.to_vec(),
        authenticator_selection: AuthenticatorSelection {
            resident_key: "required",
            require_resident_key: true,
            user_verification: new.user_verification,
        },
        attestation: "none",
        extensions: Extensions { cred_props: true },
    }
}

/// Asks for an assertion. Without credentials in `allow` it is one by any discoverable credential, and the user is who
/// its user handle says; with some, it is one by one of these. The challenge is random, at least
/// [`MIN_CHALLENGE`](crate::MIN_CHALLENGE) bytes, and for this ceremony alone.
#[must_use]
pub fn request_options(
    relying_party: &RelyingParty,
    challenge: &[u8],
    allow: &[CredentialDescriptor],
    user_verification: UserVerification,
    timeout: Duration,
) -> RequestOptions {
    RequestOptions {
        challenge: challenge.to_vec(),
        timeout,
        rp_id: relying_party.id().to_owned(),
        allow_credentials: allow.to_vec(),
        user_verification,
    }
}

fn base64url<S: Serializer>(bytes: impl AsRef<[u8]>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&URL_SAFE_NO_PAD.encode(bytes))
}

fn milliseconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}
