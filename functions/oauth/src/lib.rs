//! Signing in with other providers: which there are, how they are asked, and whose account an identity opens.

mod account;
mod apple;
mod call;
mod code;
mod delete_provider;
mod directory;
mod entrance;
mod exchange_oauth;
mod finish_oauth;
mod flow;
mod id_token;
mod id_token_sign_in;
mod identified;
mod link_identity;
mod list_identities;
mod list_providers;
mod list_sign_in_providers;
mod native;
mod preset;
mod provider;
mod provider_input;
mod provider_store;
mod put_provider;
mod start_oauth;
mod unlink_identity;
mod wire;

use latchkey::limit::Route;

use directory::Directory;
use entrance::{Arrival, Entrance};
use identified::Identified;
use preset::Preset;
use provider::{EmailTrust, Provider};
use provider_input::ProviderInput;
use provider_store::ProviderStore;
use wire::{IdentityResponse, ProviderResponse, PublicProvider, callback_url};

pub use delete_provider::DeleteProvider;
pub use exchange_oauth::ExchangeOauth;
pub use finish_oauth::FinishOauth;
pub use id_token_sign_in::IdTokenSignIn;
pub use link_identity::LinkIdentity;
pub use list_identities::ListIdentities;
pub use list_providers::ListProviders;
pub use list_sign_in_providers::ListSignInProviders;
pub use put_provider::PutProvider;
pub use start_oauth::StartOauth;
pub use unlink_identity::UnlinkIdentity;

/// Sign-ins with other providers, by the network they come from: each makes calls of ours, or an account.
const ROUTE: Route = Route {
    name: "oauth",
    default_limits: "address=100/5m",
};
