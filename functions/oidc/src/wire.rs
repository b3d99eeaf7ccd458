//! Clients on the wire. What is not named here never leaves.

use serde::Serialize;

use crate::{Client, ClientSecret, RedirectUri, Scope, StoredSecret};

/// A client as those who administer it see it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientResponse<'a> {
    client_id: &'a str,
    /// There once, when it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
    name: &'a str,
    redirect_uris: &'a [RedirectUri],
    post_logout_redirect_uris: &'a [RedirectUri],
    confidential: bool,
    first_party: bool,
    scopes: &'a [Scope],
    #[serde(skip_serializing_if = "Option::is_none")]
    audience: Option<&'a str>,
    secrets: Vec<SecretResponse>,
    created_at: String,
    updated_at: String,
    version: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SecretResponse {
    id: String,
    created_at: String,
}

impl<'a> ClientResponse<'a> {
    /// Of a client, with the secret that was just made for it.
    #[must_use]
    pub fn new(client: &'a Client, made: Option<&ClientSecret>) -> Self {
        Self {
            client_id: client.id.as_str(),
            client_secret: made.map(ClientSecret::reveal),
            name: client.name.as_str(),
            redirect_uris: &client.redirect_uris,
            post_logout_redirect_uris: &client.post_logout_redirect_uris,
            confidential: client.confidential,
            first_party: client.first_party,
            scopes: &client.scopes,
            audience: client.audience.as_deref(),
            secrets: client.secrets.iter().map(SecretResponse::from).collect(),
            created_at: client.created_at.to_string(),
            updated_at: client.updated_at.to_string(),
            version: client.version,
        }
    }
}

impl From<&StoredSecret> for SecretResponse {
    fn from(secret: &StoredSecret) -> Self {
        Self {
            id: secret.id.to_string(),
            created_at: secret.created_at.to_string(),
        }
    }
}
