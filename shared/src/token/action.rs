//! Action tokens: what the link in a letter carries, checked without I/O.
//!
//! `lkat_` and in the frame of opaque tokens: purpose (1 byte), user id (16), expiry in seconds (8), credential
//! version (8), the address (its length in 1 byte, then itself), the address before where one replaces another.
//!
//! Nothing is stored for a token. It dies with its expiry, with the address it names, and with the
//! version of the credential: using a token that resets a password ends it, and so does any other change
//! of password or address.

use std::fmt;

use super::TokenError;
use super::signed::Kind;
use crate::clock::Timestamp;
use crate::email::Email;
use crate::secret::{Purpose, Secrets};
use crate::user::{User, UserId};

const PREFIX: &str = "lkat_";
const KIND: Kind = Kind {
    prefix: PREFIX,
    purpose: Purpose::ActionToken,
    // Two addresses of 254 bytes and the rest.
    max_bytes: 1 + 16 + 8 + 8 + 1 + 2 * 254,
};

/// What a token is good for. One kind never passes as another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionPurpose {
    /// Confirms that letters reach the account's address.
    VerifyEmail,
    /// Sets a password in place of a forgotten one.
    ResetPassword,
    /// Moves the account to another address.
    ChangeEmail,
    /// Sets the first password of an account that somebody else made.
    Invitation,
}

impl ActionPurpose {
    const ALL: [Self; 4] = [
        Self::VerifyEmail,
        Self::ResetPassword,
        Self::ChangeEmail,
        Self::Invitation,
    ];

    const fn code(self) -> u8 {
        match self {
            Self::VerifyEmail => 1,
            Self::ResetPassword => 2,
            Self::ChangeEmail => 3,
            Self::Invitation => 4,
        }
    }
}

/// What an authentic token says. Whether it still counts, the account knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionClaims {
    /// What it is good for.
    pub purpose: ActionPurpose,
    /// Whose account it is about.
    pub user_id: UserId,
    /// When it ends, to the second.
    pub expires_at: Timestamp,
    /// The account's `credential_version` when the letter was written.
    pub credential_version: u64,
    /// The address the letter went to.
    pub address: Email,
    /// The account's address, where `address` is to replace it.
    pub replaces: Option<Email>,
}

impl ActionClaims {
    /// Whether they are still true of this account.
    #[must_use]
    pub fn hold_for(&self, user: &User) -> bool {
        let current = self.replaces.as_ref().unwrap_or(&self.address);
        user.id == self.user_id
            && user.email == *current
            && user.credential_version == self.credential_version
    }
}

/// A token on its way into a letter. It cannot be printed by accident.
pub struct ActionToken(String);

impl fmt::Debug for ActionToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ActionToken(…)")
    }
}

impl ActionToken {
    /// Makes the token. The same claims and secret give the same token, so that a letter sent twice is
    /// the same letter.
    #[must_use]
    pub fn issue(secrets: &Secrets, claims: &ActionClaims) -> Self {
        let address = claims.address.as_str().as_bytes();
        let mut fields = vec![claims.purpose.code()];
        fields.extend_from_slice(claims.user_id.as_bytes());
        fields.extend_from_slice(&claims.expires_at.as_seconds().to_be_bytes());
        fields.extend_from_slice(&claims.credential_version.to_be_bytes());
        // An address has at most 254 bytes.
        fields.push(u8::try_from(address.len()).unwrap_or(u8::MAX));
        fields.extend_from_slice(address);
        if let Some(replaces) = &claims.replaces {
            fields.extend_from_slice(replaces.as_str().as_bytes());
        }
        Self(KIND.sign(secrets, &fields))
    }

    /// The text for the letter.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// Reads a token, checks that we made it and that it has not expired. No I/O.
///
/// # Errors
/// [`TokenError::UnknownKey`] when it names a secret version that is not loaded.
pub fn verify(secrets: &Secrets, token: &str, now: Timestamp) -> Result<ActionClaims, TokenError> {
    const INVALID: TokenError = TokenError::Invalid;
    let mut fields = KIND.open(secrets, token)?;
    let [purpose] = fields.take()?;
    let purpose = ActionPurpose::ALL
        .into_iter()
        .find(|known| known.code() == purpose);
    let user_id = UserId::from_bytes(fields.take()?);
    let expires_at = Timestamp::from_seconds(u64::from_be_bytes(fields.take()?));
    let credential_version = u64::from_be_bytes(fields.take()?);
    let [length] = fields.take()?;
    let address = read_address(fields.take_bytes(length.into())?)?;
    let replaces = fields.left();
    let claims = ActionClaims {
        purpose: purpose.ok_or(INVALID)?,
        user_id,
        expires_at,
        credential_version,
        address,
        replaces: (!replaces.is_empty())
            .then(|| read_address(replaces))
            .transpose()?,
    };
    if now < claims.expires_at {
        Ok(claims)
    } else {
        Err(INVALID)
    }
}

fn read_address(bytes: &[u8]) -> Result<Email, TokenError> {
    let text = std::str::from_utf8(bytes).map_err(|_| TokenError::Invalid)?;
    Email::parse(text).map_err(|_| TokenError::Invalid)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use base64::Engine;
    use proptest::prelude::*;

    use super::*;
    use crate::fuzz;
    use crate::profile::Profile;
    use crate::secret::Secret;
    use crate::token::refresh::{self, RefreshClaims, RefreshToken};
    use crate::token::signed::{CHECKSUM_BYTES, checksum};
    use crate::token::{BASE64URL, base64url_decode};
    use crate::user::Role;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn secrets(seed: &str) -> Secrets {
        let input = format!("mH2pQv8ZrT4kXc9LwB6nYd3JfG7sKa5EuN1xVt0RoPqW{seed}");
        Secrets::new(Secret::new(&input).expect("strong"), None)
    }

    fn email(text: &str) -> Email {
        Email::parse(text).expect("valid")
    }

    fn claims(purpose: ActionPurpose) -> ActionClaims {
        ActionClaims {
            purpose,
            user_id: UserId::generate(NOW),
            expires_at: NOW.plus(Duration::from_mins(30)),
            credential_version: 3,
            address: email("ada@example.com"),
            replaces: None,
        }
    }

    #[test]
    fn an_issued_token_says_what_was_put_in() {
        let secrets = secrets("a");
        for purpose in ActionPurpose::ALL {
            for replaces in [None, Some(email("before@example.com"))] {
                let claims = ActionClaims {
                    replaces,
                    ..claims(purpose)
                };
                let token = ActionToken::issue(&secrets, &claims);
                assert_eq!(verify(&secrets, token.reveal(), NOW), Ok(claims.clone()));
                let again = ActionToken::issue(&secrets, &claims);
                assert_eq!(token.reveal(), again.reveal());
            }
        }
    }

    #[test]
    fn it_ends_with_its_expiry_and_with_what_it_names() {
        let secrets = secrets("a");
        let token = ActionToken::issue(&secrets, &claims(ActionPurpose::ResetPassword));
        let at = |seconds| NOW.plus(Duration::from_secs(seconds));
        assert!(verify(&secrets, token.reveal(), at(1799)).is_ok());
        assert_eq!(
            verify(&secrets, token.reveal(), at(1800)),
            Err(TokenError::Invalid)
        );
        let mut user = User::register(
            email("ada@example.com"),
            Profile::default(),
            Role::User,
            NOW,
        );
        user.credential_version = 3;
        let mut claims = claims(ActionPurpose::ResetPassword);
        claims.user_id = user.id;
        assert!(claims.hold_for(&user));
        for change in [
            |user: &mut User| user.id = UserId::NOBODY,
            |user: &mut User| user.credential_version += 1,
            |user: &mut User| user.email = Email::parse("other@example.com").expect("valid"),
        ] {
            let mut changed = user.clone();
            change(&mut changed);
            assert!(!claims.hold_for(&changed));
        }
        claims.replaces = Some(user.email.clone());
        claims.address = email("new@example.com");
        assert!(claims.hold_for(&user));
    }

    #[test]
    fn bug_18_bug_20_no_part_of_it_and_no_other_kind_passes() {
        let secrets = secrets("a");
        let token = ActionToken::issue(&secrets, &claims(ActionPurpose::VerifyEmail));
        let token = token.reveal();
        for cut in 0..token.len() {
            assert!(verify(&secrets, &token[..cut], NOW).is_err());
            assert!(cut == 0 || verify(&secrets, &token[cut..], NOW).is_err());
        }
        for (position, byte) in token.bytes().enumerate() {
            for bit in 0..8 {
                let mut forged = token.as_bytes().to_vec();
                forged[position] = byte ^ (1 << bit);
                if let Ok(forged) = String::from_utf8(forged) {
                    assert!(verify(&secrets, &forged, NOW).is_err(), "{position}.{bit}");
                }
            }
        }
        let session = RefreshClaims {
            user_id: UserId::generate(NOW),
            session_id: crate::session::SessionId::generate(NOW),
            counter: 1,
        };
        let refresh = RefreshToken::issue(&secrets, &session);
        assert!(verify(&secrets, refresh.reveal(), NOW).is_err());
        let disguised = refresh.reveal().replace("lkrt_", PREFIX);
        assert!(verify(&secrets, &disguised, NOW).is_err());
        assert!(refresh::verify(&secrets, token).is_err());
        let disguised = token.replace(PREFIX, "lkrt_");
        assert!(refresh::verify(&secrets, &disguised).is_err());
        assert_eq!(
            verify(&self::secrets("b"), token, NOW),
            Err(TokenError::UnknownKey)
        );
    }

    proptest! {
        #![proptest_config(fuzz::config())]

        #[test]
        fn no_text_panics_or_verifies(text in "(lkat_)?.{0,120}", encoded in "lkat_[A-Za-z0-9_-]{60,150}") {
            let secrets = secrets("a");
            prop_assert!(verify(&secrets, &text, NOW).is_err());
            prop_assert!(verify(&secrets, &encoded, NOW).is_err());
        }

        #[test]
        fn bug_20_every_claim_survives_and_no_edited_token_verifies(
            purpose in prop::sample::select(ActionPurpose::ALL.to_vec()),
            user: [u8; 16],
            seconds in 0..4_000_000_000_u64,
            credential_version: u64,
            local in "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,64}",
            replaces in prop::option::of("[a-z]{1,9}@[a-z]{1,9}\\.example"),
            edits in fuzz::edits(),
        ) {
            let secrets = secrets("a");
            let claims = ActionClaims {
                purpose,
                user_id: UserId::from_bytes(user),
                expires_at: Timestamp::from_seconds(seconds),
                credential_version,
                address: email(&format!("{local}@example.com")),
                replaces: replaces.as_deref().map(email),
            };
            let token = ActionToken::issue(&secrets, &claims);
            let expected = if NOW < claims.expires_at { Ok(claims) } else { Err(TokenError::Invalid) };
            prop_assert_eq!(verify(&secrets, token.reveal(), NOW), expected);
            let early = Timestamp::from_seconds(0);
            let edited = fuzz::edited(token.reveal(), &edits);
            let same = edited == token.reveal() && seconds > 0;
            prop_assert_eq!(verify(&secrets, &edited, early).is_ok(), same);
        }

        #[test]
        fn bug_20_other_fields_need_another_tag_even_with_their_checksum(
            at: prop::sample::Index,
            bits in 1..=u8::MAX,
        ) {
            let secrets = secrets("a");
            let token = ActionToken::issue(&secrets, &claims(ActionPurpose::ResetPassword));
            let mut bytes = base64url_decode(&token.reveal()[PREFIX.len()..]).expect("base64url");
            bytes.truncate(bytes.len() - CHECKSUM_BYTES);
            let at = at.index(bytes.len());
            bytes[at] ^= bits;
            bytes.extend(checksum(&bytes));
            let forged = format!("{PREFIX}{}", BASE64URL.encode(bytes));
            let expected = if at < 4 { TokenError::UnknownKey } else { TokenError::Invalid };
            prop_assert_eq!(verify(&secrets, &forged, NOW), Err(expected));
        }
    }
}
