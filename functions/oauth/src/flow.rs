//! A sign-in that has gone to a provider: carried by the browser it began in, and by no other.
//!
//! Everything is sealed in a cookie that the `state` names. A callback without it is another's, or an attacker's (RFC 9700
//! §4.7); nothing is stored, so that nobody fills the table by beginning.

use std::time::Duration;

use latchkey::clock::Timestamp;
use latchkey::config::{self, ConfigError};
use latchkey::field::FieldError;
use latchkey::http::{self, Request};
use latchkey::identity::ProviderName;
use latchkey::keys::{CachedSecrets, KeyError, VerifyError};
use latchkey::secret::Purpose;
use latchkey::token::sealed::Kind;
use serde::{Deserialize, Serialize};

use crate::Provider;
use crate::directory::Endpoints;
pub use latchkey::pkce::CodeChallenge;
use latchkey::pkce::{is_same, random};

/// How long somebody may take at a provider.
const LIFETIME: Duration = Duration::from_mins(10);
/// How much of the state is the name of the cookie: several sign-ins can be under way in one browser.
const NAME_CHARS: usize = 8;
/// Longest `state` of an application, in bytes.
const MAX_STATE_BYTES: usize = 512;

/// The page that goes on with who comes back from a provider.
const SIGNED_IN_PAGE: &str = "/sign-in/signed-in";

const FLOW: Kind = Kind {
    prefix: "lkof_",
    purpose: Purpose::ProviderFlow,
};

/// A sign-in that has gone to a provider.
#[derive(Serialize, Deserialize)]
pub struct Flow {
    /// Which.
    pub provider: ProviderName,
    /// As it was set up then: another's code is not for whoever it has become.
    pub provider_version: u64,
    /// What the provider brings back.
    pub state: String,
    /// What its token must carry.
    pub nonce: String,
    /// What its code is spent with.
    pub verifier: String,
    /// Where it comes back to.
    pub callback: String,
    /// Where the browser goes then.
    pub redirect_to: String,
    /// What the application spends its own code with.
    pub code_challenge: CodeChallenge,
    /// What the application wants back.
    pub app_state: Option<String>,
}

/// What an application asks for.
pub struct Asked {
    /// Where the browser goes in the end.
    pub redirect_to: String,
    /// What its code will be spent with.
    pub code_challenge: CodeChallenge,
    /// What it wants back.
    pub state: Option<String>,
}

/// The URLs that a sign-in may end at.
#[derive(Clone, Debug)]
pub struct RedirectUrls(Vec<String>);

impl RedirectUrls {
    /// Reads `REDIRECT_URLS`, and `PAGES` and `ISSUER`: a sign-in on the pages of this stack ends there.
    ///
    /// # Errors
    /// [`ConfigError`] naming the setting.
    pub fn from_env() -> Result<Self, ConfigError> {
        let urls = config::optional(config::REDIRECT_URLS).unwrap_or_default();
        let mut urls: Vec<String> = urls.split_ascii_whitespace().map(str::to_owned).collect();
        if urls
            .iter()
            .any(|url| !url.contains(':') || url.contains('#'))
        {
            let reason = "it must be absolute URLs without fragments, with spaces between them";
            return Err(ConfigError::invalid(config::REDIRECT_URLS, reason));
        }
        urls.extend(config::pages()?.map(|origin| format!("{origin}{SIGNED_IN_PAGE}")));
        Ok(Self(urls))
    }

    /// Reads one of them: exactly as it is written there (RFC 9700 §4.1.3).
    ///
    /// # Errors
    /// `invalid_value`.
    pub fn parse(&self, input: &str) -> Result<String, FieldError> {
        if self.0.iter().any(|url| url == input) {
            return Ok(input.to_owned());
        }
        let message = "This is none of the URLs that sign-ins may end at.";
        Err(FieldError::new("invalid_value", message))
    }
}

/// Reads an application's own state: 1 to 512 printable ASCII characters.
///
/// # Errors
/// `invalid_format`.
pub fn app_state(input: &str) -> Result<String, FieldError> {
    let is_printable = |byte: u8| (0x21..0x7f).contains(&byte);
    if (1..=MAX_STATE_BYTES).contains(&input.len()) && input.bytes().all(is_printable) {
        return Ok(input.to_owned());
    }
    let message = "A state has 1 to 512 printable ASCII characters without spaces.";
    Err(FieldError::new("invalid_format", message))
}

impl Flow {
    /// One that begins now, and comes back to `callback`.
    #[must_use]
    pub fn begin(provider: &Provider, callback: String, asked: Asked) -> Self {
        Self {
            provider: provider.name.clone(),
            provider_version: provider.version,
            state: random(),
            nonce: random(),
            verifier: random(),
            callback,
            redirect_to: asked.redirect_to,
            code_challenge: asked.code_challenge,
            app_state: asked.state,
        }
    }

    /// The request for the provider (RFC 6749 §4.1.1, OpenID Connect Core 1.0 §3.1.2.1).
    #[must_use]
    pub fn url(&self, provider: &Provider, endpoints: &Endpoints) -> String {
        let challenge = CodeChallenge::of(&self.verifier);
        let mut parameters = vec![
            ("response_type", "code"),
            ("client_id", provider.client_id.as_str()),
            ("redirect_uri", self.callback.as_str()),
            ("scope", provider.scope.as_str()),
            ("state", self.state.as_str()),
        ];
        if provider.preset.takes_pkce() {
            parameters.push(("code_challenge", challenge.as_str()));
            parameters.push(("code_challenge_method", "S256"));
        }
        if endpoints.keys.is_some() {
            parameters.push(("nonce", self.nonce.as_str()));
        }
        parameters.extend(provider.preset.parameters());
        endpoints.authorization.with_query(&parameters)
    }

    /// The cookie that carries it. Where the provider answers by a form of its own page, it must travel from there.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn cookie(
        &self,
        secrets: &CachedSecrets,
        answers_by_form: bool,
        now: Timestamp,
    ) -> Result<String, KeyError> {
        let secrets = secrets.current(now).await?;
        let sealed = FLOW.seal(&secrets, b"", self, now.plus(LIFETIME))?;
        let same_site = if answers_by_form { "None" } else { "Lax" };
        Ok(format!(
            "{}={sealed}; Path=/; Max-Age={}; Secure; HttpOnly; SameSite={same_site}",
            cookie_name(&self.state),
            LIFETIME.as_secs()
        ))
    }

    /// The one that a provider brings back with `state`, if it began in this browser and with this provider.
    ///
    /// # Errors
    /// [`VerifyError::Invalid`] where it did not, or has expired.
    pub async fn open(
        secrets: &CachedSecrets,
        request: &Request,
        provider: &ProviderName,
        state: &str,
        now: Timestamp,
    ) -> Result<Self, VerifyError> {
        let sealed = http::cookie(request, &cookie_name(state)).ok_or(VerifyError::Invalid)?;
        let flow: Self = secrets.open(&FLOW, b"", sealed, now).await?;
        let is_of_it = is_same(&flow.state, state) && flow.provider == *provider;
        is_of_it.then_some(flow).ok_or(VerifyError::Invalid)
    }

    /// What ends its cookie.
    #[must_use]
    pub fn expired_cookie(&self) -> String {
        let name = cookie_name(&self.state);
        format!("{name}=; Path=/; Max-Age=0; Secure; HttpOnly")
    }

    /// Where the browser goes with these parameters, and what the application wants back.
    #[must_use]
    pub fn redirect(&self, parameters: &[(&str, &str)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(parameters);
        if let Some(state) = &self.app_state {
            query.append_pair("state", state);
        }
        let separator = if self.redirect_to.contains('?') {
            '&'
        } else {
            '?'
        };
        format!("{}{separator}{}", self.redirect_to, query.finish())
    }
}

/// The prefix keeps other hosts of the domain from setting it (RFC 6265bis §4.1.3.2).
fn cookie_name(state: &str) -> String {
    let name: String = state
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(NAME_CHARS)
        .collect();
    format!("__Host-latchkey-{name}")
}
