//! Authenticator apps that nobody has confirmed yet.

use factors::TotpSecret;
use latchkey::clock::Timestamp;
use latchkey::field::FieldError;
use latchkey::http::ApiError;
use latchkey::keys::{CachedSecrets, VerifyError};
use latchkey::secret::Purpose;
use latchkey::token::sealed::Kind;
use latchkey::user::User;
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

    /// The secret that this account was given.
    ///
    /// # Errors
    /// `invalid_fields` when it is forged, expired or another's; `unavailable`.
    pub async fn open(
        secrets: &CachedSecrets,
        user: &User,
        pending: &str,
        now: Timestamp,
    ) -> Result<TotpSecret, ApiError> {
        let opened = secrets.open::<Self>(&PENDING, user.id.as_bytes(), pending, now);
        let secret = match opened.await {
            Ok(pending) => TotpSecret::from_bytes(&pending.secret),
            Err(VerifyError::Invalid) => None,
            Err(VerifyError::Keys(error)) => return Err(error.into()),
        };
        secret.ok_or_else(|| {
            let message = "This is not valid, or not any more; start again.";
            ApiError::invalid_field("pending", FieldError::new("invalid_value", message))
        })
    }
}
