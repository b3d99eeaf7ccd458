//! The table's stream, read as domain events.
//!
//! One record can tell several events, or none. Removals tell nothing: what a deletion means, the
//! tombstone says that is written with it; the rest is what TTL and the purge clean up.

use aws_lambda_events::dynamodb::EventRecord;
use letters::Letter;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::StoreError;
use super::email_change::EmailChange;
use super::item::{self, Entity, RawItem};
use super::letter::{LetterRecord, Outcome};
use super::mail_request::MailRequest;
use super::user::Tombstone;
use crate::clock::Timestamp;
use crate::event::{Event, EventKind};
use crate::preferences::Preferences;
use crate::session::{RevocationReason, Session};
use crate::user::{Status, User, UserId};

/// What is told of an item, before the envelope of the event is put around it.
struct Told {
    kind: EventKind,
    user_id: Option<UserId>,
    before: Map<String, Value>,
    after: Map<String, Value>,
}

/// What every item says about the change that wrote it.
#[derive(Deserialize)]
struct Stamp {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    changed_by: Option<UserId>,
    #[serde(default)]
    changed_at: Option<Timestamp>,
    #[serde(default)]
    request_id: String,
}

/// The events of one record, in their order. What is not about accounts has none.
///
/// # Errors
/// [`StoreError::Unreadable`] when it is not what this version of the code writes.
pub fn events(record: &EventRecord) -> Result<Vec<Event>, StoreError> {
    let image = |image: &serde_dynamo::Item| {
        let raw = RawItem::from(image.clone());
        (!raw.is_empty()).then_some(raw)
    };
    let Some(new) = image(&record.change.new_image) else {
        return Ok(Vec::new());
    };
    let old = image(&record.change.old_image);
    let stamp: Stamp = serde_dynamo::from_item(new.clone())
        .map_err(|error| StoreError::Unreadable(format!("a stream record: {error}")))?;
    let sequence = record.change.sequence_number.clone().ok_or_else(|| {
        StoreError::Unreadable("a stream record without a sequence number".to_owned())
    })?;
    let streamed = record
        .change
        .approximate_creation_date_time
        .timestamp_millis();
    let streamed = Timestamp::from_millis(u64::try_from(streamed).unwrap_or_default());
    let told = match stamp.kind.as_str() {
        User::TYPE => of_user(read(old)?, &item::read(new)?),
        Session::TYPE => of_session(read(old)?, &item::read(new)?),
        Preferences::TYPE => of_preferences(old, new)?,
        Tombstone::TYPE if old.is_none() => of_tombstone(&item::read(new)?),
        LetterRecord::TYPE => of_letter(read(old)?, &item::read(new)?),
        EmailChange::TYPE => of_email_change(new)?,
        MailRequest::TYPE if old.is_none() => of_mail_request(&item::read(new)?),
        _ => Vec::new(),
    };
    let events = told.into_iter().enumerate().map(|(number, told)| Event {
        id: format!("{}-{number}", record.event_id),
        kind: told.kind,
        time: stamp.changed_at.unwrap_or(streamed),
        sequence: sequence.clone(),
        user_id: told.user_id,
        actor_id: stamp.changed_by,
        request_id: stamp.request_id.clone(),
        before: told.before,
        after: told.after,
    });
    Ok(events.collect())
}

fn read<T: Entity>(image: Option<RawItem>) -> Result<Option<T>, StoreError> {
    image.map(item::read).transpose()
}

/// What an event shows of a [`Profile`](crate::profile::Profile).
const PROFILE: [&str; 3] = ["firstName", "lastName", "locale"];

/// What of a user an event may show: never a version that decides about sessions.
fn profile(user: &User) -> Map<String, Value> {
    let User {
        id: _,
        email,
        email_verified,
        first_name,
        last_name,
        locale,
        invited: _,
        role,
        status,
        suspension,
        credential_version: _,
        session_epoch: _,
        created_at: _,
        updated_at: _,
        version: _,
    } = user;
    let suspension = suspension.as_ref().map(|suspension| {
        json!({
            "reason": suspension.reason,
            "until": suspension.until.map(|until| until.to_string()),
        })
    });
    object(json!({
        "email": email,
        "emailVerified": email_verified,
        "firstName": first_name,
        "lastName": last_name,
        "locale": locale,
        "role": role,
        "status": status,
        "suspension": suspension,
    }))
}

fn of_user(old: Option<User>, new: &User) -> Vec<Told> {
    let after = profile(new);
    let Some(old) = old else {
        let mut after = after;
        after.retain(|_, value| !value.is_null());
        let kind = if new.invited {
            EventKind::UserInvited
        } else {
            EventKind::UserRegistered
        };
        return vec![Told {
            kind,
            user_id: Some(new.id),
            before: Map::new(),
            after,
        }];
    };
    let before = profile(&old);
    let accepted = old.invited && !new.invited;
    let moved = old.email != new.email;
    let suspended = new.status == Status::Suspended;
    let differs = |fields: &[&str]| fields.iter().any(|field| before[*field] != after[*field]);
    let credential_changed = old.credential_version != new.credential_version;
    // Each with the fields it shows.
    let told: [(EventKind, bool, &[&str]); 9] = [
        (EventKind::UserInvitationAccepted, accepted, &[]),
        (EventKind::EmailChanged, moved, &["email", "emailVerified"]),
        (
            EventKind::PasswordChanged,
            credential_changed && !accepted && !moved,
            &[],
        ),
        (
            EventKind::EmailVerified,
            !moved && !old.email_verified && new.email_verified,
            &["emailVerified"],
        ),
        (EventKind::UserRoleChanged, differs(&["role"]), &["role"]),
        (
            EventKind::UserSuspended,
            suspended && differs(&["status", "suspension"]),
            &["status", "suspension"],
        ),
        (
            EventKind::UserReactivated,
            !suspended && differs(&["status"]),
            &["status", "suspension"],
        ),
        (
            EventKind::SessionsRevoked,
            old.session_epoch != new.session_epoch && !suspended,
            &[],
        ),
        (EventKind::UserUpdated, differs(&PROFILE), &PROFILE),
    ];
    let told = told.into_iter().filter(|(_, happened, _)| *happened);
    told.map(|(kind, _, fields)| {
        let changed = |name: &&String| {
            fields.contains(&name.as_str()) && before.get(*name) != after.get(*name)
        };
        let only = |from: &Map<String, Value>| {
            let names = from.keys().filter(changed);
            names
                .map(|name| (name.clone(), from[name].clone()))
                .collect()
        };
        Told {
            kind,
            user_id: Some(new.id),
            before: only(&before),
            after: only(&after),
        }
    })
    .collect()
}

fn of_session(old: Option<Session>, new: &Session) -> Vec<Told> {
    let (kind, mut after) = match old {
        None => (
            EventKind::SessionCreated,
            json!({ "ipAddress": new.ip_address, "userAgent": new.user_agent }),
        ),
        Some(old) if old.revoked_at.is_none() && new.revoked_at.is_some() => {
            let kind = match new.revoked_because {
                Some(RevocationReason::RefreshTokenReuse) => EventKind::SessionReuseDetected,
                _ => EventKind::SessionRevoked,
            };
            (kind, json!({ "reason": new.revoked_because }))
        }
        Some(_) => return Vec::new(),
    };
    after["sessionId"] = json!(new.id);
    vec![Told {
        kind,
        user_id: Some(new.user_id),
        before: Map::new(),
        after: object(after),
    }]
}

/// The application's own data stays where it is, unread: only that it changed is told.
fn of_preferences(old: Option<RawItem>, new: RawItem) -> Result<Vec<Told>, StoreError> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u64,
    }
    let version = |item| {
        let Versioned { version } = item::read_part::<Preferences, _>(item)?;
        Ok::<_, StoreError>(object(json!({ "version": version })))
    };
    Ok(vec![Told {
        kind: EventKind::PreferencesUpdated,
        user_id: super::key::user_of(&new),
        before: old.map(version).transpose()?.unwrap_or_default(),
        after: version(new)?,
    }])
}

fn of_tombstone(tombstone: &Tombstone) -> Vec<Told> {
    vec![Told {
        kind: EventKind::UserDeleted,
        user_id: Some(tombstone.id),
        before: object(json!({ "role": tombstone.role, "status": tombstone.status })),
        after: Map::new(),
    }]
}

fn of_letter(old: Option<LetterRecord>, new: &LetterRecord) -> Vec<Told> {
    // It is sent where the new address is free, and nobody is to learn whether it is.
    if new.letter == Letter::ConfirmEmailChange {
        return Vec::new();
    }
    let kind = match (old.map(|old| old.outcome), new.outcome) {
        (before, after) if before == Some(after) => return Vec::new(),
        (_, Outcome::Sent) => EventKind::MailSent,
        (_, Outcome::Failed) => EventKind::MailFailed,
    };
    let mut after = object(json!({ "letter": new.letter }));
    if let Some(reason) = &new.reason {
        after.insert("reason".to_owned(), json!(reason));
    }
    vec![Told {
        kind,
        user_id: Some(new.user_id),
        before: Map::new(),
        after,
    }]
}

/// A newer one is told as the first was.
fn of_email_change(new: RawItem) -> Result<Vec<Told>, StoreError> {
    let user_id = super::key::user_of(&new);
    let new: EmailChange = item::read(new)?;
    Ok(of_mail_request(&MailRequest {
        letter: Letter::ConfirmEmailChange,
        email: new.email,
        user_id,
        requested_at: new.requested_at,
    }))
}

fn of_mail_request(request: &MailRequest) -> Vec<Told> {
    vec![Told {
        kind: EventKind::MailRequested,
        user_id: request.user_id,
        before: Map::new(),
        after: object(json!({ "letter": request.letter, "email": request.email })),
    }]
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}
