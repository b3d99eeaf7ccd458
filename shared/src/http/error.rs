//! Every failure a client can see: one enum, one status each, one document (RFC 9457).

use std::error::Error;
use std::fmt;

use lambda_http::http::{HeaderName, StatusCode};

use super::problem::{FieldProblem, MissingProblem, Problem};
use crate::clock::Timestamp;
use crate::field::FieldError;
use crate::keys::{KeyError, VerifyError};
use crate::limit::Exceeded;
use crate::password::HashingFailed;
use crate::permission::Denied;
use crate::sign_in::{Missing, NotSignedIn};
use crate::store::{StoreError, WriteRefused};

/// Seconds a client is asked to wait where waiting helps (RFC 9110 §10.2.3).
const RETRY_AFTER_SECONDS: u64 = 1;

macro_rules! error_codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $status:ident, $title:literal;)+) => {
        /// The catalogue of failures. Codes are stable: clients branch on them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ErrorCode {
            $($(#[$doc])* $variant,)+
        }

        impl ErrorCode {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)+
                }
            }

            /// The HTTP status.
            #[must_use]
            pub const fn status(self) -> StatusCode {
                match self {
                    $(Self::$variant => StatusCode::$status,)+
                }
            }

            /// One sentence for a person, the same for every occurrence.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self {
                    $(Self::$variant => $title,)+
                }
            }
        }
    };
}

error_codes! {
    /// The body is not a JSON object, or the request itself is malformed.
    MalformedRequest = "malformed_request", BAD_REQUEST, "The request cannot be read.";
    /// One or more fields are wrong; `errors` names them all.
    InvalidFields = "invalid_fields", BAD_REQUEST, "Some fields are not valid.";
    /// The token of a letter is malformed, forged, expired, used or another's; which, is not told.
    InvalidActionToken = "invalid_action_token", BAD_REQUEST, "This link is not valid, or not any more.";
    /// Address or password is wrong; which one is not told.
    InvalidCredentials = "invalid_credentials", UNAUTHORIZED, "The email address or the password is wrong.";
    /// The second factor is wrong, or was used before; which, is not told.
    InvalidFactor = "invalid_factor", UNAUTHORIZED, "This code is not valid.";
    /// What a sign-in has proved so far is forged, expired or used, or the account has changed since.
    ChallengeExpired = "challenge_expired", UNAUTHORIZED, "This sign-in is over; begin again.";
    /// There is no bearer token.
    MissingToken = "missing_token", UNAUTHORIZED, "This needs a bearer token.";
    /// The token is malformed, forged, expired or revoked; which, is not told.
    InvalidToken = "invalid_token", UNAUTHORIZED, "The token is not valid.";
    /// The caller may not do this.
    Forbidden = "forbidden", FORBIDDEN, "You may not do this.";
    /// The password was right, but the account is suspended.
    AccountSuspended = "account_suspended", FORBIDDEN, "This account is suspended.";
    /// The password was right, but the address is not verified and has to be.
    EmailUnverified = "email_unverified", FORBIDDEN, "Confirm your email address first.";
    /// What was proved is right, and not enough; `factors` says what is missing.
    FactorRequired = "factor_required", FORBIDDEN, "This takes a second factor.";
    /// The strongest of what the account has was not shown recently enough for this.
    ReauthenticationRequired = "reauthentication_required", FORBIDDEN, "Sign in again, or prove anew who you are, to do this.";
    /// The account has no such factor.
    FactorNotFound = "factor_not_found", NOT_FOUND, "There is no such factor.";
    /// The account has such a factor already.
    FactorExists = "factor_exists", CONFLICT, "The account has this factor already.";
    /// The account must have a second factor, and this is its last.
    LastFactor = "last_factor", CONFLICT, "The account must have a second factor; set up another one first.";
    /// There is no such user.
    UserNotFound = "user_not_found", NOT_FOUND, "There is no such user.";
    /// There is no such session of this user.
    SessionNotFound = "session_not_found", NOT_FOUND, "There is no such session.";
    /// The address belongs to an account.
    EmailTaken = "email_taken", CONFLICT, "This email address is taken.";
    /// The idempotency key was sent with another body before.
    IdempotencyKeyReused = "idempotency_key_reused", CONFLICT, "This Idempotency-Key belongs to another request.";
    /// The account changed while this request was at work.
    Conflict = "conflict", CONFLICT, "The account was changed by another request; read it and try again.";
    /// The last admin cannot be removed.
    LastAdmin = "last_admin", CONFLICT, "The last active admin stays.";
    /// `If-Match` names another version.
    PreconditionFailed = "precondition_failed", PRECONDITION_FAILED, "The account is at another version.";
    /// The body is over 16 KiB.
    BodyTooLarge = "body_too_large", PAYLOAD_TOO_LARGE, "The body is over 16 KiB.";
    /// The body is not of a type that the operation takes, or is encoded.
    UnsupportedMediaType = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE, "The body is of a type or in a coding that this does not take.";
    /// Too many requests of this kind; the headers say when the next one is let through.
    RateLimited = "rate_limited", TOO_MANY_REQUESTS, "Too many requests; wait and try again.";
    /// A fault of ours. Never with details.
    Internal = "internal", INTERNAL_SERVER_ERROR, "Something went wrong.";
    /// The table, the keys or the time ran out; trying again helps.
    Unavailable = "unavailable", SERVICE_UNAVAILABLE, "The service cannot answer right now.";
}

/// The header that says what is accepted, and its value.
pub(super) type Accepted = (HeaderName, &'static str);

/// A failure on its way to the client, with its cause for the log alone.
#[derive(Debug)]
pub struct ApiError {
    code: ErrorCode,
    detail: Option<&'static str>,
    fields: Box<[(String, FieldError)]>,
    exceeded: Option<Exceeded>,
    accepted: Option<&'static Accepted>,
    missing: Option<Box<Missing>>,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

impl ApiError {
    /// A failure with a sentence about this occurrence.
    #[must_use]
    pub fn with_detail(code: ErrorCode, detail: &'static str) -> Self {
        Self {
            detail: Some(detail),
            ..Self::from(code)
        }
    }

    /// A failure with what caused it, which is logged and never sent.
    #[must_use]
    pub fn caused_by(code: ErrorCode, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            cause: Some(cause.into()),
            ..Self::from(code)
        }
    }

    /// Refused fields, by name.
    #[must_use]
    pub fn invalid_fields(fields: Vec<(String, FieldError)>) -> Self {
        Self {
            fields: fields.into_boxed_slice(),
            ..Self::from(ErrorCode::InvalidFields)
        }
    }

    /// One refused field.
    #[must_use]
    pub fn invalid_field(name: &str, error: FieldError) -> Self {
        Self::invalid_fields(vec![(name.to_owned(), error)])
    }

    /// A limit that is used up.
    #[must_use]
    pub fn limited(exceeded: Exceeded) -> Self {
        Self {
            exceeded: Some(exceeded),
            ..Self::from(ErrorCode::RateLimited)
        }
    }

    /// What was proved is not enough.
    #[must_use]
    pub fn factor_required(missing: Box<Missing>) -> Self {
        Self {
            missing: Some(missing),
            ..Self::from(ErrorCode::FactorRequired)
        }
    }

    /// A body of a type or in a coding that is not taken, and the header that says what is.
    pub(super) fn unsupported(accepted: &'static Accepted) -> Self {
        Self {
            accepted: Some(accepted),
            ..Self::from(ErrorCode::UnsupportedMediaType)
        }
    }

    /// Its place in the catalogue.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        self.code
    }

    /// What caused it.
    #[must_use]
    pub fn cause(&self) -> Option<&(dyn Error + Send + Sync)> {
        self.cause.as_deref()
    }

    /// Value of `WWW-Authenticate`, where a token is what is missing or wrong (RFC 6750 §3).
    pub(super) const fn challenge(&self) -> Option<&'static str> {
        match self.code {
            ErrorCode::InvalidToken => Some("Bearer realm=\"latchkey\", error=\"invalid_token\""),
            ErrorCode::MissingToken
            | ErrorCode::InvalidCredentials
            | ErrorCode::InvalidFactor
            | ErrorCode::ChallengeExpired => Some("Bearer realm=\"latchkey\""),
            _ => None,
        }
    }

    /// Value of `Retry-After`, in seconds.
    pub(super) fn retry_after(&self) -> Option<u64> {
        let unavailable = (self.code == ErrorCode::Unavailable).then_some(RETRY_AFTER_SECONDS);
        self.exceeded.map(Exceeded::retry_after).or(unavailable)
    }

    /// The limit that is used up.
    pub(super) const fn exceeded(&self) -> Option<Exceeded> {
        self.exceeded
    }

    /// What is accepted instead.
    pub(super) fn accepted(&self) -> Option<&'static Accepted> {
        self.accepted
    }

    /// The problem document (RFC 9457 §3).
    pub(super) fn problem(&self, request_id: &str, at: Timestamp) -> Problem<'_> {
        Problem {
            kind: format!("urn:latchkey:problem:{}", self.code.code()),
            title: self.code.title(),
            status: self.code.status().as_u16(),
            detail: self.detail.unwrap_or(self.code.title()),
            code: self.code.code(),
            request_id: request_id.to_owned(),
            timestamp: at.to_string(),
            errors: self
                .fields
                .iter()
                .map(|(field, error)| FieldProblem {
                    field,
                    code: error.code,
                    message: &error.message,
                })
                .collect(),
            missing: self.missing.as_deref().map(|missing| MissingProblem {
                challenge: missing.challenge.as_deref(),
                factors: &missing.factors,
                enrollable: &missing.enrollable,
            }),
        }
    }
}

impl Error for ApiError {}

impl fmt::Display for ApiError {
    /// For whoever invokes a function directly: the code, a sentence, the refused fields.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}: {}",
            self.code.code(),
            self.detail.unwrap_or(self.code.title())
        )?;
        for (field, error) in &self.fields {
            write!(formatter, " {field}: {}", error.message)?;
        }
        Ok(())
    }
}

impl From<ErrorCode> for ApiError {
    fn from(code: ErrorCode) -> Self {
        Self {
            code,
            detail: None,
            fields: Box::default(),
            exceeded: None,
            accepted: None,
            missing: None,
            cause: None,
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let code = match error {
            StoreError::Unavailable { .. } => ErrorCode::Unavailable,
            StoreError::Refused { .. } | StoreError::Unreadable(_) => ErrorCode::Internal,
        };
        Self::caused_by(code, error)
    }
}

impl From<NotSignedIn> for ApiError {
    fn from(refused: NotSignedIn) -> Self {
        match refused {
            NotSignedIn::Suspended => ErrorCode::AccountSuspended.into(),
            NotSignedIn::Unverified => ErrorCode::EmailUnverified.into(),
            NotSignedIn::Unseen => ErrorCode::InvalidCredentials.into(),
            NotSignedIn::FactorRequired(missing) => Self::factor_required(missing),
            NotSignedIn::InvalidFactor => ErrorCode::InvalidFactor.into(),
            NotSignedIn::ChallengeOver => ErrorCode::ChallengeExpired.into(),
            NotSignedIn::SessionOver => ErrorCode::InvalidToken.into(),
            NotSignedIn::Store(error) => error.into(),
            NotSignedIn::Keys(error) => error.into(),
        }
    }
}

impl From<KeyError> for ApiError {
    fn from(error: KeyError) -> Self {
        Self::caused_by(ErrorCode::Unavailable, error)
    }
}

impl From<VerifyError> for ApiError {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Invalid => ErrorCode::InvalidToken.into(),
            VerifyError::Keys(error) => error.into(),
        }
    }
}

impl From<HashingFailed> for ApiError {
    fn from(error: HashingFailed) -> Self {
        Self::caused_by(ErrorCode::Internal, error)
    }
}

impl From<Denied> for ApiError {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Forbidden => ErrorCode::Forbidden.into(),
            Denied::NotFound => ErrorCode::UserNotFound.into(),
        }
    }
}

impl From<WriteRefused> for ApiError {
    fn from(refused: WriteRefused) -> Self {
        match refused {
            WriteRefused::Changed => ErrorCode::Conflict.into(),
            WriteRefused::LastAdmin => ErrorCode::LastAdmin.into(),
            WriteRefused::EmailTaken => ErrorCode::EmailTaken.into(),
            WriteRefused::Store(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_snake_case() {
        let mut codes: Vec<&str> = ErrorCode::ALL.iter().map(|code| code.code()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), ErrorCode::ALL.len());
        for code in codes {
            assert!(
                code.bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
                "{code}"
            );
        }
    }

    #[test]
    fn a_cause_is_never_part_of_the_document() {
        let error = ApiError::caused_by(ErrorCode::Internal, "pk USER#1 exploded");
        let document = serde_json::to_string(&error.problem("id", Timestamp::from_seconds(0)));
        assert!(!document.expect("serializes").contains("exploded"));
    }
}
