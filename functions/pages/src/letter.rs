//! The link of a letter: `<page>?token=…`.
//!
//! Its token leaves the URL at once, for a sealed cookie: no page is shown whose URL, history or `Referer` has it.
//! Opening a link changes nothing; mail scanners open all of them.

use std::time::Duration;

use latchkey::http::{self, ApiError, Reply};
use latchkey::secret::Purpose;
use latchkey::token::sealed::Kind;
use serde::{Deserialize, Serialize};

use crate::cookie::Cookie;
use crate::visit::Visit;

/// As long as its page may lie open.
const LIFETIME: Duration = Duration::from_hours(1);
/// Longest token that is looked at, in bytes.
const MAX_TOKEN_BYTES: usize = 1024;

const LETTER: Cookie = Cookie {
    name: "__Host-latchkey-letter",
    kind: Kind {
        prefix: "lklt_",
        purpose: Purpose::OpenedLetter,
    },
};

/// A link that was opened in this browser.
#[derive(Serialize, Deserialize)]
pub struct Letter {
    path: String,
    token: String,
}

impl Letter {
    /// Where a link was just opened: the page that it leads to, without its token in the URL.
    ///
    /// # Errors
    /// `unavailable` or `internal`.
    pub async fn arrives(visit: &Visit<'_>) -> Result<Option<Reply>, ApiError> {
        let token = visit.parameter("token");
        let Some(token) = token.filter(|token| token.len() <= MAX_TOKEN_BYTES) else {
            return Ok(None);
        };
        let path = visit.path().to_owned();
        let reply = http::see_other(&path);
        let letter = Self { path, token };
        let cookie = LETTER.set(&visit.site.secrets, &letter, LIFETIME, visit.now);
        Ok(Some(reply.cookie(&cookie.await?)))
    }

    /// The token of the link to this page that was opened last.
    ///
    /// # Errors
    /// `unavailable`.
    pub async fn read(visit: &Visit<'_>) -> Result<Option<String>, ApiError> {
        let site = visit.site;
        let letter: Option<Self> = LETTER.read(&site.secrets, visit.request, visit.now).await?;
        let letter = letter.filter(|letter| letter.path == visit.path());
        Ok(letter.map(|letter| letter.token))
    }

    /// The answer after which it is opened no more.
    #[must_use]
    pub fn over(reply: Reply) -> Reply {
        reply.cookie(&LETTER.over())
    }
}
