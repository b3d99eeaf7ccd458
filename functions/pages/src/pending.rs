//! A sign-in that is not complete, from one page to the next.
//!
//! It is in a cookie, so that reloading and going back ask the same again, and no challenge stands in a URL or a form.

use std::time::Duration;

use latchkey::clock::Timestamp;
use latchkey::http::{ApiError, Reply, Request};
use latchkey::keys::CachedSecrets;
use latchkey::secret::Purpose;
use latchkey::token::sealed::Kind;
use latchkey::user::UserId;
use serde::{Deserialize, Serialize};
use views::LocalPath;

use crate::cookie::Cookie;

/// As long as the longest challenge, that of a mailed code.
const LIFETIME: Duration = Duration::from_mins(10);

const PENDING: Cookie = Cookie {
    name: "__Host-latchkey-pending",
    kind: Kind {
        prefix: "lkpp_",
        purpose: Purpose::PendingPage,
    },
};

/// What this browser is in the middle of.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pending {
    /// What it is.
    pub step: Step,
    /// Where to go then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// What a browser can be in the middle of.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Step {
    /// A sign-in that lacks a factor.
    Factor {
        /// What goes on with it.
        challenge: String,
        /// What can be shown, as the contract has it: `totp`, `recovery_code`, `passkey`.
        factors: Vec<String>,
        /// What can be set up, where there is nothing to show.
        enrollable: Vec<String>,
    },
    /// A code was asked for.
    Code {
        /// What goes on with it.
        challenge: String,
        /// The address that it went to.
        email: String,
    },
    /// An identity at this provider is to be linked to this account.
    Link {
        /// Its name.
        provider: String,
        /// The account.
        user: UserId,
    },
    /// The browser is at a provider.
    Provider {
        /// What shows that it is the same that comes back (RFC 7636).
        verifier: String,
        /// The account that the identity is to be linked to; none, where it signs in.
        links: Option<UserId>,
    },
}

impl Pending {
    /// This, and then on to `next`.
    #[must_use]
    pub fn new(step: Step, next: Option<&LocalPath>) -> Self {
        let next = next.map(|next| next.as_str().to_owned());
        Self { step, next }
    }

    /// Where to go then.
    #[must_use]
    pub fn next(&self) -> Option<LocalPath> {
        self.next.as_deref().and_then(LocalPath::parse)
    }

    /// The one of this browser, if it has one.
    ///
    /// # Errors
    /// `unavailable`.
    pub async fn read(
        secrets: &CachedSecrets,
        request: &Request,
        now: Timestamp,
    ) -> Result<Option<Self>, ApiError> {
        PENDING.read(secrets, request, now).await
    }

    /// The answer after which this browser has it.
    ///
    /// # Errors
    /// `unavailable` or `internal`.
    pub async fn keep(
        &self,
        reply: Reply,
        secrets: &CachedSecrets,
        now: Timestamp,
    ) -> Result<Reply, ApiError> {
        Ok(reply.cookie(&PENDING.set(secrets, self, LIFETIME, now).await?))
    }

    /// The answer after which it has none.
    #[must_use]
    pub fn over(reply: Reply) -> Reply {
        reply.cookie(&PENDING.over())
    }
}
