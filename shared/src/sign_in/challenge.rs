//! Challenges: a sign-in that is under way, carried by the client.
//!
//! Nothing of it is stored. The session that it is to start has its id already, so that the write of the session spends
//! the challenge.

use std::time::Duration;

use super::NotSignedIn;
use crate::clock::Timestamp;
use crate::keys::{CachedSecrets, KeyError, VerifyError};
use crate::proof::Begun;
use crate::secret::{Purpose, Secrets};
use crate::token::sealed::Kind;

/// How long somebody may take to show a second factor.
const LIFETIME: Duration = Duration::from_mins(5);
const CHALLENGE: Kind = Kind {
    prefix: "lkch_",
    purpose: Purpose::Challenge,
};

/// What a challenge carries. No I/O, as [`CachedSecrets::open`].
///
/// # Errors
/// [`NotSignedIn::ChallengeOver`] when it is none of ours, or has expired.
pub async fn open(
    secrets: &CachedSecrets,
    challenge: &str,
    now: Timestamp,
) -> Result<Begun, NotSignedIn> {
    match secrets.open(&CHALLENGE, b"", challenge, now).await {
        Ok(begun) => Ok(begun),
        Err(VerifyError::Invalid) => Err(NotSignedIn::ChallengeOver),
        Err(VerifyError::Keys(error)) => Err(error.into()),
    }
}

/// The challenge that carries this, until five minutes after something was last proved: bringing it back does not make
/// it last.
///
/// # Errors
/// [`KeyError::Unwrappable`] when the system has no randomness.
pub fn seal(secrets: &Secrets, begun: &Begun) -> Result<String, KeyError> {
    let until = begun.proved.latest().plus(LIFETIME);
    Ok(CHALLENGE.seal(secrets, b"", begun, until)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::email::Email;
    use crate::profile::Profile;
    use crate::proof::{Confirmed, First, Proved, Second};
    use crate::secret::Secret;
    use crate::user::{Role, User};

    #[test]
    fn a_challenge_lasts_five_minutes_from_the_last_proof_however_often_it_is_sealed() {
        let secret = Secret::new("mH2pQv8ZrT4kXc9LwB6nYd3JfG7sKa5EuN1xVt0RoPqWiCyM");
        let secrets = Secrets::new(secret.expect("strong"), None);
        let email = Email::parse("a@example.com").expect("valid");
        let at = |seconds: u64| Timestamp::from_seconds(1_800_000_000 + seconds);
        let user = User::register(email, Profile::default(), Role::User, at(0));
        let begun = Begun::new(&user, 1, Proved::first(First::Password, at(0)));
        let is_open = |begun: &Begun, now: Timestamp| {
            let challenge = seal(&secrets, begun).expect("seals");
            CHALLENGE.open::<Begun>(&secrets, b"", &challenge, now) == Ok(begun.clone())
        };
        assert!(is_open(&begun, at(299)));
        assert!(!is_open(&begun, at(300)));
        let by = Second::Totp;
        let begun = begun.with(Confirmed { by, at: at(200) });
        assert!(is_open(&begun, at(499)));
        assert!(!is_open(&begun, at(500)));
    }
}
