//! Refresh tokens: opaque, checked without I/O, one chain per session.
//!
//! `lkrt_` and 80 base64url characters: user id (16 bytes), session id (16) and counter (4) in the frame of
//! opaque tokens. 60 bytes leave no padding bits, so a token has one spelling.

use std::fmt;

use super::TokenError;
use super::signed::Kind;
use crate::secret::{Purpose, Secrets};
use crate::session::SessionId;
use crate::user::UserId;

const PREFIX: &str = "lkrt_";
const FIELD_BYTES: usize = 16 + 16 + 4;
const KIND: Kind = Kind {
    prefix: PREFIX,
    purpose: Purpose::RefreshToken,
    max_bytes: FIELD_BYTES,
};

/// What an authentic refresh token says. Whether it is still the current one, the session knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshClaims {
    /// Whose session it is.
    pub user_id: UserId,
    /// Which session.
    pub session_id: SessionId,
    /// Its place in the chain.
    pub counter: u32,
}

/// A refresh token on its way to a client. It cannot be printed by accident.
pub struct RefreshToken(String);

impl fmt::Debug for RefreshToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RefreshToken(…)")
    }
}

impl RefreshToken {
    /// Makes the token that stands at this place of the chain. The same claims and secret give the
    /// same token, so that a lost answer can be repeated.
    #[must_use]
    pub fn issue(secrets: &Secrets, claims: &RefreshClaims) -> Self {
        let mut fields = Vec::with_capacity(FIELD_BYTES);
        fields.extend_from_slice(claims.user_id.as_bytes());
        fields.extend_from_slice(claims.session_id.as_bytes());
        fields.extend_from_slice(&claims.counter.to_be_bytes());
        Self(KIND.sign(secrets, &fields))
    }

    /// The text for the client.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// Reads a refresh token and checks that we made it. No I/O.
///
/// # Errors
/// [`TokenError::UnknownKey`] when it names a secret version that is not loaded.
pub fn verify(secrets: &Secrets, token: &str) -> Result<RefreshClaims, TokenError> {
    let mut fields = KIND.open(secrets, token)?;
    let claims = RefreshClaims {
        user_id: UserId::from_bytes(fields.take()?),
        session_id: SessionId::from_bytes(fields.take()?),
        counter: u32::from_be_bytes(fields.take()?),
    };
    fields.end().map(|()| claims)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use base64::Engine;

    use super::*;
    use crate::clock::Timestamp;
    use crate::fuzz;
    use crate::secret::Secret;
    use crate::token::signed::{TAG_BYTES, checksum};
    use crate::token::{BASE64URL, base64url_decode};

    fn secrets(seed: &str) -> Secrets {
        let input = format!("mH2pQv8ZrT4kXc9LwB6nYd3JfG7sKa5EuN1xVt0RoPqW{seed}");
        Secrets::new(Secret::new(&input).expect("strong"), None)
    }

    fn claims() -> RefreshClaims {
        RefreshClaims {
            user_id: UserId::generate(Timestamp::from_seconds(1)),
            session_id: SessionId::generate(Timestamp::from_seconds(1)),
            counter: 7,
        }
    }

    #[test]
    fn an_issued_token_verifies_and_is_deterministic() {
        let (secrets, claims) = (secrets("a"), claims());
        let token = RefreshToken::issue(&secrets, &claims);
        assert_eq!(verify(&secrets, token.reveal()), Ok(claims));
        assert_eq!(
            token.reveal(),
            RefreshToken::issue(&secrets, &claims).reveal()
        );
        assert_eq!(token.reveal().len(), 85);
    }

    #[test]
    fn bug_20_every_prefix_suffix_bit_flip_and_case_flip_is_refused() {
        let secrets = secrets("a");
        let token = RefreshToken::issue(&secrets, &claims());
        let token = token.reveal();
        for cut in 0..token.len() {
            assert!(verify(&secrets, &token[..cut]).is_err(), "prefix of {cut}");
            assert!(
                cut == 0 || verify(&secrets, &token[cut..]).is_err(),
                "suffix from {cut}"
            );
        }
        for (position, byte) in token.bytes().enumerate() {
            for bit in 0..8 {
                let mut forged = token.as_bytes().to_vec();
                forged[position] = byte ^ (1 << bit);
                if let Ok(forged) = String::from_utf8(forged) {
                    assert!(
                        verify(&secrets, &forged).is_err(),
                        "bit {bit} of {position}"
                    );
                }
            }
        }
        for extra in [
            format!("{token}="),
            format!("{token}A"),
            format!(" {token}"),
            format!("{token}\n"),
        ] {
            assert!(verify(&secrets, &extra).is_err(), "{extra:?}");
        }
    }

    #[test]
    fn a_token_of_the_previous_secret_is_accepted_and_of_any_other_refused() {
        let old = RefreshToken::issue(&secrets("a"), &claims());
        let strong = |seed| {
            Secret::new(&format!(
                "mH2pQv8ZrT4kXc9LwB6nYd3JfG7sKa5EuN1xVt0RoPqW{seed}"
            ))
            .expect("strong")
        };
        let rotated = Secrets::new(strong("b"), Some(strong("a")));
        assert!(verify(&rotated, old.reveal()).is_ok());
        assert_eq!(
            verify(&secrets("b"), old.reveal()),
            Err(TokenError::UnknownKey)
        );
    }

    proptest! {
        #![proptest_config(fuzz::config())]

        #[test]
        fn no_text_panics_or_verifies(text in "(lkrt_)?.{0,120}", encoded in "lkrt_[A-Za-z0-9_-]{80}") {
            let secrets = secrets("a");
            prop_assert!(verify(&secrets, &text).is_err());
            prop_assert!(verify(&secrets, &encoded).is_err());
        }

        #[test]
        fn bug_20_every_claim_survives_and_no_edited_token_verifies(
            user: [u8; 16],
            session: [u8; 16],
            counter: u32,
            edits in fuzz::edits(),
        ) {
            let secrets = secrets("a");
            let claims = RefreshClaims {
                user_id: UserId::from_bytes(user),
                session_id: SessionId::from_bytes(session),
                counter,
            };
            let token = RefreshToken::issue(&secrets, &claims);
            prop_assert_eq!(verify(&secrets, token.reveal()), Ok(claims));
            let edited = fuzz::edited(token.reveal(), &edits);
            prop_assert_eq!(verify(&secrets, &edited).is_ok(), edited == token.reveal());
        }

        #[test]
        fn bug_20_other_fields_need_another_tag_even_with_their_checksum(
            at in 0..4 + FIELD_BYTES + TAG_BYTES,
            bits in 1..=u8::MAX,
        ) {
            let secrets = secrets("a");
            let token = RefreshToken::issue(&secrets, &claims());
            let mut bytes = base64url_decode(&token.reveal()[PREFIX.len()..]).expect("base64url");
            bytes[at] ^= bits;
            bytes.truncate(4 + FIELD_BYTES + TAG_BYTES);
            bytes.extend(checksum(&bytes));
            let forged = format!("{PREFIX}{}", BASE64URL.encode(bytes));
            let expected = if at < 4 { TokenError::UnknownKey } else { TokenError::Invalid };
            prop_assert_eq!(verify(&secrets, &forged), Err(expected));
        }
    }
}
