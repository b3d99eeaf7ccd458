//! The one read behind every authenticated request.

use std::time::Duration;

use aws_sdk_dynamodb::types::KeysAndAttributes;

use super::credential::Credential;
use super::email_change::EmailChange;
use super::item::{self, Entity, RawItem};
use super::key::Key;
use super::{Store, StoreError, failed, jittered, send};
use crate::email::Email;
use crate::preferences::Preferences;
use crate::session::{Session, SessionId};
use crate::user::{User, UserId};

/// A batch read is asked this often for what it left out.
const BATCH_ATTEMPTS: u32 = 4;
const BATCH_BACKOFF: Duration = Duration::from_millis(40);

/// What a request is about, to be read along with its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// The account; the caller's own as well.
    pub id: UserId,
    /// Whether its preferences are wanted too.
    pub preferences: bool,
}

/// What one authenticated request reads: its caller, the caller's session, and the account it is about.
#[derive(Debug)]
pub struct AuthenticationRead {
    /// The account the token names.
    pub caller: Option<User>,
    /// The session the token names.
    pub session: Option<Session>,
    /// The account asked for; the caller's own where it is the same.
    pub target: Option<User>,
    /// The preferences of the account asked for.
    pub preferences: Option<Preferences>,
}

impl Store {
    /// Reads everything an authenticated request needs in one round trip, strongly consistent, 1 RU an
    /// item, preferences by their size.
    ///
    /// # Errors
    /// [`StoreError`], also when the table leaves a key unanswered: that is never taken for absence.
    pub async fn read_for_authentication(
        &self,
        caller: &UserId,
        session: &SessionId,
        target: Option<Target>,
    ) -> Result<AuthenticationRead, StoreError> {
        let caller_key = Key::user(caller);
        let session_key = Key::session(caller, session);
        let target_key = target.map(|target| Key::user(&target.id));
        let preferences_key = target
            .filter(|target| target.preferences)
            .map(|target| Key::preferences(&target.id));
        let mut keys = vec![caller_key.clone(), session_key.clone()];
        keys.extend(target_key.clone().filter(|key| *key != caller_key));
        keys.extend(preferences_key.clone());

        let mut items = self.batch_get("authenticate", keys).await?;
        let caller: Option<User> = take(&mut items, &caller_key)?;
        let session = take(&mut items, &session_key)?;
        let target = match target_key {
            Some(key) if key != caller_key => take(&mut items, &key)?,
            target => target.and(caller.clone()),
        };
        let preferences = match preferences_key {
            Some(key) => take(&mut items, &key)?,
            None => None,
        };
        Ok(AuthenticationRead {
            caller,
            session,
            target,
            preferences,
        })
    }

    /// Reads the caller, their session, the credential of an address that may be theirs, and the address they
    /// last asked for. 1 RT, 4 RU.
    ///
    /// # Errors
    /// As [`read_for_authentication`](Self::read_for_authentication).
    pub async fn read_for_email_change(
        &self,
        caller: &UserId,
        session: &SessionId,
        email: &Email,
    ) -> Result<(AuthenticationRead, Option<Credential>, Option<EmailChange>), StoreError> {
        let keys = [
            Key::user(caller),
            Key::session(caller, session),
            Key::credential(email),
            Key::email_change(caller),
        ];
        let mut items = self.batch_get("authenticate", keys.to_vec()).await?;
        let [user, session, credential, asked] = keys;
        let read = AuthenticationRead {
            caller: take(&mut items, &user)?,
            session: take(&mut items, &session)?,
            target: None,
            preferences: None,
        };
        let credential = take(&mut items, &credential)?;
        Ok((read, credential, take(&mut items, &asked)?))
    }

    pub(super) async fn batch_get(
        &self,
        operation: &'static str,
        keys: Vec<Key>,
    ) -> Result<Vec<RawItem>, StoreError> {
        let incomplete = |cause: &str| StoreError::Unavailable {
            operation,
            cause: cause.to_owned(),
        };
        let mut pending: Vec<RawItem> = keys.into_iter().map(Key::into_attributes).collect();
        let mut items = Vec::with_capacity(pending.len());
        for attempt in 0..BATCH_ATTEMPTS {
            if attempt > 0 {
                tokio::time::sleep(jittered(BATCH_BACKOFF * 2_u32.pow(attempt))).await;
            }
            let request = KeysAndAttributes::builder()
                .set_keys(Some(pending))
                .consistent_read(true)
                .build()
                .map_err(|error| incomplete(&error.to_string()))?;
            let call = self
                .client
                .batch_get_item()
                .request_items(&self.table, request);
            let output = send(|| call.clone().send())
                .await
                .map_err(|error| failed(operation, &error))?;
            items.extend(
                output
                    .responses
                    .into_iter()
                    .flatten()
                    .flat_map(|(_, items)| items),
            );
            pending = output
                .unprocessed_keys
                .into_iter()
                .flatten()
                .flat_map(|(_, unprocessed)| unprocessed.keys)
                .collect();
            if pending.is_empty() {
                return Ok(items);
            }
        }
        Err(incomplete("keys stayed unprocessed"))
    }
}

/// Takes the item with this key out of a batch read.
fn take<T: Entity>(items: &mut Vec<RawItem>, key: &Key) -> Result<Option<T>, StoreError> {
    let is = |item: &RawItem, name: &str, value: &String| {
        item.get(name).and_then(|found| found.as_s().ok()) == Some(value)
    };
    let position = items
        .iter()
        .position(|item| is(item, "pk", &key.pk) && is(item, "sk", &key.sk));
    position
        .map(|position| item::read(items.swap_remove(position)))
        .transpose()
}
