//! Pages that say why there is no other.

use serde::Serialize;

use crate::LocalPath;

/// Why a page is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// There is no such page.
    NotFound,
    /// The token of a link does not count any more.
    LinkExpired,
    /// The token of the form is missing, another's, or too old.
    FormExpired,
    /// Too many tries: the next one counts after so many seconds.
    TooManyTries(u64),
    /// The visitor may not.
    Forbidden,
    /// The other service has failed.
    Provider,
    /// What an application asks for is wrong, and it cannot be told: what is, for who makes it.
    Application(&'static str),
    /// A fault of ours.
    Internal,
    /// Trying again helps.
    Unavailable,
}

impl Failure {
    /// The HTTP status it goes with.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::NotFound => 404,
            Self::LinkExpired | Self::Application(_) => 400,
            Self::FormExpired | Self::Forbidden => 403,
            Self::TooManyTries(_) => 429,
            Self::Provider => 502,
            Self::Internal => 500,
            Self::Unavailable => 503,
        }
    }

    pub(crate) const fn kind(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::LinkExpired => "link_expired",
            Self::FormExpired => "form_expired",
            Self::TooManyTries(_) => "too_many_tries",
            Self::Forbidden => "forbidden",
            Self::Provider => "provider",
            Self::Application(_) => "application",
            Self::Internal => "internal",
            Self::Unavailable => "unavailable",
        }
    }
}

/// A page that says why there is no other.
#[derive(Clone, Serialize)]
pub struct Failed {
    kind: &'static str,
    minutes: Option<u64>,
    detail: Option<&'static str>,
    back: Option<LocalPath>,
}

impl Failed {
    /// With a link back to this page, or to the sign-in.
    #[must_use]
    pub fn new(failure: Failure, back: Option<LocalPath>) -> Self {
        let minutes = match failure {
            Failure::TooManyTries(seconds) => Some(seconds.div_ceil(60).max(1)),
            _ => None,
        };
        let detail = match failure {
            Failure::Application(detail) => Some(detail),
            _ => None,
        };
        Self {
            kind: failure.kind(),
            minutes,
            detail,
            back,
        }
    }

    pub(crate) const fn kind(&self) -> &'static str {
        self.kind
    }
}
