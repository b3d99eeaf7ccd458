//! Rate limits at the edge: which rules a request falls under, and the answer to one too many.

use std::time::Duration;

use lambda_http::Request;

use super::client_address;
use super::error::ApiError;
use super::error_code::ErrorCode;
use crate::clock::Timestamp;
use crate::config::ConfigError;
use crate::limit::{Exceeded, LimitSubject, Limits, Route, Rule, client_network};
use crate::store::{Credential, KnownAddress, Store, Taken};

/// An address is remembered for 45 days, and again when less than this is left of them: for 30 days at least.
const REMEMBER_BEFORE: Duration = Duration::from_hours(24 * 30);
/// How long a sign-in waits for that.
const REMEMBER_WITHIN: Duration = Duration::from_millis(300);

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

/// A request that the rules about its client address have let through.
#[derive(Clone, Debug)]
pub struct Near {
    known: Option<KnownAddress>,
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
    /// Counts the request under all rules. 2 RT where its subjects are idle.
    ///
    /// # Errors
    /// `rate_limited`, or `unavailable` when the table cannot tell.
    pub async fn admit(&self) -> Result<(), ApiError> {
        let near = self.admit_near().await?;
        self.admit_account(&near, None).await
    }

    /// Counts the request under the rules about its client address.
    ///
    /// # Errors
    /// As [`admit`](Self::admit).
    pub async fn admit_near(&self) -> Result<Near, ApiError> {
        let (known, address) =
            tokio::join!(self.take(Rule::AccountAddress), self.take(Rule::Address));
        match (known, address) {
            (Ok(known), Ok(_)) => Ok(Near { known }),
            (Err(one), Err(other)) if one.retry_after() < other.retry_after() => Err(other),
            (Err(error), _) | (_, Err(error)) => Err(error),
        }
    }

    /// Counts the request under the rule of its account, which others use up as well. Only what the rules about its
    /// address have let through counts there: one address alone reaches nobody's limit but its own. An address from
    /// which the account has signed in with its current credential is not held to it.
    ///
    /// # Errors
    /// As [`admit`](Self::admit).
    pub async fn admit_account(
        &self,
        near: &Near,
        credential: Option<&Credential>,
    ) -> Result<(), ApiError> {
        match self.take(Rule::Account).await {
            Err(error)
                if error.code() == ErrorCode::RateLimited
                    && near.known_until(credential) > Some(self.at) =>
            {
                Ok(())
            }
            account => account.map(|_| ()),
        }
    }

    /// Counts the request under the rule of an account that it is not by but about, such as the address a letter is
    /// to go to.
    ///
    /// # Errors
    /// As [`admit`](Self::admit).
    pub async fn admit_recipient(&self, recipient: &str) -> Result<(), ApiError> {
        let recipient = Attempt {
            account: recipient.to_owned(),
            address: self.address.clone(),
            ..*self
        };
        recipient.take(Rule::Account).await.map(|_| ())
    }

    /// Remembers that the account has signed in from here, where that counts for anything. That it could not be
    /// written in time is no reason to refuse a sign-in.
    pub async fn signed_in(&self, near: &Near, credential: &Credential) {
        let limits = &self.limiter.limits;
        let counts = [Rule::AccountAddress, Rule::Account].map(|rule| limits.rate(rule).is_some());
        let known_until = near.known_until(Some(credential));
        if counts != [true, true] || known_until > Some(self.at.plus(REMEMBER_BEFORE)) {
            return;
        }
        let subject = self.subject(Rule::AccountAddress);
        let known_to = known_to(credential);
        let remembered = self.store.remember_address(&subject, &known_to, self.at);
        match tokio::time::timeout(REMEMBER_WITHIN, remembered).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(cause = %error, "an address was not remembered"),
            Err(_) => tracing::warn!("an address was not remembered in time"),
        }
    }

    async fn take(&self, rule: Rule) -> Result<Option<KnownAddress>, ApiError> {
        let Some(rate) = self.limiter.limits.rate(rule) else {
            return Ok(None);
        };
        let subject = self.subject(rule);
        match self.store.take(&subject, rate, self.at).await? {
            Taken::Yes { known } => Ok(known),
            Taken::No { wait } => Err(ApiError::limited(Exceeded { rule, rate, wait })),
        }
    }

    fn subject(&self, rule: Rule) -> LimitSubject {
        let name = match rule {
            Rule::AccountAddress => format!("{}#{}", self.account, self.address),
            Rule::Address => self.address.clone(),
            Rule::Account => self.account.clone(),
        };
        let route = self.limiter.route.name;
        LimitSubject { route, rule, name }
    }
}

impl Near {
    /// Until when the address is known to the account as it is now.
    fn known_until(&self, credential: Option<&Credential>) -> Option<Timestamp> {
        let (known, credential) = (self.known.as_ref()?, credential?);
        (known.to == known_to(credential)).then_some(known.until)
    }
}

/// The account as it signed in. With a new password or address it is another one: what a stranger did with the
/// old one counts for nothing.
fn known_to(credential: &Credential) -> String {
    format!("{}#{}", credential.user_id, credential.credential_version)
}
