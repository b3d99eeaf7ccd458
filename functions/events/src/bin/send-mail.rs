//! Invoked by the event bus: writes to the people that events concern. By the mail provider's events, too: it notes
//! which letters did not arrive.
//!
//! A letter that was sent is noted with its account, and not sent again; a crash between the two may repeat it. One
//! that the provider refuses for good is noted as failed. Anything else fails the invocation: the event comes again,
//! and waits among the dead letters in the end.

use std::time::Duration;

use events::bounce::{self, Report};
use events::mailer::{MailError, Mailer, Reference};
use events::plan::{self, Planned};
use lambda_http::Error;
use latchkey::clock::{self, Timestamp};
use latchkey::config::{self, ConfigError};
use latchkey::consumer;
use latchkey::event::Detail;
use latchkey::keys::CachedSecrets;
use latchkey::letters::{Letter, Values};
use latchkey::secret::SecretSource;
use latchkey::store::{Change, LetterRecord, Outcome, Store};
use latchkey::telemetry;
use latchkey::token::action::ActionToken;
use serde_json::Value;

struct SendMail {
    store: Store,
    secrets: CachedSecrets,
    mailer: Mailer,
    app_url: String,
    app_name: String,
    lifetimes: LinkLifetimes,
}

/// How long links work.
struct LinkLifetimes {
    verification: Duration,
    reset: Duration,
    invitation: Duration,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let send_mail = SendMail {
        app_url: config::app_url()?,
        app_name: config::optional(config::APP_NAME).unwrap_or_else(|| "Latchkey".to_owned()),
        lifetimes: LinkLifetimes::from_env()?,
        store: Store::from_env().await?,
        secrets: CachedSecrets::from_env(SecretSource::MAIL).await?,
        mailer: Mailer::from_env().await?,
    };
    consumer::serve(|event| send_mail.handle(event)).await
}

impl SendMail {
    async fn handle(&self, event: Value) -> Result<(), Error> {
        if event["source"] == bounce::SOURCE {
            let report: Report = serde_json::from_value(event["detail"].clone())?;
            let change = system_change(event["id"].as_str().unwrap_or_default());
            return Ok(report.record(&self.store, &change).await?);
        }
        let event: Detail = serde_json::from_value(event["detail"].clone())?;
        for planned in plan::letters(&self.store, &event).await? {
            self.send(&event, &planned).await?;
        }
        Ok(())
    }

    async fn send(&self, event: &Detail, planned: &Planned) -> Result<(), Error> {
        let letter = planned.letter;
        // Both letters about a move are about one event: the one to the address before has an id of its own.
        let event_id = if planned.to == planned.email {
            event.id.clone()
        } else {
            format!("{}-before", event.id)
        };
        let user_id = planned.user.id;
        let noted = self.store.get_letter(&user_id, &event_id, letter).await?;
        if noted.is_some_and(|noted| noted.outcome == Outcome::Sent) {
            return Ok(());
        }
        let about = Reference {
            user_id: &user_id,
            event_id: &event_id,
            letter: letter.name(),
        };
        let at = Timestamp::parse(&event.time).unwrap_or_else(|_| clock::now());
        let claims = planned.claims(at.plus(self.lifetimes.of(letter)));
        let expired = claims.is_some_and(|claims| claims.expires_at <= clock::now());
        let (outcome, reason) = if expired {
            // An event that waited among the dead letters: its link would lead nowhere.
            (Outcome::Failed, Some("expired".to_owned()))
        } else {
            let values = self.values(event, planned).await?;
            let rendered = letter.render(planned.user.locale, &values)?;
            match self.mailer.send(&planned.to, &rendered, about).await {
                Ok(()) => (Outcome::Sent, None),
                Err(MailError::Refused(reason)) => (Outcome::Failed, Some(reason)),
                Err(error) => return Err(error.into()),
            }
        };
        tracing::info!(%user_id, letter = letter.name(), ?outcome, "letter");
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
        Ok(self.store.put_letter(&record, &change).await?)
    }

    async fn values(&self, event: &Detail, planned: &Planned) -> Result<Values, Error> {
        let now = clock::now();
        let at = Timestamp::parse(&event.time).unwrap_or(now);
        let lifetime = self.lifetimes.of(planned.letter);
        let user = &planned.user;
        let text = |name: &str| event.after.get(name).and_then(Value::as_str);
        let link = match (
            planned.claims(at.plus(lifetime)),
            planned.letter.link_path(),
        ) {
            (Some(claims), Some(path)) => {
                let secrets = self.secrets.current(now).await?;
                let token = ActionToken::issue(&secrets, &claims);
                // In the fragment: no server's log and no Referer sees it.
                Some(format!("{}{path}#token={}", self.app_url, token.reveal()))
            }
            _ => None,
        };
        let name = user
            .first_name
            .as_ref()
            .map(|name| name.as_str().to_owned());
        Ok(Values {
            app_name: self.app_name.clone(),
            // Before, it may be somebody else who chose it.
            name: name.filter(|_| user.email_verified),
            email: planned.email.as_str().to_owned(),
            expires: link.is_some().then_some(lifetime),
            link,
            device: text("userAgent").map(str::to_owned),
            address: text("ipAddress").map(str::to_owned),
            time: Some(minute(at)),
        })
    }
}

impl LinkLifetimes {
    fn from_env() -> Result<Self, ConfigError> {
        let hours = config::number(config::VERIFICATION_LINK_HOURS, 24, 1..=168)?;
        // Longer would leave a stolen mailbox a key for longer (OWASP Forgot Password Cheat Sheet).
        let minutes = config::number(config::RESET_LINK_MINUTES, 30, 5..=30)?;
        Ok(Self {
            verification: Duration::from_hours(hours),
            reset: Duration::from_mins(minutes),
            invitation: config::days(config::INVITATION_LINK_DAYS, 7, 1..=30)?,
        })
    }

    fn of(&self, letter: Letter) -> Duration {
        match letter {
            Letter::ResetPassword => self.reset,
            Letter::Invitation => self.invitation,
            _ => self.verification,
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

/// `2026-11-21 10:00 UTC`.
fn minute(at: Timestamp) -> String {
    let time = at.to_string();
    let (day, clock) = time.split_at_checked(10).unwrap_or_default();
    let clock = clock.get(1..6).unwrap_or_default();
    format!("{day} {clock} UTC")
}
