//! Codes by mail: six digits, and a link for who reads the letter where it was asked for. Either signs in, and only with
//! the challenge that whoever asked was given.
//!
//! Nothing is stored for them. Whoever mails one and whoever checks it derive it from the mail secret, the id of the
//! request and the account as it is: with another password or address, and with an end of all sessions, it is another.

use std::time::Duration;

use aws_lc_rs::{constant_time, hmac};
use base64::Engine;

use super::BASE64URL;
use crate::config::{self, ConfigError};
use crate::secret::{Purpose, Secret, Secrets};
use crate::user::User;

crate::uuid_id! {
    /// Identifies a request for a letter.
    MailRequestId
}

/// How long a code works from when it was asked for (OWASP ASVS 5.0 6.5.5).
pub const LIFETIME: Duration = Duration::from_mins(10);

const PREFIX: &str = "lkmt_";
/// Bytes of the authentication code that the digits are made of; the link carries the others.
const DIGIT_BYTES: usize = 8;

/// Which accounts are mailed codes to sign in with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeSignIn {
    /// Those without a password.
    Passwordless,
    /// All.
    Everybody,
}

impl CodeSignIn {
    /// Reads `CODE_SIGN_IN`.
    ///
    /// # Errors
    /// [`ConfigError`] naming the setting.
    pub fn from_env() -> Result<Self, ConfigError> {
        let words = [
            ("passwordless", Self::Passwordless),
            ("everybody", Self::Everybody),
        ];
        config::one_of(config::CODE_SIGN_IN, &words)
    }

    /// Whether this account is: its owner has shown to receive mail, or it may be a stranger's.
    #[must_use]
    pub const fn admits(self, user: &User) -> bool {
        user.email_verified && (user.passwordless || matches!(self, Self::Everybody))
    }
}

/// What a letter carries. It cannot be printed by accident.
pub struct MailedCode {
    digits: String,
    token: String,
}

impl MailedCode {
    /// For the letter.
    #[must_use]
    pub fn new(secrets: &Secrets, request: &MailRequestId, user: &User) -> Self {
        Self::derive(secrets.current(), request, user)
    }

    fn derive(secret: &Secret, request: &MailRequestId, user: &User) -> Self {
        let mut context = hmac::Context::with_key(&secret.mac_key(Purpose::MailedCode));
        context.update(request.as_bytes());
        context.update(user.id.as_bytes());
        context.update(&user.credential_version.to_be_bytes());
        context.update(&user.session_epoch.to_be_bytes());
        let tag = context.sign();
        let (number, token) = tag.as_ref().split_at(DIGIT_BYTES);
        let number = number
            .iter()
            .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        Self {
            digits: format!("{:06}", number % 1_000_000),
            token: format!("{PREFIX}{}", BASE64URL.encode(token)),
        }
    }

    /// The six digits.
    #[must_use]
    pub fn digits(&self) -> &str {
        &self.digits
    }

    /// The token of the link.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Whether `digits` or the token of the link is what the letter of this request carries. No I/O.
    #[must_use]
    pub fn is_shown(
        secrets: &Secrets,
        request: &MailRequestId,
        user: &User,
        shown: &LetterProof,
    ) -> bool {
        let is_shown = |secret| {
            let code = Self::derive(secret, request, user);
            let (known, shown) = match shown {
                LetterProof::Digits(digits) => (&code.digits, digits),
                LetterProof::Token(token) => (&code.token, token),
            };
            constant_time::verify_slices_are_equal(known.as_bytes(), shown.as_bytes()).is_ok()
        };
        secrets.all().filter(|secret| is_shown(secret)).count() > 0
    }
}

/// What somebody shows of a letter.
pub enum LetterProof {
    /// The digits.
    Digits(String),
    /// The token of its link.
    Token(String),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::email::Email;
    use crate::profile::Profile;
    use crate::user::Role;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn secret(seed: &str) -> Secret {
        let input = format!("mH2pQv8ZrT4kXc9LwB6nYd3JfG7sKa5EuN1xVt0RoPqW{seed}");
        Secret::new(&input).expect("strong")
    }

    fn user() -> User {
        let email = Email::parse("a@example.com").expect("valid");
        User {
            email_verified: true,
            ..User::register(email, Profile::default(), Role::User, NOW)
        }
    }

    #[test]
    fn a_code_is_of_one_request_one_secret_and_an_account_as_it_is() {
        let secrets = Secrets::new(secret("a"), None);
        let rotated = Secrets::new(secret("b"), Some(secret("a")));
        let (request, user) = (MailRequestId::generate(NOW), user());
        let code = MailedCode::new(&secrets, &request, &user);
        assert_eq!(code.digits().len(), 6);
        assert!(code.digits().bytes().all(|digit| digit.is_ascii_digit()));
        let again = MailedCode::new(&secrets, &request, &user);
        assert_eq!(
            (again.digits, again.token),
            (code.digits.clone(), code.token.clone())
        );
        let shown = [
            LetterProof::Digits(code.digits),
            LetterProof::Token(code.token),
        ];
        let counts = |secrets: &Secrets, request: &MailRequestId, user: &User| {
            shown
                .each_ref()
                .map(|shown| MailedCode::is_shown(secrets, request, user, shown))
        };
        assert_eq!(counts(&secrets, &request, &user), [true; 2]);
        assert_eq!(counts(&rotated, &request, &user), [true; 2]);
        let other = Secrets::new(secret("c"), None);
        assert_eq!(counts(&other, &request, &user), [false; 2]);
        let another = MailRequestId::generate(NOW);
        assert_eq!(counts(&secrets, &another, &user), [false; 2]);
        for change in [
            |user: &mut User| user.id = crate::user::UserId::NOBODY,
            |user: &mut User| user.credential_version += 1,
            |user: &mut User| user.session_epoch += 1,
        ] {
            let mut changed = user.clone();
            change(&mut changed);
            assert_eq!(counts(&secrets, &request, &changed), [false; 2]);
        }
    }

    #[test]
    fn digits_are_spread_and_keep_their_zeros() {
        let secrets = Secrets::new(secret("a"), None);
        let user = user();
        let mut first = [0_u32; 10];
        for number in 0..2_000_u16 {
            let mut bytes = [0; 16];
            bytes[..2].copy_from_slice(&number.to_be_bytes());
            let request = MailRequestId::from_bytes(bytes);
            let code = MailedCode::new(&secrets, &request, &user);
            assert_eq!(code.digits().len(), 6);
            first[usize::from(code.digits().as_bytes()[0] - b'0')] += 1;
        }
        // 200 each are expected; five standard deviations are 67.
        assert!(
            first.iter().all(|count| (133..=267).contains(count)),
            "{first:?}"
        );
    }

    #[test]
    fn who_is_mailed_a_code_has_a_verified_address_and_no_password_unless_everybody_is() {
        use CodeSignIn::{Everybody, Passwordless};
        for (setting, verified, passwordless, is_admitted) in [
            (Passwordless, true, true, true),
            (Passwordless, true, false, false),
            (Passwordless, false, true, false),
            (Everybody, true, false, true),
            (Everybody, true, true, true),
            (Everybody, false, true, false),
        ] {
            let user = User {
                email_verified: verified,
                passwordless,
                ..user()
            };
            assert_eq!(
                setting.admits(&user),
                is_admitted,
                "{setting:?} {verified} {passwordless}"
            );
        }
    }
}
