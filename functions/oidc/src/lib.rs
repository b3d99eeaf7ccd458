//! Latchkey as a provider of OpenID Connect: the clients that ask it who somebody is.

mod client;
mod client_secret;
mod client_store;
mod redirect_uri;

pub use client::{Client, ClientId, Scope};
pub use client_secret::{ClientSecret, ClientSecretId, StoredSecret};
pub use client_store::ClientStore;
pub use redirect_uri::RedirectUri;
