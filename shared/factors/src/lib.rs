//! Second factors: authenticator apps and recovery codes, as they are stored, shown and checked.
//!
//! Everything here is used by more than one area; who needs no second factor links none of it.

mod owner;
mod presented;
mod recovery;
mod stored;
mod totp;

use latchkey::limit::Route;

pub use owner::Owner;
pub use presented::Presented;
pub use recovery::{RecoveryCode, new_recovery_codes};
pub use stored::{Enrolment, FactorId, FactorStore, NotEnrolled, RecoveryCodes, TotpFactor};
pub use totp::{Code, TotpSecret};

/// Guesses of a second factor: one counter an account, whatever it is guessed at, and another than that of its password.
pub const ROUTE: Route = Route {
    name: "factor",
    default_limits: "account=10/15m",
};
