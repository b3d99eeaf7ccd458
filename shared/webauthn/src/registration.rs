//! The registration of a credential (Web Authentication §7.1).

use serde_json::{Map, Value};

use crate::authenticator_data::{Attested, AuthenticatorData};
use crate::cbor::{self, Key};
use crate::client_data::{self, Ceremony};
use crate::cose;
use crate::member::{self, Common};
use crate::public_key::PublicKey;
use crate::refused::Refused;
use crate::relying_party::RelyingParty;

const ATTESTATION_OBJECT: &str = "response.attestationObject";
const AUTHENTICATOR_DATA: &str = "response.authenticatorData";
const PUBLIC_KEY: &str = "response.publicKey";
const PUBLIC_KEY_ALGORITHM: &str = "response.publicKeyAlgorithm";
const TRANSPORTS: &str = "response.transports";

/// Six are defined. A client may name others, and they have to be kept (§5.2.1), but not without end.
const MAX_TRANSPORTS: usize = 16;
/// In bytes; the longest that is defined has ten.
const MAX_TRANSPORT: usize = 32;

/// What a client sends after `navigator.credentials.create()`: `RegistrationResponseJSON` (§5.1.8.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationResponse {
    credential_id: Vec<u8>,
    client_data: Vec<u8>,
    attestation_object: Vec<u8>,
    authenticator_data: Option<Vec<u8>>,
    public_key: Option<Vec<u8>>,
    public_key_algorithm: Option<i64>,
    transports: Vec<String>,
    discoverable: Option<bool>,
}

/// A credential that may be stored. Whether its id is already somebody's is for the caller to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// 1 to 1023 bytes, unique over all users.
    pub credential_id: Vec<u8>,
    /// What its signatures are checked with.
    pub public_key: PublicKey,
    /// The make of the authenticator, as it says itself; zeros where it does not. See [`crate::aaguid`].
    pub aaguid: [u8; 16],
    /// How many signatures it has made, zero where it does not count.
    pub sign_count: u32,
    /// Whether the authenticator verified its user (a PIN, a fingerprint, a face).
    pub user_verified: bool,
    /// Whether the credential can be copied to other devices; it stays so.
    pub backup_eligible: bool,
    /// Whether it is, at present.
    pub backed_up: bool,
    /// How clients reach the authenticator, for [`CredentialDescriptor`](crate::CredentialDescriptor): as the client
    /// says, at most 16 texts of at most 32 bytes, sorted.
    pub transports: Vec<String>,
    /// Whether it can be used without its id, where the client says (extension `credProps`).
    pub discoverable: Option<bool>,
}

impl RegistrationResponse {
    /// Reads what `PublicKeyCredential.toJSON()` gives, or a native client's response without `authenticatorData`,
    /// `publicKey`, `publicKeyAlgorithm` and `transports`. Members that are not read are ignored.
    ///
    /// # Errors
    /// [`Refused::Malformed`] with the first member that is missing, of another type, not base64url without padding,
    /// or longer than 16 KiB.
    pub fn parse(object: &Map<String, Value>) -> Result<Self, Refused> {
        let Common {
            credential_id,
            client_data,
            response,
        } = Common::parse(object)?;
        Ok(Self {
            credential_id,
            client_data,
            attestation_object: member::bytes(response, ATTESTATION_OBJECT)?,
            authenticator_data: member::optional_bytes(response, AUTHENTICATOR_DATA)?,
            public_key: member::optional_bytes(response, PUBLIC_KEY)?,
            public_key_algorithm: member::optional(response, PUBLIC_KEY_ALGORITHM)
                .map(|number| {
                    number
                        .as_i64()
                        .ok_or(Refused::Malformed(PUBLIC_KEY_ALGORITHM))
                })
                .transpose()?,
            transports: transports(response)?,
            discoverable: discoverable(object),
        })
    }

    /// The credential's id, not checked yet.
    #[must_use]
    pub fn credential_id(&self) -> &[u8] {
        &self.credential_id
    }
}

fn transports(response: &Map<String, Value>) -> Result<Vec<String>, Refused> {
    let malformed = Refused::Malformed(TRANSPORTS);
    let Some(named) = member::optional(response, TRANSPORTS) else {
        return Ok(Vec::new());
    };
    let named = named
        .as_array()
        .filter(|named| named.len() <= MAX_TRANSPORTS)
        .ok_or(malformed)?;
    let mut transports = named
        .iter()
        .map(|name| {
            name.as_str()
                .filter(|name| name.len() <= MAX_TRANSPORT)
                .map(str::to_owned)
        })
        .collect::<Option<Vec<_>>>()
        .ok_or(malformed)?;
    transports.sort();
    transports.dedup();
    Ok(transports)
}

/// Nothing hangs on it, so that a client that writes something else is not refused for it.
fn discoverable(object: &Map<String, Value>) -> Option<bool> {
    object
        .get("clientExtensionResults")?
        .get("credProps")?
        .get("rk")?
        .as_bool()
}

/// Checks a registration: steps 5 to 25 of §7.1, without those about attestation, and without conditional creation.
/// The challenge is the one that [`creation_options`](crate::creation_options) got.
///
/// Nothing signs what is checked here: a registration shows that a client reached this far with the challenge, and
/// the first assertion shows that somebody has the private key.
///
/// # Errors
/// The first step that fails.
pub fn register(
    relying_party: &RelyingParty,
    response: &RegistrationResponse,
    expected_challenge: &[u8],
    user_verification_required: bool,
) -> Result<Registered, Refused> {
    client_data::check(
        &response.client_data,
        Ceremony::Registration,
        relying_party,
        expected_challenge,
    )?;

    let malformed = Refused::Malformed(ATTESTATION_OBJECT);
    let authenticator_data = attestation_object(&response.attestation_object).ok_or(malformed)?;
    let data = AuthenticatorData::parse(authenticator_data).ok_or(malformed)?;
    data.check(relying_party, user_verification_required)?;
    let attested = data.attested.as_ref().ok_or(malformed)?;
    let public_key = cose::public_key(&attested.public_key)?;
    if attested.credential_id != response.credential_id {
        return Err(Refused::Malformed("id"));
    }
    agrees(response, authenticator_data, &public_key)?;

    let Attested {
        aaguid,
        credential_id,
        ..
    } = attested;
    Ok(Registered {
        credential_id: credential_id.to_vec(),
        public_key,
        aaguid: *aaguid,
        sign_count: data.sign_count,
        user_verified: data.user_verified(),
        backup_eligible: data.backup_eligible(),
        backed_up: data.backed_up(),
        transports: response.transports.clone(),
        discoverable: response.discoverable,
    })
}

/// The authenticator data of an attestation object (§6.5.4). The statement is read as CBOR and not further.
fn attestation_object(bytes: &[u8]) -> Option<&[u8]> {
    let cbor::Value::Map(object) = cbor::whole(bytes)? else {
        return None;
    };
    let cbor::Value::Map(_) = object.get(&Key::Text("attStmt"))? else {
        return None;
    };
    match (
        object.get(&Key::Text("fmt"))?,
        object.get(&Key::Text("authData"))?,
    ) {
        (cbor::Value::Text(format), cbor::Value::Bytes(data)) if is_format(format) => Some(data),
        _ => None,
    }
}

/// An attestation statement format's identifier (§8.1).
fn is_format(name: &str) -> bool {
    (1..=32).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\')
}

/// What browsers take out of the attestation object for those who read no CBOR has to be what is in it: another
/// program may have gone by it.
fn agrees(
    response: &RegistrationResponse,
    authenticator_data: &[u8],
    key: &PublicKey,
) -> Result<(), Refused> {
    if response
        .authenticator_data
        .as_ref()
        .is_some_and(|copy| copy != authenticator_data)
    {
        return Err(Refused::Malformed(AUTHENTICATOR_DATA));
    }
    if response
        .public_key
        .as_ref()
        .is_some_and(|copy| copy != key.spki())
    {
        return Err(Refused::Malformed(PUBLIC_KEY));
    }
    let algorithm = i64::from(key.algorithm().cose());
    if response
        .public_key_algorithm
        .is_some_and(|copy| copy != algorithm)
    {
        return Err(Refused::Malformed(PUBLIC_KEY_ALGORITHM));
    }
    Ok(())
}
