//! Domain events: what happened to an account, as audit entries keep it and as the event bus tells it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::clock::Timestamp;
use crate::user::{Status, UserId};

/// Version of the events' shape. Fields are added under the same version; it rises when one changes its
/// meaning or goes.
const VERSION: u32 = 1;

/// An attribute of an item, and what an event calls it.
pub type Field = (&'static str, &'static str);

/// What an event shows of the item that tells of it: never a secret, nor a version that decides about sessions.
#[derive(Clone, Copy, Debug)]
pub enum Shows {
    /// Those of these that changed, before and after.
    Changes(&'static [Field]),
    /// The first of these as it is, which says of what, and those of the others that changed, before and after.
    ChangesOf(&'static [Field]),
    /// These as they are, as far as they are there.
    Values(&'static [Field]),
    /// These as they were: what had them is gone.
    LastValues(&'static [Field]),
}

const USER: &[Field] = &[
    EMAIL,
    EMAIL_VERIFIED,
    FIRST_NAME,
    LAST_NAME,
    LOCALE,
    ROLE,
    STATUS,
    SUSPENSION,
    ("factors", "factors"),
    ("identities", "identities"),
];
const PROFILE: &[Field] = &[FIRST_NAME, LAST_NAME, LOCALE];
const EMAIL: Field = ("email", "email");
const EMAIL_VERIFIED: Field = ("email_verified", "emailVerified");
const FIRST_NAME: Field = ("first_name", "firstName");
const LAST_NAME: Field = ("last_name", "lastName");
const LOCALE: Field = ("locale", "locale");
const ROLE: Field = ("role", "role");
const STATUS: Field = ("status", "status");
const SUSPENSION: Field = ("suspension", "suspension");
const SESSION_ID: Field = ("id", "sessionId");
const AMR: Field = ("amr", "amr");
const REVOKED: &[Field] = &[("revoked_because", "reason"), SESSION_ID];
const FACTORS: &[Field] = &[("factors", "factors"), ("factors_reason", "reason")];
const IDENTITIES: &[Field] = &[("identities", "identities")];
const PROVIDER: &[Field] = &[
    ("name", "name"),
    ("preset", "preset"),
    ("client_id", "clientId"),
    ("issuer", "issuer"),
    ("endpoints", "endpoints"),
    ("domains", "domains"),
    ("verified_only", "verifiedOnly"),
    ("email_trust", "emailTrust"),
    ("scope", "scope"),
    ("fields", "fields"),
    ("apple", "appleKey"),
    ("secret_set_at", "secretSetAt"),
    ("removed_at", "removedAt"),
];
const CLIENT: &[Field] = &[
    ("id", "clientId"),
    ("name", "name"),
    ("redirect_uris", "redirectUris"),
    ("post_logout_redirect_uris", "postLogoutRedirectUris"),
    ("confidential", "confidential"),
    ("first_party", "firstParty"),
    ("scopes", "scopes"),
    ("audience", "audience"),
    ("secret_set_at", "secretSetAt"),
    ("removed_at", "removedAt"),
];
const GRANT: &[Field] = &[
    ("id", "grantId"),
    ("client_id", "clientId"),
    ("scopes", "scopes"),
    ("session_id", "sessionId"),
    ("revoked_because", "reason"),
];
const LETTER: Field = ("letter", "letter");

macro_rules! event_kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $shows:ident($fields:expr);)+) => {
        /// What happened.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum EventKind {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)+
        }

        impl EventKind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable name: the action of an audit entry, the `detail-type` of an event on the bus.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// What it shows.
            #[must_use]
            pub const fn shows(self) -> Shows {
                match self {
                    $(Self::$variant => Shows::$shows($fields),)+
                }
            }
        }
    };
}

event_kinds! {
    /// An account was made, by its owner or with a password by an admin.
    UserRegistered = "user.registered", Changes(USER);
    /// An admin made an account without a password.
    UserInvited = "user.invited", Changes(USER);
    /// The owner of such an account has set a password.
    UserInvitationAccepted = "user.invitation_accepted", Values(&[]);
    /// Names or locale changed.
    UserUpdated = "user.updated", Changes(PROFILE);
    /// The role changed.
    UserRoleChanged = "user.role_changed", Changes(&[ROLE]);
    /// The account was suspended, or its suspension changed.
    UserSuspended = "user.suspended", Changes(&[STATUS, SUSPENSION]);
    /// The suspension was ended.
    UserReactivated = "user.reactivated", Changes(&[STATUS, SUSPENSION]);
    /// The account was deleted.
    UserDeleted = "user.deleted", LastValues(&[ROLE, STATUS]);
    /// The owner has shown to receive mail at the address.
    EmailVerified = "email.verified", Changes(&[EMAIL_VERIFIED]);
    /// The account moved to another address.
    EmailChanged = "email.changed", Changes(&[EMAIL, EMAIL_VERIFIED]);
    /// The password was changed or reset.
    PasswordChanged = "password.changed", Values(&[]);
    /// A second factor was set up.
    FactorAdded = "factor.added", Changes(FACTORS);
    /// A second factor was removed, by its owner or with a reason by an admin.
    FactorRemoved = "factor.removed", Changes(FACTORS);
    /// A passkey was used whose counter had not risen: it may have been copied.
    PasskeyCounterRegressed = "passkey.counter_regressed", Values(&[("id", "passkeyId"), ("sign_count", "signCount")]);
    /// A device was trusted from then on: a second factor was shown on it, and is not asked for again for a while.
    DeviceTrusted = "device.trusted", Values(&[("id", "deviceId"), ("ip_address", "ipAddress"), ("user_agent", "userAgent")]);
    /// A device is trusted no longer.
    DeviceForgotten = "device.forgotten", Values(&[("id", "deviceId")]);
    /// New recovery codes took the place of the ones before.
    RecoveryCodesRenewed = "recovery_codes.renewed", Values(&[]);
    /// An identity at another provider signs in to the account from now on.
    IdentityLinked = "identity.linked", Changes(IDENTITIES);
    /// It does no longer.
    IdentityUnlinked = "identity.unlinked", Changes(IDENTITIES);
    /// Somebody has set up a provider to sign in with, or has changed it.
    ProviderSet = "provider.set", ChangesOf(PROVIDER);
    /// Somebody has removed one.
    ProviderRemoved = "provider.removed", Values(PROVIDER);
    /// Somebody has registered a client that we are the provider of, or has changed it.
    ClientSet = "client.set", ChangesOf(CLIENT);
    /// Somebody has removed one.
    ClientRemoved = "client.removed", Values(CLIENT);
    /// Somebody lets a client have something, more or less than before.
    ConsentGiven = "consent.given", ChangesOf(&[("client_id", "clientId"), ("scopes", "scopes")]);
    /// Somebody has taken back what a client may have.
    ConsentRevoked = "consent.revoked", Values(&[("client_id", "clientId")]);
    /// A client was given tokens.
    GrantCreated = "grant.created", Values(GRANT);
    /// They count no more.
    GrantRevoked = "grant.revoked", Values(GRANT);
    /// Every session was ended, or every other one.
    SessionsRevoked = "sessions.revoked", Values(&[]);
    /// Somebody signed in.
    SessionCreated = "session.created", Values(&[AMR, ("ip_address", "ipAddress"), ("user_agent", "userAgent"), SESSION_ID]);
    /// The owner of a session has proved it anew, or with more.
    SessionProved = "session.proved", Values(&[AMR, SESSION_ID]);
    /// A session was ended.
    SessionRevoked = "session.revoked", Values(REVOKED);
    /// A refresh token was used again after it had been replaced, and its session ended.
    SessionReuseDetected = "session.reuse_detected", Values(REVOKED);
    /// Preferences were written.
    PreferencesUpdated = "preferences.updated", Changes(&[("version", "version")]);
    /// A letter was handed to the mail provider.
    MailSent = "mail.sent", Values(&[LETTER, ("reason", "reason")]);
    /// A letter was refused, or came back.
    MailFailed = "mail.failed", Values(&[LETTER, ("reason", "reason")]);
    /// A letter was asked for. Kept in no audit: whom it concerns, if anybody, is found out later.
    MailRequested = "mail.requested", Values(&[LETTER, EMAIL, LOCALE, ("id", "mailRequestId")]);
}

/// One event, read from the table's stream: the item names its kind. The same change always makes the same events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Unique, and the same however often the event is delivered.
    pub id: String,
    /// What happened.
    pub kind: EventKind,
    /// When, by the clock of the function that wrote it.
    pub time: Timestamp,
    /// Place in the stream, a decimal number of 21 to 40 digits: it orders the events of one user.
    pub sequence: String,
    /// Whose account it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// Who did it; nobody for what the system does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor_id: Option<UserId>,
    /// Lambda's id of the request that did it.
    pub request_id: String,
    /// The fields that changed, as they were.
    pub before: Map<String, Value>,
    /// The same fields as they are.
    pub after: Map<String, Value>,
}

/// An event as the bus carries it: the `detail` of an `EventBridge` event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Detail {
    /// Version of its shape.
    pub version: u32,
    /// As [`Event::id`].
    pub id: String,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: EventKind,
    /// RFC 3339.
    pub time: String,
    /// As [`Event::sequence`].
    pub sequence: String,
    /// As [`Event::user_id`].
    pub user_id: Option<UserId>,
    /// As [`Event::actor_id`].
    pub actor_id: Option<UserId>,
    /// As [`Event::request_id`].
    pub request_id: String,
    /// As [`Event::before`].
    pub before: Map<String, Value>,
    /// As [`Event::after`].
    pub after: Map<String, Value>,
}

impl Event {
    /// As the bus carries it.
    #[must_use]
    pub fn detail(&self) -> Detail {
        Detail {
            version: VERSION,
            id: self.id.clone(),
            kind: self.kind,
            time: self.time.to_string(),
            sequence: self.sequence.clone(),
            user_id: self.user_id,
            actor_id: self.actor_id,
            request_id: self.request_id.clone(),
            before: self.before.clone(),
            after: self.after.clone(),
        }
    }

    /// What it adds to the number of accounts, by their status.
    #[must_use]
    pub fn counted(&self) -> UserCounts {
        let one = |status: Status| UserCounts {
            active: i64::from(status == Status::Active),
            suspended: i64::from(status == Status::Suspended),
        };
        let before = || match self.before.get("status").and_then(Value::as_str) {
            Some("suspended") => one(Status::Suspended),
            Some("active") => one(Status::Active),
            _ => UserCounts::default(),
        };
        match self.kind {
            EventKind::UserRegistered | EventKind::UserInvited => one(Status::Active),
            EventKind::UserDeleted => UserCounts::default().less(before()),
            EventKind::UserSuspended => one(Status::Suspended).less(match before() {
                // Only the reason or the end of a suspension changed.
                UserCounts { active: 0, .. } => one(Status::Suspended),
                counts => counts,
            }),
            EventKind::UserReactivated => one(Status::Active).less(one(Status::Suspended)),
            _ => UserCounts::default(),
        }
    }
}

/// Numbers of accounts, by the status that was last set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserCounts {
    /// Those that may sign in.
    #[serde(default)]
    pub active: i64,
    /// Those that may not, even where the suspension has ended by itself meanwhile.
    #[serde(default)]
    pub suspended: i64,
}

impl UserCounts {
    /// All of them.
    #[must_use]
    pub const fn total(self) -> i64 {
        self.active + self.suspended
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            active: self.active + other.active,
            suspended: self.suspended + other.suspended,
        }
    }

    const fn less(self, other: Self) -> Self {
        Self {
            active: self.active - other.active,
            suspended: self.suspended - other.suspended,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(kind: EventKind, before: &Value) -> Event {
        Event {
            id: "1-0".to_owned(),
            kind,
            time: Timestamp::from_seconds(1),
            sequence: "100000000000000000001".to_owned(),
            user_id: None,
            actor_id: None,
            request_id: String::new(),
            before: before.as_object().cloned().unwrap_or_default(),
            after: Map::new(),
        }
    }

    #[test]
    fn every_change_of_status_is_counted_once() {
        let status = |status: &str| json!({ "status": status });
        for (kind, before, active, suspended) in [
            (EventKind::UserRegistered, json!({}), 1, 0),
            (EventKind::UserInvited, json!({}), 1, 0),
            (EventKind::UserSuspended, status("active"), -1, 1),
            (
                EventKind::UserSuspended,
                json!({ "suspension": null }),
                0,
                0,
            ),
            (EventKind::UserReactivated, status("suspended"), 1, -1),
            (EventKind::UserDeleted, status("active"), -1, 0),
            (EventKind::UserDeleted, status("suspended"), 0, -1),
            (EventKind::UserUpdated, json!({}), 0, 0),
        ] {
            let counts = event(kind, &before).counted();
            assert_eq!(
                (counts.active, counts.suspended),
                (active, suspended),
                "{kind:?}"
            );
        }
    }

    #[test]
    fn names_and_stored_names_are_one() {
        for kind in EventKind::ALL {
            assert_eq!(serde_json::to_value(kind).ok(), Some(json!(kind.name())));
        }
    }
}
