//! What a mailed code goes with: the challenge of whoever asked for it. Without that a letter is good for nothing,
//! whoever opens its link.

use std::time::Duration;

use factors::{CeremonyChallenge, Code};
use latchkey::clock::Timestamp;
use latchkey::email::Email;
use latchkey::field::FieldError;
use latchkey::http::{ApiError, ErrorCode, Fields};
use latchkey::limit::{LimitSubject, Rate, Rule};
use latchkey::secret::Purpose;
use latchkey::session::SessionId;
use latchkey::store::{Store, Taken};
use latchkey::token::mailed::{MailRequestId, Shown};
use latchkey::token::sealed::Kind;
use latchkey::user::UserId;
use serde::{Deserialize, Serialize};

/// Tries of the code in one letter: a limit that no setting lifts. None comes back while the code works.
const TRIES: Rate = Rate {
    count: 5,
    period: Duration::from_hours(24),
};

/// How [`CodeSignIn`] is sealed.
pub const CODE_SIGN_IN: Kind = Kind {
    prefix: "lkcc_",
    purpose: Purpose::CodeChallenge,
};

/// How [`PasskeyRegistration`] is sealed.
pub const PASSKEY_REGISTRATION: Kind = Kind {
    prefix: "lkcr_",
    purpose: Purpose::PasskeyRegistration,
};

/// A sign-in that a code completes.
#[derive(Serialize, Deserialize)]
pub struct CodeSignIn {
    /// The request for the letter.
    pub request: MailRequestId,
    /// The address that was named.
    pub email: Email,
    /// Id of the session that it starts, once.
    pub session_id: SessionId,
}

/// An account that a code and a passkey complete.
#[derive(Serialize, Deserialize)]
pub struct PasskeyRegistration {
    /// The request for the letter.
    pub request: MailRequestId,
    /// The address of the account.
    pub email: Email,
    /// Its id, which its passkey knows.
    pub user_id: UserId,
    /// What the authenticator signs.
    pub ceremony: CeremonyChallenge,
}

/// Reads what is shown of a letter: `code`, or `token`.
pub fn read_shown(fields: &mut Fields) -> Option<Shown> {
    let code = fields.optional("code", Code::parse);
    let token = fields.optional("token", |token| Ok(token.to_owned()));
    match (&code, &token) {
        (Some(None), Some(None)) => {
            let message = "One of code and token is required.";
            fields.reject("code", FieldError::new("required", message));
        }
        (Some(Some(_)), Some(Some(_))) => {
            let message = "One is enough: this, or the code.";
            fields.reject("token", FieldError::new("invalid_value", message));
        }
        _ => {}
    }
    let (code, token) = (code?, token?);
    let digits = code.map(|code| Shown::Digits(code.digits()));
    digits.or(token.map(Shown::Token))
}

/// Counts a try of the code in the letter of this request, of which there are five. 1 to 2 RT and WU.
///
/// # Errors
/// `challenge_expired` after the last one, or `unavailable`.
pub async fn try_once(
    store: &Store,
    request: &MailRequestId,
    now: Timestamp,
) -> Result<(), ApiError> {
    let subject = LimitSubject {
        route: "code-tries",
        rule: Rule::Account,
        name: request.to_string(),
    };
    match store.take(&subject, TRIES, now).await? {
        Taken::Yes { .. } => Ok(()),
        Taken::No { .. } => Err(ErrorCode::ChallengeExpired.into()),
    }
}
