//! Passwords: changed by who knows the one before, reset by who receives the account's mail.

use letters::Locale;

use super::credential::Credential;
use super::user::set_profile;
use super::{Store, WriteRefused};
use crate::event::EventKind;
use crate::password::PasswordHash;
use crate::profile::Profile;
use crate::session::Session;
use crate::table::{self, Change, Key, TransactError, Update, attribute, number, text};
use crate::user::User;

impl Store {
    /// Stores the hash of another password for an account that still has the credential as it was read.
    /// Every session of it ends but `kept`. 1 RT, 7 WU.
    ///
    /// # Errors
    /// [`WriteRefused`].
    pub async fn change_password(
        &self,
        user: &User,
        read: &Credential,
        new: &PasswordHash,
        kept: &Session,
        change: &Change,
    ) -> Result<(), WriteRefused> {
        let next = |key| next_credential_version(key, read.credential_version, change);
        let credential = next(Key::credential(&user.email))
            .set("password_hash", attribute(new)?)
            .when_equal("user_id", text(&user.id));
        let updated_at = number(change.at.as_millis());
        let user_update = next(Key::user(&user.id))
            .set("updated_at", updated_at)
            .events([EventKind::PasswordChanged]);
        let session = next(Key::session(&user.id, &kept.id)).when_absent("revoked_at");
        let items = vec![
            credential.in_transaction(&self.table)?,
            user_update.in_transaction(&self.table)?,
            session.in_transaction(&self.table)?,
        ];
        match self.table.transact("change password", items).await {
            Ok(()) => Ok(()),
            Err(TransactError::Refused(_)) => Err(WriteRefused::Changed),
            Err(TransactError::Store(error)) => Err(error.into()),
        }
    }

    /// Stores the hash of a password for an account whose owner has shown to receive its mail, and that is
    /// still as it was read; every session ends. 1 RT, 5 WU, 7 where nobody had
    /// verified the address before, and there 2 more for each factor and 2 for the recovery codes.
    ///
    /// Whoever registered that address need not be its owner: what they set goes, with the names and
    /// preferences and second factors (Sudhodanan and Paverd, "Pre-hijacked accounts", 2022). `locale` is the owner's.
    ///
    /// # Errors
    /// [`WriteRefused`].
    pub async fn reset_password(
        &self,
        user: &User,
        read: &Credential,
        new: &PasswordHash,
        locale: Locale,
        change: &Change,
    ) -> Result<(), WriteRefused> {
        let next = |key| next_credential_version(key, read.credential_version, change);
        let credential = next(Key::credential(&user.email))
            .set("password_hash", attribute(new)?)
            .when_equal("user_id", text(&user.id));
        let changed = if user.invited {
            EventKind::UserInvitationAccepted
        } else {
            EventKind::PasswordChanged
        };
        let verified = (!user.email_verified).then_some(EventKind::EmailVerified);
        let mut user_update = next(Key::user(&user.id))
            .events([changed])
            .events(verified)
            .set("updated_at", number(change.at.as_millis()))
            .set("email_verified", attribute(&true)?)
            .set_or_remove("invited", None)
            .set_or_remove("passwordless", None)
            .when_equal("email_verified", attribute(&user.email_verified)?);
        let may_be_anothers = !user.email_verified && !user.invited;
        if may_be_anothers {
            let profile = Profile {
                locale,
                ..Profile::default()
            };
            // Whatever it is when this is written: the stream sees whether that changed it.
            user_update = set_profile(user_update, &profile)?.events([EventKind::UserUpdated]);
            user_update = if user.factors.is_empty() {
                user_update.when_absent("factors")
            } else {
                user_update
                    .set_or_remove("factors", None)
                    .events([EventKind::FactorRemoved])
                    .when_equal("factors", attribute(&user.factors)?)
            };
        }
        let mut items = vec![
            credential.in_transaction(&self.table)?,
            user_update.in_transaction(&self.table)?,
        ];
        if may_be_anothers {
            let mut set = vec![Key::preferences(&user.id)];
            if !user.factors.is_empty() {
                set.extend(user.factors.iter().map(|factor| factor.key(&user.id)));
                set.push(Key::recovery_codes(&user.id));
            }
            for key in set {
                items.push(table::delete(&self.table, key)?);
            }
        }
        match self.table.transact("reset password", items).await {
            Ok(()) => Ok(()),
            Err(TransactError::Refused(_)) => Err(WriteRefused::Changed),
            Err(TransactError::Store(error)) => Err(error.into()),
        }
    }
}

/// Raises the version that sessions must match, if it is the one that was read.
pub fn next_credential_version(key: Key, read: u64, change: &Change) -> Update {
    Update::new(key, change)
        .increment("credential_version")
        .when_equal("credential_version", number(read))
}
