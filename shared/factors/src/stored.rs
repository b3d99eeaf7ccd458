//! Second factors in the table: rows in the account's partition, and on the account which of them count.

use latchkey::event::EventKind;
use latchkey::factor::{Factor, PasskeyId};
use latchkey::name::Name;
use latchkey::proof::{Confirmed, Second};
use latchkey::session::Session;
use latchkey::store::{Store, StoreError, WriteRefused, proving};
use latchkey::table::{
    self, AttributeValue, Change, Key, RawItem, Table, TransactError, TransactWriteItem, Update,
    Updated, number, text,
};
use latchkey::user::{Reason, User, UserId};

use crate::{Passkey, RecoveryCodes, TotpFactor};

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

    /// Makes an account that has a passkey and no password, once for its id: what was deleted does not come back.
    /// 1 RT, 11 WU.
    ///
    /// # Errors
    /// [`NotEnrolled`]; the account exists where its address has one, or its id.
    pub async fn register(
        &self,
        store: &Store,
        user: &User,
        passkey: &Passkey,
        codes: &RecoveryCodes,
        change: &Change,
    ) -> Result<(), NotEnrolled> {
        let mut items = store.new_account(user, None, change)?;
        let passkey = NewFactor::Passkey(passkey).item(&user.id, change)?;
        items.push(table::put_new(self.0, passkey)?);
        items.push(self.put_codes(&user.id, codes, change)?);
        items.push(table::check_absent(self.0, Key::tombstone(&user.id))?);
        match self.0.transact("register with passkey", items).await {
            Ok(()) => Ok(()),
            Err(TransactError::Refused(_)) => Err(NotEnrolled::Exists),
            Err(TransactError::Store(error)) => Err(error.into()),
        }
    }

    /// Removes a factor of an account that is still as it was read, and with the last one the recovery codes. `read` is an
    /// attribute that tells the factor which was read. 1 RT, 4 WU; 2 more for the codes.
    ///
    /// # Errors
    /// [`WriteRefused`].
    pub async fn remove(
        &self,
        user: &User,
        factor: Factor,
        read: (&str, AttributeValue),
        reason: Option<&Reason>,
        change: &Change,
    ) -> Result<(), WriteRefused> {
        let update = change_factors(user, reason, change)
            .remove_member("factors", &factor)
            .set("factors_version", number(user.factors_version + 1))
            .events([EventKind::FactorRemoved]);
        let mut items = vec![
            table::delete_when(self.0, factor.key(&user.id), &[read])?,
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

    /// Gives a passkey another name, where it is still at the version that is expected, if one is. 1 RT, 1 WU.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn rename_passkey(
        &self,
        user_id: &UserId,
        id: &PasskeyId,
        name: &Name,
        expected: Option<u64>,
        change: &Change,
    ) -> Result<Option<Passkey>, StoreError> {
        let mut update =
            Update::new(Key::passkey(user_id, id), change).set("name", text(name.as_str()));
        if let Some(version) = expected {
            update = update.when_equal("version", number(version));
        }
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
