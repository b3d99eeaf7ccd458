//! Second factors: authenticator apps, passkeys and recovery codes, as they are stored, shown and checked.
//!
//! Everything here is used by more than one area; who needs no second factor links none of it.

mod assertion;
mod ceremony;
mod owner;
mod passkey;
mod presented;
mod recovery;
mod recovery_codes;
mod relying_party;
mod stored;
mod totp;
mod totp_factor;

use latchkey::limit::Route;

pub use assertion::{Assertion, Checks, invalid_credential};
pub use ceremony::{Assertable, CEREMONY_LIFETIME, CeremonyChallenge, Creation};
pub use owner::{Owner, read_challenge};
pub use passkey::{MAX_PASSKEYS, Passkey, passkey_id};
pub use presented::{Presented, Typed};
pub use recovery::{RecoveryCode, new_recovery_codes};
pub use recovery_codes::RecoveryCodes;
pub use relying_party::{relying_party, relying_party_if_usable};
pub use stored::{Enrolment, FactorStore, NewFactor, NotEnrolled};
pub use totp::{Code, TotpSecret};
pub use totp_factor::{FactorId, TotpFactor};

/// Guesses of a second factor: one counter an account, whatever it is guessed at, and another than that of its password.
pub const ROUTE: Route = Route {
    name: "factor",
    default_limits: "account=10/15m",
};
