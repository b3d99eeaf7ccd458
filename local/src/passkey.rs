//! A passkey as somebody has it in their hand: an authenticator in software, for tests and samples. It does what a
//! browser and its authenticator do together (W3C Web Authentication §6.3), for ES256 and with attestation `none`.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsBigEndian, EcPublicKeyUncompressedBin};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use uuid::Uuid;

/// The flags of authenticator data (§6.1).
const PRESENT: u8 = 0b0000_0001;
const VERIFIED: u8 = 0b0000_0100;
const BACKUP_ELIGIBLE: u8 = 0b0000_1000;
const BACKED_UP: u8 = 0b0001_0000;
const ATTESTED: u8 = 0b0100_0000;

/// The origin in which passkeys of tests and samples are used.
pub const ORIGIN: &str = "http://localhost:3000";

/// A passkey, and how its authenticator behaves.
pub struct Passkey {
    key: EcdsaKeyPair,
    id: Vec<u8>,
    user_handle: String,
    /// The origin of the page that asks.
    pub origin: String,
    /// The domain that it says it answers.
    pub rp_id: String,
    /// Whether it verifies its user.
    pub verifies: bool,
    /// Whether it is copied to other devices.
    pub synced: bool,
    /// What it says it has counted.
    pub count: u32,
}

impl Passkey {
    /// One for these `PublicKeyCredentialCreationOptionsJSON`.
    ///
    /// # Panics
    /// When there is no key to be had.
    #[must_use]
    pub fn new(options: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Self {
            key: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key"),
            id: Uuid::new_v4().into_bytes().to_vec(),
            user_handle: text(&options["user"]["id"]),
            origin: ORIGIN.to_owned(),
            rp_id: text(&options["rp"]["id"]),
            verifies: true,
            synced: false,
            count: 0,
        }
    }

    /// Its credential id, in base64url.
    #[must_use]
    pub fn id(&self) -> String {
        base64url(&self.id)
    }

    /// The `RegistrationResponseJSON` for the options that it was made for.
    #[must_use]
    pub fn registration(&self, options: &Value) -> Value {
        let mut data = self.authenticator_data(ATTESTED);
        data.extend([0; 16]);
        data.extend(
            u16::try_from(self.id.len())
                .unwrap_or_default()
                .to_be_bytes(),
        );
        data.extend(&self.id);
        data.extend(self.cose_key());
        // {"fmt": "none", "attStmt": {}, "authData": bytes} (§6.5.4), in canonical CBOR.
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        object.push(u8::try_from(data.len()).unwrap_or_default());
        object.extend(&data);
        json!({
            "id": self.id(),
            "rawId": self.id(),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": { "credProps": { "rk": true } },
            "response": {
                "clientDataJSON": base64url(&self.client_data("webauthn.create", options)),
                "attestationObject": base64url(&object),
                "transports": ["internal"],
            },
        })
    }

    /// The `AuthenticationResponseJSON` for these `PublicKeyCredentialRequestOptionsJSON`.
    ///
    /// # Panics
    /// When the system has no randomness.
    #[must_use]
    pub fn assertion(&self, options: &Value) -> Value {
        let client_data = self.client_data("webauthn.get", options);
        let data = self.authenticator_data(0);
        let signed = [&data, digest(&SHA256, &client_data).as_ref()].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed);
        json!({
            "id": self.id(),
            "rawId": self.id(),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": base64url(&client_data),
                "authenticatorData": base64url(&data),
                "signature": base64url(signature.expect("a signature").as_ref()),
                "userHandle": self.user_handle,
            },
        })
    }

    /// The client data of a ceremony (§5.8.1).
    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let data = json!({
            "type": kind,
            "challenge": options["challenge"],
            "origin": self.origin,
            "crossOrigin": false,
        });
        data.to_string().into_bytes()
    }

    fn authenticator_data(&self, more: u8) -> Vec<u8> {
        let mut flags = PRESENT | more;
        if self.verifies {
            flags |= VERIFIED;
        }
        if self.synced {
            flags |= BACKUP_ELIGIBLE | BACKED_UP;
        }
        let mut data = digest(&SHA256, self.rp_id.as_bytes()).as_ref().to_vec();
        data.push(flags);
        data.extend(self.count.to_be_bytes());
        data
    }

    /// The public half as COSE has it (RFC 9053 §7.1.1): {1: 2, 3: -7, -1: 1, -2: x, -3: y}.
    fn cose_key(&self) -> Vec<u8> {
        let point: EcPublicKeyUncompressedBin<'_> =
            self.key.public_key().as_be_bytes().expect("a point");
        let (x, y) = point.as_ref()[1..].split_at(32);
        let head = b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20";
        [head, x, b"\x22\x58\x20", y].concat()
    }
}

fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
