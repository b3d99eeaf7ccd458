//! What the page after a form says: POST, redirect, GET.
//!
//! It is in a cookie, sealed, read once and gone: reloading and going back send no form again, and what was typed is
//! still there. Passwords and codes are not.

use std::collections::BTreeMap;
use std::time::Duration;

use latchkey::clock::Timestamp;
use latchkey::http::{self, ApiError, Parameters, Reply, Request};
use latchkey::keys::CachedSecrets;
use latchkey::secret::Purpose;
use latchkey::token::sealed::Kind;
use serde::{Deserialize, Serialize};
use views::{Form, Notice, Typed};

use crate::cookie::Cookie;
use crate::visit::with_next;

/// From one page to the next, with a step-up between them.
const LIFETIME: Duration = Duration::from_mins(5);
/// Longest value that is kept of what was typed, in bytes: a cookie holds 4 KB.
const MAX_VALUE_BYTES: usize = 320;
const FLASH: Cookie = Cookie {
    name: "__Host-latchkey-flash",
    kind: Kind {
        prefix: "lkfl_",
        purpose: Purpose::Flash,
    },
};

/// What a page says of the form before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Flash {
    /// The page that says it.
    pub path: String,
    /// Where to go after that page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// What was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
    /// The part of the page that it is about, and the row in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<(String, Option<String>)>,
    /// Why it was not: a code of the contract.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// After how many seconds it may be tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// The fields that are refused, and why.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, String>,
    /// What was typed.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, String>,
    /// The authenticator app that is being set up, as `start-totp` has sealed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// What is shown this once: recovery codes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<String>,
    /// The passkey that the browser is to forget, as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown_credential: Option<String>,
}

impl Flash {
    /// Says nothing on this page yet.
    #[must_use]
    pub fn on(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            ..Self::default()
        }
    }

    /// Says that something was done.
    #[must_use]
    pub fn done(self, notice: Notice) -> Self {
        let notice = Some(notice.code().to_owned());
        Self { notice, ..self }
    }

    /// Is about this part of its page.
    #[must_use]
    pub fn about(self, part: &str, row: Option<&str>) -> Self {
        let part = Some((part.to_owned(), row.map(str::to_owned)));
        Self { part, ..self }
    }

    /// Keeps what was typed.
    #[must_use]
    pub fn typed(self, form: &Parameters) -> Self {
        let value = |field: Typed| {
            let value = form.get(field.name())?;
            let may_be_kept = value.len() <= MAX_VALUE_BYTES;
            may_be_kept.then(|| (field.name().to_owned(), value.to_owned()))
        };
        let values = Typed::ALL.into_iter().filter_map(value).collect();
        Self { values, ..self }
    }

    /// Says why something was not done.
    #[must_use]
    pub fn refused(self, error: &ApiError) -> Self {
        let fields = error.fields().iter();
        Self {
            problem: Some(error.code().code().to_owned()),
            retry_after: error.retry_after(),
            fields: fields
                .map(|(name, error)| (name.clone(), error.code.to_owned()))
                .collect(),
            ..self
        }
    }

    /// The form that is shown again.
    #[must_use]
    pub fn form(&self) -> Form {
        let mut form = Form::new();
        for field in Typed::ALL {
            if let Some(value) = self.values.get(field.name()) {
                form = form.typed(field, value);
            }
        }
        for (field, code) in &self.fields {
            form = form.refused_field(field, code);
        }
        match (self.problem.as_deref(), self.retry_after) {
            (Some("rate_limited"), Some(seconds)) => form.too_many(seconds),
            // What is wrong with the fields stands beside them.
            (Some("invalid_fields"), _) if !self.fields.is_empty() => form,
            (Some(code), _) => form.refused(code),
            (None, _) => form,
        }
    }

    /// Goes to its page.
    ///
    /// # Errors
    /// `unavailable` or `internal`.
    pub async fn show(self, secrets: &CachedSecrets, now: Timestamp) -> Result<Reply, ApiError> {
        let reply = http::see_other(&match &self.next {
            Some(next) => with_next(&self.path, next),
            None => self.path.clone(),
        });
        self.keep(reply, secrets, now).await
    }

    /// The answer after which its page says it, whenever that is.
    ///
    /// # Errors
    /// `unavailable` or `internal`.
    pub async fn keep(
        self,
        reply: Reply,
        secrets: &CachedSecrets,
        now: Timestamp,
    ) -> Result<Reply, ApiError> {
        Ok(reply.cookie(&FLASH.set(secrets, &self, LIFETIME, now).await?))
    }

    /// What this page has to say; nothing where the browser brings nothing for it.
    ///
    /// # Errors
    /// `unavailable`.
    pub async fn read(
        secrets: &CachedSecrets,
        request: &Request,
        now: Timestamp,
    ) -> Result<Self, ApiError> {
        let flash = Self::waiting(secrets, request, now).await?;
        let own = flash.filter(|flash| flash.path == request.uri().path());
        Ok(own.unwrap_or_default())
    }

    /// What is to be said on any page.
    ///
    /// # Errors
    /// `unavailable`.
    pub async fn waiting(
        secrets: &CachedSecrets,
        request: &Request,
        now: Timestamp,
    ) -> Result<Option<Self>, ApiError> {
        FLASH.read(secrets, request, now).await
    }

    /// The answer after which it is said no more.
    #[must_use]
    pub fn said(reply: Reply) -> Reply {
        reply.cookie(&FLASH.over())
    }
}
