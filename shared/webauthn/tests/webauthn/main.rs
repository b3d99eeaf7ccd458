//! The relying party against the specification's vectors, a browser and forged responses.

mod attested;
mod authenticator;
mod chromium;
mod client_data;
mod json;
mod mutations;
mod relying_party;
mod steps;
mod vectors;
