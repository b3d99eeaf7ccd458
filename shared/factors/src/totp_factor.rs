//! An authenticator app as it is stored.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use latchkey::clock::Timestamp;
use latchkey::keys::KeyError;
use latchkey::proof::Second;
use latchkey::secret::{Purpose, Secrets, Unwrappable};
use latchkey::sign_in::{NotSignedIn, Shown};
use latchkey::table::{Change, Entity, Key, Table, Update, number, text};
use latchkey::token::TokenError;
use latchkey::user::UserId;
use serde::{Deserialize, Serialize};

use crate::{Code, TotpSecret};

latchkey::uuid_id! {
    /// Identifies a factor within its account.
    FactorId
}

/// The authenticator app of an account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TotpFactor {
    /// Its id.
    pub id: FactorId,
    /// When it was set up.
    pub created_at: Timestamp,
    /// When a code of it was last accepted.
    pub last_used_at: Timestamp,
    /// The secret, sealed for this account.
    secret: String,
    /// The step of the last code that was accepted: no code of it or of one before counts.
    last_step: u64,
    /// Raised by every change.
    pub version: u64,
}

impl Entity for TotpFactor {
    const TYPE: &'static str = "totp";
}

impl TotpFactor {
    /// One that is set up with a secret, of which a code of `step` was shown.
    ///
    /// # Errors
    /// [`Unwrappable`] when the system has no randomness.
    pub fn new(
        secrets: &Secrets,
        user_id: &UserId,
        secret: &TotpSecret,
        step: u64,
        now: Timestamp,
    ) -> Result<Self, Unwrappable> {
        Ok(Self {
            id: FactorId::generate(now),
            created_at: now,
            last_used_at: now,
            secret: seal(secrets, user_id, secret)?,
            last_step: step,
            version: 1,
        })
    }

    /// The secret. No I/O.
    ///
    /// # Errors
    /// [`TokenError::UnknownKey`] when it was sealed with a secret that is not loaded.
    pub fn open(&self, secrets: &Secrets, user_id: &UserId) -> Result<TotpSecret, TokenError> {
        let sealed = STANDARD_NO_PAD.decode(&self.secret);
        let sealed = sealed.map_err(|_| TokenError::Invalid)?;
        let opened = secrets.open(Purpose::Totp, user_id.as_bytes(), &sealed)?;
        TotpSecret::from_bytes(&opened).ok_or(TokenError::Invalid)
    }

    /// A code that was typed, and what spends it; with that the secret is sealed anew, so that what is in use opens
    /// however often the secret behind it is replaced.
    ///
    /// # Errors
    /// [`NotSignedIn::InvalidFactor`] when it is wrong or old.
    pub fn show(
        &self,
        table: &Table,
        user_id: &UserId,
        secrets: &Secrets,
        secret: &TotpSecret,
        code: &Code,
        change: &Change,
    ) -> Result<Shown<Second>, NotSignedIn> {
        let step = secret.find(code, Some(self.last_step), change.at);
        let step = step.ok_or(NotSignedIn::InvalidFactor)?;
        let sealed = seal(secrets, user_id, secret).map_err(KeyError::from)?;
        let spending = Update::new(Key::totp(user_id), change)
            .set("secret", text(&sealed))
            .set("last_step", number(step))
            .set("last_used_at", number(change.at.as_millis()))
            .when_equal("id", text(&self.id))
            .when_below("last_step", number(step))
            .in_transaction(table)?;
        Ok(Shown {
            by: Second::Totp,
            spending: vec![spending],
        })
    }
}

/// A secret as it is kept: sealed for this account.
fn seal(secrets: &Secrets, user_id: &UserId, secret: &TotpSecret) -> Result<String, Unwrappable> {
    let sealed = secrets.seal(Purpose::Totp, user_id.as_bytes(), secret.as_bytes())?;
    Ok(STANDARD_NO_PAD.encode(sealed))
}
