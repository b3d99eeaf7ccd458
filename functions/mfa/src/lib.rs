//! What the functions of the area are made of.

mod codes;
mod enrolled;
mod passkeys;
mod pending;

pub use codes::{
    CODE_CHALLENGE, CodeChallenge, GUESS_ROUTE, PASSKEY_REGISTRATION, PasskeyRegistration, guess,
    read_proof, try_once,
};
pub use enrolled::{first_codes, go_on, may_remove, new_codes, refused};
pub use passkeys::{PasskeyResponse, StartedCeremony};
pub use pending::{PENDING, Pending, unusable};
