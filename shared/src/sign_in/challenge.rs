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
