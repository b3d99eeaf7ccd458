//! Letters that were sent to accounts, and what became of them.

use std::time::Duration;

use latchkey::letters::Letter;
use serde::{Deserialize, Serialize};

use latchkey::clock::Timestamp;
use latchkey::event::EventKind;
use latchkey::table::{Change, Entity, Key, StoreError, Table, Update, Updated, attribute, text};
use latchkey::user::UserId;

/// How long it is known that a letter was sent: longer than anything is delivered twice.
const LIFETIME: Duration = Duration::from_hours(30 * 24);

/// The same of a letter to an address without an account.
const LIFETIME_BEFORE: Duration = Duration::from_hours(24);

/// What became of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The mail provider took it.
    Sent,
    /// The provider refused it for good, or it came back.
    Failed,
}

impl Outcome {
    /// What it means of a letter. One to an address that may be free is sent where it is, and nobody is to learn
    /// whether it is.
    fn of(self, letter: Letter) -> Option<EventKind> {
        let kind = match self {
            Self::Sent => EventKind::MailSent,
            Self::Failed => EventKind::MailFailed,
        };
        let is_told = !matches!(
            letter,
            Letter::ConfirmEmailChange | Letter::RegistrationCode
        );
        is_told.then_some(kind)
    }
}

/// A letter to an account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LetterRecord {
    /// Whose account.
    pub user_id: UserId,
    /// Id of the event that asked for it.
    pub event_id: String,
    /// Which letter.
    pub letter: Letter,
    /// What became of it.
    pub outcome: Outcome,
    /// Why it failed, in the provider's words, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// Raised by every change.
    pub version: u64,
}

impl Entity for LetterRecord {
    const TYPE: &'static str = "letter";

    fn expires_at(&self) -> Option<Timestamp> {
        // Its account may never come to be.
        let is_registration = self.letter == Letter::RegistrationCode;
        let lifetime = if is_registration {
            LIFETIME_BEFORE
        } else {
            LIFETIME
        };
        Some(self.sent_at.plus(lifetime))
    }

    fn events(&self) -> Vec<EventKind> {
        self.outcome.of(self.letter).into_iter().collect()
    }
}

/// The letters to accounts, in the table.
#[derive(Clone, Copy, Debug)]
pub struct LetterRecords<'a>(pub &'a Table);

impl LetterRecords<'_> {
    /// What became of a letter, if it was sent before. Strongly consistent, 1 RU.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn get(
        &self,
        user_id: &UserId,
        event_id: &str,
        letter: Letter,
    ) -> Result<Option<LetterRecord>, StoreError> {
        self.0
            .get("get letter", key(user_id, event_id, letter))
            .await
    }

    /// Notes what became of a letter. 1 RT, 1 WU.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put(&self, letter: &LetterRecord, change: &Change) -> Result<(), StoreError> {
        self.0
            .put(
                "put letter",
                key(&letter.user_id, &letter.event_id, letter.letter),
                letter,
                change,
            )
            .await
    }

    /// Notes that a letter failed after it had been sent. 1 RT, 1 WU.
    ///
    /// # Errors
    /// [`StoreError`], also when it is not known: the report may have come before the note.
    pub async fn fail(
        &self,
        user_id: &UserId,
        event_id: &str,
        letter: Letter,
        reason: &str,
        change: &Change,
    ) -> Result<(), StoreError> {
        let update = Update::new(key(user_id, event_id, letter), change)
            .set("outcome", attribute(&Outcome::Failed)?)
            .set("reason", text(reason))
            .events(Outcome::Failed.of(letter))
            .when_equal("outcome", attribute(&Outcome::Sent)?);
        match self.0.update("fail letter", update).await? {
            // Reported again: it has failed.
            Updated::Done(_) | Updated::Refused(Some(_)) => Ok(()),
            Updated::Refused(None) => Err(StoreError::Unavailable {
                operation: "fail letter",
                cause: "the letter is not known".to_owned(),
            }),
        }
    }
}

fn key(user_id: &UserId, event_id: &str, letter: Letter) -> Key {
    Key::in_account(user_id, format!("LETTER#{event_id}#{}", letter.name()))
}
