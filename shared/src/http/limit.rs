//! Rate limits at the edge: which rules a request falls under, and the answer to one too many.

use std::time::Duration;

use lambda_http::Request;

use super::client_address;
use super::error::{ApiError, ErrorCode};
use crate::clock::Timestamp;
use crate::config::ConfigError;
use crate::limit::{Limits, Rate, Route, Rule, client_network};
use crate::store::{LimitSubject, Store, Taken};

/// An address is remembered again when less than this is left of its thirty days.
const REMEMBER_BEFORE: Duration = Duration::from_hours(24 * 15);

/// The limits of one route.
#[derive(Clone, Debug)]
pub struct Limiter {
    route: Route,
    limits: Limits,
}

/// One request of somebody, before any hash and any other write.
#[derive(Debug)]
pub struct Attempt<'a> {
    limiter: &'a Limiter,
    store: &'a Store,
    account: String,
    address: String,
    at: Timestamp,
}

/// Whether the account has signed in from this address before.
#[derive(Clone, Copy, Debug)]
pub struct Near {
    known_until: Option<Timestamp>,
}

/// A limit that is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exceeded {
    rule: Rule,
    rate: Rate,
    wait: Duration,
}

impl Limiter {
    /// The limits of `route`, from `RATE_LIMITS`.
    ///
    /// # Errors
    /// [`ConfigError`] naming the setting.
    pub fn from_env(route: Route) -> Result<Self, ConfigError> {
        let limits = Limits::from_env(route)?;
        Ok(Self { route, limits })
    }

    /// A request about `account`: its canonical address or its id, whether or not it exists.
    #[must_use]
    pub fn attempt<'a>(
        &'a self,
        store: &'a Store,
        request: &Request,
        account: &(impl ToString + ?Sized),
        at: Timestamp,
    ) -> Attempt<'a> {
        Attempt {
            limiter: self,
            store,
            account: account.to_string(),
            address: client_network(client_address(request).as_deref()),
            at,
        }
    }
}

impl Attempt<'_> {
    /// Counts the request under all rules at once. 1 RT where its subjects are idle.
    ///
    /// # Errors
    /// `rate_limited`, or `unavailable` when the table cannot tell.
    pub async fn admit(&self) -> Result<(), ApiError> {
        let (near, account) = tokio::join!(self.admit_near(), self.take(Rule::Account));
        near?;
        account.map(|_| ())
    }

    /// Counts the request under the rules about its client address.
    ///
    /// # Errors
    /// As [`admit`](Self::admit).
    pub async fn admit_near(&self) -> Result<Near, ApiError> {
        let (near, address) =
            tokio::join!(self.take(Rule::AccountAddress), self.take(Rule::Address));
        address?;
        Ok(Near { known_until: near? })
    }

    /// Counts the request under the rule of its account. An address that the account has signed in from is let
    /// through in any case: what strangers use up, they use up for strangers. Asked after
    /// [`admit_near`](Self::admit_near), so that one address alone cannot use it up.
    ///
    /// # Errors
    /// As [`admit`](Self::admit).
    pub async fn admit_account(&self, near: Near) -> Result<(), ApiError> {
        match self.take(Rule::Account).await {
            Err(error)
                if error.code() == ErrorCode::RateLimited && near.known_until > Some(self.at) =>
            {
                Ok(())
            }
            taken => taken.map(|_| ()),
        }
    }

    /// Remembers that the account has signed in from here. That it could not be written is no reason to refuse a
    /// sign-in.
    pub async fn signed_in(&self, near: Near) {
        if near.known_until > Some(self.at.plus(REMEMBER_BEFORE)) {
            return;
        }
        let subject = self.subject(Rule::AccountAddress);
        if let Err(error) = self.store.remember_address(&subject, self.at).await {
            tracing::warn!(cause = %error, "an address was not remembered");
        }
    }

    async fn take(&self, rule: Rule) -> Result<Option<Timestamp>, ApiError> {
        let Some(rate) = self.limiter.limits.rate(rule) else {
            return Ok(None);
        };
        let subject = self.subject(rule);
        match self.store.take(&subject, rate, self.at).await? {
            Taken::Yes { known_until } => Ok(known_until),
            Taken::No { wait } => {
                tracing::warn!(rule = rule.name(), "too many requests");
                Err(ApiError::limited(Exceeded { rule, rate, wait }))
            }
        }
    }

    fn subject(&self, rule: Rule) -> LimitSubject {
        let name = match rule {
            Rule::AccountAddress => format!("{}#{}", self.account, self.address),
            Rule::Address => self.address.clone(),
            Rule::Account => self.account.clone(),
        };
        let route = self.limiter.route;
        LimitSubject { route, rule, name }
    }
}

impl Exceeded {
    /// Whole seconds until the next request is let through.
    pub(super) fn retry_after(self) -> u64 {
        u64::try_from(self.wait.as_millis().div_ceil(1000)).unwrap_or(u64::MAX)
    }

    /// Value of `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10 §3).
    pub(super) fn policy(self) -> String {
        let Rate { count, period } = self.rate;
        format!("\"{}\";q={count};w={}", self.rule.name(), period.as_secs())
    }

    /// Value of `RateLimit` (§4 of the same).
    pub(super) fn state(self) -> String {
        format!("\"{}\";r=0;t={}", self.rule.name(), self.retry_after())
    }
}
