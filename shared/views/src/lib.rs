//! The pages Latchkey shows in a browser: what they look like, and their words in every language.
//!
//! A page is a [`View`]: made of one of the structs here, and rendered in a [`Frame`]. Its template is
//! `templates/<page>.html`, in `templates/layout.html`, of the parts in `templates/parts.html`. The words
//! are in `words/<locale>.txt`, and nowhere else. Every value is written as text: none is ever read as a
//! template or as HTML.
//!
//! Forms work without a script; passkeys alone take one, `assets/passkeys.js`. Nothing stands in a page
//! that [`csp`] would not let: no style, no script, and nothing from elsewhere but the logo of the
//! [`Theme`].
//!
//! Links of letters carry their token in the fragment, which no server sees: whoever links here has to put
//! it elsewhere, or the pages would take a script.
//!
//! A page that answers a POST must not have `Referrer-Policy: no-referrer`, with which browsers send
//! `Origin: null`; the pages ask for `same-origin`.
//!
//! Nothing here reads a clock, a file or the network.

mod account;
mod application;
mod assets;
mod colour;
mod failure;
mod form;
mod frame;
mod letter;
mod notice;
mod path;
mod render;
mod samples;
mod sign_in;
mod theme;
mod view;
mod words;

pub use account::{
    Account, AccountApp, AccountApplication, AccountDevice, AccountIdentity, AccountPasskey,
    AccountSession, DeleteAccount, Part, Profile,
};
pub use application::{Consent, Return};
pub use assets::{ASSETS, Asset};
pub use colour::Colour;
pub use failure::{Failed, Failure};
pub use form::{Form, Typed};
pub use frame::Frame;
pub use letter::{
    CheckMail, ConfirmEmailChange, Forgot, Invitation, Resend, Reset, Sent, SignUp, VerifyEmail,
};
pub use letters::Locale;
pub use notice::Notice;
pub use path::{LocalPath, paths};
pub use render::RenderError;
pub use samples::{Sample, changed_samples, samples};
pub use sign_in::{
    App, AskCode, Confirm, EnterCode, Leave, Provider, RecoveryCodes, SecondFactor, SetUp, SignIn,
    Way,
};
pub use theme::{Theme, ThemeError, csp, theme_css, theme_path};
pub use view::{Goodbye, View};
