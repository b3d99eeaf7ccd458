//! The keys that sign ID tokens.

use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{self, KeySize};
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Error;

/// What every provider has to support (`OpenID` Connect Discovery 1.0 §3).
pub(super) const ALGORITHM: &str = "RS256";

/// A public key of 2048 bits as PKCS#1 has it (RFC 8017 §A.1.1): this, the modulus, and the exponent 65537.
const BEFORE_MODULUS: &[u8] = b"\x30\x82\x01\x0a\x02\x82\x01\x01\x00";
const AFTER_MODULUS: &[u8] = b"\x02\x03\x01\x00\x01";

/// All keys. The first is made when it is needed: making one takes a tenth of a second, and most tests need none.
#[derive(Default)]
pub(super) struct Keys(Mutex<Ring>);

#[derive(Default)]
struct Ring {
    current: Option<Key>,
    /// The public halves of keys that do not sign any more.
    old: Vec<Value>,
}

struct Key {
    pair: rsa::KeyPair,
    kid: String,
    public: Value,
}

impl Keys {
    /// The public halves, as JWKs.
    pub(super) fn published(&self) -> Result<Vec<Value>, Error> {
        let mut ring = self.ring();
        let current = ring.current()?.public.clone();
        let old = ring.old.iter().cloned();
        Ok(std::iter::once(current).chain(old).collect())
    }

    /// The claims as a signed token (RFC 7519).
    pub(super) fn sign(&self, claims: &Value) -> Result<String, Error> {
        let mut ring = self.ring();
        let key = ring.current()?;
        let header = json!({ "alg": ALGORITHM, "kid": key.kid, "typ": "JWT" });
        let [header, claims] =
            [&header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let signed = format!("{header}.{claims}");
        let mut signature = vec![0; key.pair.public_modulus_len()];
        let random = SystemRandom::new();
        key.pair.sign(
            &RSA_PKCS1_SHA256,
            &random,
            signed.as_bytes(),
            &mut signature,
        )?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    pub(super) fn rotate(&self, keeps_old: bool) -> Result<(), Error> {
        let key = Key::new()?;
        let mut ring = self.ring();
        let old = ring.current.replace(key);
        if keeps_old {
            ring.old.extend(old.map(|key| key.public));
        } else {
            ring.old.clear();
        }
        Ok(())
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ring {
    fn current(&mut self) -> Result<&Key, Error> {
        match &mut self.current {
            Some(key) => Ok(key),
            none => Ok(none.insert(Key::new()?)),
        }
    }
}

impl Key {
    fn new() -> Result<Self, Error> {
        let pair = rsa::KeyPair::generate(KeySize::Rsa2048)?;
        let public = pair.public_key().as_ref();
        let modulus = public
            .strip_prefix(BEFORE_MODULUS)
            .and_then(|rest| rest.strip_suffix(AFTER_MODULUS))
            .ok_or("a public key of another shape")?;
        let kid = Uuid::new_v4().to_string();
        let public = json!({
            "kty": "RSA",
            "use": "sig",
            "alg": ALGORITHM,
            "kid": kid,
            "n": URL_SAFE_NO_PAD.encode(modulus),
            "e": "AQAB",
        });
        Ok(Self { pair, kid, public })
    }
}
