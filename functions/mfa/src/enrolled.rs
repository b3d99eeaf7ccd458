//! What setting up and removing any factor has in common.

use factors::{NotEnrolled, Owner, RecoveryCode, RecoveryCodes, new_recovery_codes};
use latchkey::factor::Factor;
use latchkey::http::{ApiError, ErrorCode};
use latchkey::keys::CachedSecrets;
use latchkey::proof::{Confirmed, Second};
use latchkey::secret::Secrets;
use latchkey::sign_in::{NotSignedIn, SecondFactor, challenge};
use latchkey::store::Change;
use latchkey::user::User;

/// The recovery codes that come with the first factor of an account: as they are kept, and as they are shown this once.
#[must_use]
pub fn first_codes(
    secrets: &Secrets,
    user: &User,
    change: &Change,
) -> Option<(RecoveryCodes, Vec<String>)> {
    let is_first = user.factors.is_empty();
    is_first.then(|| new_codes(secrets, user, change))
}

/// New recovery codes, in the same two forms.
#[must_use]
pub fn new_codes(secrets: &Secrets, user: &User, change: &Change) -> (RecoveryCodes, Vec<String>) {
    let codes = new_recovery_codes();
    let kept = RecoveryCodes::new(secrets, &user.id, &codes, change.at);
    (kept, codes.iter().map(RecoveryCode::reveal).collect())
}

/// A challenge that lacks nothing any more, for whoever has set up a factor during a sign-in.
///
/// # Errors
/// `unavailable` when the secret cannot be read.
pub async fn go_on(
    owner: Owner,
    by: Second,
    secrets: &CachedSecrets,
    change: &Change,
) -> Result<Option<String>, ApiError> {
    let Owner::SigningIn(_, begun) = owner else {
        return Ok(None);
    };
    let begun = begun.with(Confirmed { by, at: change.at });
    let secrets = secrets.current(change.at).await?;
    let sealed = challenge::seal(&secrets, &begun).map_err(NotSignedIn::from)?;
    Ok(Some(sealed))
}

/// Why no factor was set up.
#[must_use]
pub fn refused(refused: NotEnrolled) -> ApiError {
    match refused {
        NotEnrolled::Exists => ErrorCode::FactorExists.into(),
        NotEnrolled::Changed => ErrorCode::Conflict.into(),
        NotEnrolled::Store(error) => error.into(),
    }
}

/// Whether the owner of an account may remove one of its factors: not the last one where one is asked of them, nor
/// the passkey that alone signs in to it.
///
/// # Errors
/// `last_factor`.
pub fn may_remove(
    user: &User,
    factor: Factor,
    second_factor: SecondFactor,
) -> Result<(), ApiError> {
    let is_last = user.factors.len() == 1 && second_factor.is_asked_of(user.role);
    let is_last_way_in = matches!(factor, Factor::Passkey(_)) && user.ways_in() == 1;
    if is_last || is_last_way_in {
        return Err(ErrorCode::LastFactor.into());
    }
    Ok(())
}
