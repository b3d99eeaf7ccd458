//! Moving an account to another address.

use std::time::Duration;

use letters::Letter;
use serde::{Deserialize, Serialize};

use super::credential::Credential;
use super::item::{self, Entity};
use super::key::Key;
use super::password::next_credential_version;
use super::update::{Update, Updated, attribute, number, text};
use super::{Change, Store, StoreError, TransactError, WriteRefused};
use crate::clock::Timestamp;
use crate::email::Email;
use crate::event::EventKind;
use crate::session::Session;
use crate::user::{User, UserId};

/// How long a request stays: as long as its link can be valid, by the setting at the most.
const LIFETIME: Duration = Duration::from_hours(168);

/// The newest wish of an account to have another address. The stream takes it to whoever sends the letter, and
/// a link to any other address is void.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailChange {
    /// The address it wants.
    pub email: Email,
    /// The letter that goes there.
    #[serde(default = "confirmation")]
    letter: Letter,
    /// When it was asked for.
    pub requested_at: Timestamp,
}

const fn confirmation() -> Letter {
    Letter::ConfirmEmailChange
}

impl Entity for EmailChange {
    const TYPE: &'static str = "email_change";

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.requested_at.plus(LIFETIME))
    }

    fn events(&self) -> Vec<EventKind> {
        vec![EventKind::MailRequested]
    }
}

impl Store {
    /// Asks for the letter that confirms another address, in place of what was asked before. The same work
    /// whatever is known of the address: 1 RT, 1 WU.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn request_email_change(
        &self,
        user_id: &UserId,
        email: &Email,
        change: &Change,
    ) -> Result<(), StoreError> {
        let request = EmailChange {
            email: email.clone(),
            letter: confirmation(),
            requested_at: change.at,
        };
        let key = Key::email_change(user_id);
        self.put("request email change", key, &request, change)
            .await
    }

    /// Moves an account that is still as it was read to an address that its owner has shown to receive mail
    /// at. The address before is free again; every session but `kept` ends. 1 RT, 9 WU; 2 WU where it is another
    /// spelling of the account's own, and then only that changes.
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
        if new.canonical() == user.email.canonical() {
            return self.respell_email(user, new, change).await;
        }
        let next = |key| next_credential_version(key, read.credential_version, change);
        let user_update = next(Key::user(&user.id))
            .set("email", attribute(new)?)
            .set("email_verified", attribute(&true)?)
            .set("updated_at", number(change.at.as_millis()))
            .events([EventKind::EmailChanged])
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

    async fn respell_email(
        &self,
        user: &User,
        new: &Email,
        change: &Change,
    ) -> Result<(), WriteRefused> {
        let event = if user.email == *new {
            EventKind::EmailVerified
        } else {
            EventKind::EmailChanged
        };
        let update = Update::new(Key::user(&user.id), change)
            .events([event])
            .set("email", attribute(new)?)
            .set("email_verified", attribute(&true)?)
            .set("updated_at", number(change.at.as_millis()))
            .when_equal("email", attribute(&user.email)?)
            .when_equal("credential_version", number(user.credential_version));
        match self.update("respell email", update).await? {
            Updated::Done(_) => Ok(()),
            Updated::Refused(_) => Err(WriteRefused::Changed),
        }
    }
}
