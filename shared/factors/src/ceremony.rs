//! Ceremonies: what a passkey has to answer, carried by the client between their two halves.
//!
//! Nothing of them is stored. A creation names the version of the account that it is for, and adding the passkey raises
//! it; one for a sign-in that has begun is spent by the session of that, and any other by a row that the write which it is for
//! puts where there is none.

use std::time::Duration;

use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use latchkey::clock::Timestamp;
use latchkey::http::{ApiError, ErrorCode};
use latchkey::keys::{CachedSecrets, KeyError};
use latchkey::secret::{Purpose, Secrets};
use latchkey::session::SessionId;
use latchkey::store::StoreError;
use latchkey::table::{self, Change, Entity, Key, Table, TransactWriteItem};
use latchkey::token::sealed::Kind;
use latchkey::user::{User, UserId};
use serde::{Deserialize, Serialize};

/// How long somebody may take.
pub const CEREMONY_LIFETIME: Duration = Duration::from_mins(5);

const CREATION: Kind = Kind {
    prefix: "lkpc_",
    purpose: Purpose::PasskeyCreation,
};
const REQUEST: Kind = Kind {
    prefix: "lkpr_",
    purpose: Purpose::PasskeyRequest,
};

/// What the authenticator signs: 256 random bits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CeremonyChallenge(String);

impl CeremonyChallenge {
    /// A new one.
    ///
    /// # Panics
    /// When the system has no randomness.
    #[must_use]
    pub fn generate() -> Self {
        let mut bytes = [0; 32];
        rand::fill(&mut bytes).expect("the system has randomness");
        Self(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        // It comes out of a seal of ours.
        URL_SAFE_NO_PAD.decode(&self.0).unwrap_or_default()
    }
}

/// A passkey is to be made, for an account as it is.
#[derive(Serialize, Deserialize)]
pub struct Creation {
    /// What its authenticator signs.
    pub challenge: CeremonyChallenge,
    version: u64,
}

impl Creation {
    /// For this account.
    ///
    /// # Panics
    /// When the system has no randomness.
    #[must_use]
    pub fn new(user: &User) -> Self {
        Self {
            challenge: CeremonyChallenge::generate(),
            version: user.version,
        }
    }

    /// As the client carries it.
    ///
    /// # Errors
    /// [`KeyError::Unwrappable`] when the system has no randomness.
    pub fn seal(&self, secrets: &Secrets, user: &User, now: Timestamp) -> Result<String, KeyError> {
        let until = now.plus(CEREMONY_LIFETIME);
        Ok(CREATION.seal(secrets, user.id.as_bytes(), self, until)?)
    }

    /// One of this account, which has not changed since. No I/O, as [`CachedSecrets::open`].
    ///
    /// # Errors
    /// `challenge_expired` when it is forged, expired, used or another's; `unavailable`.
    pub async fn open(
        secrets: &CachedSecrets,
        text: &str,
        user: &User,
        now: Timestamp,
    ) -> Result<Self, ApiError> {
        let opened = secrets.challenge(&CREATION, user.id.as_bytes(), text, now);
        let creation: Self = opened.await?;
        if creation.version != user.version {
            return Err(ErrorCode::ChallengeExpired.into());
        }
        Ok(creation)
    }
}

/// A passkey is to sign in.
#[derive(Serialize, Deserialize)]
pub struct Assertable {
    /// What its authenticator signs.
    pub challenge: CeremonyChallenge,
    /// The session to come of a sign-in that has begun with something else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
}

impl Assertable {
    /// A new one.
    ///
    /// # Panics
    /// When the system has no randomness.
    #[must_use]
    pub fn new(session: Option<SessionId>) -> Self {
        Self {
            challenge: CeremonyChallenge::generate(),
            session,
        }
    }

    /// As the client carries it.
    ///
    /// # Errors
    /// [`KeyError::Unwrappable`] when the system has no randomness.
    pub fn seal(&self, secrets: &Secrets, now: Timestamp) -> Result<String, KeyError> {
        let until = now.plus(CEREMONY_LIFETIME);
        Ok(REQUEST.seal(secrets, b"", self, until)?)
    }

    /// One that is for this sign-in. No I/O, as [`CachedSecrets::open`].
    ///
    /// # Errors
    /// `challenge_expired` when it is forged, expired or of another sign-in; `unavailable`.
    pub async fn open(
        secrets: &CachedSecrets,
        text: &str,
        session: Option<SessionId>,
        now: Timestamp,
    ) -> Result<Self, ApiError> {
        let opened = secrets.challenge(&REQUEST, b"", text, now);
        let request: Self = opened.await?;
        if request.session != session {
            return Err(ErrorCode::ChallengeExpired.into());
        }
        Ok(request)
    }

    /// What spends it, as part of a transaction: refused where it was used before. 2 WU.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn spending(
        &self,
        table: &Table,
        user_id: &UserId,
        change: &Change,
    ) -> Result<TransactWriteItem, StoreError> {
        let key = Key::in_account(user_id, format!("SPENT#{}", self.challenge.0));
        let spent = Spent {
            until: change.at.plus(CEREMONY_LIFETIME),
        };
        table::put_new(table, table::new_item(key, &spent, change)?)
    }
}

/// A request that was used, kept until it would have expired.
#[derive(Serialize, Deserialize)]
struct Spent {
    until: Timestamp,
}

impl Entity for Spent {
    const TYPE: &'static str = "spent";

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.until)
    }
}
