//! Who somebody is at a provider, and how far its word about their address goes.

use latchkey::email::Email;
use latchkey::identity::{IdentityId, ProviderName};
use latchkey::locale::Locale;
use latchkey::name::Name;
use latchkey::profile::Profile;
use latchkey::store::{Change, Identity};
use latchkey::user::UserId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::preset::MICROSOFT_PEOPLE;
use crate::provider::FieldMap;
use crate::{EmailTrust, Preset, Provider};

/// Longest subject, in characters.
const MAX_SUBJECT_CHARS: usize = 255;

/// Somebody who has signed in at a provider.
#[derive(Clone, Serialize, Deserialize)]
pub struct Identified {
    /// The provider, by its name here.
    pub provider: ProviderName,
    /// Who says so.
    pub issuer: String,
    /// Who it is there.
    pub subject: String,
    /// The address there, if it tells one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// Whether that counts as verified.
    pub is_verified: bool,
    /// Whether it opens the account that has it.
    pub is_trusted: bool,
    first_name: Option<Name>,
    last_name: Option<Name>,
    locale: Option<Locale>,
}

impl Identified {
    /// Reads what a provider tells. Names and language are taken as far as they are any; `None` where it does not say who
    /// it is.
    #[must_use]
    pub fn read(provider: &Provider, issuer: &str, told: &Map<String, Value>) -> Option<Self> {
        let FieldMap {
            subject: _,
            email,
            email_verified,
            first_name,
            last_name,
            locale,
        } = &provider.fields;
        let subject = match find(told, provider.subject_field())? {
            Value::String(subject) => subject.clone(),
            // GitHub and others count their users.
            Value::Number(number) if number.is_u64() => number.to_string(),
            _ => return None,
        };
        if subject.is_empty() || subject.chars().count() > MAX_SUBJECT_CHARS {
            return None;
        }
        let named = |name: &Option<String>| name.as_deref().and_then(|name| find(told, name));
        let text = |name: &Option<String>| named(name).and_then(Value::as_str);
        let email = text(email).and_then(|email| Email::parse(email).ok());
        // Microsoft writes it in any of these ways.
        let is_number = provider.preset == Preset::Microsoft;
        // Apple and LinkedIn write it as a text: "false" is not true.
        let says_verified = match named(email_verified) {
            Some(Value::Bool(verified)) => *verified,
            Some(Value::String(verified)) => verified == "true" || (is_number && verified == "1"),
            Some(Value::Number(verified)) => is_number && verified.as_u64() == Some(1),
            _ => false,
        };
        let (is_verified, is_trusted) = match &email {
            Some(email) => trust(provider, email, says_verified, told),
            None => (false, false),
        };
        Some(Self {
            provider: provider.name.clone(),
            issuer: issuer.to_owned(),
            subject,
            email,
            is_verified,
            is_trusted,
            first_name: text(first_name).and_then(|name| Name::parse(name).ok()),
            last_name: text(last_name).and_then(|name| Name::parse(name).ok()),
            locale: text(locale).and_then(Locale::negotiate),
        })
    }

    /// With the names that come apart from the rest.
    #[must_use]
    pub fn with_names(self, first: Option<&str>, last: Option<&str>) -> Self {
        let name = |name: Option<&str>| name.and_then(|name| Name::parse(name).ok());
        Self {
            first_name: name(first).or(self.first_name),
            last_name: name(last).or(self.last_name),
            ..self
        }
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> IdentityId {
        IdentityId::of(&self.issuer, &self.subject)
    }

    /// What a new account is given of it; its language is `locale` where the provider tells none.
    #[must_use]
    pub fn profile(&self, locale: Locale) -> Profile {
        Profile {
            first_name: self.first_name.clone(),
            last_name: self.last_name.clone(),
            locale: self.locale.unwrap_or(locale),
        }
    }

    /// As it is kept for an account.
    #[must_use]
    pub fn of(&self, user_id: UserId, change: &Change) -> Identity {
        Identity {
            user_id,
            provider: self.provider.clone(),
            issuer: self.issuer.clone(),
            subject: self.subject.clone(),
            email: self.email.clone(),
            linked_at: change.at,
        }
    }
}

/// Whether an address counts as verified, and whether it opens the account that has it.
fn trust(
    provider: &Provider,
    email: &Email,
    says_verified: bool,
    told: &Map<String, Value>,
) -> (bool, bool) {
    let claims = |name: &str, value: &str| told.get(name).and_then(Value::as_str) == Some(value);
    let runs_mailbox = match provider.preset {
        // What an organisation writes into its directory is not looked at.
        Preset::Microsoft => provider.runs_mailbox(email) && claims("tid", MICROSOFT_PEOPLE),
        // Of a Workspace, Google runs the mailboxes of its domain ("Verify the Google ID token").
        Preset::Google => {
            says_verified && (provider.runs_mailbox(email) || claims("hd", email.domain()))
        }
        _ => says_verified && provider.runs_mailbox(email),
    };
    match provider.email_trust {
        EmailTrust::None => (false, false),
        EmailTrust::NewAccounts => (says_verified || runs_mailbox, runs_mailbox),
        EmailTrust::Linking => {
            let is_verified = says_verified || runs_mailbox;
            (is_verified, is_verified)
        }
    }
}

/// What stands at a path.
fn find<'a>(told: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    // A name with a dot in it is looked for as it is first, as some have a URL for one.
    if let Some(value) = told.get(path) {
        return Some(value);
    }
    let (first, rest) = path.split_once('.')?;
    find(told.get(first)?.as_object()?, rest)
}
