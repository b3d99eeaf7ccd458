//! Primary keys of the kernel's entities. The only file that spells them.

use crate::device::DeviceId;
use crate::email::Email;
use crate::factor::PasskeyId;
use crate::identity::IdentityId;
use crate::limit::LimitSubject;
use crate::session::SessionId;
use crate::table::{Key, RawItem};
use crate::token::mailed::MailRequestId;
use crate::user::UserId;

/// Partition of the index that lists users in the order of their creation.
pub const USERS_INDEX: &str = "USERS";
/// Partition of the numbers of accounts.
pub(super) const USER_COUNTERS: &str = "USER-COUNTERS";
/// How many items share them: all together below 4 KB, one read.
const USER_COUNTER_SHARDS: u8 = 16;
/// What the sort keys of sessions begin with.
pub(super) const SESSIONS: &str = "SESSION#";
/// What the sort keys of trusted devices begin with.
pub const DEVICES: &str = "DEVICE#";
/// The sort key of what is left of a deleted account.
pub const TOMBSTONE: &str = "TOMBSTONE";
/// The sort key of an account.
const USER: &str = "USER";
/// Partition of the public halves of the signing keys.
pub(super) const PUBLIC_KEYS: &str = "KEYS";
/// Partition of the wrapped private halves.
pub(super) const SIGNING_KEYS: &str = "SIGNING-KEYS";

const USER_PARTITION: &str = "USER#";

/// Whose an item is, by its partition.
pub(super) fn user_of(item: &RawItem) -> Option<UserId> {
    let key = Key::of(item)?;
    UserId::parse(key.pk.strip_prefix(USER_PARTITION)?).ok()
}

impl Key {
    /// Of what an area keeps of an account, in its partition: it is purged with the account.
    #[must_use]
    pub fn in_account(user_id: &UserId, sk: impl Into<String>) -> Self {
        Self::new(Self::user(user_id).pk, sk)
    }

    /// Of an account.
    #[must_use]
    pub fn user(id: &UserId) -> Self {
        Self::new(format!("{USER_PARTITION}{id}"), USER)
    }

    /// Of a session.
    #[must_use]
    pub fn session(user_id: &UserId, id: &SessionId) -> Self {
        Self::new(Self::user(user_id).pk, format!("{SESSIONS}{id}"))
    }

    /// Of what an application keeps for an account.
    #[must_use]
    pub fn preferences(user_id: &UserId) -> Self {
        Self::new(Self::user(user_id).pk, "PREFERENCES")
    }

    /// Of the secret of an account's authenticator app.
    #[must_use]
    pub fn totp(user_id: &UserId) -> Self {
        Self::in_account(user_id, "FACTOR#TOTP")
    }

    /// Of a passkey of an account.
    #[must_use]
    pub fn passkey(user_id: &UserId, id: &PasskeyId) -> Self {
        Self::in_account(user_id, format!("PASSKEY#{id}"))
    }

    /// Of a device that an account trusts.
    #[must_use]
    pub fn device(user_id: &UserId, id: &DeviceId) -> Self {
        Self::in_account(user_id, format!("{DEVICES}{id}"))
    }

    /// Of an account's recovery codes.
    #[must_use]
    pub fn recovery_codes(user_id: &UserId) -> Self {
        Self::in_account(user_id, "FACTOR#RECOVERY-CODES")
    }

    /// Of an identity at another provider. A partition of its own: whoever it is, there is one.
    #[must_use]
    pub fn identity(id: &IdentityId) -> Self {
        Self::new(format!("IDENTITY#{id}"), "IDENTITY")
    }

    /// A key of the route and the caller that chose it: nobody meets another's.
    pub(super) fn idempotency(route: &str, caller: Option<&UserId>, key: &str) -> Self {
        let caller = caller.map_or_else(|| "anonymous".to_owned(), UserId::to_string);
        Self::new(format!("IDEMPOTENCY#{route}#{caller}#{key}"), "RECORD")
    }

    /// Of the credential of an address. A partition of its own: IAM `LeadingKeys` keeps hashes from every function that needs none.
    #[must_use]
    pub fn credential(email: &Email) -> Self {
        Self::new(format!("EMAIL#{}", email.canonical()), "CREDENTIAL")
    }

    /// A partition of its route: each function reaches its own alone.
    pub(super) fn limit(subject: &LimitSubject) -> Self {
        let LimitSubject { route, rule, name } = subject;
        Self::new(format!("LIMIT#{route}#{}#{name}", rule.name()), "LIMIT")
    }

    /// Of the public half of a signing key.
    #[must_use]
    pub fn public_key(kid: &str) -> Self {
        Self::new(PUBLIC_KEYS, kid)
    }

    /// Of the wrapped half.
    #[must_use]
    pub fn signing_key(kid: &str) -> Self {
        Self::new(SIGNING_KEYS, kid)
    }

    /// Of the count of admins.
    #[must_use]
    pub fn admin_counter() -> Self {
        Self::new("COUNTERS", "ADMINS")
    }

    /// One of several, so that accounts are counted without waiting for one another.
    pub(super) fn user_counter(id: &UserId) -> Self {
        let last = id.as_bytes()[15];
        Self::new(USER_COUNTERS, format!("{:02}", last % USER_COUNTER_SHARDS))
    }

    /// In the account's own partition: the stream keeps the order of what happened to one user.
    #[must_use]
    pub fn tombstone(id: &UserId) -> Self {
        Self::new(Self::user(id).pk, TOMBSTONE)
    }

    pub(super) fn mail_request(id: &MailRequestId) -> Self {
        Self::new(format!("MAIL#{id}"), "REQUEST")
    }
}
