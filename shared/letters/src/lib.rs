//! The letters Latchkey mails: which there are, and their words in every language.
//!
//! The words are in `templates/<locale>/<letter>.txt`, one file per letter and language, and nowhere
//! else: a line `subject: …`, an empty line, and paragraphs with empty lines between them. A paragraph
//! `button: …` is the link, with these words on it. [`Values`] go in as `{{ app_name }}`, and
//! `{% if name %}…{% endif %}` leaves out what is not known; a line that ends up empty is dropped.
//! `templates/layout.txt` and `templates/layout.html` make the two parts of a mail from the same words.
//!
//! Nothing here reads a clock, a file or the network.

mod locale;
mod render;
mod values;

pub use locale::Locale;
pub use render::{RenderError, Rendered};
use serde::{Deserialize, Serialize};
pub use values::Values;

/// One kind of letter. Stored and sent by [`Letter::name`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Letter {
    /// Asks the owner of a newly registered address to confirm it.
    VerifyEmail,
    /// The address is confirmed.
    Welcome,
    /// The link to a new password.
    ResetPassword,
    /// To the new address: asks its owner to confirm the move.
    ConfirmEmailChange,
    /// To the old address: somebody asked to move the account away from it.
    EmailChangeRequested,
    /// To both addresses: the account has moved.
    EmailChanged,
    /// An administrator made an account for the reader.
    Invitation,
    /// The password is another one now.
    PasswordChanged,
    /// The code to sign in with.
    SignInCode,
    /// To an address without an account: the code to make one with.
    RegistrationCode,
    /// A second factor or a passkey was added.
    FactorAdded,
    /// One was removed.
    FactorRemoved,
    /// An identity at another provider signs in to the account.
    IdentityLinked,
    /// A sign-in from a device that was not seen before.
    NewDevice,
    /// Somebody tried to register with, or move an account to, an address that has an account.
    AccountExists,
}

impl Letter {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::VerifyEmail,
        Self::Welcome,
        Self::ResetPassword,
        Self::ConfirmEmailChange,
        Self::EmailChangeRequested,
        Self::EmailChanged,
        Self::Invitation,
        Self::PasswordChanged,
        Self::SignInCode,
        Self::RegistrationCode,
        Self::FactorAdded,
        Self::FactorRemoved,
        Self::IdentityLinked,
        Self::NewDevice,
        Self::AccountExists,
    ];

    /// Its name in events, in the table and among the templates.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::Welcome => "welcome",
            Self::ResetPassword => "reset_password",
            Self::ConfirmEmailChange => "confirm_email_change",
            Self::EmailChangeRequested => "email_change_requested",
            Self::EmailChanged => "email_changed",
            Self::Invitation => "invitation",
            Self::PasswordChanged => "password_changed",
            Self::SignInCode => "sign_in_code",
            Self::RegistrationCode => "registration_code",
            Self::FactorAdded => "factor_added",
            Self::FactorRemoved => "factor_removed",
            Self::IdentityLinked => "identity_linked",
            Self::NewDevice => "new_device",
            Self::AccountExists => "account_exists",
        }
    }

    /// The letter of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|letter| letter.name() == name)
    }

    /// The application's page that its link opens, for the letters that carry a token. The others have
    /// no link: a warning that asks for a click teaches people to fall for forged ones.
    #[must_use]
    pub const fn link_path(self) -> Option<&'static str> {
        match self {
            Self::VerifyEmail => Some("/verify-email"),
            Self::ResetPassword => Some("/reset-password"),
            Self::ConfirmEmailChange => Some("/confirm-email-change"),
            Self::Invitation => Some("/accept-invitation"),
            Self::SignInCode => Some("/sign-in"),
            Self::RegistrationCode => Some("/complete-registration"),
            Self::Welcome
            | Self::EmailChangeRequested
            | Self::EmailChanged
            | Self::PasswordChanged
            | Self::FactorAdded
            | Self::FactorRemoved
            | Self::IdentityLinked
            | Self::NewDevice
            | Self::AccountExists => None,
        }
    }

    /// The page of Latchkey's own that its link opens. Where there is none, the letter has no link there.
    #[must_use]
    pub const fn page_path(self) -> Option<&'static str> {
        match self {
            Self::SignInCode => Some("/sign-in/code"),
            Self::RegistrationCode => None,
            _ => self.link_path(),
        }
    }

    /// Whether a code stands beside its link: without the link, it says all there is to say.
    #[must_use]
    pub const fn has_code(self) -> bool {
        matches!(self, Self::SignInCode | Self::RegistrationCode)
    }

    /// The text of its template.
    const fn source(self, locale: Locale) -> &'static str {
        macro_rules! template {
            ($name:literal) => {
                match locale {
                    Locale::En => include_str!(concat!("../templates/en/", $name, ".txt")),
                    Locale::De => include_str!(concat!("../templates/de/", $name, ".txt")),
                    Locale::Es => include_str!(concat!("../templates/es/", $name, ".txt")),
                }
            };
        }
        match self {
            Self::VerifyEmail => template!("verify_email"),
            Self::Welcome => template!("welcome"),
            Self::ResetPassword => template!("reset_password"),
            Self::ConfirmEmailChange => template!("confirm_email_change"),
            Self::EmailChangeRequested => template!("email_change_requested"),
            Self::EmailChanged => template!("email_changed"),
            Self::Invitation => template!("invitation"),
            Self::PasswordChanged => template!("password_changed"),
            Self::SignInCode => template!("sign_in_code"),
            Self::RegistrationCode => template!("registration_code"),
            Self::FactorAdded => template!("factor_added"),
            Self::FactorRemoved => template!("factor_removed"),
            Self::IdentityLinked => template!("identity_linked"),
            Self::NewDevice => template!("new_device"),
            Self::AccountExists => template!("account_exists"),
        }
    }
}
