//! Latchkey as a provider of OpenID Connect: the clients that ask it who somebody is, and what they are given.

pub mod authorization;
mod claims;
mod client;
mod client_secret;
mod client_store;
mod code;
mod consent;
mod credentials;
mod grant;
mod oauth_error;
mod redirect_uri;
pub mod request;
mod token;
mod userinfo;

use credentials::Credentials;

pub use client::{Client, ClientId, Scope};
pub use client_secret::{ClientSecret, ClientSecretId, StoredSecret};
pub use client_store::ClientStore;
pub use code::{AuthorizationCode, ClientRefreshToken};
pub use consent::{Consent, ConsentId};
pub use grant::{Grant, GrantEnd, GrantId, GrantRotation};
pub use redirect_uri::RedirectUri;
pub use token::Token;
pub use userinfo::Userinfo;
