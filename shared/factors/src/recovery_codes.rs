//! Recovery codes as they are stored.

use std::collections::BTreeSet;

use aws_lc_rs::constant_time;
use latchkey::clock::Timestamp;
use latchkey::proof::Second;
use latchkey::secret::Secrets;
use latchkey::sign_in::{NotSignedIn, Shown};
use latchkey::table::{Change, Entity, Key, Table, Update};
use latchkey::user::UserId;
use serde::{Deserialize, Serialize};

use crate::RecoveryCode;

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
