//! The account page, and what belongs to it.

use letters::Locale;
use serde::Serialize;

use crate::{Form, Provider};

/// `/account`: everything about the account, and a form for each part. Times are those of the API.
#[derive(Clone, Serialize)]
pub struct Account {
    /// Whose it is.
    pub profile: Profile,
    /// Whether the stack has second factors, passkeys and trusted devices.
    pub second_factors: bool,
    /// The authenticator app.
    pub app: Option<AccountApp>,
    /// How many recovery codes are left; none, where no second factor is.
    pub recovery_codes_left: Option<u32>,
    /// Passkeys.
    pub passkeys: Vec<AccountPasskey>,
    /// Trusted devices.
    pub devices: Vec<AccountDevice>,
    /// Identities at other services.
    pub identities: Vec<AccountIdentity>,
    /// Services that can be linked.
    pub providers: Vec<Provider>,
    /// Applications that have access; none, where the stack signs nobody in to any.
    pub applications: Option<Vec<AccountApplication>>,
    /// Sessions.
    pub sessions: Vec<AccountSession>,
    /// Whether there are more.
    pub more_sessions: bool,
    refused: Refused,
}

impl Account {
    /// The page with the profile alone.
    #[must_use]
    pub fn new(profile: Profile) -> Self {
        Self {
            profile,
            second_factors: true,
            app: None,
            recovery_codes_left: None,
            passkeys: Vec::new(),
            devices: Vec::new(),
            identities: Vec::new(),
            providers: Vec::new(),
            applications: None,
            sessions: Vec::new(),
            more_sessions: false,
            refused: Refused::default(),
        }
    }

    /// The page again, with what was refused in one of its parts.
    #[must_use]
    pub fn refused(mut self, part: Part, form: Form) -> Self {
        let (section, row) = match part {
            Part::Profile => ("profile", None),
            Part::Email => ("email", None),
            Part::Password => ("password", None),
            Part::NewPasskey => ("passkey", None),
            Part::PasskeyName(id) => ("rename", Some(id)),
            Part::Other => ("account", None),
        };
        self.refused = Refused { section, row, form };
        self
    }

    pub(crate) fn is_refused(&self) -> bool {
        self.refused.form.is_refused()
    }
}

/// A part of the account page that can be refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// `/account/profile`
    Profile,
    /// `/account/email`
    Email,
    /// `/account/password`
    Password,
    /// `/account/passkeys`
    NewPasskey,
    /// `/account/passkeys/rename`, of the passkey of this id.
    PasskeyName(String),
    /// Whatever has a button alone.
    Other,
}

#[derive(Clone, Default, Serialize)]
struct Refused {
    section: &'static str,
    row: Option<String>,
    form: Form,
}

/// Whose account it is.
#[derive(Clone, Serialize)]
pub struct Profile {
    /// The address.
    pub email: String,
    /// Whether it is verified.
    pub email_verified: bool,
    /// The first name.
    pub first_name: Option<String>,
    /// The last name.
    pub last_name: Option<String>,
    /// The language of letters.
    pub locale: Locale,
    /// The version of the account that the form changes.
    pub version: u64,
    /// Whether the account has a password.
    pub has_password: bool,
}

/// An authenticator app.
#[derive(Clone, Serialize)]
pub struct AccountApp {
    /// Its id among the factors.
    pub id: String,
    /// When it was set up.
    pub created_at: String,
    /// When it was last used.
    pub last_used_at: Option<String>,
}

/// A passkey.
#[derive(Clone, Serialize)]
pub struct AccountPasskey {
    /// Its id.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// What keeps it.
    pub authenticator: Option<String>,
    /// Whether it can be copied to other devices.
    pub synced: bool,
    /// When it was added.
    pub created_at: String,
    /// When it was last used.
    pub last_used_at: Option<String>,
    /// The version that the form changes.
    pub version: u64,
}

/// A trusted device.
#[derive(Clone, Serialize)]
pub struct AccountDevice {
    /// Its id.
    pub id: String,
    /// When it was first trusted.
    pub created_at: String,
    /// Until when it is.
    pub expires_at: String,
    /// From where.
    pub ip_address: Option<String>,
    /// The browser's `User-Agent`.
    pub user_agent: Option<String>,
}

/// An identity at another service.
#[derive(Clone, Serialize)]
pub struct AccountIdentity {
    /// Its id.
    pub id: String,
    /// The title of the service.
    pub provider: String,
    /// The address it had there.
    pub email: Option<String>,
    /// When it was linked.
    pub linked_at: String,
}

/// An application that has access.
#[derive(Clone, Serialize)]
pub struct AccountApplication {
    /// Its id as a client.
    pub client: String,
    /// What people call it.
    pub name: String,
    /// What it may.
    pub scopes: Vec<String>,
    /// Since when.
    pub given_at: String,
}

/// A session.
#[derive(Clone, Serialize)]
pub struct AccountSession {
    /// Its id.
    pub id: String,
    /// When it began.
    pub created_at: String,
    /// When it was last used.
    pub last_used_at: String,
    /// From where.
    pub ip_address: Option<String>,
    /// The browser's `User-Agent`.
    pub user_agent: Option<String>,
    /// Whether it is the visitor's own.
    pub current: bool,
}

/// `/account/delete`: the last question.
#[derive(Clone, Serialize)]
pub struct DeleteAccount {
    /// What was refused.
    pub form: Form,
    /// Whose account it is.
    pub email: String,
}
