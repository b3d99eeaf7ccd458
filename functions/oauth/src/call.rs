//! What is asked of a provider once somebody comes back from it: whose code this is.

use std::fmt;

use form_urlencoded::byte_serialize;
use latchkey::clock::Timestamp;
use latchkey::json;
use latchkey::keys::{CachedSecrets, KeyError};
use outbound::{CallFailed, Endpoint};
use serde_json::{Map, Value};

use crate::directory::Endpoints;
use crate::flow::Flow;
use crate::id_token::{self, Expected};
use crate::{Directory, Identified, Preset, Provider, apple};

/// A provider did not answer, or not as it should: for the log.
#[derive(Debug)]
pub struct ProviderFailed(pub String);

impl fmt::Display for ProviderFailed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for ProviderFailed {}

impl From<&str> for ProviderFailed {
    fn from(cause: &str) -> Self {
        Self(cause.to_owned())
    }
}

impl From<String> for ProviderFailed {
    fn from(cause: String) -> Self {
        Self(cause)
    }
}

impl From<CallFailed> for ProviderFailed {
    fn from(failed: CallFailed) -> Self {
        Self(failed.to_string())
    }
}

impl From<id_token::Refused> for ProviderFailed {
    fn from(refused: id_token::Refused) -> Self {
        Self(refused.to_string())
    }
}

impl From<KeyError> for ProviderFailed {
    fn from(error: KeyError) -> Self {
        Self(format!("its secret cannot be read: {error}"))
    }
}

/// What a provider gives for a code.
struct Tokens {
    access_token: String,
    id_token: Option<String>,
}

/// Asks a provider whose code this is: two or three calls, each of three seconds at most.
///
/// # Errors
/// [`ProviderFailed`].
pub async fn identify(
    directory: &Directory,
    provider: &Provider,
    secrets: &CachedSecrets,
    endpoints: &Endpoints,
    flow: &Flow,
    code: &str,
    now: Timestamp,
) -> Result<Identified, ProviderFailed> {
    let secret = provider.secret(secrets, now).await?;
    let secret = match (&provider.apple, secret) {
        (Some(key), Some(private_key)) => {
            let made = apple::client_secret(key, &private_key, &provider.client_id, now);
            Some(made.ok_or("its private key signs nothing")?)
        }
        (_, secret) => secret,
    };
    let tokens = redeem(
        directory,
        provider,
        endpoints,
        secret.as_deref(),
        flow,
        code,
    )
    .await?;
    let Some(keys) = &endpoints.keys else {
        let userinfo = endpoints.userinfo.as_ref().ok_or("it tells nothing")?;
        let mut told = ask(directory, userinfo, &tokens.access_token).await?;
        if let Some(emails) = &endpoints.emails {
            add_email(directory, emails, &tokens.access_token, &mut told).await?;
        }
        let identified = Identified::read(provider, &endpoints.issuer, &told);
        return identified.ok_or_else(|| "it does not say who it is".into());
    };
    let token = tokens.id_token.ok_or("it gave no id token")?;
    let key_id = id_token::key_id(&token);
    let keys = directory.keys(keys, key_id.as_deref(), now).await?;
    let expected = Expected {
        issuer: &endpoints.issuer,
        client_ids: &[&provider.client_id],
        nonces: &[&flow.nonce],
        access_token: Some(&tokens.access_token),
        now,
    };
    let mut told = id_token::verify(&token, &keys, &expected)?;
    // Providers may leave it to the other endpoint (OpenID Connect Core 1.0 §5.4).
    let lacks_email = provider.fields.email.as_ref();
    let lacks_email = lacks_email.is_some_and(|name| !told.contains_key(name));
    if let Some(userinfo) = endpoints.userinfo.as_ref().filter(|_| lacks_email) {
        let more = ask(directory, userinfo, &tokens.access_token).await?;
        // Of somebody else it says nothing about this one (§5.3.2).
        if more.get("sub") != told.get("sub") {
            return Err("its userinfo is of somebody else".into());
        }
        for (name, value) in more {
            told.entry(name).or_insert(value);
        }
    }
    let issuer = told.get("iss").and_then(Value::as_str);
    let issuer = issuer.unwrap_or(&endpoints.issuer).to_owned();
    let identified = Identified::read(provider, &issuer, &told);
    identified.ok_or_else(|| "it does not say who it is".into())
}

/// Trades a code for tokens (RFC 6749 §4.1.3, RFC 7636 §4.5).
async fn redeem(
    directory: &Directory,
    provider: &Provider,
    endpoints: &Endpoints,
    secret: Option<&str>,
    flow: &Flow,
    code: &str,
) -> Result<Tokens, ProviderFailed> {
    let client_id = provider.client_id.as_str();
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", flow.callback.as_str()),
    ];
    if provider.preset.takes_pkce() {
        form.push(("code_verifier", flow.verifier.as_str()));
    }
    let in_body = endpoints.takes_secret_in_body || provider.preset == Preset::Apple;
    // Each part is encoded as in a form before it is joined (RFC 6749 §2.3.1).
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let basic = match secret {
        Some(secret) if !in_body => Some((encoded(client_id), encoded(secret))),
        Some(secret) => {
            form.extend([("client_id", client_id), ("client_secret", secret)]);
            None
        }
        None => {
            form.push(("client_id", client_id));
            None
        }
    };
    let basic = basic
        .as_ref()
        .map(|(user, password)| (&**user, &**password));
    let answer = directory
        .client()
        .post_form(&endpoints.token, basic, &form)
        .await?;
    let told = json::object(&answer.body).unwrap_or_default();
    let text = |name: &str| told.get(name).and_then(Value::as_str).map(str::to_owned);
    let access_token = text("access_token").filter(|_| answer.status == 200);
    let Some(access_token) = access_token else {
        // GitHub says so with 200.
        let error = text("error").unwrap_or_default();
        let error: String = error
            .chars()
            .filter(char::is_ascii_graphic)
            .take(60)
            .collect();
        return Err(format!("its token endpoint answered {} {error}", answer.status).into());
    };
    Ok(Tokens {
        access_token,
        id_token: text("id_token"),
    })
}

async fn ask(
    directory: &Directory,
    endpoint: &Endpoint,
    token: &str,
) -> Result<Map<String, Value>, ProviderFailed> {
    let answer = directory.client().get(endpoint, Some(token)).await?;
    match json::object(&answer.body) {
        Ok(told) if answer.status == 200 => Ok(told),
        _ => Err(format!("{endpoint} answered {}", answer.status).into()),
    }
}

/// The primary address of somebody at GitHub, and whether it is verified: their profile shows what they like.
async fn add_email(
    directory: &Directory,
    endpoint: &Endpoint,
    token: &str,
    told: &mut Map<String, Value>,
) -> Result<(), ProviderFailed> {
    let answer = directory.client().get(endpoint, Some(token)).await?;
    let emails: Vec<Value> = match serde_json::from_slice(&answer.body) {
        Ok(emails) if answer.status == 200 => emails,
        _ => return Err(format!("{endpoint} answered {}", answer.status).into()),
    };
    let primary = emails.iter().find(|email| email["primary"] == true);
    let email = |name: &str| primary.map_or(Value::Null, |email| email[name].clone());
    told.insert("email".to_owned(), email("email"));
    told.insert("email_verified".to_owned(), email("verified"));
    Ok(())
}
