//! The one client for hosts beyond AWS: over https, to public addresses, bounded in time and size.
//!
//! Whom it calls others have chosen: operators, and who changes what they point to. So a name is resolved here, what it
//! resolves to is looked at, and the connection goes to just that (OWASP, "Server-Side Request Forgery Prevention");
//! no redirect is followed and no proxy of the environment asked.

mod address;

use std::error::Error;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use form_urlencoded::Serializer;
use latchkey::config::{self, ConfigError};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::redirect::Policy;
use reqwest::{RequestBuilder, Url};

pub use address::is_public;

/// `true` lets calls go to this very machine, without TLS: for a laptop and for tests. The template has no such setting.
pub const OUTBOUND_LOOPBACK: &str = "OUTBOUND_LOOPBACK";

/// Longest wait for a whole answer. A function has ten seconds, and some make three calls.
const TIMEOUT: Duration = Duration::from_secs(3);
/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Largest answer that is read, in bytes.
pub const MAX_BYTES: usize = 256 * 1024;
/// Who asks: some APIs answer nobody who does not say.
const USER_AGENT: &str = concat!("Latchkey/", env!("CARGO_PKG_VERSION"));

/// Why there is no answer. None of it is the fault of who signs in.
#[derive(Debug, thiserror::Error)]
pub enum CallFailed {
    /// It is not where this calls.
    #[error("not called: {0}")]
    NotAllowed(&'static str),
    /// Nobody answered in time, or the connection broke.
    #[error("no answer: {0}")]
    NoAnswer(String),
    /// The answer is larger than 256 KB.
    #[error("the answer is too large")]
    TooLarge,
}

/// What a host answered.
#[derive(Debug)]
pub struct Answer {
    /// Its status code.
    pub status: u16,
    /// Its body, of 256 KB at most.
    pub body: Vec<u8>,
}

/// Where this may call: an https URL without a user or a fragment, whose host is no private address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint(Url);

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

impl Endpoint {
    /// Its scheme, host and port (RFC 6454 §6.2).
    #[must_use]
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// It with these parameters in its query, for a browser to go to.
    #[must_use]
    pub fn with_query(&self, parameters: &[(&str, &str)]) -> String {
        let mut url = self.0.clone();
        url.query_pairs_mut().extend_pairs(parameters);
        url.into()
    }
}

/// Calls hosts beyond AWS. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    client: reqwest::Client,
    reach: Reach,
}

/// Which addresses it calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    Public,
    /// Those of this machine, too.
    Loopback,
}

impl Reach {
    fn includes(self, address: IpAddr) -> bool {
        is_public(address) || (self == Self::Loopback && address.is_loopback())
    }
}

impl Client {
    /// Reads `OUTBOUND_LOOPBACK`.
    ///
    /// # Errors
    /// [`ConfigError`] naming the setting, or where the system has no certificates.
    pub fn from_env() -> Result<Self, ConfigError> {
        let words = [("false", Reach::Public), ("true", Reach::Loopback)];
        let reach = config::one_of(OUTBOUND_LOOPBACK, &words)?;
        let client = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(Policy::none())
            .referer(false)
            .no_proxy()
            .dns_resolver(Resolver(reach))
            .build();
        let client = client.map_err(|error| {
            ConfigError::invalid(OUTBOUND_LOOPBACK, format!("no client: {}", causes(&error)))
        })?;
        Ok(Self { client, reach })
    }

    /// Where a URL leads, if this may call there.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence.
    pub fn endpoint(&self, url: &str) -> Result<Endpoint, &'static str> {
        let url = Url::parse(url).map_err(|_| "It is not a URL.")?;
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err("It has a user name or a fragment.");
        }
        let host = url.host_str().unwrap_or_default();
        let literal = host.trim_matches(['[', ']']).parse::<IpAddr>().ok();
        let is_here = self.reach == Reach::Loopback
            && (host == "localhost" || literal.is_some_and(|address| address.is_loopback()));
        if url.scheme() != "https" && !(is_here && url.scheme() == "http") {
            return Err("It is not an https URL.");
        }
        if literal.is_some_and(|address| !self.reach.includes(address)) {
            return Err("Its host is a private address.");
        }
        Ok(Endpoint(url))
    }

    /// `GET`, with a bearer token where there is one.
    ///
    /// # Errors
    /// [`CallFailed`].
    pub async fn get(
        &self,
        endpoint: &Endpoint,
        bearer: Option<&str>,
    ) -> Result<Answer, CallFailed> {
        let request = self.client.get(endpoint.0.clone());
        send(match bearer {
            Some(token) => request.bearer_auth(token),
            None => request,
        })
        .await
    }

    /// `POST` with a form, and HTTP Basic authentication where there is any.
    ///
    /// # Errors
    /// [`CallFailed`].
    pub async fn post_form(
        &self,
        endpoint: &Endpoint,
        basic: Option<(&str, &str)>,
        form: &[(&str, &str)],
    ) -> Result<Answer, CallFailed> {
        let body = Serializer::new(String::new()).extend_pairs(form).finish();
        let request = self
            .client
            .post(endpoint.0.clone())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body);
        send(match basic {
            Some((user, password)) => request.basic_auth(user, Some(password)),
            None => request,
        })
        .await
    }
}

async fn send(request: RequestBuilder) -> Result<Answer, CallFailed> {
    let no_answer = |error: reqwest::Error| CallFailed::NoAnswer(causes(&error.without_url()));
    let request = request.header(ACCEPT, "application/json");
    let mut response = request.send().await.map_err(no_answer)?;
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(no_answer)? {
        if body.len() + chunk.len() > MAX_BYTES {
            return Err(CallFailed::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, body })
}

/// An error and its causes, by their messages.
fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

/// Resolves a name, once: the connection goes to what is looked at here.
struct Resolver(Reach);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed = found.filter(|address| reach.includes(address.ip()));
            let allowed: Vec<SocketAddr> = allowed.collect();
            if allowed.is_empty() {
                return Err(CallFailed::NotAllowed("the host has private addresses alone").into());
            }
            let addresses: Addrs = Box::new(allowed.into_iter());
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests;
