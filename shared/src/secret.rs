//! The secrets, by version, and the subkeys derived from them.

mod purpose;

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::{hkdf, hmac};
use aws_sdk_secretsmanager::error::SdkError;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;

use crate::aws;
use crate::config::{self, ConfigError};
use crate::token::TokenError;

pub use purpose::Purpose;

/// Shortest secret accepted, in bytes. The template makes 64 random alphanumerics, 380 bits.
const MIN_BYTES: usize = 43;
/// Fewest distinct bytes in a secret: repetition is no randomness.
const MIN_DISTINCT_BYTES: usize = 16;
/// Pieces of secrets that stand in tutorials, templates and other projects' defaults.
const WELL_KNOWN: [&str; 10] = [
    "secret",
    "password",
    "changeme",
    "change-me",
    "change_me",
    "example",
    "your-",
    "insert",
    "default",
    "0123456789",
];

/// Which secret made a token or wrapped a key: derived from the secret itself, reveals nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretVersion(pub [u8; 4]);

/// One version of a secret, as an HKDF-SHA256 pseudo-random key.
pub struct Secret {
    version: SecretVersion,
    prk: hkdf::Prk,
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

/// What was sealed could not be opened: another secret, purpose or context, or it was changed.
#[derive(Debug, thiserror::Error)]
#[error("what was sealed cannot be opened with this secret")]
pub struct Unwrappable;

impl Secret {
    /// From the text in the secret store.
    ///
    /// # Errors
    /// What is wrong with it, when it is short, repetitive or well known.
    pub fn new(input: &str) -> Result<Self, &'static str> {
        if input.len() < MIN_BYTES {
            return Err(
                "it must have at least 43 characters; make one with: openssl rand -base64 48",
            );
        }
        let mut seen = [false; 256];
        input
            .bytes()
            .for_each(|byte| seen[usize::from(byte)] = true);
        if seen.iter().filter(|seen| **seen).count() < MIN_DISTINCT_BYTES {
            return Err("it repeats itself; make one with: openssl rand -base64 48");
        }
        let lower_case = input.to_ascii_lowercase();
        if WELL_KNOWN.iter().any(|known| lower_case.contains(known)) {
            return Err("it is well known; make one with: openssl rand -base64 48");
        }
        let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, b"latchkey").extract(input.as_bytes());
        let mut version = [0; 4];
        expand(&prk, Purpose::Version, &mut version);
        Ok(Self {
            version: SecretVersion(version),
            prk,
        })
    }

    /// Its version.
    #[must_use]
    pub const fn version(&self) -> SecretVersion {
        self.version
    }

    /// The key that authenticates for a purpose, with HMAC-SHA256.
    #[must_use]
    pub fn mac_key(&self, purpose: Purpose) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &self.subkey(purpose))
    }

    /// Seals `plain` with AES-256-GCM. `context` (whose or what it is) must be the same when it is opened.
    ///
    /// # Errors
    /// [`Unwrappable`] when the system has no randomness.
    pub fn seal(
        &self,
        purpose: Purpose,
        context: &[u8],
        plain: &[u8],
    ) -> Result<Vec<u8>, Unwrappable> {
        let key = RandomizedNonceKey::new(&AES_256_GCM, &self.subkey(purpose))
            .map_err(|_| Unwrappable)?;
        let mut sealed = plain.to_vec();
        let nonce = key
            .seal_in_place_append_tag(Aad::from(context), &mut sealed)
            .map_err(|_| Unwrappable)?;
        sealed.extend_from_slice(nonce.as_ref());
        Ok(sealed)
    }

    /// Opens what [`seal`](Self::seal) sealed.
    ///
    /// # Errors
    /// [`Unwrappable`].
    pub fn open(
        &self,
        purpose: Purpose,
        context: &[u8],
        sealed: &[u8],
    ) -> Result<Vec<u8>, Unwrappable> {
        let (sealed, nonce) = sealed.split_last_chunk::<NONCE_LEN>().ok_or(Unwrappable)?;
        let key = RandomizedNonceKey::new(&AES_256_GCM, &self.subkey(purpose))
            .map_err(|_| Unwrappable)?;
        let mut opened = sealed.to_vec();
        let length = key
            .open_in_place(Nonce::from(nonce), Aad::from(context), &mut opened)
            .map_err(|_| Unwrappable)?
            .len();
        opened.truncate(length);
        Ok(opened)
    }

    fn subkey(&self, purpose: Purpose) -> [u8; 32] {
        let mut key = [0; 32];
        expand(&self.prk, purpose, &mut key);
        key
    }
}

fn expand<const N: usize>(prk: &hkdf::Prk, purpose: Purpose, out: &mut [u8; N]) {
    struct Length(usize);
    impl hkdf::KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    prk.expand(&[purpose.info()], Length(N))
        .and_then(|okm| okm.fill(out))
        .expect("HKDF-SHA256 gives up to 8160 bytes (RFC 5869 §2.3)");
}

/// Why there is no secret.
#[derive(thiserror::Error)]
pub enum SecretError {
    /// The setting is missing, or the secret is weak: nothing but a person can mend it.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Secrets Manager did not answer. Worth trying again.
    #[error("a secret could not be read: {0}")]
    Unavailable(String),
}

impl fmt::Debug for SecretError {
    /// As `Display`: this is the line an operator reads when init fails.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// Where a secret comes from: the settings that hold it or name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretSource {
    arn: &'static str,
    current: &'static str,
    previous: &'static str,
}

impl SecretSource {
    /// The secret behind refresh tokens and signing keys.
    pub const SESSION: Self = Self {
        arn: config::SESSION_SECRET_ARN,
        current: config::SESSION_SECRET,
        previous: config::SESSION_SECRET_PREVIOUS,
    };
    /// The secret behind the tokens in letters: who sends letters cannot mint sessions.
    pub const MAIL: Self = Self {
        arn: config::MAIL_SECRET_ARN,
        current: config::MAIL_SECRET,
        previous: config::MAIL_SECRET_PREVIOUS,
    };
    /// The secret behind second factors: who checks none cannot read what an authenticator app knows.
    pub const FACTORS: Self = Self {
        arn: config::FACTOR_SECRET_ARN,
        current: config::FACTOR_SECRET,
        previous: config::FACTOR_SECRET_PREVIOUS,
    };
    /// The secret behind other providers: who calls them says who somebody is there, and makes no token of ours.
    pub const PROVIDERS: Self = Self {
        arn: config::PROVIDER_SECRET_ARN,
        current: config::PROVIDER_SECRET,
        previous: config::PROVIDER_SECRET_PREVIOUS,
    };
}

/// The secret in use, and the one before it while it is still accepted.
#[derive(Debug)]
pub struct Secrets {
    current: Secret,
    previous: Option<Secret>,
}

impl Secrets {
    /// A set of secrets.
    #[must_use]
    pub const fn new(current: Secret, previous: Option<Secret>) -> Self {
        Self { current, previous }
    }

    /// The secret that makes new tokens.
    #[must_use]
    pub const fn current(&self) -> &Secret {
        &self.current
    }

    /// Every accepted one, the current one first.
    pub fn all(&self) -> impl Iterator<Item = &Secret> {
        std::iter::once(&self.current).chain(self.previous.as_ref())
    }

    /// Seals `plain` with the current secret, as [`Secret::seal`] does, and says with which.
    ///
    /// # Errors
    /// [`Unwrappable`] when the system has no randomness.
    pub fn seal(
        &self,
        purpose: Purpose,
        context: &[u8],
        plain: &[u8],
    ) -> Result<Vec<u8>, Unwrappable> {
        let mut bytes = self.current.version.0.to_vec();
        bytes.extend(self.current.seal(purpose, context, plain)?);
        Ok(bytes)
    }

    /// Opens what [`seal`](Self::seal) sealed.
    ///
    /// # Errors
    /// [`TokenError::UnknownKey`] when it was another secret.
    pub fn open(
        &self,
        purpose: Purpose,
        context: &[u8],
        sealed: &[u8],
    ) -> Result<Vec<u8>, TokenError> {
        let (version, sealed) = sealed.split_first_chunk().ok_or(TokenError::Invalid)?;
        let secret = self.find(SecretVersion(*version));
        let opened = secret
            .ok_or(TokenError::UnknownKey)?
            .open(purpose, context, sealed);
        opened.map_err(|_| TokenError::Invalid)
    }

    /// The accepted secret of this version.
    #[must_use]
    pub fn find(&self, version: SecretVersion) -> Option<&Secret> {
        self.all().find(|secret| secret.version == version)
    }

    /// Reads a secret: from Secrets Manager when its ARN is set (versions `AWSCURRENT` and
    /// `AWSPREVIOUS`), else from the settings that hold it.
    ///
    /// # Errors
    /// [`SecretError`].
    pub async fn load(source: SecretSource) -> Result<Self, SecretError> {
        if let Some(arn) = config::optional(source.arn) {
            return load_from_secrets_manager(source.arn, &arn).await;
        }
        let current = config::required(source.current)?;
        let previous = config::optional(source.previous);
        Ok(Self::new(
            parse(source.current, &current)?,
            previous
                .map(|previous| parse(source.previous, &previous))
                .transpose()?,
        ))
    }
}

fn parse(name: &'static str, input: &str) -> Result<Secret, ConfigError> {
    Secret::new(input).map_err(|reason| ConfigError::invalid(name, reason))
}

async fn load_from_secrets_manager(name: &'static str, arn: &str) -> Result<Secrets, SecretError> {
    let client = aws_sdk_secretsmanager::Client::new(&aws::sdk_config().await?);
    let fetch = |stage: &str| {
        client
            .get_secret_value()
            .secret_id(arn)
            .version_stage(stage)
            .send()
    };
    let (current, previous) = tokio::join!(fetch("AWSCURRENT"), fetch("AWSPREVIOUS"));
    let text = |value: Option<&str>| {
        parse(
            name,
            value.ok_or_else(|| ConfigError::invalid(name, "the secret is not text"))?,
        )
    };
    let unavailable = |error: &GetSecretValueError| {
        SecretError::Unavailable(error.meta().code().unwrap_or("no answer").to_owned())
    };
    let current = current.map_err(|error| unavailable(&error.into_service_error()))?;
    let previous = match previous.map_err(SdkError::into_service_error) {
        Ok(previous) => Some(text(previous.secret_string())?),
        // A secret that was never rotated has no previous version.
        Err(GetSecretValueError::ResourceNotFoundException(_)) => None,
        Err(error) => return Err(unavailable(&error)),
    };
    Ok(Secrets::new(text(current.secret_string())?, previous))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRONG: &str = "mH2pQv8ZrT4kXc9LwB6nYd3JfG7sKa5EuN1xVt0RoPqWiCyM";

    #[test]
    fn bug_57_weak_and_well_known_secrets_are_refused() {
        for weak in [
            "",
            "short",
            &"a".repeat(64),
            &"abcd".repeat(16),
            "your-256-bit-secret-your-256-bit-secret-your-256-bit-secret",
            "changeme-Zx9QwErTyUiOpAsDfGhJkLzXcVbNm1234567890",
            "super-secret-jwt-token-with-at-least-32-characters-long",
            "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOP",
        ] {
            assert!(Secret::new(weak).is_err(), "{weak:?}");
        }
        assert!(Secret::new(STRONG).is_ok());
    }

    #[test]
    fn what_is_sealed_opens_with_its_secret_purpose_and_context_only() {
        const PURPOSE: Purpose = Purpose::SigningKeyWrapping;
        let secret = Secret::new(STRONG).expect("strong");
        let other = Secret::new(&STRONG.chars().rev().collect::<String>()).expect("strong");
        let sealed = secret.seal(PURPOSE, b"kid-1", b"private").expect("seals");
        assert!(!sealed.windows(7).any(|window| window == b"private"));
        assert_eq!(
            secret.open(PURPOSE, b"kid-1", &sealed).ok().as_deref(),
            Some(&b"private"[..])
        );
        assert!(secret.open(PURPOSE, b"kid-2", &sealed).is_err());
        assert!(secret.open(Purpose::Totp, b"kid-1", &sealed).is_err());
        assert!(other.open(PURPOSE, b"kid-1", &sealed).is_err());
        assert!(secret.open(PURPOSE, b"kid-1", &sealed[..5]).is_err());
        for position in 0..sealed.len() {
            let mut forged = sealed.clone();
            forged[position] ^= 1;
            assert!(secret.open(PURPOSE, b"kid-1", &forged).is_err());
        }
    }

    #[test]
    fn the_previous_secret_is_found_by_its_version() {
        let reversed: String = STRONG.chars().rev().collect();
        let secret = |input: &str| Secret::new(input).expect("strong");
        let secrets = Secrets::new(secret(STRONG), Some(secret(&reversed)));
        assert_ne!(secret(STRONG).version(), secret(&reversed).version());
        assert!(secrets.find(secret(&reversed).version()).is_some());
        assert!(secrets.find(SecretVersion([0; 4])).is_none());
    }
}
