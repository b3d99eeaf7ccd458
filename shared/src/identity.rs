//! Identities at other providers that sign in to an account.

use std::collections::BTreeSet;
use std::fmt;

use aws_lc_rs::digest;
use base64::Engine;
use serde::{Deserialize, Serialize};

use crate::field::FieldError;
use crate::token::{BASE64URL, base64url_decode};

/// Longest name of a provider, in characters.
const MAX_NAME_CHARS: usize = 32;
/// Most identities that one account has.
pub const MAX_IDENTITIES: usize = 10;

/// What an operator calls a provider: 1 to 32 lower-case letters, digits and hyphens, a letter first. It stands in paths.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProviderName(String);

impl ProviderName {
    /// Reads a name.
    ///
    /// # Errors
    /// `invalid_format`.
    pub fn parse(input: &str) -> Result<Self, FieldError> {
        let is_known = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        if input.len() <= MAX_NAME_CHARS
            && input.starts_with(|first: char| first.is_ascii_lowercase())
            && input.bytes().all(is_known)
        {
            return Ok(Self(input.to_owned()));
        }
        Err(FieldError::new(
            "invalid_format",
            "A provider's name has 1 to 32 lower-case letters, digits and hyphens, a letter first.",
        ))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProviderName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Identifies somebody at a provider, and never their address: SHA-256 over issuer and subject (OpenID Connect Core 1.0
/// §5.7), in base64url.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IdentityId([u8; 32]);

/// A text is no identity of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no identity")]
pub struct NoIdentity;

impl IdentityId {
    /// Of this subject of this issuer.
    #[must_use]
    pub fn of(issuer: &str, subject: &str) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        // With its length before it, no issuer can run on into a subject.
        context.update(
            &u64::try_from(issuer.len())
                .unwrap_or(u64::MAX)
                .to_be_bytes(),
        );
        context.update(issuer.as_bytes());
        context.update(subject.as_bytes());
        let mut id = [0; 32];
        id.copy_from_slice(context.finish().as_ref());
        Self(id)
    }

    /// Reads an id.
    ///
    /// # Errors
    /// `invalid_format`.
    pub fn parse(input: &str) -> Result<Self, FieldError> {
        Self::try_from(input.to_owned())
            .map_err(|_| FieldError::new("invalid_format", "This is not an id."))
    }
}

impl fmt::Display for IdentityId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&BASE64URL.encode(self.0))
    }
}

impl From<IdentityId> for String {
    fn from(id: IdentityId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for IdentityId {
    type Error = NoIdentity;

    fn try_from(text: String) -> Result<Self, NoIdentity> {
        let bytes = base64url_decode(&text).ok_or(NoIdentity)?;
        bytes.try_into().map(Self).map_err(|_| NoIdentity)
    }
}

/// An identity that an account has. As a text it is the provider's name and the id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LinkedIdentity {
    /// The provider.
    pub provider: ProviderName,
    /// Who it is there.
    pub id: IdentityId,
}

impl fmt::Display for LinkedIdentity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.provider, self.id)
    }
}

impl From<LinkedIdentity> for String {
    fn from(identity: LinkedIdentity) -> Self {
        identity.to_string()
    }
}

impl TryFrom<String> for LinkedIdentity {
    type Error = NoIdentity;

    fn try_from(text: String) -> Result<Self, NoIdentity> {
        let (provider, id) = text.split_once(':').ok_or(NoIdentity)?;
        Ok(Self {
            provider: ProviderName::parse(provider).map_err(|_| NoIdentity)?,
            id: IdentityId::try_from(id.to_owned())?,
        })
    }
}

/// Which ones, as the account itself knows. What is not among them signs in to nothing, whatever else is in the table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Identities(#[serde(with = "serde_dynamo::string_set")] BTreeSet<LinkedIdentity>);

impl Identities {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &LinkedIdentity> {
        self.0.iter()
    }

    /// The one with this id, if it is one of them.
    #[must_use]
    pub fn find(&self, id: &IdentityId) -> Option<&LinkedIdentity> {
        self.0.iter().find(|identity| identity.id == *id)
    }
}

impl FromIterator<LinkedIdentity> for Identities {
    fn from_iter<I: IntoIterator<Item = LinkedIdentity>>(identities: I) -> Self {
        Self(identities.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_its_issuer_and_its_subject() {
        let id = IdentityId::of("https://a.example", "1");
        for (issuer, subject) in [
            ("https://a.example", "2"),
            ("https://b.example", "1"),
            ("https://a.example1", ""),
            ("https://a.exampl", "e1"),
        ] {
            assert_ne!(IdentityId::of(issuer, subject), id, "{issuer} {subject}");
        }
        assert_eq!(IdentityId::parse(&id.to_string()), Ok(id));
        assert!(IdentityId::parse("AAAA").is_err());
    }

    #[test]
    fn names_of_providers_can_stand_in_paths_and_sets() {
        for name in ["google", "a", "my-company-2"] {
            let provider = ProviderName::parse(name).expect("a name");
            let id = IdentityId::of("https://a.example", "1");
            let identity = LinkedIdentity { provider, id };
            assert_eq!(LinkedIdentity::try_from(identity.to_string()), Ok(identity));
        }
        for none in [
            "",
            "-a",
            "1a",
            "Google",
            "a:b",
            "a/b",
            "a.b",
            &"a".repeat(33),
        ] {
            assert!(ProviderName::parse(none).is_err(), "{none:?}");
        }
        assert!(LinkedIdentity::try_from("google".to_owned()).is_err());
    }
}
