//! Primary keys. The only file that spells them.

use aws_sdk_dynamodb::types::AttributeValue;
use letters::Letter;
use uuid::Uuid;

use super::item::RawItem;
use super::limit::LimitSubject;
use crate::email::Email;
use crate::session::SessionId;
use crate::user::UserId;

/// Where an item lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) pk: String,
    pub(super) sk: String,
}

/// Partition of the index that lists users in the order of their creation.
pub(super) const USERS_INDEX: &str = "USERS";
/// Partition of the numbers of accounts.
pub(super) const USER_COUNTERS: &str = "USER-COUNTERS";
/// How many items share them: all together below 4 KB, one read.
const USER_COUNTER_SHARDS: u8 = 16;
/// What the sort keys of sessions begin with.
pub(super) const SESSIONS: &str = "SESSION#";
/// The sort key of what is left of a deleted account.
pub(super) const TOMBSTONE: &str = "TOMBSTONE";
/// The sort key of an account.
const USER: &str = "USER";
/// Partition of the public halves of the signing keys.
pub(super) const PUBLIC_KEYS: &str = "KEYS";
/// Partition of the wrapped private halves.
pub(super) const SIGNING_KEYS: &str = "SIGNING-KEYS";

const USER_PARTITION: &str = "USER#";

/// Partition of what happened to an account.
pub(super) fn audit(user_id: &UserId) -> String {
    format!("AUDIT#{user_id}")
}

/// Partition of the index that lists what happened in a month, such as `2026-11`.
pub(super) fn audit_month(month: &str) -> String {
    format!("AUDIT#{month}")
}

/// Whose an item is, by its partition.
pub(super) fn user_of(item: &RawItem) -> Option<UserId> {
    let key = Key::of(item)?;
    UserId::parse(key.pk.strip_prefix(USER_PARTITION)?).ok()
}

impl Key {
    fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self {
            pk: pk.into(),
            sk: sk.into(),
        }
    }

    pub(super) fn user(id: &UserId) -> Self {
        Self::new(format!("{USER_PARTITION}{id}"), USER)
    }

    pub(super) fn session(user_id: &UserId, id: &SessionId) -> Self {
        Self::new(Self::user(user_id).pk, format!("{SESSIONS}{id}"))
    }

    pub(super) fn preferences(user_id: &UserId) -> Self {
        Self::new(Self::user(user_id).pk, "PREFERENCES")
    }

    /// A key of the route and the caller that chose it: nobody meets another's.
    pub(super) fn idempotency(route: &str, caller: Option<&UserId>, key: &str) -> Self {
        let caller = caller.map_or_else(|| "anonymous".to_owned(), UserId::to_string);
        Self::new(format!("IDEMPOTENCY#{route}#{caller}#{key}"), "RECORD")
    }

    /// A partition of its own: IAM `LeadingKeys` keeps hashes from every function that needs none.
    pub(super) fn credential(email: &Email) -> Self {
        Self::new(format!("EMAIL#{}", email.canonical()), "CREDENTIAL")
    }

    /// A partition of its route: each function reaches its own alone.
    pub(super) fn limit(subject: &LimitSubject) -> Self {
        let LimitSubject { route, rule, name } = subject;
        Self::new(
            format!("LIMIT#{}#{}#{name}", route.name(), rule.name()),
            "LIMIT",
        )
    }

    pub(super) fn public_key(kid: &str) -> Self {
        Self::new(PUBLIC_KEYS, kid)
    }

    pub(super) fn signing_key(kid: &str) -> Self {
        Self::new(SIGNING_KEYS, kid)
    }

    pub(super) fn admin_counter() -> Self {
        Self::new("COUNTERS", "ADMINS")
    }

    /// One of several, so that accounts are counted without waiting for one another.
    pub(super) fn user_counter(id: &UserId) -> Self {
        let last = id.as_bytes()[15];
        Self::new(USER_COUNTERS, format!("{:02}", last % USER_COUNTER_SHARDS))
    }

    /// In the account's own partition: the stream keeps the order of what happened to one user.
    pub(super) fn tombstone(id: &UserId) -> Self {
        Self::new(Self::user(id).pk, TOMBSTONE)
    }

    pub(super) fn mail_request(id: &Uuid) -> Self {
        Self::new(format!("MAIL#{id}"), "REQUEST")
    }

    /// One an account: a newer request takes the place of the one before.
    pub(super) fn email_change(user_id: &UserId) -> Self {
        Self::new(Self::user(user_id).pk, "EMAIL-CHANGE")
    }

    pub(super) fn letter(user_id: &UserId, event_id: &str, letter: Letter) -> Self {
        Self::new(
            Self::user(user_id).pk,
            format!("LETTER#{event_id}#{}", letter.name()),
        )
    }

    /// Sequence numbers have 21 to 40 digits: padded, their order as text is their order.
    pub(super) fn audit_entry(user_id: &UserId, sequence: &str, number: &str) -> Self {
        Self::new(audit(user_id), format!("{sequence:0>40}#{number}"))
    }

    /// Never written: what the deep health check looks for.
    pub(super) fn health() -> Self {
        Self::new("HEALTH", "HEALTH")
    }

    /// Of an item.
    pub(super) fn of(item: &RawItem) -> Option<Self> {
        let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok());
        Some(Self::new(text("pk")?, text("sk")?))
    }

    /// As the SDK takes it.
    pub(super) fn into_attributes(self) -> RawItem {
        RawItem::from([
            ("pk".to_owned(), AttributeValue::S(self.pk)),
            ("sk".to_owned(), AttributeValue::S(self.sk)),
        ])
    }
}
