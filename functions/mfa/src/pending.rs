//! Authenticator apps that nobody has confirmed yet.

use factors::TotpSecret;
use latchkey::field::FieldError;
use latchkey::secret::Purpose;
use latchkey::token::sealed::Kind;
use serde::{Deserialize, Serialize};

/// The secret of an authenticator app that nobody has confirmed yet. Its owner carries it, sealed under the session secret:
/// nothing is written before a code shows that an app has it, and who hands it out need not open those that count.
pub const PENDING: Kind = Kind {
    prefix: "lktp_",
    purpose: Purpose::PendingTotp,
};

/// What is in one.
#[derive(Serialize, Deserialize)]
pub struct Pending {
    secret: Vec<u8>,
}

impl Pending {
    /// With this secret.
    #[must_use]
    pub fn new(secret: &TotpSecret) -> Self {
        Self {
            secret: secret.as_bytes().to_vec(),
        }
    }

    /// The secret.
    ///
    /// # Errors
    /// As [`unusable`].
    pub fn secret(&self) -> Result<TotpSecret, FieldError> {
        TotpSecret::from_bytes(&self.secret).ok_or_else(unusable)
    }
}

/// What is wrong with a pending secret: forged, expired, or another's.
#[must_use]
pub fn unusable() -> FieldError {
    FieldError::new(
        "invalid_value",
        "This is not valid, or not any more; start again.",
    )
}
