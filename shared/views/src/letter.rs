//! The pages around letters and their links, and that of a new account.

use serde::Serialize;

use crate::{Form, LocalPath};

/// `/sign-up`.
#[derive(Clone, Default, Serialize)]
pub struct SignUp {
    /// What was typed.
    pub form: Form,
    /// Where to go then.
    pub next: Option<LocalPath>,
}

/// `/forgot-password`.
#[derive(Clone, Default, Serialize)]
pub struct Forgot {
    /// What was typed.
    pub form: Form,
    /// Where to go then.
    pub next: Option<LocalPath>,
}

/// `/verify-email/resend`: asks for the address that another link is to go to.
#[derive(Clone, Default, Serialize)]
pub struct Resend {
    /// What was typed.
    pub form: Form,
    /// Where to go then.
    pub next: Option<LocalPath>,
}

/// Which letter the reader is to look for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sent {
    /// That of a new account.
    SignUp,
    /// Another one that verifies an address, if there is an account.
    Verification,
    /// That resets a password, if there is an account.
    Reset,
}

/// What follows where a letter may have been sent: the same for every address.
#[derive(Clone, Serialize)]
pub struct CheckMail {
    /// Which letter.
    pub sent: Sent,
    /// Where it went, as it was typed.
    pub email: Option<String>,
    /// Where to go then.
    pub next: Option<LocalPath>,
}

/// `/verify-email`: a button, because opening a link changes nothing.
#[derive(Clone, Serialize)]
pub struct VerifyEmail {
    /// What was refused.
    pub form: Form,
    /// Of the letter.
    pub token: String,
    /// Whether the password is asked for, which it is of whoever is not signed in.
    pub needs_password: bool,
}

/// `/reset-password`.
#[derive(Clone, Serialize)]
pub struct Reset {
    /// What was refused.
    pub form: Form,
    /// Of the letter.
    pub token: String,
}

/// `/accept-invitation`.
#[derive(Clone, Serialize)]
pub struct Invitation {
    /// What was refused.
    pub form: Form,
    /// Of the letter.
    pub token: String,
}

/// `/confirm-email-change`.
#[derive(Clone, Serialize)]
pub struct ConfirmEmailChange {
    /// What was refused.
    pub form: Form,
    /// Of the letter.
    pub token: String,
}
