//! Passwords: what is accepted, how it is hashed, how it is verified.

mod arena;
mod policy;

use std::fmt;
use std::sync::atomic::Ordering;

use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::{constant_time, rand};
use password_hash::phc;
use serde::{Deserialize, Serialize};

use crate::email::Email;
use crate::field::FieldError;
use crate::name::Name;
use crate::telemetry::{Awaiting, PASSWORD_HASHES};
use crate::text::nfc;

/// argon2id with 19 MiB, two passes, one lane (OWASP Password Storage Cheat Sheet).
const M_COST_KIB: u32 = 19_456;
const T_COST: u32 = 2;
const P_COST: u32 = 1;
const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;

/// Most memory and passes a stored hash may ask for: a forged item must not stall or kill the
/// function.
const MAX_M_COST_KIB: u32 = 65_536;
const MAX_T_COST: u32 = 10;
const MAX_P_COST: u32 = 4;

/// Shortest password, in characters of its NFC form (NIST SP 800-63B-4 §3.1.1.2), and longest, in bytes of it:
/// that bound only keeps the work bounded.
const MIN_CHARS: usize = 8;
const MAX_BYTES: usize = 1024;

/// A password as a client gave it, in NFC. It cannot be printed, stored or compared.
pub struct Password(String);

/// A stored password hash: an argon2id PHC string. It cannot be printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(String);

/// What a verification found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// There is no hash, or the password is another one.
    No,
    /// It is the password.
    Yes,
    /// It is the password, hashed with parameters that are no longer current.
    YesButOutdated,
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Password(…)")
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PasswordHash(…)")
    }
}

impl Password {
    /// Reads a password that is to be verified: anything bounded.
    ///
    /// # Errors
    /// `too_long`.
    pub fn parse(input: &str) -> Result<Self, FieldError> {
        let password = nfc(input);
        if password.len() > MAX_BYTES {
            return Err(FieldError::new(
                "too_long",
                format!("A password has at most {MAX_BYTES} bytes."),
            ));
        }
        Ok(Self(password.into_owned()))
    }

    /// Reads a password that is to be set: at least 8 characters and at most 1024 bytes, no
    /// rules of composition.
    ///
    /// # Errors
    /// `too_short` or `too_long`.
    pub fn parse_new(input: &str) -> Result<Self, FieldError> {
        let password = Self::parse(input)?;
        if password.0.chars().count() < MIN_CHARS {
            return Err(FieldError::new(
                "too_short",
                format!("A password has at least {MIN_CHARS} characters."),
            ));
        }
        Ok(password)
    }

    /// Refuses passwords that are tried first: the common ones, and the account's own address or name.
    ///
    /// # Errors
    /// `too_common` or `too_similar`.
    pub fn check_policy<'a>(
        &self,
        email: Option<&Email>,
        names: impl IntoIterator<Item = &'a Name>,
    ) -> Result<(), FieldError> {
        policy::check(&self.0, email, names)
    }

    /// Hashes with the current parameters and a fresh salt.
    ///
    /// # Errors
    /// [`HashingFailed`].
    pub fn hash(&self) -> Result<PasswordHash, HashingFailed> {
        let mut salt = [0; SALT_BYTES];
        rand::fill(&mut salt).map_err(|_| HashingFailed)?;
        let params = current_params()?;
        let mut hash = [0; HASH_BYTES];
        derive(&params, self.0.as_bytes(), &salt, &mut hash)?;
        let phc = phc::PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: (&params).try_into().map_err(|_| HashingFailed)?,
            salt: Some(phc::Salt::new(&salt).map_err(|_| HashingFailed)?),
            hash: Some(phc::Output::new(&hash).map_err(|_| HashingFailed)?),
        };
        Ok(PasswordHash(phc.to_string()))
    }

    /// Verifies against a stored hash. It always computes exactly one hash: an absent account costs
    /// what a wrong password costs.
    ///
    /// # Errors
    /// [`HashingFailed`].
    pub fn matches(&self, stored: Option<&PasswordHash>) -> Result<Match, HashingFailed> {
        let Some((params, salt, expected)) = stored.and_then(PasswordHash::parts) else {
            let mut hash = [0; HASH_BYTES];
            derive(
                &current_params()?,
                self.0.as_bytes(),
                &[0; SALT_BYTES],
                &mut hash,
            )?;
            return Ok(Match::No);
        };
        let mut hash = vec![0; expected.len()];
        derive(&params, self.0.as_bytes(), salt.as_ref(), &mut hash)?;
        if constant_time::verify_slices_are_equal(&hash, expected.as_bytes()).is_err() {
            return Ok(Match::No);
        }
        let current = params.m_cost() == M_COST_KIB
            && params.t_cost() == T_COST
            && params.p_cost() == P_COST
            && hash.len() == HASH_BYTES;
        Ok(if current {
            Match::Yes
        } else {
            Match::YesButOutdated
        })
    }
}

impl PasswordHash {
    /// Parameters, salt and hash of an argon2id string within the bounds; nothing for any other.
    fn parts(&self) -> Option<(Params, phc::Salt, phc::Output)> {
        let phc = phc::PasswordHash::new(&self.0).ok()?;
        let params = Params::try_from(&phc).ok()?;
        let bounded = phc.algorithm == Algorithm::Argon2id.ident()
            && phc.version == Some(Version::V0x13.into())
            && params.m_cost() <= MAX_M_COST_KIB
            && params.t_cost() <= MAX_T_COST
            && params.p_cost() <= MAX_P_COST;
        if !bounded {
            return None;
        }
        Some((params, phc.salt?, phc.hash?))
    }
}

/// A hash could not be computed: no memory or no randomness.
#[derive(Debug, thiserror::Error)]
#[error("a password hash could not be computed")]
pub struct HashingFailed;

fn current_params() -> Result<Params, HashingFailed> {
    Params::new(M_COST_KIB, T_COST, P_COST, Some(HASH_BYTES)).map_err(|_| HashingFailed)
}

fn derive(
    params: &Params,
    password: &[u8],
    salt: &[u8],
    out: &mut [u8],
) -> Result<(), HashingFailed> {
    PASSWORD_HASHES.fetch_add(1, Ordering::Relaxed);
    let _awaiting = Awaiting::start();
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    arena::with_blocks(params.block_count(), |blocks| {
        argon2.hash_password_into_with_memory(password, salt, out, blocks)
    })
    .map_err(|_| HashingFailed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fuzz;

    fn password(text: &str) -> Password {
        Password::parse(text).expect("bounded")
    }

    #[test]
    fn a_password_matches_its_own_hash_only() {
        let hash = password("correct horse").hash().expect("hashes");
        assert!(
            hash.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{}",
            hash.0
        );
        assert_eq!(
            password("correct horse").matches(Some(&hash)).ok(),
            Some(Match::Yes)
        );
        assert_eq!(
            password("correct horsf").matches(Some(&hash)).ok(),
            Some(Match::No)
        );
        assert_eq!(
            password("correct horse").matches(None).ok(),
            Some(Match::No)
        );
    }

    #[test]
    fn one_text_typed_in_two_unicode_forms_is_one_password() {
        let hash = password("pässwörd").hash().expect("hashes");
        let typed = password("pa\u{308}sswo\u{308}rd").matches(Some(&hash));
        assert_eq!(typed.ok(), Some(Match::Yes));
    }

    #[test]
    fn bug_44_every_byte_of_a_password_counts() {
        let base = "x".repeat(1024);
        let hash = password(&base).hash().expect("hashes");
        for position in [72, 999, 1023] {
            let mut other = base.clone();
            other.replace_range(position..=position, "y");
            let found = password(&other).matches(Some(&hash));
            assert_eq!(found.ok(), Some(Match::No), "differs at byte {position}");
        }
        let hash = password("before\0after").hash().expect("hashes");
        assert_eq!(
            password("before\0other").matches(Some(&hash)).ok(),
            Some(Match::No)
        );
    }

    #[test]
    fn bug_46_a_stored_hash_cannot_ask_for_unbounded_work() {
        let good = password("correct horse").hash().expect("hashes").0;
        for (from, to) in [
            ("m=19456", "m=4194304"),
            ("t=2", "t=1000000"),
            ("p=1", "p=255"),
            ("argon2id", "argon2d"),
            ("v=19", "v=16"),
        ] {
            let forged = PasswordHash(good.replace(from, to));
            assert!(forged.parts().is_none(), "{to}");
            assert_eq!(
                password("correct horse").matches(Some(&forged)).ok(),
                Some(Match::No)
            );
        }
        for broken in ["", "$", "$argon2id$", "plain text", &good[..40]] {
            assert!(
                PasswordHash(broken.to_owned()).parts().is_none(),
                "{broken:?}"
            );
        }
    }

    #[test]
    fn a_hash_with_older_parameters_is_recognised() {
        let params = Params::new(8_192, 1, 1, Some(HASH_BYTES)).expect("valid");
        let (salt, mut hash) = ([7; SALT_BYTES], [0; HASH_BYTES]);
        derive(&params, b"correct horse", &salt, &mut hash).expect("hashes");
        let phc = phc::PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(19),
            params: (&params).try_into().expect("valid"),
            salt: phc::Salt::new(&salt).ok(),
            hash: phc::Output::new(&hash).ok(),
        };
        let stored = PasswordHash(phc.to_string());
        let found = password("correct horse").matches(Some(&stored));
        assert_eq!(found.ok(), Some(Match::YesButOutdated));
    }

    #[test]
    fn a_password_has_8_characters_to_1024_bytes() {
        for short in ["1234567", "ääää", "äääääää"] {
            assert!(Password::parse_new(short).is_err(), "{short}");
        }
        assert!(Password::parse_new("ääääääää").is_ok());
        assert!(Password::parse_new(&"x".repeat(1024)).is_ok());
        assert!(Password::parse_new(&"x".repeat(1025)).is_err());
    }

    #[test]
    fn bug_53_secrets_have_no_printable_form() {
        let secret = password("correct horse");
        let hash = secret.hash().expect("hashes");
        let printed = format!("{secret:?} {hash:?}");
        assert!(
            !printed.contains("horse") && !printed.contains("argon2"),
            "{printed}"
        );
    }

    fn phc() -> &'static str {
        "$argon2id$v=19$m=19456,t=2,p=1$c2l4dGVlbiBieXRlcyBvaw$\
         lHvZkPDQ5jcrFEtGoN9Sy2n4TXzNQBQSHOvpzmQcgPg"
    }

    /// Whatever a stored hash says, reading it costs nothing and following it costs little.
    fn assert_bounded(text: &str) -> Result<(), TestCaseError> {
        let stored = PasswordHash(text.to_owned());
        let Some((params, salt, hash)) = stored.parts() else {
            return Ok(());
        };
        prop_assert!(text.starts_with("$argon2id$v=19$"), "{}", text);
        prop_assert!(params.m_cost() <= MAX_M_COST_KIB && params.t_cost() <= MAX_T_COST);
        prop_assert!(params.p_cost() <= MAX_P_COST && params.t_cost() > 0);
        prop_assert!(salt.as_ref().len() <= 64 && hash.as_bytes().len() <= 64);
        prop_assert!(salt.as_ref().len() >= 8 && hash.as_bytes().len() >= 10);
        let again = phc::PasswordHash::new(text).map(|phc| phc.to_string());
        let again = PasswordHash(again.unwrap_or_default()).parts();
        prop_assert_eq!(
            again.map(|(_, salt, hash)| (salt, hash)),
            Some((salt, hash))
        );
        Ok(())
    }

    proptest! {
        #![proptest_config(fuzz::config())]

        #[test]
        fn bug_46_no_edited_hash_asks_for_unbounded_work(edits in fuzz::edits()) {
            prop_assert!(PasswordHash(phc().to_owned()).parts().is_some());
            assert_bounded(&fuzz::edited(phc(), &edits))?;
        }

        #[test]
        fn bug_46_no_parameters_ask_for_unbounded_work(
            algorithm in "argon2(id|i|d)|scrypt|bcrypt|[a-z0-9-]{0,33}",
            version in prop_oneof![Just(19), any::<u32>()],
            memory in prop_oneof![0..70_000_u32, any::<u32>()],
            passes in prop_oneof![0..12_u32, any::<u32>()],
            lanes in prop_oneof![0..6_u32, any::<u32>()],
            salt in "[A-Za-z0-9+/]{0,90}",
            hash in "[A-Za-z0-9+/]{0,90}",
        ) {
            let parameters = format!("m={memory},t={passes},p={lanes}");
            assert_bounded(&format!("${algorithm}$v={version}${parameters}${salt}${hash}"))?;
            assert_bounded(&format!("$argon2id$v=19${parameters}${salt}${hash}"))?;
        }

        #[test]
        fn no_password_panics_and_one_text_has_one_form(input in ".{0,300}") {
            if let Ok(password) = Password::parse_new(&input) {
                prop_assert!(password.0.len() <= MAX_BYTES);
                prop_assert_eq!(nfc(&password.0), password.0.as_str());
                let again = Password::parse_new(&password.0).map(|again| again.0);
                prop_assert_eq!(again, Ok(password.0));
            }
        }
    }
}
