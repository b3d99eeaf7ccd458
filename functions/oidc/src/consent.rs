//! What a person lets an application have.

use std::time::Duration;

use latchkey::clock::Timestamp;
use latchkey::event::EventKind;
use latchkey::store::StoreError;
use latchkey::table::{
    self, Change, Entity, Key, Table, TransactError, Update, Updated, attribute, failed, number,
    send, text,
};
use latchkey::user::UserId;
use serde::{Deserialize, Serialize};

use crate::{Client, ClientId, Scope};

latchkey::uuid_id! {
    /// Identifies a consent: one that was taken back and given again is another.
    ConsentId
}

const CONSENTS: &str = "CONSENT#";
/// What is left of one that was taken back goes by itself.
const REVOKED_LIFETIME: Duration = Duration::from_hours(24);

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
    /// When it was taken back, if it was. What is left tells the stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
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
        Key::in_account(user_id, format!("{CONSENTS}{client_id}"))
    }

    /// Whether it lets this client have something: it was not taken back, and not given to one that had its id before.
    #[must_use]
    pub fn counts_for(&self, client: &Client) -> bool {
        self.revoked_at.is_none()
            && self.client_id == client.id
            && client.created_at <= self.given_at
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
        let before = before.filter(|before| before.counts_for(client));
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
            revoked_at: None,
            version,
        }
    }

    /// All that an account has given and not taken back, the first first. Strongly consistent, 1 RT for each MB, 1 RU for
    /// each 4 KB.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list(user_id: &UserId, table: &Table) -> Result<Vec<Self>, StoreError> {
        let mut consents: Vec<Self> = Vec::new();
        let mut behind = None;
        loop {
            let query = table
                .client()
                .query()
                .table_name(table.name())
                .consistent_read(true)
                .key_condition_expression("pk = :pk AND begins_with(sk, :consents)")
                .expression_attribute_values(":pk", text(&Key::user(user_id).pk))
                .expression_attribute_values(":consents", text(CONSENTS))
                .set_exclusive_start_key(behind.take());
            let output = send(|| query.clone().send())
                .await
                .map_err(|error| failed("list consents", &error))?;
            for item in output.items.unwrap_or_default() {
                consents.push(table::read(item)?);
            }
            behind = output.last_evaluated_key.filter(|key| !key.is_empty());
            if behind.is_none() {
                break;
            }
        }
        consents.retain(|consent| consent.revoked_at.is_none());
        consents.sort_by_key(|consent| consent.given_at);
        Ok(consents)
    }

    /// Takes it back: every token that hangs on it is dead from then on. Whether there was one. 1 RT, 1 WU.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn revoke(
        user_id: &UserId,
        client_id: &ClientId,
        table: &Table,
        change: &Change,
    ) -> Result<bool, StoreError> {
        let goes_at = change.at.plus(REVOKED_LIFETIME);
        let nothing = attribute(&Vec::<Scope>::new())?;
        let update = Update::new(Self::key(user_id, client_id), change)
            .set("revoked_at", number(change.at.as_millis()))
            .set("ttl", number(goes_at.as_seconds()))
            .set("asked", nothing.clone())
            .set("scopes", nothing)
            .events([EventKind::ConsentRevoked])
            .when_absent("revoked_at");
        match table.update("revoke consent", update).await? {
            Updated::Done(_) => Ok(true),
            Updated::Refused(_) => Ok(false),
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
                    (":id", text(&before.id)),
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
