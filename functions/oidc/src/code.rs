//! What a client is given for who has signed in: a code that it spends, once, within a minute.

use std::time::Duration;

use latchkey::clock::Timestamp;
use latchkey::keys::{CachedSecrets, KeyError, VerifyError};
use latchkey::pkce::CodeChallenge;
use latchkey::proof::Proved;
use latchkey::secret::{Purpose, Secrets};
use latchkey::session::SessionId;
use latchkey::token::sealed::Kind;
use latchkey::user::UserId;
use serde::{Deserialize, Serialize};

use crate::standing::Names;
use crate::{ClientId, ConsentId, GrantId, Scope};

/// How long a code counts: it goes through the browser's address bar (RFC 6749 §4.1.2).
const CODE_LIFETIME: Duration = Duration::from_mins(1);

const CODE: Kind = Kind {
    prefix: "lkac_",
    purpose: Purpose::AuthorizationCode,
};
const REFRESH: Kind = Kind {
    prefix: "lkcr_",
    purpose: Purpose::ClientRefreshToken,
};

/// A code. Spent by the grant that it makes, whose id it has.
#[derive(Debug, Serialize, Deserialize)]
pub struct AuthorizationCode {
    /// Whose it is.
    pub client_id: ClientId,
    /// Where it went.
    pub redirect_uri: String,
    /// Who has signed in.
    pub user_id: UserId,
    /// How.
    pub session_id: SessionId,
    /// The grant that it makes, once.
    pub grant_id: GrantId,
    /// The consent behind it.
    pub consent_id: Option<ConsentId>,
    /// What it is for.
    pub scopes: Vec<Scope>,
    /// What the ID token carries back.
    pub nonce: Option<String>,
    /// What it is spent with.
    pub code_challenge: CodeChallenge,
    /// What the session stood on.
    pub proved: Proved,
    /// When it was given.
    pub issued_at: Timestamp,
}

/// A refresh token of a client. Whether it is still the current one, the grant knows.
#[derive(Debug, Serialize, Deserialize)]
pub struct ClientRefreshToken {
    /// Whose it is.
    pub client_id: ClientId,
    /// Whose account it opens.
    pub user_id: UserId,
    /// The session that it hangs on.
    pub session_id: SessionId,
    /// The grant.
    pub grant_id: GrantId,
    /// Its place in the chain.
    pub counter: u32,
}

impl AuthorizationCode {
    /// As a text.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn seal(&self, secrets: &CachedSecrets, now: Timestamp) -> Result<String, KeyError> {
        let secrets = secrets.current(now).await?;
        Ok(CODE.seal(&secrets, b"", self, now.plus(CODE_LIFETIME))?)
    }

    /// Whose it is.
    #[must_use]
    pub const fn names(&self) -> Names<'_> {
        Names {
            user: &self.user_id,
            session: &self.session_id,
            client: &self.client_id,
            grant: &self.grant_id,
        }
    }

    /// The one in a text.
    ///
    /// # Errors
    /// [`VerifyError`]; an expired one is invalid.
    pub async fn open(
        secrets: &CachedSecrets,
        code: &str,
        now: Timestamp,
    ) -> Result<Self, VerifyError> {
        secrets.open(&CODE, b"", code, now).await
    }
}

impl ClientRefreshToken {
    /// As a text that counts until `ends_at`.
    ///
    /// # Errors
    /// [`KeyError::Unwrappable`] when the system has no randomness.
    pub fn seal(&self, secrets: &Secrets, ends_at: Timestamp) -> Result<String, KeyError> {
        Ok(REFRESH.seal(secrets, b"", self, ends_at)?)
    }

    /// Whose it is.
    #[must_use]
    pub const fn names(&self) -> Names<'_> {
        Names {
            user: &self.user_id,
            session: &self.session_id,
            client: &self.client_id,
            grant: &self.grant_id,
        }
    }

    /// Whether a text looks like one.
    #[must_use]
    pub fn is_like(token: &str) -> bool {
        token.starts_with(REFRESH.prefix)
    }

    /// The one in a text.
    ///
    /// # Errors
    /// [`VerifyError`]; an expired one is invalid.
    pub async fn open(
        secrets: &CachedSecrets,
        token: &str,
        now: Timestamp,
    ) -> Result<Self, VerifyError> {
        secrets.open(&REFRESH, b"", token, now).await
    }
}
