//! The one read behind every authenticated request.

use super::Store;
use crate::session::{Session, SessionId};
use crate::table::{self, Entity, Key, RawItem, StoreError};
use crate::user::{User, UserId};

/// What one authenticated request reads: its caller, the caller's session, and what is read beside them.
#[derive(Debug)]
pub struct AuthenticationRead {
    /// The account the token names.
    pub caller: Option<User>,
    /// The session the token names.
    pub session: Option<Session>,
    /// The rest.
    pub beside: Beside,
}

/// What was read beside the caller: each item once.
#[derive(Debug)]
pub struct Beside(Vec<RawItem>);

impl Beside {
    /// The item with this key, if there is one.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`].
    pub fn take<T: Entity>(&mut self, key: &Key) -> Result<Option<T>, StoreError> {
        table::take(&mut self.0, key)
    }

    /// The same as it is, for whoever finds out what it is.
    #[must_use]
    pub fn take_raw(&mut self, key: &Key) -> Option<RawItem> {
        let is = |item: &RawItem| Key::of(item).as_ref() == Some(key);
        let position = self.0.iter().position(is)?;
        Some(self.0.swap_remove(position))
    }
}

impl Store {
    /// Reads everything an authenticated request needs in one round trip, strongly consistent, 1 RU for 4 KB of
    /// each item. A key of the caller's own account or session among `keys` is not asked for twice.
    ///
    /// # Errors
    /// [`StoreError`], also when the table leaves a key unanswered: that is never taken for absence.
    pub async fn read_for_authentication(
        &self,
        caller_id: &UserId,
        session: &SessionId,
        keys: Vec<Key>,
    ) -> Result<AuthenticationRead, StoreError> {
        let caller = Key::user(caller_id);
        let session = Key::session(caller_id, session);
        let mut asked = vec![caller.clone(), session.clone()];
        for key in keys {
            if !asked.contains(&key) {
                asked.push(key);
            }
        }
        let mut items = self.table.batch_get("authenticate", asked).await?;
        Ok(AuthenticationRead {
            caller: table::take(&mut items, &caller)?,
            session: table::take(&mut items, &session)?,
            beside: Beside(items),
        })
    }
}
