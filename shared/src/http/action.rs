//! Tokens of letters and challenges, on their way back.

use super::error::ApiError;
use super::error_code::ErrorCode;
use crate::clock::Timestamp;
use crate::keys::{CachedSecrets, VerifyError};
use crate::token::action::{ActionClaims, ActionPurpose};
use crate::token::sealed::Kind;
use serde::de::DeserializeOwned;

impl CachedSecrets {
    /// What a token out of a letter says, if it is good for one of these purposes. Without I/O; whether it
    /// still counts, [`ActionClaims::hold_for`] tells.
    ///
    /// # Errors
    /// `invalid_action_token`, or `unavailable` when the secret cannot be read.
    pub async fn redeem(
        &self,
        token: &str,
        purposes: &[ActionPurpose],
        now: Timestamp,
    ) -> Result<ActionClaims, ApiError> {
        match self.verify_action(token, now).await {
            Ok(claims) if purposes.contains(&claims.purpose) => Ok(claims),
            Ok(_) | Err(VerifyError::Invalid) => Err(ErrorCode::InvalidActionToken.into()),
            Err(VerifyError::Keys(error)) => Err(error.into()),
        }
    }

    /// What a challenge of this kind carries, sealed in this context, until it expires. Without I/O, as
    /// [`open`](Self::open).
    ///
    /// # Errors
    /// `challenge_expired`, or `unavailable` when the secret cannot be read.
    pub async fn challenge<T: DeserializeOwned>(
        &self,
        kind: &Kind,
        context: &[u8],
        text: &str,
        now: Timestamp,
    ) -> Result<T, ApiError> {
        match self.open(kind, context, text, now).await {
            Ok(value) => Ok(value),
            Err(VerifyError::Invalid) => Err(ErrorCode::ChallengeExpired.into()),
            Err(VerifyError::Keys(error)) => Err(error.into()),
        }
    }
}
