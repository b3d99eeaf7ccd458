//! Latchkey as a provider of OpenID Connect: the clients that ask it who somebody is.

mod client;
mod client_input;
mod client_secret;
mod client_store;
mod delete_client;
mod list_clients;
mod put_client;
mod redirect_uri;
mod wire;

use client_input::ClientInput;
use wire::ClientResponse;

pub use client::{Client, ClientId, Scope};
pub use client_secret::{ClientSecret, ClientSecretId, StoredSecret};
pub use client_store::ClientStore;
pub use delete_client::DeleteClient;
pub use list_clients::ListClients;
pub use put_client::PutClient;
pub use redirect_uri::RedirectUri;
