//! ID tokens: who has signed in at a provider, for us and just now (OpenID Connect Core 1.0 §3.1.3.7).

use std::str::FromStr;

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use latchkey::clock::Timestamp;
use latchkey::json;
use serde_json::{Map, Value};

use latchkey::pkce::is_same;

/// How far clocks may differ, in seconds.
const LEEWAY_SECONDS: u64 = 60;
/// Largest token looked at.
const MAX_BYTES: usize = 16 * 1024;
/// Longest subject, in characters (OpenID Connect Core 1.0 §2).
const MAX_SUBJECT_CHARS: usize = 255;
/// Shortest modulus of an RSA key, in bytes: 2048 bits (NIST SP 800-131A).
const MIN_MODULUS_BYTES: usize = 256;
/// Asymmetric ones alone: a client's secret is no key, and no signature is none.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// Why an ID token was not accepted: for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the id token is not valid: {0}")]
pub struct Refused(pub &'static str);

/// The public keys of a provider (RFC 7517 §5). What is no key of a kind we know is left out.
pub struct KeySet(Vec<Key>);

struct Key {
    id: Option<String>,
    algorithms: Vec<Algorithm>,
    public: DecodingKey,
}

impl KeySet {
    /// Reads a key set.
    pub fn parse(set: &Map<String, Value>) -> Self {
        let keys = set.get("keys").and_then(Value::as_array);
        let keys = keys.into_iter().flatten();
        Self(keys.filter_map(Key::parse).collect())
    }

    /// Whether a key has this id.
    pub fn has(&self, id: &str) -> bool {
        self.0.iter().any(|key| key.id.as_deref() == Some(id))
    }
}

impl Key {
    fn parse(value: &Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(value.clone()).ok()?;
        if (jwk.common.public_key_use.as_ref()).is_some_and(|used| *used != PublicKeyUse::Signature)
        {
            return None;
        }
        let mut algorithms = match &jwk.algorithm {
            AlgorithmParameters::RSA(rsa) => {
                let modulus = URL_SAFE_NO_PAD.decode(&rsa.n).ok()?;
                if modulus.len() < MIN_MODULUS_BYTES {
                    return None;
                }
                ALGORITHMS[..6].to_vec()
            }
            AlgorithmParameters::EllipticCurve(ec) => match ec.curve {
                EllipticCurve::P256 => vec![Algorithm::ES256],
                EllipticCurve::P384 => vec![Algorithm::ES384],
                _ => return None,
            },
            AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => {
                vec![Algorithm::EdDSA]
            }
            _ => return None,
        };
        if let Some(named) = value.get("alg").and_then(Value::as_str) {
            algorithms.retain(|algorithm| Algorithm::from_str(named) == Ok(*algorithm));
        }
        Some(Self {
            public: DecodingKey::from_jwk(&jwk).ok()?,
            id: jwk.common.key_id,
            algorithms,
        })
    }
}

/// What a token has to say.
pub struct Expected<'a> {
    /// Who has made it; `{tenantid}` in it is a tenant of Microsoft's.
    pub issuer: &'a str,
    /// Who we are there: one of these.
    pub client_ids: &'a [&'a str],
    /// What it was asked for with, in one of these spellings.
    pub nonces: &'a [&'a str],
    /// The token it came with, where that is of any use.
    pub access_token: Option<&'a str>,
    /// When it is looked at.
    pub now: Timestamp,
}

/// The id of the key that a token names, if it names any. Looks at nothing else.
pub fn key_id(token: &str) -> Option<String> {
    let header = part(token.split('.').next()?)?;
    header.get("kid")?.as_str().map(str::to_owned)
}

/// The claims of an ID token that one of these keys has signed, and that says what it has to.
///
/// # Errors
/// [`Refused`].
pub fn verify(
    token: &str,
    keys: &KeySet,
    expected: &Expected<'_>,
) -> Result<Map<String, Value>, Refused> {
    if token.len() > MAX_BYTES {
        return Err(Refused("its size"));
    }
    let (message, signature) = token.rsplit_once('.').ok_or(Refused("its form"))?;
    let (header, claims) = message.split_once('.').ok_or(Refused("its form"))?;
    let header = part(header).ok_or(Refused("its header"))?;
    let text = |name: &str| header.get(name).and_then(Value::as_str);
    let algorithm = text("alg").and_then(|name| Algorithm::from_str(name).ok());
    let algorithm = algorithm.filter(|algorithm| ALGORITHMS.contains(algorithm));
    let algorithm = algorithm.ok_or(Refused("its algorithm"))?;
    // Extensions that must be understood are not (RFC 7515 §4.1.11), and no other kind of token is an ID token.
    let is_plain = header.get("crit").is_none();
    let is_jwt = header.get("typ").is_none_or(|kind| {
        kind.as_str()
            .is_some_and(|kind| kind.eq_ignore_ascii_case("JWT"))
    });
    if !is_plain || !is_jwt {
        return Err(Refused("its kind"));
    }
    let kid = header.get("kid");
    let kid = kid
        .map(|kid| kid.as_str().ok_or(Refused("its key")))
        .transpose()?;
    let mut fitting = keys.0.iter().filter(|key| {
        key.algorithms.contains(&algorithm) && kid.is_none_or(|kid| key.id.as_deref() == Some(kid))
    });
    let (Some(key), None) = (fitting.next(), fitting.next()) else {
        return Err(Refused("its key"));
    };
    match crypto::verify(signature, message.as_bytes(), &key.public, algorithm) {
        Ok(true) => {}
        _ => return Err(Refused("its signature")),
    }
    let claims = part(claims).ok_or(Refused("its claims"))?;
    check(&claims, expected)?;
    if let (Some(hash), Some(token)) = (claims.get("at_hash"), expected.access_token) {
        let hash = hash.as_str().ok_or(Refused("its at_hash"))?;
        if !is_same(hash, &half_hash(algorithm, token)) {
            return Err(Refused("its at_hash"));
        }
    }
    Ok(claims)
}

fn check(claims: &Map<String, Value>, expected: &Expected<'_>) -> Result<(), Refused> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let issuer = text("iss").ok_or(Refused("its issuer"))?;
    let is_expected = if expected.issuer.contains("{tenantid}") {
        let tenant = text("tid").filter(|tenant| {
            !tenant.is_empty()
                && tenant
                    .bytes()
                    .all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
        });
        tenant.is_some_and(|tenant| expected.issuer.replace("{tenantid}", tenant) == issuer)
    } else {
        expected.issuer == issuer
    };
    if !is_expected {
        return Err(Refused("its issuer"));
    }
    let is_us = |party: &Value| expected.client_ids.iter().any(|id| party == id);
    let is_for_us = match claims.get("aud") {
        Some(Value::Array(audiences)) => {
            // For several, it says whose it is.
            audiences.iter().any(is_us) && (audiences.len() == 1 || text("azp").is_some())
        }
        Some(audience) => is_us(audience),
        None => false,
    };
    if !is_for_us || !claims.get("azp").is_none_or(is_us) {
        return Err(Refused("its audience"));
    }
    let is_asked = |nonce: &str| expected.nonces.iter().any(|asked| is_same(nonce, asked));
    if !text("nonce").is_some_and(is_asked) {
        return Err(Refused("its nonce"));
    }
    let is_subject = |subject: &str| {
        !subject.is_empty() && subject.is_ascii() && subject.len() <= MAX_SUBJECT_CHARS
    };
    if !text("sub").is_some_and(is_subject) {
        return Err(Refused("its subject"));
    }
    check_times(claims, expected.now)
}

fn check_times(claims: &Map<String, Value>, now: Timestamp) -> Result<(), Refused> {
    let now = now.as_seconds();
    let (Some(expires), issued) = (seconds(claims, "exp")?, issued_at(claims)?) else {
        return Err(Refused("its times"));
    };
    let begins = seconds(claims, "nbf")?.unwrap_or(issued);
    let latest = now.saturating_add(LEEWAY_SECONDS);
    if now >= expires.saturating_add(LEEWAY_SECONDS) || issued > latest || begins > latest {
        return Err(Refused("its times"));
    }
    Ok(())
}

/// When a token was made, in seconds of Unix time.
///
/// # Errors
/// When it does not say.
pub fn issued_at(claims: &Map<String, Value>) -> Result<u64, Refused> {
    seconds(claims, "iat")?.ok_or(Refused("its times"))
}

/// A `NumericDate`, which may have a fraction (RFC 7519 §2).
fn seconds(claims: &Map<String, Value>, name: &str) -> Result<Option<u64>, Refused> {
    let read = |value: &Value| {
        let whole = value.as_u64();
        let whole = whole.or_else(|| value.as_f64().and_then(whole_seconds));
        whole.ok_or(Refused("its times"))
    };
    claims.get(name).map(read).transpose()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "within what is checked"
)]
fn whole_seconds(seconds: f64) -> Option<u64> {
    (0.0..1e12).contains(&seconds).then_some(seconds as u64)
}

/// Of an access token: the left half of its hash, by the hash of the signature (OpenID Connect Core 1.0 §3.1.3.6).
fn half_hash(algorithm: Algorithm, token: &str) -> String {
    let hash = match algorithm {
        Algorithm::RS384 | Algorithm::PS384 | Algorithm::ES384 => &digest::SHA384,
        Algorithm::RS512 | Algorithm::PS512 | Algorithm::EdDSA => &digest::SHA512,
        _ => &digest::SHA256,
    };
    let hash = digest::digest(hash, token.as_bytes());
    URL_SAFE_NO_PAD.encode(&hash.as_ref()[..hash.as_ref().len() / 2])
}

/// A part of a token, in which no name stands twice.
fn part(text: &str) -> Option<Map<String, Value>> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    json::object(&bytes).ok()
}
