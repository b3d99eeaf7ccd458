//! A tiny authenticator whose every byte can be changed: real ones only make valid responses.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{
    AsBigEndian as _, AsDer as _, EcPublicKeyUncompressedBin, PublicKeyX509Der,
};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use webauthn::{
    Algorithm, AuthenticationResponse, Registered, RegistrationResponse, RelyingParty,
    StoredCredential,
};

pub(crate) const CHALLENGE: [u8; 32] = [0xc4; 32];
pub(crate) const HANDLE: [u8; 16] = [0x0a; 16];
pub(crate) const ORIGIN: &str = "https://id.example.org";
/// User present and verified, can be backed up and is.
pub(crate) const FLAGS: u8 = 0b0001_1101;

pub(crate) fn relying_party() -> RelyingParty {
    let app = format!("android:apk-key-hash:{}", base64url(&[7; 32]));
    RelyingParty::new("example.org", ["https://example.org", ORIGIN, app.as_str()]).expect("valid")
}

pub(crate) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// One credential.
pub(crate) struct Credential {
    pub(crate) id: Vec<u8>,
    pub(crate) key: Key,
}

pub(crate) enum Key {
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
    Rs256(RsaKeyPair),
}

impl Credential {
    pub(crate) fn new(algorithm: Algorithm) -> Self {
        let key = match algorithm {
            Algorithm::Es256 => {
                Key::Es256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key"))
            }
            Algorithm::EdDsa => Key::EdDsa(Ed25519KeyPair::generate().expect("a key")),
            Algorithm::Rs256 => Key::Rs256(RsaKeyPair::generate(KeySize::Rsa2048).expect("a key")),
        };
        Self {
            id: vec![0x1d; 20],
            key,
        }
    }

    /// Of a new credential, with `tail` after the key.
    pub(crate) fn registration_data(&self, flags: u8, tail: &[u8]) -> Vec<u8> {
        let length = u16::try_from(self.id.len()).expect("short");
        let mut data = assertion_data(flags | 0x40, 5);
        data.extend([0xaa; 16]);
        data.extend(length.to_be_bytes());
        data.extend(&self.id);
        data.extend(self.key.cose());
        data.extend(tail);
        data
    }

    /// A registration as native clients send it.
    pub(crate) fn register(&self, client_data: &str, data: &[u8]) -> RegistrationResponse {
        registration(&self.id, client_data.as_bytes(), &attestation_object(data))
    }

    pub(crate) fn sign(&self, client_data: &str, data: &[u8]) -> AuthenticationResponse {
        let signature = self.key.sign(client_data.as_bytes(), data);
        assertion(&self.id, client_data.as_bytes(), data, &signature)
    }
}

impl Key {
    pub(crate) fn sign(&self, client_data: &[u8], data: &[u8]) -> Vec<u8> {
        let message = [data, digest(&SHA256, client_data).as_ref()].concat();
        let random = SystemRandom::new();
        match self {
            Self::Es256(key) => key
                .sign(&random, &message)
                .expect("a signature")
                .as_ref()
                .to_vec(),
            Self::EdDsa(key) => key.sign(&message).as_ref().to_vec(),
            Self::Rs256(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, &message, &mut signature)
                    .expect("a signature");
                signature
            }
        }
    }

    /// What a browser would add as `publicKey`.
    pub(crate) fn spki(&self) -> Vec<u8> {
        let der: PublicKeyX509Der<'_> = match self {
            Self::Es256(key) => key.public_key().as_der(),
            Self::EdDsa(key) => key.public_key().as_der(),
            Self::Rs256(key) => key.public_key().as_der(),
        }
        .expect("DER");
        der.as_ref().to_vec()
    }

    pub(crate) fn cose(&self) -> Vec<u8> {
        match self {
            Self::Es256(key) => {
                let point: EcPublicKeyUncompressedBin<'_> =
                    key.public_key().as_be_bytes().expect("a point");
                let point = &point.as_ref()[1..];
                cose_p256(&point[..32], &point[32..])
            }
            Self::EdDsa(key) => [
                &[0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21][..],
                &bytes(key.public_key().as_ref()),
            ]
            .concat(),
            Self::Rs256(key) => {
                // An `RSAPublicKey` in DER: of 2048 bits and with the exponent 65537 it always has this shape.
                let der = key.public_key().as_ref();
                assert_eq!((der.len(), &der[265..267]), (270, &[2, 3][..]));
                cose_rsa(&der[9..265], &der[267..])
            }
        }
    }
}

pub(crate) fn cose_p256(x: &[u8], y: &[u8]) -> Vec<u8> {
    let start = [0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21];
    [&start[..], &bytes(x), &[0x22], &bytes(y)].concat()
}

pub(crate) fn cose_rsa(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let start = [0xa4, 1, 3, 3, 0x39, 1, 0, 0x20];
    [&start[..], &bytes(modulus), &[0x21], &bytes(exponent)].concat()
}

/// A CBOR byte string.
pub(crate) fn bytes(bytes: &[u8]) -> Vec<u8> {
    let length = bytes.len();
    let head = match length {
        0..24 => vec![0x40 | u8::try_from(length).expect("short")],
        24..256 => vec![0x58, u8::try_from(length).expect("short")],
        _ => [
            &[0x59][..],
            &u16::try_from(length).expect("short").to_be_bytes(),
        ]
        .concat(),
    };
    [&head, bytes].concat()
}

/// Authenticator data of `example.org` without a credential.
pub(crate) fn assertion_data(flags: u8, sign_count: u32) -> Vec<u8> {
    let hash = digest(&SHA256, b"example.org");
    [hash.as_ref(), &[flags], &sign_count.to_be_bytes()].concat()
}

pub(crate) fn attestation_object(data: &[u8]) -> Vec<u8> {
    [
        &b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData"[..],
        &bytes(data),
    ]
    .concat()
}

/// Client data as browsers write it.
pub(crate) fn client_data(kind: &str) -> String {
    let challenge = base64url(&CHALLENGE);
    format!(
        r#"{{"type":"{kind}","challenge":"{challenge}","origin":"{ORIGIN}","crossOrigin":false}}"#
    )
}

pub(crate) fn registration_json(
    id: &[u8],
    client_data: &[u8],
    object: &[u8],
) -> Map<String, Value> {
    let response = json!({
        "clientDataJSON": base64url(client_data),
        "attestationObject": base64url(object),
    });
    outer(id, &response)
}

pub(crate) fn assertion_json(
    id: &[u8],
    client_data: &[u8],
    data: &[u8],
    signature: &[u8],
) -> Map<String, Value> {
    let response = json!({
        "clientDataJSON": base64url(client_data),
        "authenticatorData": base64url(data),
        "signature": base64url(signature),
        "userHandle": base64url(&HANDLE),
    });
    outer(id, &response)
}

fn outer(id: &[u8], response: &Value) -> Map<String, Value> {
    let Value::Object(object) = json!({
        "id": base64url(id),
        "rawId": base64url(id),
        "type": "public-key",
        "response": response,
        "clientExtensionResults": {},
    }) else {
        unreachable!()
    };
    object
}

pub(crate) fn registration(id: &[u8], client_data: &[u8], object: &[u8]) -> RegistrationResponse {
    RegistrationResponse::parse(&registration_json(id, client_data, object)).expect("a response")
}

pub(crate) fn assertion(
    id: &[u8],
    client_data: &[u8],
    data: &[u8],
    signature: &[u8],
) -> AuthenticationResponse {
    AuthenticationResponse::parse(&assertion_json(id, client_data, data, signature))
        .expect("a response")
}

pub(crate) fn stored(registered: &Registered) -> StoredCredential {
    StoredCredential {
        credential_id: registered.credential_id.clone(),
        public_key: registered.public_key.clone(),
        sign_count: registered.sign_count,
        backup_eligible: registered.backup_eligible,
        user_handle: HANDLE,
    }
}
