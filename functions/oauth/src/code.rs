//! What an application is given for an identity: a code that it spends with its verifier, or what links it to an account.

use std::time::Duration;

use latchkey::clock::Timestamp;
use latchkey::http::ApiError;
use latchkey::keys::{CachedSecrets, KeyError};
use latchkey::secret::Purpose;
use latchkey::session::SessionId;
use latchkey::token::sealed::Kind;
use latchkey::user::UserId;
use serde::{Deserialize, Serialize};

use crate::Identified;
use latchkey::pkce::CodeChallenge;

/// How long a code works: it goes through the browser's address bar.
const CODE_LIFETIME: Duration = Duration::from_mins(1);
/// How long somebody may take to sign in to the account that an identity is to be linked to.
const LINK_LIFETIME: Duration = Duration::from_mins(10);

const CODE: Kind = Kind {
    prefix: "lkoc_",
    purpose: Purpose::IdentityCode,
};
const LINK: Kind = Kind {
    prefix: "lklt_",
    purpose: Purpose::IdentityLink,
};

pub use latchkey::pkce::code_verifier;

/// An identity on its way to the application. Spent by the session that it starts, whose id it has.
#[derive(Serialize, Deserialize)]
pub struct IdentityCode {
    /// Who it is.
    pub identified: Identified,
    /// What it is spent with.
    pub code_challenge: CodeChallenge,
    /// The session that it starts, once.
    pub session_id: SessionId,
}

/// An identity whose address has an account, to which it may be linked by whoever signs in there.
#[derive(Serialize, Deserialize)]
pub struct IdentityLink {
    /// Who it is.
    pub identified: Identified,
    /// Whose account it is.
    pub user_id: UserId,
}

impl IdentityCode {
    /// As a text.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn seal(&self, secrets: &CachedSecrets, now: Timestamp) -> Result<String, KeyError> {
        let secrets = secrets.current(now).await?;
        Ok(CODE.seal(&secrets, b"", self, now.plus(CODE_LIFETIME))?)
    }

    /// The one in a text, for whoever has its verifier (RFC 7636 §4.6).
    ///
    /// # Errors
    /// `challenge_expired`, or `unavailable`.
    pub async fn open(
        secrets: &CachedSecrets,
        code: &str,
        verifier: &str,
        now: Timestamp,
    ) -> Result<Self, ApiError> {
        let code: Self = secrets.challenge(&CODE, b"", code, now).await?;
        if !code.code_challenge.is_of(verifier) {
            return Err(latchkey::http::ErrorCode::ChallengeExpired.into());
        }
        Ok(code)
    }
}

impl IdentityLink {
    /// As a text.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn seal(&self, secrets: &CachedSecrets, now: Timestamp) -> Result<String, KeyError> {
        let secrets = secrets.current(now).await?;
        Ok(LINK.seal(&secrets, b"", self, now.plus(LINK_LIFETIME))?)
    }

    /// The one in a text, for the account that it is for.
    ///
    /// # Errors
    /// `challenge_expired`, or `unavailable`.
    pub async fn open(
        secrets: &CachedSecrets,
        token: &str,
        user_id: &UserId,
        now: Timestamp,
    ) -> Result<Identified, ApiError> {
        let link: Self = secrets.challenge(&LINK, b"", token, now).await?;
        if link.user_id != *user_id {
            return Err(latchkey::http::ErrorCode::ChallengeExpired.into());
        }
        Ok(link.identified)
    }
}
