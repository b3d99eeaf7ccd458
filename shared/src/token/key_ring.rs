//! The keys that sign access tokens: their public halves, their private halves, and when each is used.

use std::fmt;
use std::time::Duration;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{self, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256,
};
use base64::Engine;
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde::{Deserialize, Serialize};

use super::BASE64URL;
use crate::clock::Timestamp;
use crate::config::{self, ConfigError};
use crate::secret::{Purpose, Secret, SecretVersion, Secrets, Unwrappable};

/// A loaded ring is used for this long at most: how long a revoked key can still be trusted.
pub const MAX_RING_AGE: Duration = Duration::from_mins(10);

/// How a key signs. Fixed when the key is made: a token never chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256, 2048 bits: what API Gateway, `AppSync` and IAM accept.
    RS256,
    /// ECDSA on P-256 with SHA-256.
    ES256,
}

impl Algorithm {
    /// The algorithm of new keys, from `SIGNING_ALGORITHM`.
    ///
    /// # Errors
    /// [`ConfigError`] naming the setting.
    pub fn from_env() -> Result<Self, ConfigError> {
        match config::optional(config::SIGNING_ALGORITHM).as_deref() {
            None | Some("RS256") => Ok(Self::RS256),
            Some("ES256") => Ok(Self::ES256),
            Some(_) => Err(ConfigError::invalid(
                config::SIGNING_ALGORITHM,
                "it must be RS256 or ES256",
            )),
        }
    }

    pub(crate) const fn jws(self) -> jsonwebtoken::Algorithm {
        match self {
            Self::RS256 => jsonwebtoken::Algorithm::RS256,
            Self::ES256 => jsonwebtoken::Algorithm::ES256,
        }
    }
}

/// The numbers of a public key, as a JWK has them (RFC 7518 §6), base64url.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kty")]
pub enum PublicNumbers {
    /// Modulus and exponent.
    #[serde(rename = "RSA")]
    Rsa {
        /// Modulus.
        n: String,
        /// Exponent.
        e: String,
    },
    /// A point on P-256.
    #[serde(rename = "EC")]
    Ec {
        /// Name of the curve, `P-256`.
        crv: String,
        /// x coordinate.
        x: String,
        /// y coordinate.
        y: String,
    },
}

/// The public half of a signing key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKey {
    /// Its RFC 7638 thumbprint.
    pub kid: String,
    /// How it signs.
    pub algorithm: Algorithm,
    /// Its numbers.
    pub numbers: PublicNumbers,
    /// From when on it signs.
    pub signs_from: Timestamp,
}

impl PublicKey {
    pub(crate) fn decoding_key(&self) -> Option<DecodingKey> {
        match &self.numbers {
            PublicNumbers::Rsa { n, e } => DecodingKey::from_rsa_components(n, e).ok(),
            PublicNumbers::Ec { x, y, .. } => DecodingKey::from_ec_components(x, y).ok(),
        }
    }
}

/// The private half, sealed under a subkey of the session secret: how it is stored.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrappedKey {
    /// The public half's `kid`.
    pub kid: String,
    /// How it signs.
    pub algorithm: Algorithm,
    /// From when on it signs.
    pub signs_from: Timestamp,
    /// Which secret sealed it, base64url.
    pub secret_version: String,
    /// The sealed PKCS#8 or PKCS#1 document, base64url.
    pub wrapped_key: String,
}

impl fmt::Debug for WrappedKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "WrappedKey({})", self.kid)
    }
}

impl WrappedKey {
    /// The private key inside, by whichever accepted secret sealed it.
    fn private_key(&self, secrets: &Secrets) -> Result<Vec<u8>, Unwrappable> {
        let decode = |text: &str| BASE64URL.decode(text).map_err(|_| Unwrappable);
        let version = decode(&self.secret_version)?;
        let version = version.as_slice().try_into().map_err(|_| Unwrappable)?;
        let secret = secrets.find(SecretVersion(version)).ok_or(Unwrappable)?;
        secret.open(
            Purpose::SigningKeyWrapping,
            self.kid.as_bytes(),
            &decode(&self.wrapped_key)?,
        )
    }

    fn seal(&mut self, secret: &Secret, private_key: &[u8]) -> Result<(), Unwrappable> {
        let wrapped = secret.seal(
            Purpose::SigningKeyWrapping,
            self.kid.as_bytes(),
            private_key,
        )?;
        self.secret_version = BASE64URL.encode(secret.version().0);
        self.wrapped_key = BASE64URL.encode(wrapped);
        Ok(())
    }

    /// The same key sealed with the current secret, when the previous one sealed it. A key that neither
    /// opens is left as it is.
    ///
    /// # Errors
    /// [`Unwrappable`] when it cannot be sealed.
    pub fn rewrapped(&self, secrets: &Secrets) -> Result<Option<Self>, Unwrappable> {
        if self.secret_version == BASE64URL.encode(secrets.current().version().0) {
            return Ok(None);
        }
        let Ok(private_key) = self.private_key(secrets) else {
            return Ok(None);
        };
        let mut rewrapped = self.clone();
        rewrapped.seal(secrets.current(), &private_key)?;
        Ok(Some(rewrapped))
    }
}

/// A private key ready to sign: read and checked once, which costs more than an RSA signature.
pub struct SigningKey {
    pub(crate) kid: String,
    pub(crate) algorithm: Algorithm,
    key_pair: KeyPairOf,
    #[cfg(test)]
    pub(crate) encoding_key: EncodingKey,
}

enum KeyPairOf {
    Rsa(rsa::KeyPair),
    Ec(EcdsaKeyPair),
}

/// The system has no randomness, or refused to make a key.
#[derive(Debug, thiserror::Error)]
#[error("a signing key could not be made")]
pub struct GenerationFailed;

/// Makes a key pair that signs from `signs_from` on.
///
/// # Errors
/// [`GenerationFailed`].
pub fn generate(
    algorithm: Algorithm,
    signs_from: Timestamp,
    secret: &Secret,
) -> Result<(PublicKey, WrappedKey), GenerationFailed> {
    let (private_key, encoding_key) = match algorithm {
        Algorithm::RS256 => {
            let pair = rsa::KeyPair::generate(KeySize::Rsa2048).map_err(|_| GenerationFailed)?;
            let pkcs8 = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).map_err(|_| GenerationFailed)?;
            let pkcs1 = pkcs1_of_pkcs8(pkcs8.as_ref())
                .ok_or(GenerationFailed)?
                .to_vec();
            let encoding_key = EncodingKey::from_rsa_der(&pkcs1);
            (pkcs1, encoding_key)
        }
        Algorithm::ES256 => {
            let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
                .map_err(|_| GenerationFailed)?;
            debug_assert_eq!(pair.public_key().as_ref().len(), 65);
            let pkcs8 = pair
                .to_pkcs8v1()
                .map_err(|_| GenerationFailed)?
                .as_ref()
                .to_vec();
            let encoding_key = EncodingKey::from_ec_der(&pkcs8);
            (pkcs8, encoding_key)
        }
    };
    let jwk =
        Jwk::from_encoding_key(&encoding_key, algorithm.jws()).map_err(|_| GenerationFailed)?;
    let kid = jwk
        .thumbprint(ThumbprintHash::SHA256)
        .map_err(|_| GenerationFailed)?;
    let numbers = serde_json::to_value(&jwk.algorithm)
        .and_then(serde_json::from_value)
        .map_err(|_| GenerationFailed)?;
    let mut wrapped = WrappedKey {
        kid: kid.clone(),
        algorithm,
        signs_from,
        secret_version: String::new(),
        wrapped_key: String::new(),
    };
    wrapped
        .seal(secret, &private_key)
        .map_err(|_| GenerationFailed)?;
    let public = PublicKey {
        kid,
        algorithm,
        numbers,
        signs_from,
    };
    Ok((public, wrapped))
}

/// The PKCS#1 `RSAPrivateKey` inside a PKCS#8 document (RFC 5958 §2): the content of its OCTET STRING.
///
/// AWS-LC writes only PKCS#8, jsonwebtoken reads only PKCS#1.
fn pkcs1_of_pkcs8(pkcs8: &[u8]) -> Option<&[u8]> {
    // SEQUENCE { INTEGER 0, SEQUENCE { OID, NULL }, OCTET STRING }
    const OCTET_STRING: u8 = 0x04;
    let (_, body) = der_value(pkcs8)?;
    let (_, after_version) = body.split_at_checked(3)?;
    let (after_algorithm, _) = der_value(after_version)?;
    let (_, content) = der_value(after_algorithm)?;
    (*after_algorithm.first()? == OCTET_STRING).then_some(content)
}

/// What follows the first DER element, and the content of that element (X.690 §8.1).
fn der_value(input: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&length, rest) = input.get(1..)?.split_first()?;
    let (length, rest) = if length < 0x80 {
        (usize::from(length), rest)
    } else {
        let (bytes, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
        let length = bytes.iter().try_fold(0_usize, |length, byte| {
            length.checked_mul(256)?.checked_add(usize::from(*byte))
        })?;
        (length, rest)
    };
    let (content, after) = rest.split_at_checked(length)?;
    Some((after, content))
}

impl SigningKey {
    /// Opens a stored key.
    ///
    /// # Errors
    /// [`Unwrappable`] when neither accepted secret sealed it, or no key is in it.
    pub fn open(stored: &WrappedKey, secrets: &Secrets) -> Result<Self, Unwrappable> {
        let private_key = stored.private_key(secrets)?;
        let key_pair = match stored.algorithm {
            Algorithm::RS256 => rsa::KeyPair::from_der(&private_key).map(KeyPairOf::Rsa),
            Algorithm::ES256 => {
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &private_key)
                    .map(KeyPairOf::Ec)
            }
        };
        Ok(Self {
            kid: stored.kid.clone(),
            algorithm: stored.algorithm,
            key_pair: key_pair.map_err(|_| Unwrappable)?,
            #[cfg(test)]
            encoding_key: match stored.algorithm {
                Algorithm::RS256 => EncodingKey::from_rsa_der(&private_key),
                Algorithm::ES256 => EncodingKey::from_ec_der(&private_key),
            },
        })
    }

    /// The signature over `message` (RFC 7518 §3.3, §3.4).
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let random = SystemRandom::new();
        match &self.key_pair {
            KeyPairOf::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)?;
                Ok(signature)
            }
            KeyPairOf::Ec(pair) => Ok(pair.sign(&random, message)?.as_ref().to_vec()),
        }
    }
}

/// The key that signs at `now`: the one that started last. Nothing while there is none.
#[must_use]
pub fn signing_at(keys: &[WrappedKey], now: Timestamp) -> Option<&WrappedKey> {
    keys.iter()
        .filter(|key| key.signs_from <= now)
        .max_by_key(|key| key.signs_from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> Timestamp {
        Timestamp::from_seconds(1_800_000_000)
    }

    #[test]
    fn generated_keys_open_again_and_carry_their_thumbprint() {
        let secret =
            || Secret::new("mH2pQv8ZrT4kXc9LwB6nYd3JfG7sKa5EuN1xVt0RoPqWi").expect("strong");
        for algorithm in [Algorithm::RS256, Algorithm::ES256] {
            let (public, wrapped) = generate(algorithm, start(), &secret()).expect("generates");
            assert_eq!(public.kid, wrapped.kid);
            assert!(public.decoding_key().is_some());
            let opened = SigningKey::open(&wrapped, &Secrets::new(secret(), None)).expect("opens");
            assert_eq!(opened.kid, public.kid);
            let other = WrappedKey {
                kid: "other".to_owned(),
                ..wrapped
            };
            assert!(SigningKey::open(&other, &Secrets::new(secret(), None)).is_err());
        }
    }

    #[test]
    fn a_key_sealed_by_the_previous_secret_is_sealed_anew() {
        let old = || Secret::new("mH2pQv8ZrT4kXc9LwB6nYd3JfG7sKa5EuN1xVt0RoPqWi").expect("strong");
        let new = || Secret::new("iWqPoR0tVx1NuE5aKs7GfJ3dYn6BwL9cXk4TrZ8vQp2Hm").expect("strong");
        let (_, wrapped) = generate(Algorithm::ES256, start(), &old()).expect("generates");
        let rotated = Secrets::new(new(), Some(old()));
        let rewrapped = wrapped
            .rewrapped(&rotated)
            .expect("seals")
            .expect("was old");
        assert!(rewrapped.rewrapped(&rotated).expect("seals").is_none());
        let without_old = Secrets::new(new(), None);
        assert!(SigningKey::open(&rewrapped, &without_old).is_ok());
        assert!(SigningKey::open(&wrapped, &without_old).is_err());
        assert!(
            wrapped
                .rewrapped(&without_old)
                .expect("left as it is")
                .is_none()
        );
    }
}
