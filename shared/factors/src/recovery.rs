//! Recovery codes: ten that are handed out once, each for one sign-in without the usual second factor.
//!
//! 120 random bits each: a keyed hash keeps them (OWASP ASVS 5.0 6.5.2), and nobody guesses one.

use aws_lc_rs::{hmac, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use data_encoding::BASE32_NOPAD;
use latchkey::field::FieldError;
use latchkey::secret::{Purpose, Secret, Secrets};
use latchkey::user::UserId;

/// How many are handed out.
const COUNT: usize = 10;
const BYTES: usize = 15;
/// Of base32, in groups of four.
const CHARS: usize = 24;
const GROUP: usize = 4;
/// Longest text looked at: a code with something between its characters.
const MAX_CHARS: usize = 64;

/// A code. It cannot be printed by accident.
pub struct RecoveryCode([u8; BYTES]);

/// New codes.
///
/// # Panics
/// When the system has no randomness.
#[must_use]
pub fn new_recovery_codes() -> Vec<RecoveryCode> {
    let code = |_| {
        let mut bytes = [0; BYTES];
        rand::fill(&mut bytes).expect("the system has randomness");
        RecoveryCode(bytes)
    };
    (0..COUNT).map(code).collect()
}

impl RecoveryCode {
    /// Reads a code as somebody has typed it: in any case, with any spaces and hyphens, and with the digits that look
    /// like letters of it.
    ///
    /// # Errors
    /// `invalid_format`.
    pub fn parse(input: &str) -> Result<Self, FieldError> {
        let read = |character: char| match character.to_ascii_uppercase() {
            ' ' | '-' => None,
            '0' => Some('O'),
            '1' => Some('I'),
            '8' => Some('B'),
            other => Some(other),
        };
        let invalid = || {
            FieldError::new(
                "invalid_format",
                "A recovery code has 24 letters and digits.",
            )
        };
        if input.chars().count() > MAX_CHARS {
            return Err(invalid());
        }
        let text: String = input.chars().filter_map(read).collect();
        let bytes = BASE32_NOPAD.decode(text.as_bytes()).ok();
        let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or_else(invalid)
    }

    /// The text for its owner, such as `abcd-efgh-ijkl-mnop-qrst-uvwx`.
    #[must_use]
    pub fn reveal(&self) -> String {
        let text = BASE32_NOPAD.encode(&self.0).to_ascii_lowercase();
        let groups: Vec<&str> = (0..CHARS / GROUP)
            .map(|group| &text[group * GROUP..(group + 1) * GROUP])
            .collect();
        groups.join("-")
    }

    /// Its hash, as this secret makes it for this account.
    fn hash(&self, secret: &Secret, user_id: &UserId) -> String {
        let mut context = hmac::Context::with_key(&secret.mac_key(Purpose::RecoveryCode));
        context.update(user_id.as_bytes());
        context.update(&self.0);
        URL_SAFE_NO_PAD.encode(context.sign())
    }

    /// Its hash as it is stored.
    #[must_use]
    pub fn stored(&self, secrets: &Secrets, user_id: &UserId) -> String {
        self.hash(secrets.current(), user_id)
    }

    /// Its hashes as it may have been stored, by every accepted secret.
    pub fn candidates<'a>(
        &'a self,
        secrets: &'a Secrets,
        user_id: &'a UserId,
    ) -> impl Iterator<Item = String> + 'a {
        secrets.all().map(|secret| self.hash(secret, user_id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let code = RecoveryCode([0xb5; BYTES]);
        let text = code.reveal();
        assert_eq!(text.len(), CHARS + CHARS / GROUP - 1);
        let spellings = [
            text.clone(),
            text.to_uppercase(),
            text.replace('-', ""),
            text.replace('-', " "),
            text.replace('o', "0").replace('i', "1").replace('b', "8"),
        ];
        for spelling in spellings {
            let read = RecoveryCode::parse(&spelling);
            assert_eq!(read.ok().map(|read| read.0), Some(code.0), "{spelling}");
        }
        let wrong = [
            String::new(),
            text[1..].to_owned(),
            format!("{text}a"),
            text.replace('-', "_"),
            "-".repeat(100),
            "9".repeat(CHARS),
        ];
        for wrong in wrong {
            assert!(RecoveryCode::parse(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn ten_codes_are_ten_and_a_hash_is_of_one_account_and_secret() {
        let secret = |seed| {
            let input = format!("mH2pQv8ZrT4kXc9LwB6nYd3JfG7sKa5EuN1xVt0RoPqW{seed}");
            Secret::new(&input).expect("strong")
        };
        let codes = new_recovery_codes();
        let user = UserId::NOBODY;
        let old = Secrets::new(secret("a"), None);
        let mut stored: Vec<String> = codes.iter().map(|code| code.stored(&old, &user)).collect();
        stored.sort();
        stored.dedup();
        assert_eq!(stored.len(), COUNT);
        let other = UserId::from_bytes([7; 16]);
        assert!(!stored.contains(&codes[0].stored(&old, &other)));
        let rotated = Secrets::new(secret("b"), Some(secret("a")));
        assert!(!stored.contains(&codes[0].stored(&rotated, &user)));
        let found = codes[0].candidates(&rotated, &user);
        assert_eq!(found.filter(|hash| stored.contains(hash)).count(), 1);
    }
}
