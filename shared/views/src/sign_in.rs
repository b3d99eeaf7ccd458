//! The pages of a sign-in.

use serde::Serialize;

use crate::{Form, LocalPath};

/// Another service that signs people in.
#[derive(Clone, Serialize)]
pub struct Provider {
    /// Its name in paths.
    pub name: String,
    /// What people call it.
    pub title: String,
}

/// `/sign-in`: address and password, and the ways without.
#[derive(Clone, Default, Serialize)]
pub struct SignIn {
    /// What was typed.
    pub form: Form,
    /// Where to go then.
    pub next: Option<LocalPath>,
    /// Other services to sign in with.
    pub providers: Vec<Provider>,
    /// Whether codes by mail are offered.
    pub code_by_mail: bool,
    /// Whether passkeys are.
    pub passkeys: bool,
    /// Whether visitors may make accounts.
    pub sign_up: bool,
    /// The passkey that the browser is to forget: JSON as `unknown_credential` answered it.
    pub unknown_credential: Option<String>,
}

/// `/sign-in/code`: asks for the address.
#[derive(Clone, Default, Serialize)]
pub struct AskCode {
    /// What was typed.
    pub form: Form,
    /// Where to go then.
    pub next: Option<LocalPath>,
}

/// `/sign-in/code`: asks for the code of the letter, or for a click where its link was opened.
#[derive(Clone, Serialize)]
pub struct EnterCode {
    pub(crate) form: Form,
    pub(crate) challenge: Option<String>,
    pub(crate) token: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) next: Option<LocalPath>,
}

impl EnterCode {
    /// Asks for the code. Without `challenge`, the server keeps it elsewhere.
    #[must_use]
    pub fn new(
        form: Form,
        challenge: Option<String>,
        email: Option<String>,
        next: Option<LocalPath>,
    ) -> Self {
        Self {
            form,
            challenge,
            token: None,
            email,
            next,
        }
    }

    /// Asks for a click: the token of the link stands in for the code.
    #[must_use]
    pub fn by_link(
        form: Form,
        challenge: Option<String>,
        token: String,
        next: Option<LocalPath>,
    ) -> Self {
        Self {
            form,
            challenge,
            token: Some(token),
            email: None,
            next,
        }
    }
}

/// A way to prove who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// The password.
    Password,
    /// An authenticator app.
    Totp,
    /// A passkey.
    Passkey,
    /// A recovery code.
    RecoveryCode,
}

/// `/sign-in/factor`: asks for a second factor.
#[derive(Clone, Serialize)]
pub struct SecondFactor {
    /// What was refused.
    pub form: Form,
    /// What the sign-in has proved so far; none, where the server keeps it elsewhere.
    pub challenge: Option<String>,
    /// What the account has.
    pub ways: Vec<Way>,
    /// How long the device could be trusted; none, if it cannot.
    pub remember_days: Option<u32>,
    /// Where to go then.
    pub next: Option<LocalPath>,
}

/// `/account/confirm`: asks anew who it is.
#[derive(Clone, Serialize)]
pub struct Confirm {
    /// What was refused.
    pub form: Form,
    /// What would do. Where that is nothing, the page asks to sign in anew.
    pub ways: Vec<Way>,
    /// Whose account it is, for password managers.
    pub email: String,
    /// Where to go then.
    pub next: Option<LocalPath>,
}

/// What an authenticator app needs.
#[derive(Clone, Serialize)]
pub struct App {
    secret: String,
    uri: Option<String>,
    qr_code: String,
    pending: String,
}

impl App {
    /// As `start-totp` answers it: the secret in base32, the `otpauth` URI, that as an SVG document, and
    /// the sealed secret. The SVG is shown as a picture, in which nothing runs.
    #[must_use]
    pub fn new(secret: String, uri: String, qr_code: String, pending: String) -> Self {
        let uri = uri.starts_with("otpauth://").then_some(uri);
        Self {
            secret,
            uri,
            qr_code,
            pending,
        }
    }
}

/// `/sign-in/set-up` and `/account/factors/totp`: sets up an authenticator app.
#[derive(Clone, Serialize)]
pub struct SetUp {
    pub(crate) form: Form,
    pub(crate) app: App,
    pub(crate) challenge: Option<String>,
    pub(crate) during_sign_in: bool,
    pub(crate) passkey: bool,
    pub(crate) next: Option<LocalPath>,
}

impl SetUp {
    /// During a sign-in that must have a second factor; with `passkey`, that may be a passkey as well.
    /// Without `challenge`, the server keeps it elsewhere.
    #[must_use]
    pub fn during_sign_in(
        form: Form,
        app: App,
        challenge: Option<String>,
        passkey: bool,
        next: Option<LocalPath>,
    ) -> Self {
        Self {
            form,
            app,
            challenge,
            during_sign_in: true,
            passkey,
            next,
        }
    }

    /// From the account page.
    #[must_use]
    pub fn in_account(form: Form, app: App) -> Self {
        Self {
            form,
            app,
            challenge: None,
            during_sign_in: false,
            passkey: false,
            next: None,
        }
    }
}

/// Recovery codes, shown this once.
#[derive(Clone, Serialize)]
pub struct RecoveryCodes {
    codes: Vec<String>,
    challenge: Option<String>,
    goes_on: bool,
    next: Option<LocalPath>,
}

impl RecoveryCodes {
    /// With a link to `next`, or to the account page.
    #[must_use]
    pub fn new(codes: Vec<String>, next: Option<LocalPath>) -> Self {
        Self {
            codes,
            challenge: None,
            goes_on: false,
            next,
        }
    }

    /// With a button that goes on with the sign-in, to `/sign-in/factor` without a factor. Without
    /// `challenge`, the server keeps it elsewhere.
    #[must_use]
    pub fn during_sign_in(
        codes: Vec<String>,
        challenge: Option<String>,
        next: Option<LocalPath>,
    ) -> Self {
        Self {
            codes,
            challenge,
            goes_on: true,
            next,
        }
    }
}

/// On the way to another service. A page of its own, because browsers keep a form from being led elsewhere
/// (`form-action`).
#[derive(Clone, Serialize)]
pub struct Leave {
    title: String,
    url: String,
    back: Option<LocalPath>,
}

impl Leave {
    /// To the service of this title, at an http(s) URL; none, if that is no such URL. Whoever changes their
    /// mind goes `back`, or to the sign-in.
    #[must_use]
    pub fn new(title: String, url: String, back: Option<LocalPath>) -> Option<Self> {
        let web = url.starts_with("https://") || url.starts_with("http://");
        let graphic = url.bytes().all(|byte| byte.is_ascii_graphic());
        (web && graphic).then_some(Self { title, url, back })
    }

    pub(crate) fn title(&self) -> &str {
        &self.title
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}
