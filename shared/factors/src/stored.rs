//! Second factors in the table: rows in the account's partition, and on the account which of them count.

use std::collections::BTreeSet;

use aws_lc_rs::constant_time;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use latchkey::clock::Timestamp;
use latchkey::event::EventKind;
use latchkey::factor::{Factor, PasskeyId};
use latchkey::name::Name;
use latchkey::proof::{Confirmed, Second};
use latchkey::secret::{Purpose, Secrets, Unwrappable};
use latchkey::session::Session;
use latchkey::sign_in::{NotSignedIn, Shown};
use latchkey::store::{StoreError, WriteRefused, proving};
use latchkey::table::{
    self, Change, Entity, Key, RawItem, Table, TransactError, TransactWriteItem, Update, Updated,
    number, text,
};
use latchkey::token::TokenError;
use latchkey::user::{Reason, User, UserId};
use serde::{Deserialize, Serialize};

use crate::{Code, Passkey, RecoveryCode, TotpSecret};

latchkey::uuid_id! {
    /// Identifies a factor within its account.
    FactorId
}

/// The authenticator app of an account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TotpFactor {
    /// Its id.
    pub id: FactorId,
    /// When it was set up.
    pub created_at: Timestamp,
    /// When a code of it was last accepted.
    pub last_used_at: Timestamp,
    /// The secret, sealed for this account.
    secret: String,
    /// The step of the last code that was accepted: no code of it or of one before counts.
    last_step: u64,
    /// Raised by every change.
    pub version: u64,
}

impl Entity for TotpFactor {
    const TYPE: &'static str = "totp";
}

impl TotpFactor {
    /// One that is set up with a secret, of which a code of `step` was shown.
    ///
    /// # Errors
    /// [`Unwrappable`] when the system has no randomness.
    pub fn new(
        secrets: &Secrets,
        user_id: &UserId,
        secret: &TotpSecret,
        step: u64,
        now: Timestamp,
    ) -> Result<Self, Unwrappable> {
        let sealed = secrets.seal(Purpose::Totp, user_id.as_bytes(), secret.as_bytes())?;
        Ok(Self {
            id: FactorId::generate(now),
            created_at: now,
            last_used_at: now,
            secret: STANDARD_NO_PAD.encode(sealed),
            last_step: step,
            version: 1,
        })
    }

    /// The secret. No I/O.
    ///
    /// # Errors
    /// [`TokenError::UnknownKey`] when it was sealed with a secret that is not loaded.
    pub fn open(&self, secrets: &Secrets, user_id: &UserId) -> Result<TotpSecret, TokenError> {
        let sealed = STANDARD_NO_PAD.decode(&self.secret);
        let sealed = sealed.map_err(|_| TokenError::Invalid)?;
        let opened = secrets.open(Purpose::Totp, user_id.as_bytes(), &sealed)?;
        TotpSecret::from_bytes(&opened).ok_or(TokenError::Invalid)
    }

    /// A code that was typed, and what spends it.
    ///
    /// # Errors
    /// [`NotSignedIn::InvalidFactor`] when it is wrong or old.
    pub fn show(
        &self,
        table: &Table,
        user_id: &UserId,
        secret: &TotpSecret,
        code: &Code,
        change: &Change,
    ) -> Result<Shown<Second>, NotSignedIn> {
        let step = secret.find(code, Some(self.last_step), change.at);
        let step = step.ok_or(NotSignedIn::InvalidFactor)?;
        let spending = Update::new(Key::totp(user_id), change)
            .set("last_step", number(step))
            .set("last_used_at", number(change.at.as_millis()))
            .when_equal("id", text(&self.id))
            .when_below("last_step", number(step))
            .in_transaction(table)?;
        Ok(Shown {
            by: Second::Totp,
            spending: vec![spending],
        })
    }
}

/// The recovery codes of an account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RecoveryCodes {
    /// The hashes of those that are left; without any, the attribute is gone.
    #[serde(
        default,
        with = "serde_dynamo::string_set",
        skip_serializing_if = "BTreeSet::is_empty"
    )]
    codes: BTreeSet<String>,
    /// When they were made.
    pub created_at: Timestamp,
    /// Raised by every change.
    pub version: u64,
}

impl Entity for RecoveryCodes {
    const TYPE: &'static str = "recovery_codes";
}

impl RecoveryCodes {
    /// These codes, as they are kept.
    #[must_use]
    pub fn new(
        secrets: &Secrets,
        user_id: &UserId,
        codes: &[RecoveryCode],
        now: Timestamp,
    ) -> Self {
        Self {
            codes: codes
                .iter()
                .map(|code| code.stored(secrets, user_id))
                .collect(),
            created_at: now,
            version: 1,
        }
    }

    /// How many are left.
    #[must_use]
    pub fn left(&self) -> usize {
        self.codes.len()
    }

    /// A code that was typed, and what spends it.
    ///
    /// # Errors
    /// [`NotSignedIn::InvalidFactor`] when it is none of them.
    pub fn show(
        &self,
        table: &Table,
        user_id: &UserId,
        secrets: &Secrets,
        code: &RecoveryCode,
        change: &Change,
    ) -> Result<Shown<Second>, NotSignedIn> {
        let found = code
            .candidates(secrets, user_id)
            .find(|hash| self.contains(hash));
        let found = found.ok_or(NotSignedIn::InvalidFactor)?;
        let spending = Update::new(Key::recovery_codes(user_id), change)
            .remove_member("codes", &found)
            .when_member("codes", &found)
            .in_transaction(table)?;
        Ok(Shown {
            by: Second::RecoveryCode,
            spending: vec![spending],
        })
    }

    fn contains(&self, hash: &str) -> bool {
        let is = |known: &String| {
            constant_time::verify_slices_are_equal(known.as_bytes(), hash.as_bytes()).is_ok()
        };
        self.codes.iter().filter(|known| is(known)).count() > 0
    }
}

/// What setting up a factor writes.
pub struct Enrolment<'a> {
    /// The account as it was read.
    pub user: &'a User,
    /// The factor.
    pub factor: NewFactor<'a>,
    /// Codes for when it is lost, which come with the first.
    pub codes: Option<&'a RecoveryCodes>,
    /// The session in which it is set up, where there is one: it is proved with the first factor of its account.
    pub session: Option<&'a Session>,
}

/// A factor that is set up.
#[derive(Clone, Copy)]
pub enum NewFactor<'a> {
    /// An authenticator app.
    Totp(&'a TotpFactor),
    /// A passkey.
    Passkey(&'a Passkey),
}

impl NewFactor<'_> {
    const fn factor(&self) -> Factor {
        match self {
            Self::Totp(_) => Factor::Totp,
            Self::Passkey(passkey) => Factor::Passkey(passkey.id),
        }
    }

    /// What was shown by setting it up.
    #[must_use]
    pub const fn shown(&self) -> Second {
        match self {
            Self::Totp(_) => Second::Totp,
            Self::Passkey(passkey) => Second::Passkey(passkey.id, passkey.held()),
        }
    }

    fn item(&self, user_id: &UserId, change: &Change) -> Result<RawItem, StoreError> {
        let key = self.factor().key(user_id);
        match self {
            Self::Totp(totp) => table::new_item(key, *totp, change),
            Self::Passkey(passkey) => table::new_item(key, *passkey, change),
        }
    }
}

/// Why no factor was set up.
#[derive(Debug)]
pub enum NotEnrolled {
    /// The account has this one.
    Exists,
    /// The account or the session changed since it was read.
    Changed,
    /// The table could not be used.
    Store(StoreError),
}

impl From<StoreError> for NotEnrolled {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Second factors in the table.
#[derive(Clone, Copy, Debug)]
pub struct FactorStore<'a>(pub &'a Table);

impl FactorStore<'_> {
    /// Sets up a factor, where it is not set up yet. 1 RT, 5 WU; 2 more for recovery codes and 2 for a session.
    ///
    /// # Errors
    /// [`NotEnrolled`].
    pub async fn enrol(
        &self,
        enrolment: Enrolment<'_>,
        change: &Change,
    ) -> Result<(), NotEnrolled> {
        let Enrolment {
            user,
            factor,
            codes,
            session,
        } = enrolment;
        let update = change_factors(user, None, change)
            .add_member("factors", &factor.factor())
            .set("factors_version", number(user.factors_version + 1))
            .events([EventKind::FactorAdded]);
        let mut items = vec![
            table::put_new(self.0, factor.item(&user.id, change)?)?,
            update.in_transaction(self.0)?,
        ];
        if let Some(codes) = codes {
            items.push(self.put_codes(&user.id, codes, change)?);
        }
        if let Some(session) = session.filter(|_| user.factors.is_empty()) {
            let second = Confirmed {
                by: factor.shown(),
                at: change.at,
            };
            let proved = Session {
                proved: Some(session.proved().with(second)),
                ..session.clone()
            };
            items.push(proving(&proved, change)?.in_transaction(self.0)?);
        }
        match self.0.transact("enrol factor", items).await {
            Ok(()) => Ok(()),
            Err(TransactError::Refused(refused)) if refused.first() == Some(&true) => {
                Err(NotEnrolled::Exists)
            }
            Err(TransactError::Refused(_)) => Err(NotEnrolled::Changed),
            Err(TransactError::Store(error)) => Err(error.into()),
        }
    }

    /// Removes a factor of an account that is still as it was read, and with the last one the recovery codes. `id` is that
    /// of the factor which was read. 1 RT, 4 WU; 2 more for the codes.
    ///
    /// # Errors
    /// [`WriteRefused`].
    pub async fn remove(
        &self,
        user: &User,
        factor: Factor,
        id: &impl ToString,
        reason: Option<&Reason>,
        change: &Change,
    ) -> Result<(), WriteRefused> {
        let update = change_factors(user, reason, change)
            .remove_member("factors", &factor)
            .set("factors_version", number(user.factors_version + 1))
            .events([EventKind::FactorRemoved]);
        let mut items = vec![
            table::delete_when(self.0, factor.key(&user.id), &[("id", text(id))])?,
            update.in_transaction(self.0)?,
        ];
        if user.factors.len() == 1 {
            items.push(table::delete(self.0, Key::recovery_codes(&user.id))?);
        }
        self.write("remove factor", items).await
    }

    /// The passkeys of an account, the oldest first. 1 RT and 1 RU each, none where there are none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn passkeys(&self, user: &User) -> Result<Vec<Passkey>, StoreError> {
        let keys: Vec<Key> = user
            .factors
            .passkeys()
            .map(|id| Key::passkey(&user.id, &id))
            .collect();
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let items = self.0.batch_get("read passkeys", keys).await?;
        let passkeys = items.into_iter().map(table::read::<Passkey>);
        let mut passkeys = passkeys.collect::<Result<Vec<_>, _>>()?;
        passkeys.sort_by_key(|passkey| (passkey.created_at, passkey.id));
        Ok(passkeys)
    }

    /// Gives a passkey another name. 1 RT, 1 WU.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn rename_passkey(
        &self,
        user_id: &UserId,
        id: &PasskeyId,
        name: &Name,
        change: &Change,
    ) -> Result<Option<Passkey>, StoreError> {
        let update =
            Update::new(Key::passkey(user_id, id), change).set("name", text(name.as_str()));
        match self.0.update("rename passkey", update).await? {
            Updated::Done(item) => table::read(item).map(Some),
            Updated::Refused(_) => Ok(None),
        }
    }

    /// Replaces the recovery codes of an account that is still as it was read. 1 RT, 4 WU.
    ///
    /// # Errors
    /// [`WriteRefused`].
    pub async fn renew_codes(
        &self,
        user: &User,
        codes: &RecoveryCodes,
        change: &Change,
    ) -> Result<(), WriteRefused> {
        let update = change_factors(user, None, change).events([EventKind::RecoveryCodesRenewed]);
        let items = vec![
            self.put_codes(&user.id, codes, change)?,
            update.in_transaction(self.0)?,
        ];
        self.write("renew recovery codes", items).await
    }

    fn put_codes(
        self,
        user_id: &UserId,
        codes: &RecoveryCodes,
        change: &Change,
    ) -> Result<TransactWriteItem, StoreError> {
        table::put(
            self.0,
            table::new_item(Key::recovery_codes(user_id), codes, change)?,
        )
    }

    async fn write(
        &self,
        operation: &'static str,
        items: Vec<TransactWriteItem>,
    ) -> Result<(), WriteRefused> {
        match self.0.transact(operation, items).await {
            Ok(()) => Ok(()),
            Err(TransactError::Refused(_)) => Err(WriteRefused::Changed),
            Err(TransactError::Store(error)) => Err(error.into()),
        }
    }
}

/// A change of the factors of an account that is still as it was read, with the reason of who is not its owner.
fn change_factors(user: &User, reason: Option<&Reason>, change: &Change) -> Update {
    Update::new(Key::user(&user.id), change)
        .set("updated_at", number(change.at.as_millis()))
        .set_or_remove("factors_reason", reason.map(|reason| text(reason.as_str())))
        .when_equal("version", number(user.version))
}
