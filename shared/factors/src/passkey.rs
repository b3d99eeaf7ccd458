//! A passkey as it is stored.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use latchkey::clock::Timestamp;
use latchkey::factor::PasskeyId;
use latchkey::name::Name;
use latchkey::proof::Held;
use latchkey::table::Entity;
use latchkey::user::UserId;
use latchkey::uuid::Uuid;
use serde::{Deserialize, Serialize};
use webauthn::{CredentialDescriptor, PublicKey, Registered, StoredCredential, aaguid};

/// How many an account has at most.
pub const MAX_PASSKEYS: usize = 10;

/// The id of the passkey with this credential id. Another account may have one with the same id: a sign-in looks only
/// among those of the account that the passkey says it is for.
#[must_use]
pub fn passkey_id(credential_id: &[u8]) -> PasskeyId {
    let hash = digest(&SHA256, credential_id);
    let mut id = [0; 16];
    id.copy_from_slice(&hash.as_ref()[..16]);
    PasskeyId::from_bytes(id)
}

/// A passkey.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Passkey {
    /// Its id.
    pub id: PasskeyId,
    /// What its owner calls it.
    pub name: Name,
    /// Its credential id, in base64url.
    credential_id: String,
    public_key: PublicKey,
    /// The make of the authenticator, as it says itself.
    aaguid: Uuid,
    /// How many signatures it said it had made.
    pub(crate) sign_count: u32,
    /// Whether it can be copied to other devices.
    pub backup_eligible: bool,
    /// Whether it is, as far as it last said.
    pub backed_up: bool,
    /// How clients reach the authenticator.
    transports: Vec<String>,
    /// When it was added.
    pub created_at: Timestamp,
    /// When somebody last signed in with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
    /// Raised by every change.
    pub version: u64,
}

impl Entity for Passkey {
    const TYPE: &'static str = "passkey";
}

impl Passkey {
    /// One that was just registered; without a name it has that of its make.
    ///
    /// # Panics
    /// Never: the names of makes are names.
    #[must_use]
    pub fn new(registered: Registered, name: Option<Name>, now: Timestamp) -> Self {
        let make = aaguid::name(&registered.aaguid);
        let made = || Name::parse(make.unwrap_or("Passkey")).ok();
        let Registered {
            credential_id,
            public_key,
            aaguid,
            sign_count,
            user_verified: _,
            backup_eligible,
            backed_up,
            transports,
            discoverable: _,
        } = registered;
        Self {
            id: passkey_id(&credential_id),
            name: name.or_else(made).expect("names of makes are names"),
            credential_id: URL_SAFE_NO_PAD.encode(credential_id),
            public_key,
            aaguid: Uuid::from_bytes(aaguid),
            sign_count,
            backup_eligible,
            backed_up,
            transports,
            created_at: now,
            last_used_at: None,
            version: 1,
        }
    }

    /// What its authenticator is called, where that is known. Nothing proves it.
    #[must_use]
    pub fn make(&self) -> Option<&'static str> {
        aaguid::name(self.aaguid.as_bytes())
    }

    /// Where its private half is.
    #[must_use]
    pub const fn held(&self) -> Held {
        if self.backup_eligible {
            Held::Synced
        } else {
            Held::Device
        }
    }

    /// As it is named to a client.
    #[must_use]
    pub fn descriptor(&self) -> CredentialDescriptor {
        CredentialDescriptor::new(self.credential_id(), self.transports.clone())
    }

    /// As its signatures are checked.
    pub(crate) fn stored(&self, user_id: &UserId) -> StoredCredential {
        StoredCredential {
            credential_id: self.credential_id(),
            public_key: self.public_key.clone(),
            sign_count: self.sign_count,
            backup_eligible: self.backup_eligible,
            user_handle: *user_id.as_bytes(),
        }
    }

    fn credential_id(&self) -> Vec<u8> {
        // Written by `new` alone; what is no base64url is the id of no credential.
        URL_SAFE_NO_PAD
            .decode(&self.credential_id)
            .unwrap_or_default()
    }
}
