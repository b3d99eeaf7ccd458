//! Providers and identities on the wire. What is not named here never leaves.

use latchkey::clock::Timestamp;
use latchkey::store::Identity;
use serde::Serialize;

use crate::provider::FieldMap;
use crate::{EmailTrust, Preset, Provider};

/// A provider as those who administer it see it. Its secret is never shown again.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProviderResponse<'a> {
    name: &'a str,
    preset: Preset,
    title: &'a str,
    client_id: &'a str,
    native_client_ids: &'a [String],
    has_secret: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    team_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization_endpoint: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_endpoint: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    userinfo_endpoint: Option<&'a str>,
    scope: &'a str,
    fields: &'a FieldMap,
    domains: &'a [String],
    verified_only: bool,
    email_trust: EmailTrust,
    /// What it must be told: where it sends browsers back to.
    callback_url: String,
    created_at: String,
    updated_at: String,
    version: u64,
}

impl<'a> ProviderResponse<'a> {
    /// Of a provider; `base_url` is where the API is.
    #[must_use]
    pub fn new(provider: &'a Provider, base_url: &str) -> Self {
        let endpoints = provider.endpoints();
        let endpoint = |at: usize| endpoints.map(|endpoints| endpoints[at + 1]);
        let apple = provider.apple.as_ref();
        Self {
            name: provider.name.as_str(),
            preset: provider.preset,
            title: provider.title.as_str(),
            client_id: &provider.client_id,
            native_client_ids: &provider.native_client_ids,
            has_secret: provider.sealed_secret.is_some(),
            team_id: apple.map(|key| key.team_id.as_str()),
            key_id: apple.map(|key| key.key_id.as_str()),
            issuer: provider.issuer(),
            authorization_endpoint: endpoint(0),
            token_endpoint: endpoint(1),
            userinfo_endpoint: endpoint(2),
            scope: &provider.scope,
            fields: &provider.fields,
            domains: &provider.domains,
            verified_only: provider.verified_only,
            email_trust: provider.email_trust,
            callback_url: callback_url(base_url, provider),
            created_at: provider.created_at.to_string(),
            updated_at: provider.updated_at.to_string(),
            version: provider.version,
        }
    }
}

/// Where a provider sends browsers back to.
#[must_use]
pub fn callback_url(base_url: &str, provider: &Provider) -> String {
    format!("{base_url}/v1/auth/oauth/{}/callback", provider.name)
}

/// A provider as a sign-in page shows it.
#[derive(Serialize)]
pub struct PublicProvider<'a> {
    name: &'a str,
    preset: Preset,
    title: &'a str,
}

impl<'a> From<&'a Provider> for PublicProvider<'a> {
    fn from(provider: &'a Provider) -> Self {
        Self {
            name: provider.name.as_str(),
            preset: provider.preset,
            title: provider.title.as_str(),
        }
    }
}

/// An identity as its owner sees it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IdentityResponse<'a> {
    id: String,
    provider: &'a str,
    issuer: &'a str,
    subject: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    linked_at: String,
}

impl<'a> From<&'a Identity> for IdentityResponse<'a> {
    fn from(identity: &'a Identity) -> Self {
        Self {
            id: identity.id().to_string(),
            provider: identity.provider.as_str(),
            issuer: &identity.issuer,
            subject: &identity.subject,
            email: identity.email.as_ref().map(latchkey::email::Email::as_str),
            linked_at: Timestamp::to_string(&identity.linked_at),
        }
    }
}
