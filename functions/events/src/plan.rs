//! Which letters an event asks for.

use std::time::Duration;

use latchkey::clock::{self, Timestamp};
use latchkey::email::Email;
use latchkey::event::{Detail, EventKind};
use latchkey::letters::{Letter, Locale};
use latchkey::profile::Profile;
use latchkey::store::{Store, StoreError};
use latchkey::token::action::{ActionClaims, ActionPurpose};
use latchkey::token::mailed::{CodeSignIn, MailRequestId};
use latchkey::user::{Role, Status, User, UserId};
use serde_json::Value;

/// A first sign-in this long after the registration is no news to the owner.
const FIRST_SIGN_IN: Duration = Duration::from_hours(24);

/// A letter to write.
#[derive(Clone, Debug)]
pub struct Planned {
    /// Which.
    pub letter: Letter,
    /// The account it is about, as it is now.
    pub user: User,
    /// Where it goes.
    pub to: Email,
    /// The address it speaks of.
    pub email: Email,
    /// The request for it, where somebody asked.
    pub request: Option<MailRequestId>,
}

impl Planned {
    fn to_owner(letter: Letter, user: User) -> Self {
        let (to, email) = (user.email.clone(), user.email.clone());
        Self {
            letter,
            user,
            to,
            email,
            request: None,
        }
    }

    /// What its link is to say until `expires_at`, where it says anything.
    #[must_use]
    pub fn claims(&self, expires_at: Timestamp) -> Option<ActionClaims> {
        let purpose = match self.letter {
            Letter::VerifyEmail => ActionPurpose::VerifyEmail,
            Letter::ResetPassword => ActionPurpose::ResetPassword,
            Letter::ConfirmEmailChange => ActionPurpose::ChangeEmail,
            Letter::Invitation => ActionPurpose::Invitation,
            _ => return None,
        };
        let moves = purpose == ActionPurpose::ChangeEmail;
        Some(ActionClaims {
            purpose,
            user_id: self.user.id,
            expires_at,
            credential_version: self.user.credential_version,
            address: self.to.clone(),
            replaces: moves.then(|| self.user.email.clone()),
        })
    }
}

/// The letters an event asks for, given the accounts as they are now: none where there is nobody to write to or
/// nothing left to say. 1 to 3 RT.
///
/// # Errors
/// [`StoreError`].
pub async fn letters(
    store: &Store,
    codes: CodeSignIn,
    event: &Detail,
) -> Result<Vec<Planned>, StoreError> {
    if event.kind == EventKind::MailRequested {
        return requested(store, codes, event).await;
    }
    let Some(user) = find(store, event.user_id).await? else {
        return Ok(Vec::new());
    };
    let letter = match event.kind {
        // Who is suspended is told of changes, and invited to nothing.
        EventKind::UserRegistered | EventKind::UserInvited | EventKind::EmailVerified
            if is_suspended(&user) =>
        {
            return Ok(Vec::new());
        }
        EventKind::UserRegistered if !user.email_verified => Letter::VerifyEmail,
        EventKind::UserInvited if user.invited => Letter::Invitation,
        EventKind::EmailVerified => Letter::Welcome,
        EventKind::PasswordChanged => Letter::PasswordChanged,
        // Nor is a stranger's address told as often as somebody likes.
        EventKind::FactorAdded if user.email_verified => Letter::FactorAdded,
        EventKind::FactorRemoved if user.email_verified => Letter::FactorRemoved,
        EventKind::IdentityLinked if user.email_verified => Letter::IdentityLinked,
        EventKind::EmailChanged => return Ok(moved(event, &user)),
        // To an address that may be a stranger's nothing is written that others chose the words of.
        EventKind::SessionCreated
            if user.email_verified && is_new_device(store, event, &user).await? =>
        {
            Letter::NewDevice
        }
        _ => return Ok(Vec::new()),
    };
    Ok(vec![Planned::to_owner(letter, user)])
}

/// As of now: a suspension that has ended is none.
fn is_suspended(user: &User) -> bool {
    user.status_at(clock::now()) == Status::Suspended
}

async fn find(store: &Store, id: Option<UserId>) -> Result<Option<User>, StoreError> {
    match id {
        Some(id) => store.get_user(&id).await,
        None => Ok(None),
    }
}

async fn requested(
    store: &Store,
    codes: CodeSignIn,
    event: &Detail,
) -> Result<Vec<Planned>, StoreError> {
    let letter = text(&event.after, "letter").and_then(Letter::parse);
    let email = text(&event.after, "email").and_then(|email| Email::parse(email).ok());
    let (Some(letter), Some(email)) = (letter, email) else {
        return Err(StoreError::Unreadable("a mail request".to_owned()));
    };
    let holder = store.find_user_id(&email).await?;
    if letter == Letter::ConfirmEmailChange {
        let (owner, holder) = tokio::join!(find(store, event.user_id), find(store, holder));
        let holder = holder?;
        return Ok(owner?.map_or_else(Vec::new, |owner| move_asked(owner, email, holder)));
    }
    if letter == Letter::RegistrationCode {
        let holder = find(store, holder).await?;
        return Ok(registering(event, email, holder));
    }
    // A registration that made the account: there is nobody else to tell.
    if letter == Letter::AccountExists && holder == event.user_id {
        return Ok(Vec::new());
    }
    let Some(user) = find(store, holder).await? else {
        return Ok(Vec::new());
    };
    let has_point = match letter {
        Letter::VerifyEmail => !user.email_verified,
        Letter::SignInCode => codes.admits(&user),
        _ => true,
    };
    if is_suspended(&user) || !has_point {
        return Ok(Vec::new());
    }
    // Who was invited and forgot has no password yet to reset.
    let letter = match letter {
        Letter::ResetPassword if user.invited => Letter::Invitation,
        letter => letter,
    };
    Ok(vec![Planned {
        request: request_id(event),
        ..Planned::to_owner(letter, user)
    }])
}

/// To whoever holds the address; who is suspended is not written to at the wish of others.
fn account_exists(holder: User) -> Vec<Planned> {
    if is_suspended(&holder) {
        return Vec::new();
    }
    vec![Planned::to_owner(Letter::AccountExists, holder)]
}

fn request_id(event: &Detail) -> Option<MailRequestId> {
    text(&event.after, "mailRequestId").and_then(|id| MailRequestId::parse(id).ok())
}

/// To the account that has the address already, or to whoever is to have one with the id that the request names.
fn registering(event: &Detail, email: Email, holder: Option<User>) -> Vec<Planned> {
    if let Some(holder) = holder {
        return account_exists(holder);
    }
    let Some(id) = event.user_id else {
        return Vec::new();
    };
    let profile = Profile {
        locale: text(&event.after, "locale")
            .and_then(Locale::parse)
            .unwrap_or_default(),
        ..Profile::default()
    };
    let user = User {
        id,
        ..User::register(email, profile, Role::User, clock::now())
    };
    vec![Planned {
        request: request_id(event),
        ..Planned::to_owner(Letter::RegistrationCode, user)
    }]
}

/// To the new address, or to the account that has it already; and to the old one, if it is known to be the
/// owner's: a stranger's gets no words that others chose, and the new address is such. Another spelling of the
/// account's own gets its letter alone.
fn move_asked(owner: User, new: Email, holder: Option<User>) -> Vec<Planned> {
    if owner.email == new {
        return Vec::new();
    }
    let is_own = owner.email.canonical() == new.canonical();
    let mut letters = match holder {
        Some(holder) if !is_own => account_exists(holder),
        _ => vec![Planned {
            letter: Letter::ConfirmEmailChange,
            user: owner.clone(),
            to: new.clone(),
            email: new.clone(),
            request: None,
        }],
    };
    if owner.email_verified && !is_own {
        letters.push(Planned {
            email: new,
            ..Planned::to_owner(Letter::EmailChangeRequested, owner)
        });
    }
    letters
}

/// To both addresses, as far as they are known to be the owner's; once where they are one.
fn moved(event: &Detail, user: &User) -> Vec<Planned> {
    let address = |fields| text(fields, "email").and_then(|email| Email::parse(email).ok());
    let (Some(before), Some(after)) = (address(&event.before), address(&event.after)) else {
        return Vec::new();
    };
    let to = |to: &Email| Planned {
        letter: Letter::EmailChanged,
        user: user.clone(),
        to: to.clone(),
        email: after.clone(),
        request: None,
    };
    let was_verified = event.before.get("emailVerified") != Some(&Value::Bool(false));
    let mut letters = vec![to(&after)];
    let is_another = before.canonical() != after.canonical();
    letters.extend((was_verified && is_another).then(|| to(&before)));
    letters
}

/// Whether none of the account's other sessions came from the like of this user agent.
async fn is_new_device(store: &Store, event: &Detail, user: &User) -> Result<bool, StoreError> {
    let signed_in = Timestamp::parse(&event.time).unwrap_or(user.created_at);
    let agent = |agent: Option<&str>| agent.map(without_versions).unwrap_or_default();
    let this = agent(text(&event.after, "userAgent"));
    let session = text(&event.after, "sessionId").unwrap_or_default();
    let known = store.user_agents_before(&user.id, session).await?;
    if known.is_empty() {
        return Ok(signed_in.since(user.created_at) > FIRST_SIGN_IN);
    }
    Ok(known.iter().all(|known| agent(known.as_deref()) != this))
}

/// A browser that was updated is no new device.
fn without_versions(agent: &str) -> String {
    let version = |character: char| character.is_ascii_digit() || matches!(character, '.' | '_');
    agent
        .chars()
        .filter(|character| !version(*character))
        .collect()
}

fn text<'a>(fields: &'a serde_json::Map<String, Value>, name: &str) -> Option<&'a str> {
    fields.get(name).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_makes_no_new_device() {
        let firefox = |version: &str| {
            format!(
                "Mozilla/5.0 (X11; Linux x86_64; rv:{version}) Gecko/20100101 Firefox/{version}"
            )
        };
        assert_eq!(
            without_versions(&firefox("128.0")),
            without_versions(&firefox("131.0.2"))
        );
        assert_ne!(
            without_versions(&firefox("128.0")),
            without_versions("curl/8.5.0")
        );
    }
}
