//! Moving an account to another address.

use super::credential::Credential;
use super::item;
use super::key::Key;
use super::password::next_credential_version;
use super::update::{attribute, number, text};
use super::{Change, Store, TransactError, WriteRefused};
use crate::email::Email;
use crate::session::Session;
use crate::user::User;

impl Store {
    /// Moves an account that is still as it was read to an address that its owner has shown to receive mail
    /// at. The address before is free again; every session but `kept` ends. 1 RT, 9 WU.
    ///
    /// # Errors
    /// [`WriteRefused`].
    pub async fn change_email(
        &self,
        user: &User,
        read: &Credential,
        new: &Email,
        kept: &Session,
        change: &Change,
    ) -> Result<(), WriteRefused> {
        let next = |key| next_credential_version(key, read.credential_version, change);
        let user_update = next(Key::user(&user.id))
            .set("email", attribute(new)?)
            .set("email_verified", attribute(&true)?)
            .set("updated_at", number(change.at.as_millis()))
            .when_equal("email", attribute(&user.email)?);
        let session = next(Key::session(&user.id, &kept.id)).when_absent("revoked_at");
        let credential = Credential {
            credential_version: read.credential_version + 1,
            version: 1,
            ..read.clone()
        };
        let credential = item::new_item(Key::credential(new), &credential, change)?;
        let items = vec![
            item::put_new(&self.table, credential)?,
            item::delete_when(
                &self.table,
                Key::credential(&user.email),
                &[
                    ("user_id", text(&user.id)),
                    ("version", number(read.version)),
                ],
            )?,
            user_update.in_transaction(&self.table)?,
            session.in_transaction(&self.table)?,
        ];
        match self.transact("change email", items).await {
            Ok(()) => Ok(()),
            Err(TransactError::Refused(refused)) if refused[1..].contains(&true) => {
                Err(WriteRefused::Changed)
            }
            Err(TransactError::Refused(_)) => Err(WriteRefused::EmailTaken),
            Err(TransactError::Store(error)) => Err(error.into()),
        }
    }
}
