//! What the tests of every area share: the real binaries, the embedded engine with the template's table,
//! every call between the two observed, every answer checked against `openapi.yaml`.

mod accounts;
mod answer;
mod browser;
mod budget;
mod bundle;
mod codes;
mod contract;
mod events;
pub mod oauth;
mod oidc;
mod recorder;
pub mod requests;
pub mod scenes;
mod sources;
mod table;
mod track;

pub use accounts::Enrolled;
pub use answer::Answer;
pub use browser::Browser;
pub use bundle::{Account, Bundle, MAIL_SECRET, PASSWORD};
pub use codes::{Passwordless, recovery_codes};
pub use contract::{Contract, Operation};
pub use events::Failed;
pub use local::authenticator::Authenticator;
pub use local::event::HttpRequest;
pub use local::function::{Function, FunctionError, Outcome};
pub use local::passkey::{ORIGIN, Passkey};
pub use local::services::{Fault as ServiceFault, Letter, Operation as ServiceOperation, Services};
pub use local::template::{FunctionBlock, Grant, Template};
pub use recorder::{Call, Cost, Fault, Interleaving, Recorder, Site, Touch};
pub use reqwest::Url;
pub use sources::{mirrored, sources};
pub use track::{SEEDS, Track};
