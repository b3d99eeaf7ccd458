//! Public keys of credentials, as they are stored and as signatures are checked with them.

use std::fmt;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    VerificationAlgorithm,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// How a credential signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// `EdDSA` on Curve25519.
    EdDsa,
    /// RSASSA-PKCS1-v1_5 with SHA-256, keys of 2048 to 4096 bits.
    Rs256,
}

impl Algorithm {
    /// All that are offered, the preferred one first.
    pub const OFFERED: [Self; 3] = [Self::Es256, Self::EdDsa, Self::Rs256];

    /// Its number in the IANA registry "COSE Algorithms".
    #[must_use]
    pub const fn cose(self) -> i16 {
        match self {
            Self::Es256 => -7,
            Self::EdDsa => -8,
            Self::Rs256 => -257,
        }
    }

    /// The algorithm of this number, if it is offered.
    pub(crate) fn from_cose(number: i128) -> Option<Self> {
        Self::OFFERED
            .into_iter()
            .find(|algorithm| i128::from(algorithm.cose()) == number)
    }

    fn verification(self) -> &'static dyn VerificationAlgorithm {
        match self {
            Self::Es256 => &ECDSA_P256_SHA256_ASN1,
            Self::EdDsa => &ED25519,
            Self::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
        }
    }
}

/// A credential's public key.
///
/// As bytes it is the algorithm's COSE number in two bytes, big-endian and signed, and then the key's
/// `SubjectPublicKeyInfo` in DER (RFC 5280 §4.1.2.7): 93 bytes for ES256, 46 for Ed25519, 296 and more for RS256.
/// In serde it is a text, these bytes in base64url without padding.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicKey {
    algorithm: Algorithm,
    spki: Vec<u8>,
}

/// These are not the bytes of a public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a public key")]
pub struct UnreadablePublicKey;

impl PublicKey {
    /// Checks that it is a key: for ES256 a point that is on the curve, for RS256 a modulus that is odd. Whether the
    /// bytes of an Ed25519 key are a point shows with its first signature.
    pub(crate) fn new(algorithm: Algorithm, spki: Vec<u8>) -> Option<Self> {
        ParsedPublicKey::new(algorithm.verification(), &spki).ok()?;
        Some(Self { algorithm, spki })
    }

    /// How it signs.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Its `SubjectPublicKeyInfo` in DER.
    #[must_use]
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// The stable encoding, to be stored.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        [&self.algorithm.cose().to_be_bytes(), self.spki.as_slice()].concat()
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// When it is no key of its algorithm.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, UnreadablePublicKey> {
        let (number, spki) = bytes.split_first_chunk().ok_or(UnreadablePublicKey)?;
        Algorithm::from_cose(i16::from_be_bytes(*number).into())
            .and_then(|algorithm| Self::new(algorithm, spki.to_vec()))
            .ok_or(UnreadablePublicKey)
    }

    /// Whether the signature is this key's over the message.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        ParsedPublicKey::new(self.algorithm.verification(), &self.spki)
            .is_ok_and(|key| key.verify_sig(message, signature).is_ok())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "PublicKey({:?}, {})",
            self.algorithm,
            URL_SAFE_NO_PAD.encode(&self.spki)
        )
    }
}

impl From<PublicKey> for String {
    fn from(key: PublicKey) -> Self {
        URL_SAFE_NO_PAD.encode(key.to_bytes())
    }
}

impl TryFrom<String> for PublicKey {
    type Error = UnreadablePublicKey;

    fn try_from(text: String) -> Result<Self, UnreadablePublicKey> {
        Self::from_bytes(
            &URL_SAFE_NO_PAD
                .decode(text)
                .map_err(|_| UnreadablePublicKey)?,
        )
    }
}
