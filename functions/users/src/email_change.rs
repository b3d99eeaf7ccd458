//! Moving an account to another address.

use std::time::Duration;

use latchkey::letters::Letter;
use serde::{Deserialize, Serialize};

use latchkey::clock::Timestamp;
use latchkey::email::Email;
use latchkey::event::EventKind;
use latchkey::session::Session;
use latchkey::store::{Credential, WriteRefused, next_credential_version};
use latchkey::table::{
    self, Change, Entity, Key, StoreError, Table, TransactError, Update, Updated, attribute,
    number, text,
};
use latchkey::user::{User, UserId};

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

impl EmailChange {
    /// One an account: a newer request takes the place of the one before.
    #[must_use]
    pub fn key(user_id: &UserId) -> Key {
        Key::in_account(user_id, "EMAIL-CHANGE")
    }
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

/// Moves of accounts to other addresses, in the table.
#[derive(Clone, Copy, Debug)]
pub struct EmailChanges<'a>(pub &'a Table);

impl EmailChanges<'_> {
    /// Asks for the letter that confirms another address, in place of what was asked before. The same work
    /// whatever is known of the address: 1 RT, 1 WU.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn request(
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
        let key = EmailChange::key(user_id);
        self.0
            .put("request email change", key, &request, change)
            .await
    }

    /// Moves an account that is still as it was read to an address that its owner has shown to receive mail
    /// at. The address before is free again; every session but `kept` ends. 1 RT, 9 WU; 2 WU where it is another
    /// spelling of the account's own, and then only that changes.
    ///
    /// # Errors
    /// [`WriteRefused`].
    pub async fn carry_out(
        &self,
        user: &User,
        read: &Credential,
        new: &Email,
        kept: &Session,
        change: &Change,
    ) -> Result<(), WriteRefused> {
        if new.canonical() == user.email.canonical() {
            return self.respell(user, new, change).await;
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
        let credential = table::new_item(Key::credential(new), &credential, change)?;
        let items = vec![
            table::put_new(self.0, credential)?,
            table::delete_when(
                self.0,
                Key::credential(&user.email),
                &[
                    ("user_id", text(&user.id)),
                    ("version", number(read.version)),
                ],
            )?,
            user_update.in_transaction(self.0)?,
            session.in_transaction(self.0)?,
        ];
        match self.0.transact("change email", items).await {
            Ok(()) => Ok(()),
            Err(TransactError::Refused(refused)) if refused[1..].contains(&true) => {
                Err(WriteRefused::Changed)
            }
            Err(TransactError::Refused(_)) => Err(WriteRefused::EmailTaken),
            Err(TransactError::Store(error)) => Err(error.into()),
        }
    }

    async fn respell(&self, user: &User, new: &Email, change: &Change) -> Result<(), WriteRefused> {
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
        match self.0.update("respell email", update).await? {
            Updated::Done(_) => Ok(()),
            Updated::Refused(_) => Err(WriteRefused::Changed),
        }
    }
}
