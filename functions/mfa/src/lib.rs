//! What the functions of the area are made of.

mod enrolled;
mod passkeys;
mod pending;

pub use enrolled::{first_codes, go_on, may_remove, refused};
pub use passkeys::{PasskeyResponse, StartedCeremony};
pub use pending::{PENDING, Pending, unusable};
