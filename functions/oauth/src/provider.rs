//! A provider as an operator has set it up.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use latchkey::clock::Timestamp;
use latchkey::email::Email;
use latchkey::event::EventKind;
use latchkey::field::FieldError;
use latchkey::identity::ProviderName;
use latchkey::keys::{CachedSecrets, KeyError};
use latchkey::name::Name;
use latchkey::secret::{Purpose, Secrets, Unwrappable};
use latchkey::table::Entity;
use latchkey::token::TokenError;
use latchkey::user::UserId;
use serde::{Deserialize, Serialize};

use crate::Preset;
use crate::preset::Protocol;

/// How far the word of a provider about an address goes. About mailboxes that it runs itself it goes all the way, unless it
/// goes nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmailTrust {
    /// Nowhere: no address counts as verified for it.
    None,
    /// What it says is verified is, for an account that is made. An account that is there already is not touched.
    NewAccounts,
    /// Such an address opens the account that has it, too: the provider can sign in as everybody.
    Linking,
}

impl EmailTrust {
    /// Reads it by its name.
    ///
    /// # Errors
    /// `invalid_value`.
    pub fn parse(input: &str) -> Result<Self, FieldError> {
        match input {
            "none" => Ok(Self::None),
            "new_accounts" => Ok(Self::NewAccounts),
            "linking" => Ok(Self::Linking),
            _ => Err(FieldError::new(
                "invalid_value",
                "Choose among: none, new_accounts, linking.",
            )),
        }
    }
}

/// What a provider calls what it tells. `.` leads into an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FieldMap {
    /// Who somebody is, for ever.
    pub subject: String,
    /// Their address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether that is verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_verified: Option<String>,
    /// Given name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// Family name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// Language, as BCP 47 has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
}

impl FieldMap {
    /// Which tells of nothing else.
    #[must_use]
    pub fn subject(name: &str) -> Self {
        Self {
            subject: name.to_owned(),
            email: None,
            email_verified: None,
            first_name: None,
            last_name: None,
            locale: None,
        }
    }
}

/// Whose key makes Apple's client secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppleKey {
    /// The team.
    pub team_id: String,
    /// The key.
    pub key_id: String,
}

/// A provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provider {
    /// What paths call it.
    pub name: ProviderName,
    /// What is known of it.
    pub preset: Preset,
    /// What people call it.
    pub title: Name,
    /// Who we are there.
    pub client_id: String,
    /// Who our applications are there that get ID tokens themselves, besides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub native_client_ids: Vec<String>,
    /// What shows that, sealed: a secret, or Apple's private key. A public client has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed_secret: Option<String>,
    /// When that was set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_set_at: Option<Timestamp>,
    /// Whose key that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apple: Option<AppleKey>,
    /// Its issuer, where the preset knows none or another is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Where it is asked, gives tokens and tells whose they are, for OAuth 2 where the preset does not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoints: Option<[String; 3]>,
    /// What is asked for.
    pub scope: String,
    /// What it calls what it tells.
    pub fields: FieldMap,
    /// The domains whose addresses sign in; any where there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub domains: Vec<String>,
    /// Whether only verified addresses sign in.
    pub verified_only: bool,
    /// How far its word about an address goes.
    pub email_trust: EmailTrust,
    /// Who has set it up last: the event of that is in their audit.
    pub user_id: UserId,
    /// When it was first set up.
    pub created_at: Timestamp,
    /// When it was last.
    pub updated_at: Timestamp,
    /// When it was removed. What is left tells the stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed_at: Option<Timestamp>,
    /// Raised by every change; the entity tag.
    pub version: u64,
}

impl Entity for Provider {
    const TYPE: &'static str = "provider";

    fn events(&self) -> Vec<EventKind> {
        vec![EventKind::ProviderSet]
    }
}

impl Provider {
    /// Its issuer, where it is one of OpenID Connect.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        let Protocol::OpenId(known) = self.preset.protocol() else {
            return None;
        };
        self.issuer.as_deref().or(known)
    }

    /// What names it, where it is asked, gives tokens and tells whose they are, where it is one of OAuth 2. One that is not
    /// known is named by where it tells: two at one host are two.
    #[must_use]
    pub fn endpoints(&self) -> Option<[&str; 4]> {
        let Protocol::OAuth2(known) = self.preset.protocol() else {
            return None;
        };
        let set = self.endpoints.as_ref();
        set.map(|[authorize, token, userinfo]| [&**userinfo, authorize, token, userinfo])
            .or(known)
    }

    /// What it calls who somebody is. A token of OpenID Connect says that one way (OpenID Connect Core 1.0 §2).
    #[must_use]
    pub fn subject_field(&self) -> &str {
        match self.preset.protocol() {
            Protocol::OpenId(_) => "sub",
            Protocol::OAuth2(_) => &self.fields.subject,
        }
    }

    /// Whom an ID token may be for that an application has got itself.
    #[must_use]
    pub fn client_ids(&self) -> Vec<&str> {
        let native = self.native_client_ids.iter().map(String::as_str);
        std::iter::once(self.client_id.as_str())
            .chain(native)
            .collect()
    }

    /// Whether it is set up as another, whoever did that and when. What seals the same secret is never the same: it is left
    /// out.
    #[must_use]
    pub fn is_set_up_as(&self, other: &Self) -> bool {
        let this = Self {
            sealed_secret: other.sealed_secret.clone(),
            secret_set_at: other.secret_set_at,
            user_id: other.user_id,
            updated_at: other.updated_at,
            version: other.version,
            ..self.clone()
        };
        this == *other
    }

    /// Seals a secret of this provider.
    ///
    /// # Errors
    /// [`Unwrappable`] when the system has no randomness.
    pub fn seal(
        name: &ProviderName,
        secret: &str,
        secrets: &Secrets,
    ) -> Result<String, Unwrappable> {
        let context = name.as_str().as_bytes();
        let sealed = secrets.seal(Purpose::ClientSecret, context, secret.as_bytes())?;
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }

    /// Its secret, if it has one.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn secret(
        &self,
        secrets: &CachedSecrets,
        now: Timestamp,
    ) -> Result<Option<String>, KeyError> {
        let Some(sealed) = &self.sealed_secret else {
            return Ok(None);
        };
        let sealed = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| Unwrappable)?;
        let context = self.name.as_str().as_bytes();
        let open = |secrets: &Secrets| {
            let opened = secrets.open(Purpose::ClientSecret, context, &sealed)?;
            String::from_utf8(opened).map_err(|_| TokenError::Invalid)
        };
        secrets.read(now, open).await.map(Some)
    }

    /// Whether it runs the mailbox of an address, by the domain.
    #[must_use]
    pub fn runs_mailbox(&self, email: &Email) -> bool {
        let mailboxes = self.preset.mailboxes();
        // Elsewhere than where it is known, it may be anybody's.
        self.issuer.is_none() && mailboxes.contains(&email.domain())
    }

    /// Whether an address may sign in with it.
    #[must_use]
    pub fn takes(&self, email: Option<&Email>, is_verified: bool) -> bool {
        let must_be_verified = self.verified_only || !self.domains.is_empty();
        let is_of_domain =
            |email: &Email| self.domains.iter().any(|domain| domain == email.domain());
        (is_verified || !must_be_verified)
            && (self.domains.is_empty() || email.is_some_and(is_of_domain))
    }
}
