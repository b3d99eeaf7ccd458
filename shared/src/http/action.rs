//! The tokens of letters, on their way back.

use super::error::ApiError;
use super::error_code::ErrorCode;
use crate::clock::Timestamp;
use crate::keys::{CachedSecrets, VerifyError};
use crate::token::action::{ActionClaims, ActionPurpose};

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
}
