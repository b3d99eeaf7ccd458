//! What a letter says of its event, and where its link leads.

use std::time::Duration;

use latchkey::clock::{self, Timestamp};
use latchkey::config::{self, ConfigError};
use latchkey::event::Detail;
use latchkey::letters::{Letter, Values};
use latchkey::secret::Secrets;
use latchkey::token::action::{ActionClaims, ActionToken};
use serde_json::Value;

use crate::plan::Planned;

/// What an operator chooses.
pub struct Wording {
    app_url: String,
    app_name: String,
    verification: Duration,
    reset: Duration,
    invitation: Duration,
}

impl Wording {
    /// Reads `APP_URL`, `APP_NAME`, `VERIFICATION_LINK_HOURS`, `RESET_LINK_MINUTES` and
    /// `INVITATION_LINK_DAYS`.
    ///
    /// # Errors
    /// [`ConfigError`] naming the setting.
    pub fn from_env() -> Result<Self, ConfigError> {
        let hours = config::number(config::VERIFICATION_LINK_HOURS, 24, 1..=168)?;
        // Longer would leave a stolen mailbox a key for longer (OWASP Forgot Password Cheat Sheet).
        let minutes = config::number(config::RESET_LINK_MINUTES, 30, 5..=30)?;
        Ok(Self {
            app_url: config::app_url()?,
            app_name: config::optional(config::APP_NAME).unwrap_or_else(|| "Latchkey".to_owned()),
            verification: Duration::from_hours(hours),
            reset: Duration::from_mins(minutes),
            invitation: config::days(config::INVITATION_LINK_DAYS, 7, 1..=30)?,
        })
    }

    const fn lifetime(&self, letter: Letter) -> Duration {
        match letter {
            Letter::ResetPassword => self.reset,
            Letter::Invitation => self.invitation,
            _ => self.verification,
        }
    }

    /// What the link of a letter says, if it has one. Counted from the event: a letter sent twice is the same.
    #[must_use]
    pub fn claims(&self, event: &Detail, planned: &Planned) -> Option<ActionClaims> {
        planned.claims(happened(event).plus(self.lifetime(planned.letter)))
    }

    /// What goes into a letter; its link with these claims.
    #[must_use]
    pub fn values(
        &self,
        event: &Detail,
        planned: &Planned,
        claims: Option<&ActionClaims>,
        secrets: &Secrets,
    ) -> Values {
        let user = &planned.user;
        let text = |name: &str| event.after.get(name).and_then(Value::as_str);
        let link = claims.zip(planned.letter.link_path());
        let link = link.map(|(claims, path)| {
            let token = ActionToken::issue(secrets, claims);
            // In the fragment: no server's log and no Referer sees it.
            format!("{}{path}#token={}", self.app_url, token.reveal())
        });
        // Before the address is verified, it may be somebody else who chose the name.
        let name = user.first_name.as_ref().filter(|_| user.email_verified);
        Values {
            app_name: self.app_name.clone(),
            name: name.map(|name| name.as_str().to_owned()),
            email: planned.email.as_str().to_owned(),
            expires: link.is_some().then(|| self.lifetime(planned.letter)),
            link,
            device: text("userAgent").map(str::to_owned),
            address: text("ipAddress").map(str::to_owned),
            time: Some(minute(happened(event))),
        }
    }
}

fn happened(event: &Detail) -> Timestamp {
    Timestamp::parse(&event.time).unwrap_or_else(|_| clock::now())
}

/// `2026-11-21 10:00 UTC`.
fn minute(at: Timestamp) -> String {
    let time = at.to_string();
    let (day, clock) = time.split_at_checked(10).unwrap_or_default();
    let clock = clock.get(1..6).unwrap_or_default();
    format!("{day} {clock} UTC")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_to_the_minute() {
        assert_eq!(minute(Timestamp::from_seconds(0)), "1970-01-01 00:00 UTC");
    }
}
