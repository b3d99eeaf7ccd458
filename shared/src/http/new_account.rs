//! What register, create-user and create-admin have in common: the account a body describes, and the answer.

use super::ApiResult;
use super::body::Fields;
use super::error::ErrorCode;
use super::user::UserResponse;
use crate::clock::Timestamp;
use crate::email::Email;
use crate::name::Name;
use crate::password::{Match, Password};
use crate::store::{Change, Idempotency, Registration, Store};
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
        let names = [&first_name, &last_name].map(|name| name.as_ref()?.as_ref());
        fields.check_password_policy("password", password.as_ref(), email.as_ref(), names);
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

    /// Makes `user`, who is this account, and answers so; a repeat gets the answer it got before.
    ///
    /// The password is the part of a repeated body that no record holds: it is compared with the account's,
    /// so that nobody is told that an account is theirs which somebody else made.
    ///
    /// # Errors
    /// `email_taken`, `idempotency_key_reused` or `unavailable`.
    pub async fn create(
        &self,
        store: &Store,
        user: &User,
        idempotency: Option<&Idempotency>,
        change: &Change,
    ) -> ApiResult {
        let hash = self.password.hash()?;
        let made = match store.register(user, hash, idempotency, change).await? {
            Registration::Done => return UserResponse::created(user),
            Registration::EmailTaken => return Err(ErrorCode::EmailTaken.into()),
            Registration::KeyReused => return Err(ErrorCode::IdempotencyKeyReused.into()),
            Registration::Repeated(made) => made,
        };
        let credential = store.get_credential(&made.email).await?;
        let credential = credential.filter(|credential| credential.user_id == made.id);
        let hash = credential.map(|credential| credential.password_hash);
        match self.password.matches(hash.as_ref())? {
            Match::No => Err(ErrorCode::IdempotencyKeyReused.into()),
            Match::Yes | Match::YesButOutdated => UserResponse::created(&made),
        }
    }
}
