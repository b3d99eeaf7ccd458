//! What register, create-user and create-admin have in common: the account a body describes, and the answer.

use super::ApiResult;
use super::body::Fields;
use super::error::ErrorCode;
use super::user::UserResponse;
use crate::clock::Timestamp;
use crate::email::Email;
use crate::name::Name;
use crate::password::Password;
use crate::store::Registration;
use crate::user::{Role, User};

/// An account as a client describes it.
pub struct NewAccount {
    /// Its address.
    pub email: Email,
    /// Its password.
    pub password: Password,
    /// Given name.
    pub first_name: Option<Name>,
    /// Family name.
    pub last_name: Option<Name>,
}

impl NewAccount {
    /// Takes `email`, `password`, `firstName` and `lastName` out of a body.
    pub fn take(fields: &mut Fields) -> Option<Self> {
        let email = fields.required("email", Email::parse);
        let password = fields.required("password", Password::parse_new);
        let first_name = fields.optional("firstName", Name::parse);
        let last_name = fields.optional("lastName", Name::parse);
        fields.check_password_policy(&password, &email, &[&first_name, &last_name]);
        Some(Self {
            email: email?,
            password: password?,
            first_name: first_name?,
            last_name: last_name?,
        })
    }

    /// The account itself.
    #[must_use]
    pub fn user(&self, role: Role, now: Timestamp) -> User {
        let (first_name, last_name) = (self.first_name.clone(), self.last_name.clone());
        User::register(self.email.clone(), first_name, last_name, role, now)
    }
}

impl Registration {
    /// The answer to making `user`; a repeat gets the one it got before.
    ///
    /// # Errors
    /// `email_taken` or `idempotency_key_reused`.
    pub fn reply(self, user: &User) -> ApiResult {
        match self {
            Self::Done => UserResponse::created(user),
            Self::Repeated(user) => UserResponse::created(&user),
            Self::EmailTaken => Err(ErrorCode::EmailTaken.into()),
            Self::KeyReused => Err(ErrorCode::IdempotencyKeyReused.into()),
        }
    }
}
