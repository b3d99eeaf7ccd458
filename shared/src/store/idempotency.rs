//! Idempotency records: what a request with an `Idempotency-Key` made.

use std::time::Duration;

use aws_sdk_dynamodb::types::TransactWriteItem;
use serde::{Deserialize, Serialize};

use super::Store;
use crate::clock::Timestamp;
use crate::table::{self, Change, Entity, Key, StoreError, number};
use crate::user::{User, UserId};

/// How long a repeat is recognised.
const LIFETIME: Duration = Duration::from_hours(24);

/// What tells a repeated request from a new one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    /// The function it was sent to.
    pub route: &'static str,
    /// Who sent it; nobody where anybody may.
    pub caller: Option<UserId>,
    /// The key the client chose.
    pub key: String,
    /// Digest of the body without its secrets.
    pub fingerprint: String,
}

#[derive(Serialize, Deserialize)]
struct IdempotencyRecord {
    fingerprint: String,
    /// As it was made: the answer is made of it again.
    user: User,
    expires_at: Timestamp,
}

impl Entity for IdempotencyRecord {
    const TYPE: &'static str = "idempotency_record";

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

/// What an idempotency key stands for.
#[derive(Debug)]
pub(super) enum Recorded {
    /// The same request: what it made.
    Same(Box<User>),
    /// Another request.
    Other,
    /// Nothing any more.
    Nothing,
}

impl Idempotency {
    fn address(&self) -> Key {
        Key::idempotency(self.route, self.caller.as_ref(), &self.key)
    }
}

impl Store {
    /// A transaction's part that claims a key, unless it is taken by a record that has not expired: TTL
    /// removes those only within days.
    pub(super) fn record(
        &self,
        idempotency: &Idempotency,
        user: &User,
        change: &Change,
    ) -> Result<TransactWriteItem, StoreError> {
        let record = IdempotencyRecord {
            fingerprint: idempotency.fingerprint.clone(),
            user: user.clone(),
            expires_at: change.at.plus(LIFETIME),
        };
        let item = table::new_item(idempotency.address(), &record, change)?;
        table::put_if(
            &self.table,
            item,
            "attribute_not_exists(pk) OR #expires_at <= :now",
            &[("#expires_at", "expires_at")],
            &[(":now", number(change.at.as_millis()))],
        )
    }

    /// Reads what a key stands for. Strongly consistent, 1 RU.
    pub(super) async fn recorded(
        &self,
        idempotency: &Idempotency,
        now: Timestamp,
    ) -> Result<Recorded, StoreError> {
        let record: Option<IdempotencyRecord> = self
            .table
            .get("read idempotency record", idempotency.address())
            .await?;
        Ok(match record.filter(|record| now < record.expires_at) {
            None => Recorded::Nothing,
            Some(record) if record.fingerprint == idempotency.fingerprint => {
                Recorded::Same(Box::new(record.user))
            }
            Some(_) => Recorded::Other,
        })
    }
}
