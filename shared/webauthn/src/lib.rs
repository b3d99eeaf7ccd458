//! The server's side of passkeys: a relying party after W3C Web Authentication Level 3.
//!
//! A ceremony has two halves. [`creation_options`] and [`request_options`] say what a browser or an app is asked for;
//! [`register`] and [`authenticate`] check what it sends back, step by step as §7.1 and §7.2 have it. Between them the
//! caller keeps the challenge, and afterwards the [`Registered`] credential.
//!
//! Attestation is `none`: which make an authenticator says it is proves nothing here, so attestation statements are
//! not looked at. Signatures are ES256, `EdDSA` with Ed25519, and RS256.
//!
//! Nothing here reads a clock, a file, a table or the network. Challenges come from the caller, who also sees to it
//! that each is used once and not for long.
//!
//! ```
//! use webauthn::{NewCredential, RelyingParty, UserVerification, creation_options};
//!
//! let relying_party = RelyingParty::new("example.org", ["https://example.org"])?;
//! let options = creation_options(
//!     &relying_party,
//!     &NewCredential {
//!         application: "Example",
//!         user_handle: [7; 16],
//!         name: "ada@example.org",
//!         display_name: "Ada",
//!         challenge: &[0; 32],
//!         exclude: &[],
//!         user_verification: UserVerification::Required,
//!         timeout: std::time::Duration::from_mins(5),
//!     },
//! );
//! assert_eq!(serde_json::to_value(&options)?["rp"]["id"], "example.org");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod aaguid;
mod authentication;
mod authenticator_data;
mod cbor;
mod client_data;
mod cose;
mod der;
mod member;
mod options;
mod public_key;
mod refused;
mod registration;
mod relying_party;

pub use authentication::{Authenticated, AuthenticationResponse, StoredCredential, authenticate};
pub use options::{
    CreationOptions, CredentialDescriptor, NewCredential, RequestOptions, UserVerification,
    creation_options, request_options,
};
pub use public_key::{Algorithm, PublicKey, UnreadablePublicKey};
pub use refused::Refused;
pub use registration::{Registered, RegistrationResponse, register};
pub use relying_party::{InvalidRelyingParty, RelyingParty};

/// The longest credential id there is, in bytes (Web Authentication §4, credential ID).
pub const MAX_CREDENTIAL_ID: usize = 1023;

/// A shorter challenge could be guessed (Web Authentication §13.4.3): nothing is accepted for one, in bytes.
pub const MIN_CHALLENGE: usize = 16;
