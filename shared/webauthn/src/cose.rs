//! Public keys as authenticators hand them out: `COSE_Key` (RFC 9052 §7), and which parameters of it Web
//! Authentication wants (§5.8.5). Other parameters are ignored.

use crate::cbor::{Key, Map, Value};
use crate::der;
use crate::public_key::{Algorithm, PublicKey};
use crate::refused::Refused;

/// `id-ecPublicKey` on `prime256v1` (RFC 5480 §2.1.1).
const P256: &[u8] = &[
    0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
    0xce, 0x3d, 0x03, 0x01, 0x07,
];
/// `id-Ed25519` (RFC 8410 §3).
const ED25519: &[u8] = &[0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70];
/// `rsaEncryption` and its NULL (RFC 3279 §2.3.1).
const RSA: &[u8] = &[
    0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
];

/// The moduli that are accepted, in bytes. Below 2048 bits RSA is too weak, and above 4096 a signature takes too long
/// to check for what a stranger may ask for.
const MODULUS: std::ops::RangeInclusive<usize> = 256..=512;

/// Labels of parameters and values of theirs (RFC 9053 §7, RFC 8230 §4).
mod label {
    pub(super) const KTY: i128 = 1;
    pub(super) const ALG: i128 = 3;
    pub(super) const CRV: i128 = -1;
    pub(super) const X: i128 = -2;
    pub(super) const Y: i128 = -3;
    pub(super) const N: i128 = -1;
    pub(super) const E: i128 = -2;
}
const OKP: i128 = 1;
const EC2: i128 = 2;
const RSA_KEY: i128 = 3;
const CURVE_P256: i128 = 1;
const CURVE_ED25519: i128 = 6;

/// The key, if it is whole and for an algorithm that is offered.
pub(crate) fn public_key(key: &Map<'_>) -> Result<PublicKey, Refused> {
    let malformed = Refused::Malformed("response.attestationObject");
    let number = integer(key, label::ALG).ok_or(malformed)?;
    let algorithm = Algorithm::from_cose(number).ok_or(Refused::Algorithm)?;
    let spki = match algorithm {
        Algorithm::Es256 => p256(key),
        Algorithm::EdDsa => ed25519(key),
        Algorithm::Rs256 => rsa(key),
    };
    spki.and_then(|spki| PublicKey::new(algorithm, spki))
        .ok_or(malformed)
}

fn p256(key: &Map<'_>) -> Option<Vec<u8>> {
    let uncompressed: &[u8] = &[4];
    is(key, label::KTY, EC2)?;
    is(key, label::CRV, CURVE_P256)?;
    let (x, y) = (coordinate(key, label::X)?, coordinate(key, label::Y)?);
    Some(der::subject_public_key_info(
        P256,
        &[uncompressed, x, y].concat(),
    ))
}

fn ed25519(key: &Map<'_>) -> Option<Vec<u8>> {
    is(key, label::KTY, OKP)?;
    is(key, label::CRV, CURVE_ED25519)?;
    Some(der::subject_public_key_info(
        ED25519,
        coordinate(key, label::X)?,
    ))
}

fn rsa(key: &Map<'_>) -> Option<Vec<u8>> {
    is(key, label::KTY, RSA_KEY)?;
    let modulus = positive(key, label::N).filter(|bytes| MODULUS.contains(&bytes.len()))?;
    // More than four bytes are never seen, and cost time.
    let exponent = positive(key, label::E).filter(|bytes| bytes.len() <= 4)?;
    let numbers = [der::positive(modulus), der::positive(exponent)].concat();
    Some(der::subject_public_key_info(
        RSA,
        &der::element(der::SEQUENCE, &[&numbers]),
    ))
}

fn integer(key: &Map<'_>, label: i128) -> Option<i128> {
    match key.get(&Key::Integer(label))? {
        Value::Integer(number) => Some(*number),
        _ => None,
    }
}

fn is(key: &Map<'_>, label: i128, expected: i128) -> Option<()> {
    (integer(key, label)? == expected).then_some(())
}

fn bytes<'a>(key: &Map<'a>, label: i128) -> Option<&'a [u8]> {
    match key.get(&Key::Integer(label))? {
        Value::Bytes(bytes) => Some(bytes),
        _ => None,
    }
}

fn coordinate<'a>(key: &Map<'a>, label: i128) -> Option<&'a [u8]> {
    bytes(key, label).filter(|bytes| bytes.len() == 32)
}

/// A number above zero without leading zeros.
fn positive<'a>(key: &Map<'a>, label: i128) -> Option<&'a [u8]> {
    bytes(key, label).filter(|bytes| bytes.first().is_some_and(|first| *first != 0))
}
