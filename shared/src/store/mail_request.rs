//! Mail requests: letters that somebody asked for. The stream takes them to whoever sends them.

use std::time::Duration;

use super::Store;
use crate::clock::Timestamp;
use crate::email::Email;
use crate::event::EventKind;
use crate::table::{Change, Entity, Key, StoreError};
use crate::token::mailed::MailRequestId;
use crate::user::UserId;
use letters::{Letter, Locale};
use serde::{Deserialize, Serialize};

/// How long a request stays in the table after the stream has taken it.
const LIFETIME: Duration = Duration::from_hours(24);

/// A letter to be sent to an address, whether or not there is an account behind it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MailRequest {
    /// Its id.
    pub id: MailRequestId,
    /// Which letter.
    pub letter: Letter,
    /// The address somebody named. Letters go to the address of the account that it leads to.
    pub email: Email,
    /// The account it is about, or the one that is to be, where the request knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// The language of who asks, for a letter to somebody who has no account yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<Locale>,
    /// When it was asked for.
    pub requested_at: Timestamp,
}

impl MailRequest {
    /// One that knows the address alone.
    #[must_use]
    pub fn new(letter: Letter, email: Email, now: Timestamp) -> Self {
        Self {
            id: MailRequestId::generate(now),
            letter,
            email,
            user_id: None,
            locale: None,
            requested_at: now,
        }
    }
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
        request: &MailRequest,
        change: &Change,
    ) -> Result<(), StoreError> {
        let key = Key::mail_request(&request.id);
        self.table.put("request mail", key, request, change).await
    }
}
