//! What a person lets an application have.

use latchkey::clock::Timestamp;
use latchkey::event::EventKind;
use latchkey::store::StoreError;
use latchkey::table::{self, Change, Entity, Key, Table, TransactError, number};
use latchkey::user::UserId;
use serde::{Deserialize, Serialize};

use crate::{Client, ClientId, Scope};

latchkey::uuid_id! {
    /// Identifies a consent: one that was taken back and given again is another.
    ConsentId
}

/// A consent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// Its id.
    pub id: ConsentId,
    /// Whose it is.
    pub user_id: UserId,
    /// Who may.
    pub client_id: ClientId,
    /// What the person was asked for.
    pub asked: Vec<Scope>,
    /// What of it the client may have.
    pub scopes: Vec<Scope>,
    /// When it was given first.
    pub given_at: Timestamp,
    /// When it was given last.
    pub updated_at: Timestamp,
    /// Raised by every change.
    pub version: u64,
}

impl Entity for Consent {
    const TYPE: &'static str = "consent";

    fn events(&self) -> Vec<EventKind> {
        vec![EventKind::ConsentGiven]
    }
}

impl Consent {
    /// Where it is.
    #[must_use]
    pub fn key(user_id: &UserId, client_id: &ClientId) -> Key {
        Key::in_account(user_id, format!("CONSENT#{client_id}"))
    }

    /// Whether it was given to this client, and not to one that had its id before.
    #[must_use]
    pub fn is_for(&self, client: &Client) -> bool {
        self.client_id == client.id && client.created_at <= self.given_at
    }

    /// Whether the person was asked for all of this already.
    #[must_use]
    pub fn covers(&self, scopes: &[Scope]) -> bool {
        scopes.iter().all(|scope| self.asked.contains(scope))
    }

    /// What of this the client may have.
    #[must_use]
    pub fn allowed(&self, scopes: &[Scope]) -> Vec<Scope> {
        let allowed = scopes.iter().filter(|scope| self.scopes.contains(scope));
        allowed.cloned().collect()
    }

    /// After the person was asked for `asked` and gave `given` of it, on top of what was given to the same client
    /// before.
    #[must_use]
    pub fn given(
        user_id: UserId,
        client: &Client,
        before: Option<&Self>,
        (asked, given): (&[Scope], &[Scope]),
        now: Timestamp,
    ) -> Self {
        let version = before.map_or(1, |before| before.version + 1);
        let before = before.filter(|before| before.is_for(client));
        let mut all: Vec<Scope> = Vec::new();
        let mut allowed: Vec<Scope> = Vec::new();
        if let Some(before) = before {
            all.extend(before.asked.iter().cloned());
            let kept = before.scopes.iter().filter(|scope| !asked.contains(scope));
            allowed.extend(kept.cloned());
        }
        for scope in asked {
            if !all.contains(scope) {
                all.push(scope.clone());
            }
            if given.contains(scope) {
                allowed.push(scope.clone());
            }
        }
        Self {
            id: before.map_or_else(|| ConsentId::generate(now), |before| before.id),
            user_id,
            client_id: client.id.clone(),
            asked: all,
            scopes: allowed,
            given_at: before.map_or(now, |before| before.given_at),
            updated_at: now,
            version,
        }
    }

    /// Writes it in the place of `before`, if that is still there; whether it was. 1 RT, 2 WU.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put(
        &self,
        table: &Table,
        before: Option<&Self>,
        change: &Change,
    ) -> Result<bool, StoreError> {
        let key = Self::key(&self.user_id, &self.client_id);
        let item = table::new_item(key, self, change)?;
        let part = match before {
            None => table::put_new(table, item)?,
            Some(before) => table::put_if(
                table,
                item,
                "#version = :version AND #id = :id",
                &[("#version", "version"), ("#id", "id")],
                &[
                    (":version", number(before.version)),
                    (":id", table::text(&before.id)),
                ],
            )?,
        };
        match table.transact("put consent", vec![part]).await {
            Ok(()) => Ok(true),
            Err(TransactError::Refused(_)) => Ok(false),
            Err(TransactError::Store(error)) => Err(error),
        }
    }
}
