//! A second factor as somebody presents it, to go on with a sign-in or to prove a session anew.

use latchkey::factor::Factor;
use latchkey::field::FieldError;
use latchkey::http::{ApiError, ErrorCode, Fields};
use latchkey::keys::{CachedSecrets, KeyError};
use latchkey::proof::Second;
use latchkey::sign_in::Shown;
use latchkey::store::Change;
use latchkey::table::{self, Key, RawItem, Table};
use latchkey::user::{User, UserId};

use crate::{Assertion, Code, RecoveryCode, RecoveryCodes, TotpFactor};

/// What somebody presents.
pub enum Presented {
    /// What could be guessed, and is counted.
    Typed(Typed),
    /// `passkey`: an assertion.
    Passkey(Box<Assertion>),
}

/// What somebody types.
pub enum Typed {
    /// `totp`: a code of an authenticator app.
    Totp(Code),
    /// `recoveryCode`.
    RecoveryCode(RecoveryCode),
}

impl Presented {
    /// Reads the field of a body that presents a second factor; one at most.
    pub fn read(fields: &mut Fields) -> Option<Option<Self>> {
        let totp = fields.optional("totp", Code::parse);
        let recovery_code = fields.optional("recoveryCode", RecoveryCode::parse);
        let passkey = fields.nested("passkey", Assertion::read);
        let given = [
            ("totp", matches!(totp, Some(Some(_)))),
            ("recoveryCode", matches!(recovery_code, Some(Some(_)))),
            ("passkey", matches!(passkey, Some(Some(_)))),
        ];
        for (name, _) in given.iter().filter(|(_, given)| *given).skip(1) {
            let message = "One factor is enough: this, or another.";
            fields.reject(name, FieldError::new("invalid_value", message));
        }
        let (totp, recovery_code, passkey) = (totp?, recovery_code?, passkey?);
        let typed = totp.map(Typed::Totp);
        let typed = typed.or(recovery_code.map(Typed::RecoveryCode));
        let passkey = passkey.map(|passkey| Self::Passkey(Box::new(passkey)));
        Some(typed.map(Self::Typed).or(passkey))
    }

    /// The item that it is checked with.
    #[must_use]
    pub fn key(&self, user_id: &UserId) -> Key {
        match self {
            Self::Typed(Typed::Totp(_)) => Key::totp(user_id),
            Self::Typed(Typed::RecoveryCode(_)) => Key::recovery_codes(user_id),
            Self::Passkey(assertion) => assertion.key(user_id),
        }
    }
}

impl Typed {
    /// Checks it with the item of [`key`](Presented::key), which counts where the account says that it does. No I/O, as
    /// [`CachedSecrets::current`].
    ///
    /// # Errors
    /// `invalid_factor`, the same for all that is wrong; `unavailable` when the secret cannot be read.
    pub async fn check(
        &self,
        user: &User,
        item: Option<RawItem>,
        table: &Table,
        secrets: &CachedSecrets,
        change: &Change,
    ) -> Result<Shown<Second>, ApiError> {
        const INVALID: ErrorCode = ErrorCode::InvalidFactor;
        let item = item.ok_or(INVALID)?;
        Ok(match self {
            Self::Totp(code) => {
                if !user.factors.contains(&Factor::Totp) {
                    return Err(INVALID.into());
                }
                let factor: TotpFactor = table::read(item)?;
                let open = |secrets: &_| factor.open(secrets, &user.id);
                let secret = match secrets.read(change.at, open).await {
                    Ok(secret) => secret,
                    // Sealed before the secret was replaced twice: no code will ever be right.
                    Err(error @ KeyError::Unwrappable(_)) => {
                        return Err(ApiError::caused_by(INVALID, error));
                    }
                    Err(error) => return Err(error.into()),
                };
                let secrets = secrets.current(change.at).await?;
                factor.show(table, &user.id, &secrets, &secret, code, change)?
            }
            Self::RecoveryCode(code) => {
                if user.factors.is_empty() {
                    return Err(INVALID.into());
                }
                let codes: RecoveryCodes = table::read(item)?;
                let secrets = secrets.current(change.at).await?;
                codes.show(table, &user.id, &secrets, code, change)?
            }
        })
    }
}
