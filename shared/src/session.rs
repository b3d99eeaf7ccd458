//! Sessions: what one sign-in leaves behind, and what keeps it alive.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::config::{self, ConfigError};
use crate::proof::{Begun, First, Proved};
use crate::user::{Status, User, UserId};

/// Deleting an account takes a sign-in this recent (OWASP ASVS 5.0 7.5.1).
pub const RECENT_SIGN_IN: Duration = Duration::from_mins(5);

/// A session that is in use without a refresh is noted to be so this often.
pub const KEPT_EVERY: Duration = Duration::from_hours(1);

/// Longest user agent kept, in bytes: a session stays below 1 KB, one write unit.
const MAX_USER_AGENT_BYTES: usize = 256;

crate::uuid_id! {
    /// Identifies a session within its user.
    SessionId
}

/// How long sessions live.
#[derive(Clone, Copy, Debug)]
pub struct SessionLifetimes {
    /// Without a refresh.
    pub idle: Duration,
    /// At all.
    pub max: Duration,
}

impl SessionLifetimes {
    /// Reads `SESSION_IDLE_DAYS` and `SESSION_MAX_DAYS`.
    ///
    /// # Errors
    /// [`ConfigError`] naming the setting.
    pub fn from_env() -> Result<Self, ConfigError> {
        Ok(Self {
            idle: config::session_idle_lifetime()?,
            max: config::session_max_lifetime()?,
        })
    }
}

/// Where a sign-in comes from.
#[derive(Clone, Debug, Default)]
pub struct Client {
    /// Its network address.
    pub address: Option<String>,
    /// Its user agent, as it says.
    pub user_agent: Option<String>,
}

impl Client {
    /// As much of it as is kept.
    #[must_use]
    pub fn kept(self) -> Self {
        Self {
            user_agent: self.user_agent.as_deref().map(printable_prefix),
            ..self
        }
    }
}

/// Why a session was ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevocationReason {
    /// Its owner signed out.
    Logout,
    /// Its owner or an admin ended it among the account's sessions.
    Revoked,
    /// A refresh token was used again after it had been replaced: it may have been stolen.
    RefreshTokenReuse,
}

/// One sign-in on one device, and the chain of refresh tokens that hangs off it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its id: `sid` in the tokens.
    pub id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// Which refresh token of the chain is the current one.
    pub counter: u32,
    /// When the current refresh token replaced the one before.
    pub rotated_at: Timestamp,
    /// When the user signed in.
    pub created_at: Timestamp,
    /// When it is over unless it is refreshed before.
    pub idle_until: Timestamp,
    /// When it is over, however often it is refreshed.
    pub ends_at: Timestamp,
    /// Version of the credential whose hash was verified at sign-in.
    pub credential_version: u64,
    /// The user's `session_epoch` at sign-in.
    pub session_epoch: u64,
    /// What was proved, at sign-in or since; the password, where it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proved: Option<Proved>,
    /// Network address the sign-in came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip_address: Option<String>,
    /// User agent the sign-in came from, cut to 256 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// When it was ended, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
    /// Why it was ended, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_because: Option<RevocationReason>,
    /// Raised by every change.
    pub version: u64,
}

impl Session {
    /// The session of a sign-in, for [`sign_in`](crate::sign_in) alone.
    pub(crate) fn start(
        begun: &Begun,
        client: Client,
        lifetimes: SessionLifetimes,
        now: Timestamp,
    ) -> Self {
        let client = client.kept();
        Self {
            id: begun.session_id,
            user_id: begun.user_id,
            counter: 0,
            rotated_at: now,
            created_at: now,
            idle_until: now.plus(lifetimes.idle),
            ends_at: now.plus(lifetimes.max),
            credential_version: begun.credential_version,
            session_epoch: begun.session_epoch,
            proved: Some(begun.proved),
            ip_address: client.address,
            user_agent: client.user_agent,
            revoked_at: None,
            revoked_because: None,
            version: 1,
        }
    }

    /// What it stands on.
    #[must_use]
    pub fn proved(&self) -> Proved {
        self.proved
            .unwrap_or(Proved::first(First::Password, self.created_at))
    }

    /// Whether this session of `user` counts at `now`. Everything that accepts a token of any kind
    /// asks this and nothing else.
    #[must_use]
    pub fn is_live(&self, user: &User, now: Timestamp) -> bool {
        self.user_id == user.id
            && user.status_at(now) == Status::Active
            && self.credential_version == user.credential_version
            && self.session_epoch == user.session_epoch
            && self.revoked_at.is_none()
            && now < self.expires_at()
    }

    /// When it ends by itself.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.idle_until.min(self.ends_at)
    }
}

/// What became of an attempt to move a session on to its next refresh token.
#[derive(Debug)]
pub enum Rotation {
    /// It moved on; the session as it is now.
    Rotated(Session),
    /// It did not: the token is not the current one, or the session is over. As it was found.
    Refused(Session),
    /// There is no such session.
    NoSession,
}

impl Session {
    /// Whether the token with this counter, refused by a rotation, may be answered with the current
    /// one again: it is the one before, and the rotation that replaced it was within `grace`.
    ///
    /// An answer gets lost, two tabs refresh at once: both end here. Counted from the rotation and never
    /// extended. Anything older has been used twice.
    #[must_use]
    pub fn repeats_rotation(&self, counter: u32, grace: Duration, now: Timestamp) -> bool {
        counter.checked_add(1) == Some(self.counter) && now.since(self.rotated_at) <= grace
    }
}

/// The first bytes of a header value that came from outside, without what could forge a log line.
fn printable_prefix(text: &str) -> String {
    let mut kept = String::new();
    for character in text.chars().filter(|character| !character.is_control()) {
        if kept.len() + character.len_utf8() > MAX_USER_AGENT_BYTES {
            break;
        }
        kept.push(character);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::email::Email;
    use crate::profile::Profile;
    use crate::user::Role;

    const DAY: Duration = Duration::from_hours(24);
    const LIFETIMES: SessionLifetimes = SessionLifetimes {
        idle: Duration::from_hours(30 * 24),
        max: Duration::from_hours(90 * 24),
    };

    type Change = fn(&mut User, &mut Session);

    fn start(user: &User, client: Client, now: Timestamp) -> Session {
        let begun = Begun::new(user, 1, Proved::first(First::Password, now));
        Session::start(&begun, client, LIFETIMES, now)
    }

    fn signed_in() -> (User, Session, Timestamp) {
        let now = Timestamp::from_seconds(1_800_000_000);
        let email = Email::parse("a@example.com").expect("valid");
        let user = User::register(email, Profile::default(), Role::User, now);
        let session = start(&user, Client::default(), now);
        (user, session, now)
    }

    #[test]
    fn a_session_lives_until_something_ends_it() {
        let (user, session, now) = signed_in();
        assert!(session.is_live(&user, now));
        let changes: [(&str, Change); 5] = [
            ("suspended", |user, _| user.status = Status::Suspended),
            ("password changed", |user, _| user.credential_version += 1),
            ("all sessions ended", |user, _| user.session_epoch += 1),
            ("revoked", |_, session| {
                session.revoked_at = Some(session.created_at);
            }),
            ("another user's", |user, _| user.id = UserId::NOBODY),
        ];
        for (what, change) in changes {
            let (mut user, mut session) = (user.clone(), session.clone());
            change(&mut user, &mut session);
            assert!(!session.is_live(&user, now), "{what}");
        }
    }

    #[test]
    fn bug_06_refreshing_for_ever_ends_after_90_days() {
        let (user, mut session, start) = signed_in();
        assert!(session.is_live(&user, start.plus(29 * DAY)));
        assert!(!session.is_live(&user, start.plus(30 * DAY)), "idle");
        session.idle_until = start.plus((89 + 30) * DAY);
        assert!(session.is_live(&user, start.plus(89 * DAY)));
        assert!(!session.is_live(&user, start.plus(90 * DAY)), "absolute");
    }

    #[test]
    fn bug_05_the_grace_is_counted_from_the_rotation() {
        let (_, mut session, rotated_at) = signed_in();
        let grace = Duration::from_secs(30);
        session.counter = 5;
        let after = |seconds| rotated_at.plus(Duration::from_secs(seconds));
        assert!(session.repeats_rotation(4, grace, after(30)));
        assert!(!session.repeats_rotation(4, grace, after(31)));
        for other in [0, 3, 5, 6, u32::MAX] {
            assert!(!session.repeats_rotation(other, grace, after(0)), "{other}");
        }
    }

    #[test]
    fn bug_54_a_user_agent_is_cut_and_cannot_forge_a_log_line() {
        let hostile = format!("a\r\nINFO forged\u{1b}[31m{}", "ä".repeat(300));
        let (user, _, now) = signed_in();
        let client = Client {
            address: None,
            user_agent: Some(hostile),
        };
        let kept = start(&user, client, now).user_agent;
        let kept = kept.expect("kept");
        assert!(kept.len() <= MAX_USER_AGENT_BYTES && kept.starts_with("aINFO forged[31mää"));
    }
}
