//! What all pages share: the settings, the secret behind their cookies, and how a failure is shown.

use std::future::Future;

use lambda_http::Error;
use latchkey::clock;
use latchkey::config::{self, ConfigError};
use latchkey::http::{ApiError, ApiResult, ErrorCode, Reply, Request, StatusCode};
use latchkey::keys::{CachedSecrets, KeyError, TokenVerifier};
use latchkey::secret::SecretSource;
use latchkey::session::SessionLifetimes;
use latchkey::store::{Store, StoreError};
use views::{Failed, Failure, Theme};

use crate::visit::Visit;

/// The end of the paths at which the passkey script asks what the browser is to do.
const OPTIONS: &str = "/options";

/// What all pages share.
pub struct Site {
    /// The table.
    pub store: Store,
    /// What cookies and forms are sealed with.
    pub secrets: CachedSecrets,
    /// What reads the tokens that operations answer with.
    pub tokens: TokenVerifier,
    /// How long sessions live.
    pub lifetimes: SessionLifetimes,
    /// `https://auth.example.com`: where the pages are.
    pub origin: String,
    /// What they are dressed in.
    pub theme: Theme,
    /// Whether the stack has second factors, passkeys and mailed codes.
    pub has_mfa: bool,
    /// Whether it has sign-in with other providers.
    pub has_oauth: bool,
}

/// Why a handler has no page of its own to answer with.
pub enum Stop {
    /// It failed.
    Failed(ApiError),
    /// The browser has to go elsewhere first.
    Elsewhere(Box<Reply>),
}

/// What a page answers.
pub type Shown = Result<Reply, Stop>;

impl From<ApiError> for Stop {
    fn from(error: ApiError) -> Self {
        Self::Failed(error)
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<KeyError> for Stop {
    fn from(error: KeyError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<ErrorCode> for Stop {
    fn from(code: ErrorCode) -> Self {
        Self::Failed(code.into())
    }
}

impl From<Reply> for Stop {
    fn from(reply: Reply) -> Self {
        Self::Elsewhere(Box::new(reply))
    }
}

impl Site {
    /// Reads `ISSUER`, `AUDIENCE`, `APP_NAME`, the theme, `MFA`, `OAUTH`, the lifetimes of sessions and the session
    /// secret.
    ///
    /// # Errors
    /// A [`ConfigError`] naming the setting.
    pub async fn from_env() -> Result<Self, Error> {
        let store = Store::from_env().await?;
        let issuer = config::issuer()?;
        Ok(Self {
            secrets: CachedSecrets::from_env(SecretSource::SESSION).await?,
            tokens: TokenVerifier::from_env(&store).await?,
            lifetimes: SessionLifetimes::from_env()?,
            origin: config::origin(&issuer),
            theme: theme()?,
            has_mfa: config::is_on(config::MFA)?,
            has_oauth: config::is_on(config::OAUTH)?,
            store,
        })
    }

    /// Answers a request with a page, whatever happens.
    ///
    /// # Errors
    /// `internal`, where no page can be shown at all.
    pub async fn answer<'a, F>(
        &'a self,
        request: &'a Request,
        handler: impl FnOnce(Visit<'a>) -> F,
    ) -> ApiResult
    where
        F: Future<Output = Shown>,
    {
        let now = clock::now();
        let shown = match Visit::begin(self, request, now).await {
            Ok(visit) => handler(visit).await,
            Err(error) => Err(error.into()),
        };
        match shown {
            Ok(reply) => Ok(reply),
            Err(Stop::Elsewhere(reply)) => Ok(*reply),
            // What a script asks for it reads as the contract has it.
            Err(Stop::Failed(error)) if request.uri().path().ends_with(OPTIONS) => Err(error),
            Err(Stop::Failed(error)) => self.failed(request, &error),
        }
    }

    /// The page that says why there is no other.
    fn failed(&self, request: &Request, error: &ApiError) -> ApiResult {
        if let Some(cause) = error.cause() {
            tracing::error!(code = error.code().code(), %cause, "a page failed");
        }
        let failure = match error.code() {
            ErrorCode::Forbidden => Failure::FormExpired,
            ErrorCode::RateLimited => Failure::TooManyTries(error.retry_after().unwrap_or(60)),
            ErrorCode::ProviderFailed => Failure::Provider,
            ErrorCode::Unavailable => Failure::Unavailable,
            ErrorCode::InvalidActionToken => Failure::LinkExpired,
            code if code.status() == StatusCode::NOT_FOUND => Failure::NotFound,
            _ => Failure::Internal,
        };
        let status = StatusCode::from_u16(failure.status()).unwrap_or(StatusCode::BAD_REQUEST);
        let page = Visit::bare(self, request).page(status, Failed::new(failure, None))?;
        Ok(match error.retry_after() {
            Some(seconds) => page.retry_after(seconds),
            None => page,
        })
    }

    /// The policy of every page.
    #[must_use]
    pub fn policy(&self) -> String {
        views::csp(&self.theme)
    }
}

/// What pages are dressed in: `APP_NAME`, and the logo and colours of `THEME_LOGO`, `THEME_ACCENT` and
/// `THEME_BACKGROUND`.
///
/// # Errors
/// [`ConfigError`] naming the setting.
pub fn theme() -> Result<Theme, ConfigError> {
    let mut theme = Theme::new(config::required(config::APP_NAME)?);
    if let Some(logo) = config::optional(config::THEME_LOGO) {
        let error =
            |error: views::ThemeError| ConfigError::invalid(config::THEME_LOGO, error.to_string());
        theme = theme.logo(&logo).map_err(error)?;
    }
    if let Some((light, dark)) = colours(config::THEME_ACCENT)? {
        let error = |error: views::ThemeError| {
            ConfigError::invalid(config::THEME_ACCENT, error.to_string())
        };
        theme = theme.accent(&light, &dark).map_err(error)?;
    }
    if let Some((light, dark)) = colours(config::THEME_BACKGROUND)? {
        let error = |error: views::ThemeError| {
            ConfigError::invalid(config::THEME_BACKGROUND, error.to_string())
        };
        theme = theme.background(&light, &dark).map_err(error)?;
    }
    Ok(theme)
}

/// Two colours with a space between them, for light and dark screens; one is for both.
fn colours(name: &'static str) -> Result<Option<(String, String)>, ConfigError> {
    let Some(text) = config::optional(name) else {
        return Ok(None);
    };
    match text.split_whitespace().collect::<Vec<_>>().as_slice() {
        [both] => Ok(Some(((*both).to_owned(), (*both).to_owned()))),
        [light, dark] => Ok(Some(((*light).to_owned(), (*dark).to_owned()))),
        _ => Err(ConfigError::invalid(
            name,
            "it must be a colour such as #1f4fd8, or two, for light and dark screens",
        )),
    }
}
