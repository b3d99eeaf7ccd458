//! What a client keeps for us and can neither read nor change: a prefix, and in base64url a value, sealed.
//!
//! Secret version (4 bytes), then under a subkey of the kind, with AES-256-GCM, expiry and value as JSON. Nothing is
//! stored for it: where it may count once, the write that uses it sees to that.

use base64::Engine;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{BASE64URL, TokenError, base64url_decode};
use crate::clock::Timestamp;
use crate::secret::{Purpose, Secrets, Unwrappable};

/// Longest text that is looked at.
const MAX_CHARS: usize = 4096;

/// A kind of sealed value.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// What its texts begin with.
    pub prefix: &'static str,
    /// The purpose that no other kind has.
    pub purpose: Purpose,
}

#[derive(Serialize, Deserialize)]
struct Content<T> {
    /// Seconds since the epoch.
    expires_at: u64,
    value: T,
}

impl Kind {
    /// Seals a value until `expires_at`. `context`, such as whose it is, must be the same when it is opened.
    ///
    /// # Errors
    /// [`Unwrappable`] when the system has no randomness.
    pub fn seal<T: Serialize>(
        &self,
        secrets: &Secrets,
        context: &[u8],
        value: &T,
        expires_at: Timestamp,
    ) -> Result<String, Unwrappable> {
        let expires_at = expires_at.as_seconds();
        let content =
            serde_json::to_vec(&Content { expires_at, value }).map_err(|_| Unwrappable)?;
        let bytes = secrets.seal(self.purpose, context, &content)?;
        Ok(format!("{}{}", self.prefix, BASE64URL.encode(bytes)))
    }

    /// The value in a text of ours that has not expired. No I/O.
    ///
    /// # Errors
    /// [`TokenError::UnknownKey`] when it names a secret version that is not loaded.
    pub fn open<T: DeserializeOwned>(
        &self,
        secrets: &Secrets,
        context: &[u8],
        text: &str,
        now: Timestamp,
    ) -> Result<T, TokenError> {
        const INVALID: TokenError = TokenError::Invalid;
        let text = text.strip_prefix(self.prefix).ok_or(INVALID)?;
        if text.len() > MAX_CHARS {
            return Err(INVALID);
        }
        let bytes = base64url_decode(text).ok_or(INVALID)?;
        let content = secrets.open(self.purpose, context, &bytes)?;
        let content: Content<T> = serde_json::from_slice(&content).map_err(|_| INVALID)?;
        let is_fresh = now.as_seconds() < content.expires_at;
        is_fresh.then_some(content.value).ok_or(INVALID)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::fuzz;
    use crate::secret::Secret;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const KIND: Kind = Kind {
        prefix: "lkch_",
        purpose: Purpose::Challenge,
    };

    fn secrets(seed: &str) -> Secrets {
        let input = format!("mH2pQv8ZrT4kXc9LwB6nYd3JfG7sKa5EuN1xVt0RoPqW{seed}");
        Secrets::new(Secret::new(&input).expect("strong"), None)
    }

    fn sealed(secrets: &Secrets) -> String {
        let until = NOW.plus(Duration::from_mins(5));
        let sealed = KIND.seal(secrets, b"whose", &"hidden words", until);
        sealed.expect("seals")
    }

    #[test]
    fn a_value_comes_back_until_it_expires() {
        let secrets = secrets("a");
        let text = sealed(&secrets);
        assert!(!text.contains("hidden"));
        let at = |seconds| {
            let at = NOW.plus(Duration::from_secs(seconds));
            KIND.open::<String>(&secrets, b"whose", &text, at)
        };
        assert_eq!(at(299).as_deref(), Ok("hidden words"));
        assert_eq!(at(300), Err(TokenError::Invalid));
    }

    #[test]
    fn another_kind_context_or_secret_opens_nothing() {
        let secrets = secrets("a");
        let text = sealed(&secrets);
        let other = Kind {
            purpose: Purpose::PendingTotp,
            ..KIND
        };
        let opened: Result<String, _> = other.open(&secrets, b"whose", &text, NOW);
        assert_eq!(opened, Err(TokenError::Invalid));
        let opened: Result<String, _> = KIND.open(&secrets, b"another's", &text, NOW);
        assert_eq!(opened, Err(TokenError::Invalid));
        let opened: Result<String, _> =
            KIND.open(&super::tests::secrets("b"), b"whose", &text, NOW);
        assert_eq!(opened, Err(TokenError::UnknownKey));
    }

    proptest! {
        #![proptest_config(fuzz::config())]

        #[test]
        fn a_changed_text_opens_nothing(position in 0_usize..200, to in "[A-Za-z0-9_-]") {
            let secrets = secrets("a");
            let text = sealed(&secrets);
            let position = position % text.len();
            let mut forged = text.clone();
            forged.replace_range(position..=position, &to);
            prop_assume!(forged != text);
            prop_assert!(KIND.open::<String>(&secrets, b"whose", &forged, NOW).is_err());
        }

        #[test]
        fn nonsense_opens_nothing(text in "(lkch_)?.{0,80}") {
            prop_assert!(KIND.open::<String>(&secrets("a"), b"whose", &text, NOW).is_err());
        }
    }
}
