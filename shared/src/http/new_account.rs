//! What register, create-user and create-admin have in common: the account a body describes, and the answer.

use super::ApiResult;
use super::body::Fields;
use super::error::ApiError;
use super::error_code::ErrorCode;
use super::user::UserResponse;
use crate::clock::Timestamp;
use crate::email::Email;
use crate::locale::Locale;
use crate::password::{HashingFailed, Match, Password, PasswordHash};
use crate::profile::Profile;
use crate::store::{Change, Idempotency, Registration, Store};
use crate::user::{Role, User};

/// Whether a body has to name a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordField {
    /// It has to.
    Required,
    /// Without one, the owner is invited to set it.
    Optional,
}

/// An account as a client describes it.
pub struct NewAccount {
    /// Its address.
    pub email: Email,
    /// Its password; without one, its owner is invited.
    pub password: Option<Password>,
    /// What its owner sets.
    pub profile: Profile,
}

impl NewAccount {
    /// Takes `email`, `password` and the fields of a profile out of a body; its language is `locale` where it names
    /// none.
    pub fn take(fields: &mut Fields, password: PasswordField, locale: Locale) -> Option<Self> {
        let email = fields.required("email", Email::parse);
        let password = match password {
            PasswordField::Required => fields.required("password", Password::parse_new).map(Some),
            PasswordField::Optional => fields.optional("password", Password::parse_new),
        };
        let unset = Profile {
            locale,
            ..Profile::default()
        };
        let profile = fields.profile(unset, locale);
        let new = password.as_ref().and_then(Option::as_ref);
        fields.check_password_policy("password", new, email.as_ref(), profile.as_ref());
        Some(Self {
            email: email?,
            password: password?,
            profile: profile?,
        })
    }

    /// The account itself.
    #[must_use]
    pub fn user(&self, role: Role, now: Timestamp) -> User {
        User {
            invited: self.password.is_none(),
            ..User::register(self.email.clone(), self.profile.clone(), role, now)
        }
    }

    /// The hash of its password, if it has one.
    ///
    /// # Errors
    /// [`HashingFailed`].
    pub fn hash(&self) -> Result<Option<PasswordHash>, HashingFailed> {
        self.password.as_ref().map(Password::hash).transpose()
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
        let hash = self.hash()?;
        match store.register(user, hash, idempotency, change).await? {
            Registration::Done => UserResponse::created(user),
            Registration::EmailTaken => Err(ErrorCode::EmailTaken.into()),
            Registration::Repeated(made) if self.describes(store, &made).await? => {
                UserResponse::created(&made)
            }
            Registration::Repeated(_) | Registration::KeyReused => {
                Err(ErrorCode::IdempotencyKeyReused.into())
            }
        }
    }

    /// Whether an account that was made before has this password, or like this one none.
    async fn describes(&self, store: &Store, made: &User) -> Result<bool, ApiError> {
        let Some(password) = &self.password else {
            return Ok(made.invited);
        };
        let credential = store.get_credential(&made.email).await?;
        let credential = credential.filter(|credential| credential.user_id == made.id);
        let hash = credential.and_then(|credential| credential.password_hash);
        Ok(password.matches(hash.as_ref())? != Match::No)
    }
}
