//! Mail requests: letters that somebody asked for. The stream takes them to whoever sends them.

use std::time::Duration;

use letters::Letter;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Store;
use crate::clock::Timestamp;
use crate::email::Email;
use crate::event::EventKind;
use crate::table::{Change, Entity, Key, StoreError};
use crate::user::UserId;

/// How long a request stays in the table after the stream has taken it.
const LIFETIME: Duration = Duration::from_hours(24);

/// A letter to be sent to an address, whether or not there is an account behind it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MailRequest {
    /// Which letter.
    pub letter: Letter,
    /// The address somebody named. Letters go to the address of the account that it leads to.
    pub email: Email,
    /// The account it is about, where the request knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// When it was asked for.
    pub requested_at: Timestamp,
}

impl Entity for MailRequest {
    const TYPE: &'static str = "mail_request";

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.requested_at.plus(LIFETIME))
    }

    fn events(&self) -> Vec<EventKind> {
        vec![EventKind::MailRequested]
    }
}

impl Store {
    /// Asks for a letter. The same work whatever is known of the address: 1 RT, 1 WU.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn request_mail(
        &self,
        letter: Letter,
        email: &Email,
        user_id: Option<UserId>,
        change: &Change,
    ) -> Result<(), StoreError> {
        let request = MailRequest {
            letter,
            email: email.clone(),
            user_id,
            requested_at: change.at,
        };
        let key = Key::mail_request(&Uuid::new_v4());
        self.table.put("request mail", key, &request, change).await
    }
}
