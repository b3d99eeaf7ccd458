//! What a letter says of its event, and where its link leads.

use std::time::Duration;

use latchkey::clock::{self, Timestamp};
use latchkey::config::{self, ConfigError};
use latchkey::event::Detail;
use latchkey::letters::{Letter, Values};
use latchkey::secret::Secrets;
use latchkey::token::action::ActionToken;
use latchkey::token::mailed::{self, MailedCode};
use serde_json::Value;

use crate::plan::Planned;

/// Where links lead.
enum Links {
    /// To the application at this URL, which finds the token in the fragment: no server's log and no Referer sees it.
    Application(String),
    /// To the pages at this origin. They work without a script, so that the token is in the query; the page moves it out of
    /// the URL before it shows anything.
    Pages(String),
}

impl Links {
    /// # Errors
    /// [`ConfigError`] naming the setting.
    fn from_env() -> Result<Self, ConfigError> {
        if config::optional(config::APP_URL).is_some() {
            return config::app_url().map(Self::Application);
        }
        config::pages()?.map(Self::Pages).ok_or_else(|| {
            let reason = "it is empty, and PAGES is not on: links in letters would lead nowhere";
            ConfigError::invalid(config::APP_URL, reason)
        })
    }

    /// The link of a letter, where it has one.
    fn to(&self, letter: Letter, token: &str) -> Option<String> {
        Some(match self {
            Self::Application(url) => format!("{url}{}#token={token}", letter.link_path()?),
            Self::Pages(origin) => format!("{origin}{}?token={token}", letter.page_path()?),
        })
    }
}

/// What an operator chooses.
pub struct Wording {
    links: Links,
    app_name: String,
    verification: Duration,
    reset: Duration,
    invitation: Duration,
}

impl Wording {
    /// Reads `APP_URL`, or without one `PAGES` and `ISSUER`; `APP_NAME`, `VERIFICATION_LINK_HOURS`,
    /// `RESET_LINK_MINUTES` and `INVITATION_LINK_DAYS`.
    ///
    /// # Errors
    /// [`ConfigError`] naming the setting.
    pub fn from_env() -> Result<Self, ConfigError> {
        let hours = config::number(config::VERIFICATION_LINK_HOURS, 24, 1..=168)?;
        // Longer would leave a stolen mailbox a key for longer (OWASP Forgot Password Cheat Sheet).
        let minutes = config::number(config::RESET_LINK_MINUTES, 30, 5..=30)?;
        Ok(Self {
            links: Links::from_env()?,
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
            letter if letter.has_code() => mailed::LIFETIME,
            _ => self.verification,
        }
    }

    /// Until when the token of a letter works, if it has one. Counted from the event: a letter sent twice is the same.
    #[must_use]
    pub fn expires_at(&self, event: &Detail, planned: &Planned) -> Option<Timestamp> {
        planned.letter.link_path()?;
        Some(happened(event).plus(self.lifetime(planned.letter)))
    }

    /// What the link of a letter carries, and the code that stands beside it, if there is one.
    fn carried(
        &self,
        event: &Detail,
        planned: &Planned,
        secrets: &Secrets,
    ) -> Option<(String, Option<String>)> {
        if planned.letter.has_code() {
            let code = MailedCode::new(secrets, &planned.request?, &planned.user);
            return Some((code.token().to_owned(), Some(code.digits().to_owned())));
        }
        let claims = planned.claims(self.expires_at(event, planned)?)?;
        let token = ActionToken::issue(secrets, &claims);
        Some((token.reveal().to_owned(), None))
    }

    /// What goes into a letter.
    #[must_use]
    pub fn values(&self, event: &Detail, planned: &Planned, secrets: &Secrets) -> Values {
        let user = &planned.user;
        let text = |name: &str| event.after.get(name).and_then(Value::as_str);
        let (token, code) = self.carried(event, planned, secrets).unzip();
        let expires = token.is_some().then(|| self.lifetime(planned.letter));
        let link = token.and_then(|token| self.links.to(planned.letter, &token));
        // Before the address is verified, it may be somebody else who chose the name.
        let name = user.first_name.as_ref().filter(|_| user.email_verified);
        Values {
            app_name: self.app_name.clone(),
            name: name.map(|name| name.as_str().to_owned()),
            email: planned.email.as_str().to_owned(),
            expires,
            link,
            code: code.flatten(),
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
