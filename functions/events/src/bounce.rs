//! What the mail provider says of letters afterwards: that they bounced, or were rejected.

use std::collections::HashMap;

use crate::letter_record::LetterRecords;
use latchkey::letters::Letter;
use latchkey::store::{Change, Store, StoreError};
use latchkey::user::UserId;
use serde::Deserialize;

use crate::mailer::{EVENT_TAG, LETTER_TAG, USER_TAG};

/// `source` of the provider's events.
pub const SOURCE: &str = "aws.ses";

/// The `detail` of an SES event (Amazon SES, "Examples of event data").
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    event_type: String,
    mail: Mail,
    bounce: Option<Bounce>,
    reject: Option<Reject>,
}

#[derive(Deserialize)]
struct Mail {
    #[serde(default)]
    tags: HashMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounce {
    bounce_type: String,
    #[serde(default)]
    bounce_sub_type: String,
}

#[derive(Deserialize)]
struct Reject {
    #[serde(default)]
    reason: String,
}

impl Report {
    /// Notes with the letter that it failed. A report about something else changes nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn record(&self, store: &Store, change: &Change) -> Result<(), StoreError> {
        // An absence note and a full mailbox are bounces, too, of letters that arrive.
        if !self.is_final() {
            tracing::info!(kind = self.event_type, "a report that changes nothing");
            return Ok(());
        }
        let tag = |name: &str| Some(self.mail.tags.get(name)?.first()?.as_str());
        let user_id = tag(USER_TAG).and_then(|id| UserId::parse(id).ok());
        let letter = tag(LETTER_TAG).and_then(Letter::parse);
        let (Some(user_id), Some(letter), Some(event_id)) = (user_id, letter, tag(EVENT_TAG))
        else {
            tracing::info!("a report about a letter of somebody else");
            return Ok(());
        };
        // With the account goes what is known of its letters.
        if store.get_user(&user_id).await?.is_none() {
            return Ok(());
        }
        LetterRecords(store.table())
            .fail(&user_id, event_id, letter, &self.reason(), change)
            .await
    }

    fn is_final(&self) -> bool {
        match self.event_type.as_str() {
            "Bounce" => {
                (self.bounce.as_ref()).is_some_and(|bounce| bounce.bounce_type == "Permanent")
            }
            "Reject" => true,
            _ => false,
        }
    }

    fn reason(&self) -> String {
        let detail = match (&self.bounce, &self.reject) {
            (Some(bounce), _) => format!("{} {}", bounce.bounce_type, bounce.bounce_sub_type),
            (None, Some(reject)) => reject.reason.clone(),
            (None, None) => String::new(),
        };
        let reason = format!("{}: {detail}", self.event_type);
        reason
            .trim_end_matches([':', ' '])
            .chars()
            .take(200)
            .collect()
    }
}
