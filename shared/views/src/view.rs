//! Which pages there are.

use minijinja::Value;
use minijinja::value::Serde;

use crate::account::{Account, DeleteAccount};
use crate::application::{Consent, Return};
use crate::failure::Failed;
use crate::letter::{
    CheckMail, ConfirmEmailChange, Forgot, Invitation, Resend, Reset, SignUp, VerifyEmail,
};
use crate::sign_in::{
    AskCode, Confirm, EnterCode, Leave, RecoveryCodes, SecondFactor, SetUp, SignIn,
};

macro_rules! views {
    ($($(#[$doc:meta])* $view:ident = $name:literal $(+ $part:literal)*;)+) => {
        /// A page, with all that it shows.
        #[derive(Clone)]
        pub enum View {
            $($(#[$doc])* $view(Box<$view>),)+
        }

        $(impl From<$view> for View {
            fn from(page: $view) -> Self {
                Self::$view(Box::new(page))
            }
        })+

        impl View {
            /// Its name: of its template, and of its words.
            pub(crate) const fn name(&self) -> &'static str {
                match self {
                    $(Self::$view(_) => $name,)+
                }
            }

            /// Its template, with the parts that it uses before it.
            pub(crate) const fn source(&self) -> &'static str {
                match self {
                    $(Self::$view(_) => concat!(
                        include_str!("../templates/parts.html"),
                        $(include_str!(concat!("../templates/", $part, ".html")),)*
                        include_str!(concat!("../templates/", $name, ".html"))
                    ),)+
                }
            }

            /// What its template calls `page`.
            pub(crate) fn page(&self) -> Value {
                match self {
                    $(Self::$view(page) => Value::from(Serde(page)),)+
                }
            }
        }
    };
}

/// What is left after an account was deleted.
#[derive(Clone, Copy, Debug, Default, serde::Serialize)]
pub struct Goodbye {}

views! {
    /// Signs in.
    SignIn = "sign_in";
    /// Asks for a code by mail.
    AskCode = "ask_code";
    /// Takes the code.
    EnterCode = "enter_code";
    /// Asks for a second factor.
    SecondFactor = "second_factor" + "ways";
    /// Sets one up.
    SetUp = "set_up";
    /// Shows recovery codes.
    RecoveryCodes = "recovery_codes";
    /// Makes an account.
    SignUp = "sign_up";
    /// Says that a letter may be there.
    CheckMail = "check_mail";
    /// Verifies an address.
    VerifyEmail = "verify_email";
    /// Asks for another letter that does.
    Resend = "resend";
    /// Asks for a letter that resets a password.
    Forgot = "forgot";
    /// Resets it.
    Reset = "reset";
    /// Accepts an invitation.
    Invitation = "invitation";
    /// Moves the account to another address.
    ConfirmEmailChange = "confirm_email_change";
    /// The account.
    Account = "account" + "scopes";
    /// Deletes it.
    DeleteAccount = "delete_account";
    /// Asks anew who it is.
    Confirm = "confirm" + "ways";
    /// After the account is deleted.
    Goodbye = "goodbye";
    /// On the way to another service.
    Leave = "leave";
    /// Asks whether an application may have what it asks for.
    Consent = "consent" + "scopes";
    /// Back to an application.
    Return = "return";
    /// Says why there is no other page.
    Failed = "failed";
}

impl View {
    /// The key of its title.
    pub(crate) fn title(&self) -> String {
        match self {
            Self::Failed(page) => format!("failed.{}.title", page.kind()),
            Self::SetUp(page) if page.during_sign_in => "set_up.title_sign_in".to_owned(),
            _ => format!("{}.title", self.name()),
        }
    }

    /// What stands in braces in its title.
    pub(crate) fn title_value(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::Leave(page) => Some(("provider", page.title())),
            Self::Consent(page) => Some(("client", page.client())),
            Self::Return(page) => Some(("client", page.client())),
            _ => None,
        }
    }

    /// Where it leads by itself.
    pub(crate) fn leads_to(&self) -> Option<&str> {
        match self {
            Self::Leave(page) => Some(page.url()),
            Self::Return(page) => Some(page.url()),
            _ => None,
        }
    }

    /// Whether it shows something that was refused.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        let form = match self {
            Self::SignIn(page) => &page.form,
            Self::AskCode(page) => &page.form,
            Self::EnterCode(page) => &page.form,
            Self::SecondFactor(page) => &page.form,
            Self::SetUp(page) => &page.form,
            Self::SignUp(page) => &page.form,
            Self::VerifyEmail(page) => &page.form,
            Self::Resend(page) => &page.form,
            Self::Forgot(page) => &page.form,
            Self::Reset(page) => &page.form,
            Self::Invitation(page) => &page.form,
            Self::ConfirmEmailChange(page) => &page.form,
            Self::DeleteAccount(page) => &page.form,
            Self::Confirm(page) => &page.form,
            Self::Consent(page) => &page.form,
            Self::Account(page) => return page.is_refused(),
            Self::RecoveryCodes(_)
            | Self::CheckMail(_)
            | Self::Goodbye(_)
            | Self::Leave(_)
            | Self::Return(_)
            | Self::Failed(_) => {
                return false;
            }
        };
        form.is_refused()
    }

    /// Whether passkeys are used on it, which take the script.
    pub(crate) fn takes_script(&self) -> bool {
        use crate::sign_in::Way::Passkey;
        match self {
            Self::SignIn(page) => page.passkeys,
            Self::SecondFactor(page) => page.ways.contains(&Passkey),
            Self::Confirm(page) => page.ways.contains(&Passkey),
            Self::SetUp(page) => page.passkey,
            Self::Account(page) => page.second_factors,
            _ => false,
        }
    }
}
