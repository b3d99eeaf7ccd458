//! The relying party against the specification's vectors, a software authenticator and forged responses.

mod attested;
mod authenticator;
mod client_data;
mod json;
mod relying_party;
mod steps;
mod vectors;
