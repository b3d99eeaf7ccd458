//! Latchkey as a provider of OpenID Connect: the clients that ask it who somebody is, and what they are given.

pub mod authorization;
mod claims;
mod client;
mod client_input;
mod client_secret;
mod client_store;
mod client_token;
mod code;
mod consent;
mod credentials;
mod delete_client;
mod grant;
mod introspect_token;
mod list_clients;
mod list_grants;
mod oauth_error;
mod put_client;
mod redirect_uri;
pub mod request;
mod revoke_grant;
mod revoke_token;
mod standing;
mod token;
mod userinfo;
mod wire;

use client_input::ClientInput;
use credentials::Credentials;
use wire::ClientResponse;

pub use claims::hinted;
pub use client::{Client, ClientId, Scope};
pub use client_secret::{ClientSecret, ClientSecretId, StoredSecret};
pub use client_store::ClientStore;
pub use code::{AuthorizationCode, ClientRefreshToken};
pub use consent::{Consent, ConsentId};
pub use delete_client::DeleteClient;
pub use grant::{Grant, GrantEnd, GrantId, GrantRotation};
pub use introspect_token::IntrospectToken;
pub use list_clients::ListClients;
pub use list_grants::ListGrants;
pub use put_client::PutClient;
pub use redirect_uri::RedirectUri;
pub use revoke_grant::RevokeGrant;
pub use revoke_token::RevokeToken;
pub use token::Token;
pub use userinfo::Userinfo;
