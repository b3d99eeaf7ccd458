//! Signing in with other providers: which there are, how they are asked, and whose account an identity opens.

pub mod account;
mod apple;
pub mod call;
pub mod code;
mod digest;
mod directory;
mod entrance;
pub mod flow;
mod id_token;
mod identified;
pub mod native;
mod preset;
mod provider;
mod provider_input;
mod provider_store;
mod wire;

use latchkey::limit::Route;

pub use directory::Directory;
pub use entrance::{Arrival, Entrance};
pub use identified::Identified;
pub use preset::Preset;
pub use provider::{EmailTrust, Provider};
pub use provider_input::ProviderInput;
pub use provider_store::ProviderStore;
pub use wire::{IdentityResponse, ProviderResponse, PublicProvider, callback_url};

/// Sign-ins with other providers, by the network they come from: each makes calls of ours, or an account.
pub const ROUTE: Route = Route {
    name: "oauth",
    default_limits: "address=100/5m",
};
