//! A failure on its way to the client, and its document (RFC 9457).

use std::error::Error;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lambda_http::http::HeaderName;

use super::error_code::ErrorCode;
use super::problem::{FieldProblem, MissingProblem, Problem, UnknownCredential};
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

/// The header that says what is accepted, and its value.
pub(super) type Accepted = (HeaderName, &'static str);

/// What only some failures say.
#[derive(Debug)]
enum More {
    /// What a sign-in lacks.
    Missing(Missing),
    /// Which passkey an account has no more.
    Unknown(UnknownCredential),
    /// What links an identity to the account of its address.
    LinkToken(String),
}

/// A failure on its way to the client, with its cause for the log alone.
#[derive(Debug)]
pub struct ApiError {
    code: ErrorCode,
    detail: Option<&'static str>,
    fields: Box<[(String, FieldError)]>,
    exceeded: Option<Exceeded>,
    accepted: Option<&'static Accepted>,
    more: Option<Box<More>>,
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
    pub fn factor_required(missing: Missing) -> Self {
        Self {
            more: Some(Box::new(More::Missing(missing))),
            ..Self::from(ErrorCode::FactorRequired)
        }
    }

    /// A passkey that the account has no more: its credential id, and the domain it is for.
    #[must_use]
    pub fn unknown_credential(rp_id: &str, credential_id: &[u8]) -> Self {
        let unknown = UnknownCredential {
            rp_id: rp_id.to_owned(),
            credential_id: URL_SAFE_NO_PAD.encode(credential_id),
        };
        Self {
            more: Some(Box::new(More::Unknown(unknown))),
            ..Self::from(ErrorCode::UnknownCredential)
        }
    }

    /// The address of an identity has an account, to which this links it.
    #[must_use]
    pub fn link_required(link_token: String) -> Self {
        Self {
            more: Some(Box::new(More::LinkToken(link_token))),
            ..Self::from(ErrorCode::LinkRequired)
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

    /// The passkey that a browser is to forget, as JSON for its `signalUnknownCredential()`.
    #[must_use]
    pub fn forgotten_credential(&self) -> Option<String> {
        match self.more.as_deref() {
            Some(More::Unknown(unknown)) => serde_json::to_string(unknown).ok(),
            _ => None,
        }
    }

    /// The fields that are refused, by name.
    #[must_use]
    pub fn fields(&self) -> &[(String, FieldError)] {
        &self.fields
    }

    /// What a sign-in lacks, where that is why.
    #[must_use]
    pub fn missing(&self) -> Option<&Missing> {
        match self.more.as_deref() {
            Some(More::Missing(missing)) => Some(missing),
            _ => None,
        }
    }

    /// What links the identity to the account of its address, where that is why.
    #[must_use]
    pub fn link_token(&self) -> Option<&str> {
        match self.more.as_deref() {
            Some(More::LinkToken(token)) => Some(token),
            _ => None,
        }
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
            | ErrorCode::UnknownCredential
            | ErrorCode::InvalidIdToken
            | ErrorCode::ChallengeExpired => Some("Bearer realm=\"latchkey\""),
            _ => None,
        }
    }

    /// Value of `Retry-After`, in seconds.
    #[must_use]
    pub fn retry_after(&self) -> Option<u64> {
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
        let (mut missing, mut unknown_credential, mut link_token) = (None, None, None);
        match self.more.as_deref() {
            None => {}
            Some(More::Unknown(unknown)) => unknown_credential = Some(unknown),
            Some(More::LinkToken(token)) => link_token = Some(token.as_str()),
            Some(More::Missing(lacks)) => {
                missing = Some(MissingProblem {
                    challenge: lacks.challenge.as_deref(),
                    factors: &lacks.factors,
                    enrollable: &lacks.enrollable,
                });
            }
        }
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
            missing,
            unknown_credential,
            link_token,
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
            more: None,
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
            NotSignedIn::FactorRequired(missing) => Self::factor_required(*missing),
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
    fn a_cause_is_never_part_of_the_document() {
        let error = ApiError::caused_by(ErrorCode::Internal, "pk USER#1 exploded");
        let document = serde_json::to_string(&error.problem("id", Timestamp::from_seconds(0)));
        assert!(!document.expect("serializes").contains("exploded"));
    }
}
