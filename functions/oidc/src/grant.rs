//! What one code gave a client: the chain of its refresh tokens, and what kills all its tokens at once.

use std::time::Duration;

use latchkey::clock::Timestamp;
use latchkey::event::EventKind;
use latchkey::proof::Proved;
use latchkey::session::{Session, SessionId};
use latchkey::store::StoreError;
use latchkey::table::{
    self, Change, Entity, Key, Table, TransactError, Update, Updated, attribute, number,
};
use latchkey::user::{User, UserId};
use serde::{Deserialize, Serialize};

use crate::{Client, ClientId, Consent, ConsentId, Scope};

latchkey::uuid_id! {
    /// Identifies a grant within its user.
    GrantId
}

/// Why a grant was ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantEnd {
    /// Its code was used twice: somebody else may have it.
    CodeReuse,
    /// A refresh token was used again after it had been replaced: it may have been stolen.
    RefreshTokenReuse,
    /// The client gave it back.
    Revoked,
}

/// A grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Its id.
    pub id: GrantId,
    /// Whose account it opens.
    pub user_id: UserId,
    /// To whom.
    pub client_id: ClientId,
    /// The session that it hangs on.
    pub session_id: SessionId,
    /// The consent behind it; none where the client is the operator's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent_id: Option<ConsentId>,
    /// What it is for.
    pub scopes: Vec<Scope>,
    /// What the session stood on when the code was given: tokens say so as long as it lasts (OpenID Connect Core 1.0
    /// §12.2).
    pub proved: Proved,
    /// Which refresh token of the chain is the current one.
    pub counter: u32,
    /// When the current refresh token replaced the one before.
    pub rotated_at: Timestamp,
    /// When the code was spent.
    pub created_at: Timestamp,
    /// When it is over, whatever happens: the session's end.
    pub ends_at: Timestamp,
    /// When it was ended, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_because: Option<GrantEnd>,
    /// Raised by every change.
    pub version: u64,
}

impl Entity for Grant {
    const TYPE: &'static str = "grant";

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.ends_at)
    }

    fn events(&self) -> Vec<EventKind> {
        vec![EventKind::GrantCreated]
    }
}

/// What became of an attempt to move a grant on to its next refresh token.
#[derive(Debug)]
pub enum GrantRotation {
    /// It moved on; the grant as it is now.
    Rotated(Grant),
    /// It did not: the token is not the current one, or the grant is over. As it was found.
    Refused(Grant),
    /// There is no such grant.
    None,
}

impl Grant {
    /// Where it is.
    #[must_use]
    pub fn key(user_id: &UserId, id: &GrantId) -> Key {
        Key::in_account(user_id, format!("GRANT#{id}"))
    }

    /// What a client may do with it at `now`: none where it is over, with its session, its consent or its client.
    /// Everything that accepts a token of a client asks this and nothing else.
    #[must_use]
    pub fn live_scopes(
        &self,
        client: &Client,
        consent: Option<&Consent>,
        (user, session): (&User, &Session),
        now: Timestamp,
    ) -> Option<Vec<Scope>> {
        let is_live = self.user_id == user.id
            && self.session_id == session.id
            && self.client_id == client.id
            && client.created_at <= self.created_at
            && self.revoked_at.is_none()
            && now < self.ends_at
            && session.is_live(user, now);
        if !is_live {
            return None;
        }
        let may = |scope: &&Scope| client.scopes.contains(scope);
        let scopes: Vec<Scope> = self.scopes.iter().filter(may).cloned().collect();
        // What was agreed to is no more than that, also when the client becomes the operator's own.
        let scopes = match self.consent_id {
            Some(id) => {
                let counts = |consent: &&Consent| consent.id == id && consent.counts_for(client);
                consent.filter(counts)?.allowed(&scopes)
            }
            None if client.first_party => scopes,
            None => return None,
        };
        (!scopes.is_empty()).then_some(scopes)
    }

    /// Stores a new one, if it is not stored yet: whether its code was spent just now. 1 RT, 2 WU.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_once(&self, table: &Table, change: &Change) -> Result<bool, StoreError> {
        let item = table::new_item(Self::key(&self.user_id, &self.id), self, change)?;
        let part = table::put_new(table, item)?;
        match table.transact("put grant once", vec![part]).await {
            Ok(()) => Ok(true),
            Err(TransactError::Refused(_)) => Ok(false),
            Err(TransactError::Store(error)) => Err(error),
        }
    }

    /// Moves it on to its next refresh token, in one conditional write: of many who try with the same token, one
    /// succeeds. 1 RT, 1 WU.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn rotate(
        &self,
        table: &Table,
        change: &Change,
    ) -> Result<GrantRotation, StoreError> {
        let update = Update::new(Self::key(&self.user_id, &self.id), change)
            .set("rotated_at", number(change.at.as_millis()))
            .increment("counter")
            .when_equal("counter", number(u64::from(self.counter)))
            .when_absent("revoked_at");
        Ok(match table.update("rotate grant", update).await? {
            Updated::Done(item) => GrantRotation::Rotated(table::read(item)?),
            Updated::Refused(Some(item)) => GrantRotation::Refused(table::read(item)?),
            Updated::Refused(None) => GrantRotation::None,
        })
    }

    /// Ends it; ending it twice is no error. 1 RT, 1 WU.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn revoke(
        user_id: &UserId,
        id: &GrantId,
        because: GrantEnd,
        table: &Table,
        change: &Change,
    ) -> Result<(), StoreError> {
        let update = Update::new(Self::key(user_id, id), change)
            .set("revoked_at", number(change.at.as_millis()))
            .set("revoked_because", attribute(&because)?)
            .events([EventKind::GrantRevoked])
            .when_absent("revoked_at");
        table.update("revoke grant", update).await.map(drop)
    }

    /// Whether the token with this counter, which is not the current one, may be answered with the current one again:
    /// it is the one before, and what replaced it was within `grace`. As with sessions: two tabs refresh at once.
    #[must_use]
    pub fn repeats_rotation(&self, counter: u32, grace: Duration, now: Timestamp) -> bool {
        counter.checked_add(1) == Some(self.counter) && now.since(self.rotated_at) <= grace
    }
}
