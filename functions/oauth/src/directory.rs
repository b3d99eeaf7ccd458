//! Where providers are and what they sign with: found by their issuers, and kept for ten minutes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use latchkey::clock::Timestamp;
use latchkey::json;
use outbound::{Client, Endpoint};
use serde_json::{Map, Value};

use crate::call::ProviderFailed;
use crate::id_token::KeySet;
use crate::preset::GITHUB_EMAILS;
use crate::{Preset, Provider};

/// How long what was loaded is used: how long a key that was withdrawn can still be trusted.
const MAX_AGE: Duration = Duration::from_mins(10);
/// A token that names an unknown key makes the keys reload, this often at most.
const MIN_RELOAD_INTERVAL: Duration = Duration::from_secs(30);

/// Where a provider is.
#[derive(Clone, Debug)]
pub struct Endpoints {
    /// What names it in identities.
    pub issuer: String,
    /// Where it is asked.
    pub authorization: Endpoint,
    /// Where it gives tokens.
    pub token: Endpoint,
    /// Where it tells whose they are.
    pub userinfo: Option<Endpoint>,
    /// Where it tells their addresses, apart from that.
    pub emails: Option<Endpoint>,
    /// Where its keys are; only one of OpenID Connect has any.
    pub keys: Option<Endpoint>,
    /// Whether its answers name it (RFC 9207 §3).
    pub names_itself: bool,
    /// Whether it takes a client's secret in the body alone (RFC 6749 §2.3.1).
    pub takes_secret_in_body: bool,
}

/// What was loaded, by its URL, and when.
type Loaded<T> = Mutex<HashMap<String, (Timestamp, Arc<T>)>>;

/// Knows where providers are.
pub struct Directory {
    client: Client,
    metadata: Loaded<Map<String, Value>>,
    keys: Loaded<KeySet>,
}

impl Directory {
    /// One that asks with this client, and has asked nobody yet.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self {
            client,
            metadata: Mutex::default(),
            keys: Mutex::default(),
        }
    }

    /// What it asks with.
    #[must_use]
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// Where a provider is. One call of OpenID Connect Discovery, unless that is known.
    ///
    /// # Errors
    /// [`ProviderFailed`].
    pub async fn endpoints(
        &self,
        provider: &Provider,
        now: Timestamp,
    ) -> Result<Endpoints, ProviderFailed> {
        if let Some([issuer, authorize, token, userinfo]) = provider.endpoints() {
            let emails = (provider.preset == Preset::Github).then_some(GITHUB_EMAILS);
            return Ok(Endpoints {
                issuer: issuer.to_owned(),
                authorization: self.endpoint(authorize)?,
                token: self.endpoint(token)?,
                userinfo: Some(self.endpoint(userinfo)?),
                emails: emails.map(|url| self.endpoint(url)).transpose()?,
                keys: None,
                names_itself: false,
                takes_secret_in_body: true,
            });
        }
        let issuer = provider.issuer().ok_or("it has no issuer")?;
        let url = format!(
            "{}/.well-known/openid-configuration",
            issuer.trim_end_matches('/')
        );
        let metadata = match fresh(&self.metadata, &url, now, MAX_AGE) {
            Some(metadata) => metadata,
            None => Arc::new(self.load(&url).await?),
        };
        let text = |name: &str| metadata.get(name).and_then(Value::as_str);
        let found = text("issuer").ok_or("its metadata names no issuer")?;
        // Another's metadata would send the code to them (OpenID Connect Discovery 1.0 §4.3). Where Microsoft takes every
        // tenant, it is the pattern of theirs.
        let is_pattern = provider.preset == Preset::Microsoft && provider.issuer.is_none();
        if found != issuer && !(is_pattern && found.contains("{tenantid}")) {
            return Err("its metadata is of another issuer".into());
        }
        let endpoint = |name: &str| {
            let url = text(name).ok_or_else(|| format!("its metadata has no {name}"))?;
            self.endpoint(url)
        };
        let methods = metadata.get("token_endpoint_auth_methods_supported");
        let methods = methods.and_then(Value::as_array);
        let takes_basic = methods
            .is_none_or(|methods| methods.iter().any(|method| method == "client_secret_basic"));
        let names_itself = metadata.get("authorization_response_iss_parameter_supported");
        let endpoints = Endpoints {
            issuer: found.to_owned(),
            authorization: endpoint("authorization_endpoint")?,
            token: endpoint("token_endpoint")?,
            userinfo: text("userinfo_endpoint")
                .map(|url| self.endpoint(url))
                .transpose()?,
            emails: None,
            keys: Some(endpoint("jwks_uri")?),
            names_itself: names_itself == Some(&Value::Bool(true)),
            takes_secret_in_body: !takes_basic,
        };
        // What is of no use is asked for again.
        if fresh(&self.metadata, &url, now, MAX_AGE).is_none() {
            keep(&self.metadata, &url, now, metadata);
        }
        Ok(endpoints)
    }

    /// The keys of a provider, for a token that names one of them, if it does. They are asked for again where it names none
    /// that is known.
    ///
    /// # Errors
    /// [`ProviderFailed`].
    pub(crate) async fn keys(
        &self,
        endpoint: &Endpoint,
        key_id: Option<&str>,
        now: Timestamp,
    ) -> Result<Arc<KeySet>, ProviderFailed> {
        let url = endpoint.to_string();
        if let Some(keys) = fresh(&self.keys, &url, now, MAX_AGE) {
            let is_known = key_id.is_none_or(|id| keys.has(id));
            if is_known || fresh(&self.keys, &url, now, MIN_RELOAD_INTERVAL).is_some() {
                return Ok(keys);
            }
        }
        let keys = Arc::new(KeySet::parse(&self.load(&url).await?));
        keep(&self.keys, &url, now, Arc::clone(&keys));
        Ok(keys)
    }

    fn endpoint(&self, url: &str) -> Result<Endpoint, ProviderFailed> {
        let endpoint = self.client.endpoint(url);
        endpoint.map_err(|reason| ProviderFailed(format!("{url}: {reason}")))
    }

    async fn load(&self, url: &str) -> Result<Map<String, Value>, ProviderFailed> {
        let answer = self.client.get(&self.endpoint(url)?, None).await?;
        if answer.status != 200 {
            return Err(format!("{url} answered {}", answer.status).into());
        }
        let object = json::object(&answer.body);
        object.map_err(|error| ProviderFailed(format!("{url}: {error}")))
    }
}

fn fresh<T>(loaded: &Loaded<T>, url: &str, now: Timestamp, max_age: Duration) -> Option<Arc<T>> {
    let loaded = loaded.lock().unwrap_or_else(PoisonError::into_inner);
    let (at, value) = loaded.get(url)?;
    (*at <= now && now.since(*at) < max_age).then(|| Arc::clone(value))
}

fn keep<T>(loaded: &Loaded<T>, url: &str, now: Timestamp, value: Arc<T>) {
    let mut loaded = loaded.lock().unwrap_or_else(PoisonError::into_inner);
    loaded.insert(url.to_owned(), (now, value));
}
