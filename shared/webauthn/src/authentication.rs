//! The check of an assertion (Web Authentication §7.2).

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Map, Value};

use crate::authenticator_data::AuthenticatorData;
use crate::client_data::{self, Ceremony};
use crate::member::{self, Common};
use crate::public_key::PublicKey;
use crate::refused::Refused;
use crate::relying_party::RelyingParty;

const AUTHENTICATOR_DATA: &str = "response.authenticatorData";
const SIGNATURE: &str = "response.signature";
const USER_HANDLE: &str = "response.userHandle";

/// What a client sends after `navigator.credentials.get()`: `AuthenticationResponseJSON` (§5.1.8.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthenticationResponse {
    credential_id: Vec<u8>,
    client_data: Vec<u8>,
    authenticator_data: Vec<u8>,
    signature: Vec<u8>,
    user_handle: Option<Vec<u8>>,
}

/// What is known of the credential that a response is checked against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCredential {
    /// Its id, 1 to 1023 bytes.
    pub credential_id: Vec<u8>,
    /// Its key, from [`Registered`](crate::Registered).
    pub public_key: PublicKey,
    /// The count of its last response.
    pub sign_count: u32,
    /// As it was registered.
    pub backup_eligible: bool,
    /// Whose it is: what [`NewCredential`](crate::NewCredential) said.
    pub user_handle: [u8; 16],
}

/// A response that is the credential's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authenticated {
    /// Whether the authenticator verified its user (a PIN, a fingerprint, a face).
    pub user_verified: bool,
    /// To be stored.
    pub sign_count: u32,
    /// Whether the count is not above the stored one though there is one: the credential may have been copied, or two
    /// responses have passed one another. What to make of it is the caller's policy (§6.1.1).
    pub sign_count_went_back: bool,
    /// Whether the credential is copied to other devices at present. To be stored.
    pub backed_up: bool,
}

impl AuthenticationResponse {
    /// Reads what `PublicKeyCredential.toJSON()` gives. Members that are not read are ignored. An empty user handle
    /// counts as none: some clients write it so.
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
            authenticator_data: member::bytes(response, AUTHENTICATOR_DATA)?,
            signature: member::bytes(response, SIGNATURE)?,
            user_handle: member::optional_bytes(response, USER_HANDLE)?
                .filter(|handle| !handle.is_empty()),
        })
    }

    /// The credential's id, to find it by. Not checked yet.
    #[must_use]
    pub fn credential_id(&self) -> &[u8] {
        &self.credential_id
    }

    /// The user that the credential was made for, as the authenticator remembers. Not checked yet. Without it nobody
    /// can be signed in who was not known before (§7.2, step 6).
    #[must_use]
    pub fn user_handle(&self) -> Option<&[u8]> {
        self.user_handle.as_deref()
    }
}

/// Checks an assertion: steps 6 to 22 of §7.2. The challenge is the one that
/// [`request_options`](crate::request_options) got. Where those named credentials, the caller sees to it that the
/// stored one is among them (step 5).
///
/// # Errors
/// The first step that fails.
pub fn authenticate(
    relying_party: &RelyingParty,
    response: &AuthenticationResponse,
    expected_challenge: &[u8],
    stored: &StoredCredential,
    user_verification_required: bool,
) -> Result<Authenticated, Refused> {
    if response.credential_id != stored.credential_id {
        return Err(Refused::Credential);
    }
    if response
        .user_handle()
        .is_some_and(|handle| handle != stored.user_handle)
    {
        return Err(Refused::UserHandle);
    }
    client_data::check(
        &response.client_data,
        Ceremony::Authentication,
        relying_party,
        expected_challenge,
    )?;

    let data = AuthenticatorData::parse(&response.authenticator_data)
        .ok_or(Refused::Malformed(AUTHENTICATOR_DATA))?;
    data.check(relying_party, user_verification_required)?;
    if data.backup_eligible() != stored.backup_eligible {
        return Err(Refused::Backup);
    }
    let hash = digest(&SHA256, &response.client_data);
    let signed = [&response.authenticator_data, hash.as_ref()].concat();
    if !stored.public_key.verifies(&signed, &response.signature) {
        return Err(Refused::Signature);
    }
    let counts = data.sign_count != 0 || stored.sign_count != 0;
    Ok(Authenticated {
        user_verified: data.user_verified(),
        sign_count: data.sign_count,
        sign_count_went_back: counts && data.sign_count <= stored.sign_count,
        backed_up: data.backed_up(),
    })
}
