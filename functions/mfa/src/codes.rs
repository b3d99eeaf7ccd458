//! What a mailed code goes with: the challenge of whoever asked for it. Without that a letter is good for nothing,
//! whoever opens its link.

use std::time::Duration;

use factors::{CeremonyChallenge, Code};
use latchkey::clock::Timestamp;
use latchkey::email::Email;
use latchkey::field::FieldError;
use latchkey::http::{ApiError, ErrorCode, Fields, Limiter, Request};
use latchkey::limit::{LimitSubject, Rate, Route, Rule};
use latchkey::secret::Purpose;
use latchkey::session::SessionId;
use latchkey::store::{Store, Taken};
use latchkey::token::mailed::{LetterProof, MailRequestId};
use latchkey::token::sealed::Kind;
use latchkey::user::UserId;
use serde::{Deserialize, Serialize};

/// Guesses of mailed codes, by the address that they are for. Strangers make them: they use up nothing of the account's
/// factors.
pub const GUESS_ROUTE: Route = Route {
    name: "code-guess",
    default_limits: "account-address=5/15m address=60/1h account=10/15m",
};

/// Tries of the code in one letter: a limit that no setting lifts. None comes back while the code works.
const TRIES: Rate = Rate {
    count: 5,
    period: Duration::from_hours(24),
};

/// How [`CodeChallenge`] is sealed.
pub const CODE_CHALLENGE: Kind = Kind {
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
pub struct CodeChallenge {
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
pub fn read_proof(fields: &mut Fields) -> Option<LetterProof> {
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
    let digits = code.map(|code| LetterProof::Digits(code.digits()));
    digits.or(token.map(LetterProof::Token))
}

/// Counts a guess at the code that was mailed to an address, before anything is looked at. The token of a link is none:
/// it has 192 bits. 2 RT where nobody has tried of late.
///
/// # Errors
/// `rate_limited` or `unavailable`.
pub async fn guess(
    guesses: &Limiter,
    store: &Store,
    request: &Request,
    proof: &LetterProof,
    email: &Email,
    now: Timestamp,
) -> Result<(), ApiError> {
    match proof {
        LetterProof::Digits(_) => {
            let attempt = guesses.attempt(store, request, &email.canonical(), now);
            attempt.admit().await
        }
        LetterProof::Token(_) => Ok(()),
    }
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
