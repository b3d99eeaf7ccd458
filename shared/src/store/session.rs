//! Sessions: start, rotate, end.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Deserialize;

use super::key::SESSIONS;
use super::{Store, WriteRefused};
use crate::clock::Timestamp;
use crate::event::EventKind;
use crate::session::{RevocationReason, Rotation, Session, SessionId};
use crate::table::{
    self, Change, Entity, Key, Listing, RawItem, StoreError, TransactError, TransactWriteItem,
    Update, Updated, attribute, failed, number, send, text,
};
use crate::token::refresh::RefreshClaims;
use crate::user::{Status, User, UserId};

impl Entity for Session {
    const TYPE: &'static str = "session";

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at())
    }

    fn events(&self) -> Vec<EventKind> {
        vec![EventKind::SessionCreated]
    }
}

/// What became of a write of a session that spends something with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionPut {
    /// Both are written.
    Done,
    /// There is such a session already, or none that lives.
    SessionRefused,
    /// What was to be spent is spent.
    SpendingRefused,
}

/// The attribute that says the ways used, for events.
const METHODS: &str = "amr";

/// What became of ending a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionRevoked {
    /// It is over, now or before.
    Yes,
    /// There is no such session.
    NoSession,
}

impl Store {
    /// Stores a new session. 1 RT, 1 WU.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn put_session(
        &self,
        session: &Session,
        change: &Change,
    ) -> Result<(), StoreError> {
        let item = session_item(session, change)?;
        let call = self.table.client().put_item();
        let call = call.table_name(self.table.name()).set_item(Some(item));
        let put = send(|| call.clone().send()).await;
        put.map(|_| ())
            .map_err(|error| failed("put session", &error))
    }

    /// Stores a session whose id was given out before, if it is not stored yet, together with what it spends. 1 RT,
    /// 2 WU and those of `spending`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn put_session_once(
        &self,
        session: &Session,
        spending: Vec<TransactWriteItem>,
        change: &Change,
    ) -> Result<SessionPut, StoreError> {
        let put = table::put_new(&self.table, session_item(session, change)?)?;
        self.write_session("put session once", put, spending).await
    }

    /// Stores what a live session stands on from now on, together with what that spends. 1 RT, 2 WU and those of
    /// `spending`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn prove_session(
        &self,
        session: &Session,
        spending: Vec<TransactWriteItem>,
        change: &Change,
    ) -> Result<SessionPut, StoreError> {
        let update = proving(session, change)?.in_transaction(&self.table)?;
        self.write_session("prove session", update, spending).await
    }

    async fn write_session(
        &self,
        operation: &'static str,
        session: TransactWriteItem,
        spending: Vec<TransactWriteItem>,
    ) -> Result<SessionPut, StoreError> {
        let items = std::iter::once(session).chain(spending).collect();
        match self.table.transact(operation, items).await {
            Ok(()) => Ok(SessionPut::Done),
            Err(TransactError::Refused(refused)) if refused.first() == Some(&true) => {
                Ok(SessionPut::SessionRefused)
            }
            Err(TransactError::Refused(_)) => Ok(SessionPut::SpendingRefused),
            Err(TransactError::Store(error)) => Err(error),
        }
    }

    /// Moves a session on to its next refresh token, in one conditional write: of many who try with
    /// the same token, one succeeds. It may lie idle for `idle` from then on. 1 RT, 1 WU.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn rotate_session(
        &self,
        claims: &RefreshClaims,
        idle: Duration,
        change: &Change,
    ) -> Result<Rotation, StoreError> {
        let update = in_use(&claims.user_id, &claims.session_id, idle, change)
            .increment("counter")
            .when_equal("counter", number(u64::from(claims.counter)));
        Ok(match self.table.update("rotate session", update).await? {
            Updated::Done(item) => Rotation::Rotated(table::read(item)?),
            Updated::Refused(Some(item)) => Rotation::Refused(table::read(item)?),
            Updated::Refused(None) => Rotation::NoSession,
        })
    }

    /// Notes that a session is in use where nothing of it is handed out: it may lie idle for `idle` from then on. One that
    /// has ended meanwhile stays so. 1 RT, 1 WU.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn keep_session(
        &self,
        session: &Session,
        idle: Duration,
        change: &Change,
    ) -> Result<(), StoreError> {
        let update = in_use(&session.user_id, &session.id, idle, change);
        self.table.update("keep session", update).await.map(|_| ())
    }

    /// Ends one session; ending it twice is no error. 1 RT, 1 WU.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn revoke_session(
        &self,
        user_id: &UserId,
        session_id: &SessionId,
        reason: RevocationReason,
        change: &Change,
    ) -> Result<SessionRevoked, StoreError> {
        let event = match reason {
            RevocationReason::RefreshTokenReuse => EventKind::SessionReuseDetected,
            RevocationReason::Logout | RevocationReason::Revoked => EventKind::SessionRevoked,
        };
        let update = Update::new(Key::session(user_id, session_id), change)
            .set("revoked_at", number(change.at.as_millis()))
            .set("revoked_because", attribute(&reason)?)
            .events([event])
            .when_absent("revoked_at");
        Ok(match self.table.update("revoke session", update).await? {
            Updated::Done(_) | Updated::Refused(Some(_)) => SessionRevoked::Yes,
            Updated::Refused(None) => SessionRevoked::NoSession,
        })
    }

    /// Adds to a page of a user's sessions that were not ended one by one; which of them are live, the
    /// caller decides. Strongly consistent. 1 RT, by size.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_more_sessions(
        &self,
        user_id: &UserId,
        sessions: &mut Listing<Session>,
    ) -> Result<(), StoreError> {
        let query = self
            .table
            .client()
            .query()
            .table_name(self.table.name())
            .consistent_read(true)
            .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
            .filter_expression("attribute_not_exists(revoked_at)")
            .expression_attribute_values(":pk", text(&Key::user(user_id).pk));
        sessions
            .advance("list sessions", query, ("sk", SESSIONS))
            .await
    }

    /// The user agents of the hundred sessions of a user before this one, ended ones included, as far as they
    /// have not expired. 1 RT, by size.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn user_agents_before(
        &self,
        user_id: &UserId,
        session_id: &str,
    ) -> Result<Vec<Option<String>>, StoreError> {
        #[derive(Deserialize)]
        struct SignIn {
            user_agent: Option<String>,
        }
        let call = self
            .table
            .client()
            .query()
            .table_name(self.table.name())
            .key_condition_expression("pk = :pk AND sk BETWEEN :first AND :this")
            .filter_expression("id <> :id")
            .scan_index_forward(false)
            .limit(101)
            .projection_expression("user_agent")
            .expression_attribute_values(":pk", text(&Key::user(user_id).pk))
            .expression_attribute_values(":first", text(SESSIONS))
            .expression_attribute_values(":this", text(&format!("{SESSIONS}{session_id}")))
            .expression_attribute_values(":id", text(session_id));
        let output = send(|| call.clone().send())
            .await
            .map_err(|error| failed("user agents", &error))?;
        let sign_ins = output.items.unwrap_or_default().into_iter();
        let sign_ins = sign_ins.map(serde_dynamo::from_item::<_, SignIn>);
        let agents = sign_ins.map(|sign_in| sign_in.map(|sign_in| sign_in.user_agent));
        agents
            .collect::<Result<_, _>>()
            .map_err(|error| StoreError::Unreadable(format!("session: {error}")))
    }

    /// Ends every session of a user, by raising the epoch they must match. 1 RT, 2 WU.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn revoke_all_sessions(
        &self,
        user: &User,
        change: &Change,
    ) -> Result<(), StoreError> {
        // Without a condition: whatever else raises the epoch meanwhile, this ends every session too.
        let update = raise_epoch(user, change);
        self.table
            .update("revoke all sessions", update)
            .await
            .map(|_| ())
    }

    /// Ends every session of a user but `kept`, which moves to the new epoch in the same transaction.
    /// 1 RT, 5 WU.
    ///
    /// # Errors
    /// [`WriteRefused::Changed`] when sessions were ended by somebody else meanwhile: then which ones
    /// are left is not what the caller knew.
    pub async fn revoke_other_sessions(
        &self,
        user: &User,
        kept: &Session,
        change: &Change,
    ) -> Result<(), WriteRefused> {
        let epoch: AttributeValue = number(user.session_epoch);
        let kept = Update::new(Key::session(&user.id, &kept.id), change)
            .increment("session_epoch")
            .when_equal("session_epoch", epoch)
            .when_absent("revoked_at");
        let items = vec![
            raise_epoch(user, change)
                .when_equal("session_epoch", number(user.session_epoch))
                .in_transaction(&self.table)?,
            kept.in_transaction(&self.table)?,
        ];
        match self.table.transact("revoke other sessions", items).await {
            Ok(()) => Ok(()),
            Err(TransactError::Refused(_)) => Err(WriteRefused::Changed),
            Err(TransactError::Store(error)) => Err(error.into()),
        }
    }
}

/// A session as it is stored: with the ways used, for its event.
fn session_item(session: &Session, change: &Change) -> Result<RawItem, StoreError> {
    let key = Key::session(&session.user_id, &session.id);
    let mut item = table::new_item(key, session, change)?;
    let methods = attribute(&session.proved().methods())?;
    item.insert(METHODS.to_owned(), methods);
    Ok(item)
}

/// The update of a live session that is in use. The limits of its life are conditions too, because the write resets the
/// idle one.
fn in_use(user_id: &UserId, id: &SessionId, idle: Duration, change: &Change) -> Update {
    let now = number(change.at.as_millis());
    let idle_until = change.at.plus(idle);
    Update::new(Key::session(user_id, id), change)
        .set("rotated_at", now.clone())
        .set("idle_until", number(idle_until.as_millis()))
        .set("ttl", number(idle_until.as_seconds()))
        .when_absent("revoked_at")
        .when_above("idle_until", now.clone())
        .when_above("ends_at", now)
}

/// What a live session stands on, in place of what it stood on.
pub fn proving(session: &Session, change: &Change) -> Result<Update, StoreError> {
    let proved = session.proved();
    Ok(
        Update::new(Key::session(&session.user_id, &session.id), change)
            .set("proved", attribute(&proved)?)
            .set(METHODS, attribute(&proved.methods())?)
            .events([EventKind::SessionProved])
            .when_equal("credential_version", number(session.credential_version))
            .when_equal("session_epoch", number(session.session_epoch))
            .when_absent("revoked_at"),
    )
}

fn raise_epoch(user: &User, change: &Change) -> Update {
    Update::new(Key::user(&user.id), change)
        .increment("session_epoch")
        .set("updated_at", number(change.at.as_millis()))
        // Those of a suspended account ended with the suspension.
        .events((user.status != Status::Suspended).then_some(EventKind::SessionsRevoked))
}
