//! Primary keys. The only file that spells them.

use aws_sdk_dynamodb::types::AttributeValue;

use super::item::RawItem;
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
/// What the sort keys of sessions begin with.
pub(super) const SESSIONS: &str = "SESSION#";
/// Partition of the public halves of the signing keys.
pub(super) const PUBLIC_KEYS: &str = "KEYS";
/// Partition of the wrapped private halves.
pub(super) const SIGNING_KEYS: &str = "SIGNING-KEYS";

impl Key {
    fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self {
            pk: pk.into(),
            sk: sk.into(),
        }
    }

    pub(super) fn user(id: &UserId) -> Self {
        Self::new(format!("USER#{id}"), "USER")
    }

    pub(super) fn session(user_id: &UserId, id: &SessionId) -> Self {
        Self::new(format!("USER#{user_id}"), format!("{SESSIONS}{id}"))
    }

    pub(super) fn preferences(user_id: &UserId) -> Self {
        Self::new(format!("USER#{user_id}"), "PREFERENCES")
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

    pub(super) fn public_key(kid: &str) -> Self {
        Self::new(PUBLIC_KEYS, kid)
    }

    pub(super) fn signing_key(kid: &str) -> Self {
        Self::new(SIGNING_KEYS, kid)
    }

    pub(super) fn admin_counter() -> Self {
        Self::new("COUNTERS", "ADMINS")
    }

    pub(super) fn tombstone(id: &UserId) -> Self {
        Self::new(format!("DELETED#{id}"), "TOMBSTONE")
    }

    /// Never written: what the deep health check looks for.
    pub(super) fn health() -> Self {
        Self::new("HEALTH", "HEALTH")
    }

    /// As the SDK takes it.
    pub(super) fn into_attributes(self) -> RawItem {
        RawItem::from([
            ("pk".to_owned(), AttributeValue::S(self.pk)),
            ("sk".to_owned(), AttributeValue::S(self.sk)),
        ])
    }
}
