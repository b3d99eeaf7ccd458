//! Passwords: changed by who knows the one before, reset by who receives the account's mail.

use letters::Locale;

use super::credential::Credential;
use super::user::set_profile;
use super::{Store, StoreError, WriteRefused};
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
    /// verified the address before, and there 2 more for each factor and each identity and 2 for the recovery codes.
    ///
    /// Whoever registered that address need not be its owner: what they set goes, with the names and
    /// preferences, second factors and identities (Sudhodanan and Paverd, "Pre-hijacked accounts", 2022). `locale` is the owner's.
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
        let mut gone = Vec::new();
        let identities = if may_be_anothers(user) {
            let profile = Profile {
                locale,
                ..Profile::default()
            };
            user_update = without_identities(user_update, user)?;
            (user_update, gone) = wiped(user_update, user, &profile)?;
            self.without_identities(&user.id, user.identities.iter())?
        } else {
            Vec::new()
        };
        let mut items = vec![
            credential.in_transaction(&self.table)?,
            user_update.in_transaction(&self.table)?,
        ];
        for key in gone {
            items.push(table::delete(&self.table, key)?);
        }
        items.extend(identities);
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

/// Whether an account may be another's than of the owner of its address: nobody has verified that, and whoever made it
/// set what is in it.
pub(super) const fn may_be_anothers(user: &User) -> bool {
    !user.email_verified && !user.invited
}

/// Wipes what was set by whoever made an account: names, preferences and second factors. Answers the keys of what goes
/// with it.
pub(super) fn wiped(
    update: Update,
    user: &User,
    profile: &Profile,
) -> Result<(Update, Vec<Key>), StoreError> {
    // Whatever it is when this is written: the stream sees whether that changed it.
    let update = set_profile(update, profile)?.events([EventKind::UserUpdated]);
    let mut gone = vec![Key::preferences(&user.id)];
    if user.factors.is_empty() {
        return Ok((update.when_absent("factors"), gone));
    }
    gone.extend(user.factors.iter().map(|factor| factor.key(&user.id)));
    gone.push(Key::recovery_codes(&user.id));
    let update = update
        .set_or_remove("factors", None)
        .events([EventKind::FactorRemoved])
        .when_equal("factors", attribute(&user.factors)?);
    Ok((update, gone))
}

/// Whoever comes by one of them need not be the owner either.
fn without_identities(update: Update, user: &User) -> Result<Update, StoreError> {
    if user.identities.is_empty() {
        return Ok(update.when_absent("identities"));
    }
    Ok(update
        .set_or_remove("identities", None)
        .events([EventKind::IdentityUnlinked])
        .when_equal("identities", attribute(&user.identities)?))
}
