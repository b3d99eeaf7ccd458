//! What a client is told when it is refused (RFC 6749 §5.2, RFC 6750 §3.1).

use latchkey::http::{self, ApiError, ApiResult, Parameters, StatusCode};
use latchkey::keys::KeyError;
use latchkey::store::StoreError;
use serde::Serialize;

/// Why, as the protocol has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OauthErrorCode {
    /// The request lacks something, or has it twice or wrong.
    InvalidRequest,
    /// It is not known who asks.
    InvalidClient,
    /// The same, of who said so by the `Authorization` header.
    InvalidBasic,
    /// The code or the token does not count, or is another client's.
    InvalidGrant,
    /// There is no such way to a token.
    UnsupportedGrantType,
    /// A scope that may not be asked for.
    InvalidScope,
    /// There is no access token.
    MissingToken,
    /// The access token does not count.
    InvalidToken,
    /// It counts, for less.
    InsufficientScope,
}

/// A refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OauthError {
    /// Why.
    pub code: OauthErrorCode,
    /// The same for whoever writes the client: ASCII without `"` and `\`.
    pub description: &'static str,
}

/// Why a client does not get what it asks for.
#[derive(Debug)]
pub enum Failed {
    /// The protocol says so.
    Refused(OauthError),
    /// Anything else.
    Api(ApiError),
}

#[derive(Serialize)]
struct ErrorResponse {
    error: &'static str,
    error_description: &'static str,
}

impl OauthErrorCode {
    /// `error`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient | Self::InvalidBasic => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
            Self::MissingToken | Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
        }
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::InvalidClient | Self::InvalidBasic | Self::MissingToken | Self::InvalidToken => {
                StatusCode::UNAUTHORIZED
            }
            Self::InsufficientScope => StatusCode::FORBIDDEN,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// What this says, with a sentence about it.
    #[must_use]
    pub const fn because(self, description: &'static str) -> OauthError {
        OauthError {
            code: self,
            description,
        }
    }
}

impl OauthError {
    /// The answer.
    ///
    /// # Errors
    /// `internal` when it has no JSON form.
    pub fn reply(self) -> ApiResult {
        let Self { code, description } = self;
        let name = code.name();
        tracing::info!(error = name, description, "refused");
        let body = ErrorResponse {
            error: name,
            error_description: description,
        };
        let reply = http::json(code.status(), &body)?.for_every_origin();
        Ok(match code {
            // Asked for of who does it, and of nobody else (RFC 6749 §5.2): libraries look no further, and browsers ask
            // for it.
            OauthErrorCode::InvalidBasic => reply.authenticate("Basic realm=\"Latchkey\""),
            // Without a token nothing is said of one (RFC 6750 §3.1).
            OauthErrorCode::MissingToken => reply.authenticate("Bearer"),
            OauthErrorCode::InvalidToken => reply.authenticate(&format!(
                "Bearer error=\"{name}\", error_description=\"{description}\""
            )),
            OauthErrorCode::InsufficientScope => {
                reply.authenticate(&format!("Bearer error=\"{name}\", scope=\"openid\""))
            }
            _ => reply,
        })
    }
}

/// A parameter that has to be there.
///
/// # Errors
/// `invalid_request`.
pub fn required<'a>(
    form: &'a Parameters,
    name: &str,
    missing: &'static str,
) -> Result<&'a str, OauthError> {
    let value = form.given(name);
    value.ok_or(OauthErrorCode::InvalidRequest.because(missing))
}

impl Failed {
    /// The answer.
    ///
    /// # Errors
    /// What the protocol has no word for.
    pub fn reply(self) -> ApiResult {
        match self {
            Self::Refused(error) => error.reply(),
            Self::Api(error) => Err(error),
        }
    }
}

impl From<OauthError> for Failed {
    fn from(error: OauthError) -> Self {
        Self::Refused(error)
    }
}

impl From<ApiError> for Failed {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self::Api(error.into())
    }
}

impl From<KeyError> for Failed {
    fn from(error: KeyError) -> Self {
        Self::Api(error.into())
    }
}
