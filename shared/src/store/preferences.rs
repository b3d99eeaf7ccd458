//! Preferences: written beside an account that exists.

use super::item::{self, Entity};
use super::key::Key;
use super::update::number;
use super::{Change, Store, TransactError, WriteRefused};
use crate::event::EventKind;
use crate::preferences::Preferences;
use crate::user::UserId;

impl Entity for Preferences {
    const TYPE: &'static str = "preferences";

    fn events(&self) -> Vec<EventKind> {
        vec![EventKind::PreferencesUpdated]
    }
}

impl Store {
    /// Stores the next version of preferences, if the one before is still the current one and the account
    /// is there: none may outlive it. 1 RT, 2 WU a KB and 2 more.
    ///
    /// # Errors
    /// [`WriteRefused`].
    pub async fn put_preferences(
        &self,
        user_id: &UserId,
        preferences: &Preferences,
        change: &Change,
    ) -> Result<(), WriteRefused> {
        let item = item::new_item(Key::preferences(user_id), preferences, change)?;
        let put = match preferences.version.saturating_sub(1) {
            0 => item::put_new(&self.table, item)?,
            read => item::put_if(
                &self.table,
                item,
                "#version = :read",
                &[("#version", "version")],
                &[(":read", number(read))],
            )?,
        };
        let items = vec![put, item::check_exists(&self.table, Key::user(user_id))?];
        match self.transact("put preferences", items).await {
            Ok(()) => Ok(()),
            Err(TransactError::Refused(_)) => Err(WriteRefused::Changed),
            Err(TransactError::Store(error)) => Err(error.into()),
        }
    }
}
