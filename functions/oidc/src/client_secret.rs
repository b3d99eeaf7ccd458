//! Secrets of confidential clients: shown once, kept as keyed hashes.
//!
//! 256 random bits each: a keyed hash keeps them (OWASP ASVS 5.0 10.4.10), and nobody guesses one.

use std::fmt;

use aws_lc_rs::{constant_time, hmac, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use latchkey::clock::Timestamp;
use latchkey::secret::{Purpose, Secret, Secrets};
use latchkey::token::checksum;
use serde::{Deserialize, Serialize};

use crate::ClientId;

const PREFIX: &str = "lkcs_";
const BYTES: usize = 32;
const CHECKSUM_BYTES: usize = 4;
const CHARS: usize = (BYTES + CHECKSUM_BYTES) / 3 * 4;

latchkey::uuid_id! {
    /// Identifies a secret of a client.
    ClientSecretId
}

/// A secret, as its client has it: `lkcs_`, and in base64url 32 random bytes with the checksum that tokens have, too.
pub struct ClientSecret([u8; BYTES]);

impl fmt::Debug for ClientSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ClientSecret(…)")
    }
}

/// What is kept of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredSecret {
    /// What it is called.
    pub id: ClientSecretId,
    /// Its keyed hash.
    hash: String,
    /// When it was made.
    pub created_at: Timestamp,
}

impl ClientSecret {
    /// A new one.
    ///
    /// # Panics
    /// When the system has no randomness.
    #[must_use]
    pub fn generate() -> Self {
        let mut bytes = [0; BYTES];
        rand::fill(&mut bytes).expect("the system has randomness");
        Self(bytes)
    }

    /// Reads one. Without a key: whether it is anybody's is another question.
    #[must_use]
    pub fn parse(input: &str) -> Option<Self> {
        let text = input.strip_prefix(PREFIX)?;
        let bytes = (text.len() == CHARS).then(|| URL_SAFE_NO_PAD.decode(text).ok())??;
        let (bytes, found) = bytes.split_last_chunk::<CHECKSUM_BYTES>()?;
        (checksum(bytes) == *found).then_some(Self(bytes.try_into().ok()?))
    }

    /// The text for its client.
    #[must_use]
    pub fn reveal(&self) -> String {
        let bytes = [self.0.as_slice(), &checksum(&self.0)].concat();
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Its hash, as this secret of ours makes it for this client.
    fn hash(&self, secret: &Secret, client: &ClientId) -> String {
        let mut context = hmac::Context::with_key(&secret.mac_key(Purpose::ClientAuthentication));
        context.update(client.as_str().as_bytes());
        context.update(&self.0);
        URL_SAFE_NO_PAD.encode(context.sign())
    }

    /// As it is kept.
    #[must_use]
    pub fn stored(&self, client: &ClientId, secrets: &Secrets, now: Timestamp) -> StoredSecret {
        StoredSecret {
            id: ClientSecretId::generate(now),
            hash: self.hash(secrets.current(), client),
            created_at: now,
        }
    }

    /// Whether it is one of these of this client, made with any accepted secret of ours. All are compared, whichever is
    /// right.
    #[must_use]
    pub fn is_among(&self, kept: &[StoredSecret], client: &ClientId, secrets: &Secrets) -> bool {
        let hashes: Vec<String> = secrets.all().map(|it| self.hash(it, client)).collect();
        let pairs = kept
            .iter()
            .flat_map(|kept| hashes.iter().map(move |hash| (kept, hash)));
        let is = |(kept, hash): &(&StoredSecret, &String)| {
            constant_time::verify_slices_are_equal(kept.hash.as_bytes(), hash.as_bytes()).is_ok()
        };
        pairs.filter(is).count() > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn secret(seed: char) -> Secret {
        let text = format!("mH2pQv8ZrT4kXc9LwB6nYd3JfG7sKa5EuN1xVt0RoPqW{seed}");
        Secret::new(&text).expect("strong")
    }

    fn id(text: &str) -> ClientId {
        ClientId::parse(text).expect("an id")
    }

    #[test]
    fn a_secret_is_read_as_it_is_written_and_no_other_way() {
        let made = ClientSecret::generate();
        let text = made.reveal();
        assert_eq!(text.len(), PREFIX.len() + CHARS);
        assert_eq!(ClientSecret::parse(&text).map(|read| read.0), Some(made.0));
        assert_ne!(ClientSecret::generate().reveal(), text);
        for at in 0..text.len() {
            let mut other = text.clone().into_bytes();
            other[at] = if other[at] == b'A' { b'B' } else { b'A' };
            let other = String::from_utf8(other).expect("ASCII");
            assert!(ClientSecret::parse(&other).is_none(), "changed at {at}");
            assert!(ClientSecret::parse(&text[..at]).is_none(), "cut at {at}");
        }
        for other in [
            "",
            "lkcs_",
            &text[PREFIX.len()..],
            &format!("{text}="),
            &format!("{text}A"),
            &format!(" {text}"),
        ] {
            assert!(ClientSecret::parse(other).is_none(), "{other:?}");
        }
    }

    #[test]
    fn bug_111_what_is_kept_and_printed_shows_nothing_of_it() {
        let made = ClientSecret::generate();
        let kept = made.stored(&id("shop"), &Secrets::new(secret('a'), None), NOW);
        let bytes = URL_SAFE_NO_PAD.encode(made.0);
        for shown in [format!("{made:?}"), format!("{kept:?}")] {
            assert!(!shown.contains(&bytes), "{shown}");
        }
    }

    #[test]
    fn a_hash_is_of_one_client_and_of_an_accepted_secret() {
        let made = ClientSecret::generate();
        let old = Secrets::new(secret('a'), None);
        let kept = [made.stored(&id("shop"), &old, NOW)];
        let rotated = Secrets::new(secret('b'), Some(secret('a')));
        let gone = Secrets::new(secret('b'), None);
        for (client, secrets, is_there) in [
            ("shop", &old, true),
            ("shop", &rotated, true),
            ("shop", &gone, false),
            ("shop2", &old, false),
            ("sho", &old, false),
        ] {
            assert_eq!(
                made.is_among(&kept, &id(client), secrets),
                is_there,
                "{client}"
            );
        }
        let other = ClientSecret::generate();
        assert!(!other.is_among(&kept, &id("shop"), &rotated));
        assert!(!made.is_among(&[], &id("shop"), &old));
    }
}
