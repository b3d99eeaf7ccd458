//! A client as an operator has registered it.

use std::fmt;

use latchkey::clock::Timestamp;
use latchkey::event::EventKind;
use latchkey::field::FieldError;
use latchkey::keys::{CachedSecrets, KeyError};
use latchkey::name::Name;
use latchkey::secret::Secrets;
use latchkey::table::Entity;
use latchkey::user::UserId;
use serde::{Deserialize, Serialize};

use crate::{ClientSecret, RedirectUri, StoredSecret};

/// Most secrets that a client has: the one in use, and the one before until nothing uses it any more.
const MAX_SECRETS: usize = 2;
/// What a client may ask for where nothing else is said.
const DEFAULT_SCOPES: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// Identifies a client (RFC 6749 §2.2): 3 to 64 lower-case letters, digits and hyphens, a letter or digit at both ends.
/// It stands in paths and keys.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientId(String);

impl ClientId {
    /// Reads an id.
    ///
    /// # Errors
    /// `invalid_format`.
    pub fn parse(input: &str) -> Result<Self, FieldError> {
        let is_known = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        if (3..=64).contains(&input.len())
            && input.bytes().all(is_known)
            && !input.starts_with('-')
            && !input.ends_with('-')
        {
            return Ok(Self(input.to_owned()));
        }
        Err(FieldError::new(
            "invalid_format",
            "A client's id has 3 to 64 lower-case letters, digits and hyphens, a letter or digit at both ends.",
        ))
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// One thing that a client may ask for (RFC 6749 §3.3): 1 to 64 lower-case letters, digits and `:._/-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scope(String);

impl Scope {
    /// Reads one.
    ///
    /// # Errors
    /// `invalid_format`.
    pub fn parse(input: &str) -> Result<Self, FieldError> {
        let is_known =
            |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b':' | b'.' | b'_' | b'/' | b'-');
        if (1..=64).contains(&input.len()) && input.bytes().all(is_known) {
            return Ok(Self(input.to_owned()));
        }
        Err(FieldError::new(
            "invalid_format",
            "A scope has 1 to 64 lower-case letters, digits and :._/- characters.",
        ))
    }

    /// What a client may ask for where nothing else is said.
    #[must_use]
    pub fn defaults() -> Vec<Self> {
        DEFAULT_SCOPES.map(|scope| Self(scope.to_owned())).to_vec()
    }

    /// The scope.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// What it calls itself.
    pub id: ClientId,
    /// What people call it.
    pub name: Name,
    /// Where a sign-in may lead back to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redirect_uris: Vec<RedirectUri>,
    /// Where a sign-out may.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub post_logout_redirect_uris: Vec<RedirectUri>,
    /// Whether it can keep a secret (RFC 6749 §2.1). It stays what it was made as.
    pub confidential: bool,
    /// Whether it is the operator's own: nobody is asked for consent.
    pub first_party: bool,
    /// What it may ask for.
    pub scopes: Vec<Scope>,
    /// What its access tokens are for, besides userinfo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// Its secrets that count, the newest last. A public client has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<StoredSecret>,
    /// When the newest was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_set_at: Option<Timestamp>,
    /// Who has written it last: the event of that is in their audit.
    pub user_id: UserId,
    /// When it was made. What was given before, another client of this id had.
    pub created_at: Timestamp,
    /// When it was written last.
    pub updated_at: Timestamp,
    /// When it was removed. What is left tells the stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed_at: Option<Timestamp>,
    /// Raised by every change; the entity tag.
    pub version: u64,
}

impl Entity for Client {
    const TYPE: &'static str = "client";

    fn events(&self) -> Vec<EventKind> {
        vec![EventKind::ClientSet]
    }
}

impl Client {
    /// Whether it is the same as another, whoever wrote that and when.
    #[must_use]
    pub fn is_set_up_as(&self, other: &Self) -> bool {
        let this = Self {
            user_id: other.user_id,
            updated_at: other.updated_at,
            version: other.version,
            ..self.clone()
        };
        this == *other
    }

    /// Gives it this secret. The one before goes on counting, and no other.
    pub fn add_secret(&mut self, secret: &ClientSecret, secrets: &Secrets, now: Timestamp) {
        let kept = self.secrets.len().min(MAX_SECRETS - 1);
        self.secrets.drain(..self.secrets.len() - kept);
        self.secrets.push(secret.stored(&self.id, secrets, now));
        self.secret_set_at = Some(now);
    }

    /// Whether this is one of its secrets. No text tells by the time it takes how much of it is right.
    ///
    /// # Errors
    /// [`KeyError::Secret`].
    pub async fn accepts_secret(
        &self,
        secrets: &CachedSecrets,
        given: &str,
        now: Timestamp,
    ) -> Result<bool, KeyError> {
        // No other text is one of anybody's.
        let Some(given) = ClientSecret::parse(given) else {
            return Ok(false);
        };
        let is_made_with = |secrets: &Secrets| given.is_among(&self.secrets, &self.id, secrets);
        secrets.made(now, is_made_with).await
    }
}

#[cfg(test)]
mod tests {
    use latchkey::secret::Secret;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn client() -> Client {
        Client {
            id: ClientId::parse("shop").expect("an id"),
            name: Name::parse("Shop").expect("a name"),
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            confidential: true,
            first_party: false,
            scopes: Scope::defaults(),
            audience: None,
            secrets: Vec::new(),
            secret_set_at: None,
            user_id: UserId::NOBODY,
            created_at: NOW,
            updated_at: NOW,
            removed_at: None,
            version: 1,
        }
    }

    fn secrets() -> Secrets {
        let text = "mH2pQv8ZrT4kXc9LwB6nYd3JfG7sKa5EuN1xVt0RoPqWiCyM";
        Secrets::new(Secret::new(text).expect("strong"), None)
    }

    #[test]
    fn ids_can_stand_in_paths() {
        for id in ["abc", "a-b", "1a2", &"a".repeat(64)] {
            assert!(ClientId::parse(id).is_ok(), "{id}");
        }
        for id in [
            "",
            "ab",
            "-ab",
            "ab-",
            "Abc",
            "a_c",
            "a.c",
            "a/c",
            "a c",
            "äbc",
            "abc\n",
            &"a".repeat(65),
        ] {
            assert!(ClientId::parse(id).is_err(), "{id:?}");
        }
    }

    #[test]
    fn scopes_have_no_spaces_quotes_or_capitals() {
        for scope in ["openid", "offline_access", "orders:read", "a/b.c-d", "1"] {
            assert!(Scope::parse(scope).is_ok(), "{scope}");
        }
        for scope in [
            "",
            "a b",
            "A",
            "a\"",
            "a\\",
            "a,b",
            "ä",
            "a\t",
            &"a".repeat(65),
        ] {
            assert!(Scope::parse(scope).is_err(), "{scope:?}");
        }
        for scope in Scope::defaults() {
            assert_eq!(Scope::parse(scope.as_str()), Ok(scope));
        }
    }

    #[test]
    fn two_secrets_count_and_the_oldest_goes() {
        let (secrets, mut client) = (secrets(), client());
        let made: Vec<ClientSecret> = (0..3).map(|_| ClientSecret::generate()).collect();
        let mut counts = |newest: usize| {
            client.add_secret(&made[newest], &secrets, NOW);
            let is_among =
                |secret: &ClientSecret| secret.is_among(&client.secrets, &client.id, &secrets);
            made.iter().map(is_among).collect::<Vec<_>>()
        };
        assert_eq!(counts(0), [true, false, false]);
        assert_eq!(counts(1), [true, true, false]);
        assert_eq!(counts(2), [false, true, true]);
    }
}
