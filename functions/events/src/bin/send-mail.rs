//! Invoked by a queue behind the event bus: writes to the people that events concern. By the mail provider's events,
//! too: it notes which letters did not arrive.
//!
//! A letter that was sent is noted with its account, and not sent again; a crash between the two may repeat it. One
//! that the provider refuses for good is noted as failed, and an event that nobody can read is a dead letter at once.
//! Anything else fails the invocation: the event comes again for hours, and waits among the dead letters in the end.

use consumer::{DeadLetters, Failed, Messages};
use events::bounce::{self, Report};
use events::letter_record::{LetterRecord, LetterRecords, Outcome};
use events::mailer::{MailError, Mailer, Reference};
use events::plan::{self, Planned};
use events::wording::Wording;
use lambda_http::Error;
use latchkey::clock;
use latchkey::event::Detail;
use latchkey::keys::CachedSecrets;
use latchkey::secret::SecretSource;
use latchkey::store::{Change, Store};
use latchkey::telemetry;
use latchkey::token::mailed::CodeSignIn;
use serde_json::Value;

struct SendMail {
    store: Store,
    secrets: CachedSecrets,
    mailer: Mailer,
    wording: Wording,
    codes: CodeSignIn,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let send_mail = SendMail {
        wording: Wording::from_env()?,
        codes: CodeSignIn::from_env()?,
        store: Store::from_env().await?,
        secrets: CachedSecrets::from_env(SecretSource::MAIL).await?,
        mailer: Mailer::from_env().await?,
    };
    let dead_letters = DeadLetters::from_env().await?;
    consumer::serve(&dead_letters, async |event: Messages| {
        for message in event.messages {
            // As the queue has it: the message is the event.
            if let Err(failed) = send_mail.handle(&message.body).await {
                let settled = dead_letters.settle(&message.body, failed).await;
                settled.map_err(Failed::ForNow)?;
            }
        }
        Ok(())
    })
    .await
}

impl SendMail {
    async fn handle(&self, event: &str) -> Result<(), Failed> {
        let event: Value = serde_json::from_str(event).map_err(Failed::for_good)?;
        if event["source"] == bounce::SOURCE {
            let report = serde_json::from_value(event["detail"].clone());
            let report: Report = report.map_err(Failed::for_good)?;
            let change = system_change(event["id"].as_str().unwrap_or_default());
            return Ok(report.record(&self.store, &change).await?);
        }
        let event = serde_json::from_value(event["detail"].clone());
        let event: Detail = event.map_err(Failed::for_good)?;
        for planned in plan::letters(&self.store, self.codes, &event).await? {
            self.send_once(&event, &planned).await?;
        }
        Ok(())
    }

    async fn send_once(&self, event: &Detail, planned: &Planned) -> Result<(), Failed> {
        let (letter, user_id) = (planned.letter, planned.user.id);
        // Both letters about a move are about one event: the one to the address before has an id of its own.
        let event_id = if planned.to == planned.email {
            event.id.clone()
        } else {
            format!("{}-before", event.id)
        };
        let records = LetterRecords(self.store.table());
        let noted = records.get(&user_id, &event_id, letter).await?;
        let noted = noted.map(|noted| noted.outcome);
        if noted == Some(Outcome::Sent) {
            return Ok(());
        }
        let about = Reference {
            user_id: &user_id,
            event_id: &event_id,
            letter: letter.name(),
        };
        let (outcome, reason) = self.send(event, planned, about).await?;
        tracing::info!(%user_id, letter = letter.name(), ?outcome, "letter");
        if noted == Some(outcome) {
            return Ok(());
        }
        let record = LetterRecord {
            user_id,
            event_id,
            letter,
            outcome,
            reason,
            sent_at: clock::now(),
            version: 1,
        };
        let change = system_change(&event.request_id);
        Ok(records.put(&record, &change).await?)
    }

    /// What became of the letter, and why, if it failed for good.
    async fn send(
        &self,
        event: &Detail,
        planned: &Planned,
        about: Reference<'_>,
    ) -> Result<(Outcome, Option<String>), Failed> {
        let now = clock::now();
        let expires_at = self.wording.expires_at(event, planned);
        if expires_at.is_some_and(|at| at <= now) {
            // An event that waited among the dead letters: its link would lead nowhere.
            return Ok((Outcome::Failed, Some("expired".to_owned())));
        }
        let secrets = self.secrets.current(now).await.map_err(Failed::for_now)?;
        let values = self.wording.values(event, planned, &secrets);
        let rendered = planned.letter.render(planned.user.locale, &values);
        let rendered = rendered.map_err(Failed::for_good)?;
        match self.mailer.send(&planned.to, &rendered, about).await {
            Ok(()) => Ok((Outcome::Sent, None)),
            Err(MailError::Refused(reason)) => Ok((Outcome::Failed, Some(reason))),
            Err(error @ MailError::Unavailable(_)) => Err(Failed::for_now(error)),
        }
    }
}

/// Nobody's doing, but the request's that led to it.
fn system_change(request_id: &str) -> Change {
    Change {
        by: None,
        request_id: request_id.to_owned(),
        at: clock::now(),
    }
}
