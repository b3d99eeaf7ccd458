//! A provider as an operator describes it.

use latchkey::email::Email;
use latchkey::field::FieldError;
use latchkey::http::Fields;
use latchkey::identity::ProviderName;
use latchkey::name::Name;
use latchkey::store::Change;
use latchkey::user::UserId;
use outbound::Client;

use crate::provider::{AppleKey, FieldMap};
use crate::{EmailTrust, Preset, Provider};

/// Longest text of a setting, in bytes.
const MAX_BYTES: usize = 2048;
/// Most applications that get ID tokens themselves.
const MAX_NATIVE_CLIENTS: usize = 10;
/// Most domains.
const MAX_DOMAINS: usize = 100;

/// What the body of a request says of a provider.
pub struct ProviderInput {
    preset: Preset,
    title: Option<Name>,
    client_id: String,
    native_client_ids: Vec<String>,
    /// What shows who we are; missing, it stays as it is.
    pub secret: Option<String>,
    apple: Option<AppleKey>,
    issuer: Option<String>,
    endpoints: Option<[String; 3]>,
    scope: Option<String>,
    fields: Option<FieldMap>,
    domains: Vec<String>,
    verified_only: bool,
    email_trust: Option<EmailTrust>,
}

impl ProviderInput {
    /// Takes it out of a body.
    pub fn take(fields: &mut Fields, client: &Client) -> Option<Self> {
        let url = |url: &str| {
            let checked = client.endpoint(url);
            checked
                .map(|_| url.to_owned())
                .map_err(|reason| FieldError::new("invalid_value", reason))
        };
        let preset = fields.required("preset", Preset::parse);
        let title = fields.optional("title", Name::parse);
        let client_id = fields.required("clientId", printable);
        let native = fields.texts("nativeClientIds", MAX_NATIVE_CLIENTS, printable);
        let client_secret = fields.optional("clientSecret", printable);
        let private_key = fields.optional("privateKey", crate::apple::check_key);
        let team_id = fields.optional("teamId", printable);
        let key_id = fields.optional("keyId", printable);
        let issuer = fields.optional("issuer", url);
        let authorize = fields.optional("authorizationEndpoint", url);
        let token = fields.optional("tokenEndpoint", url);
        let userinfo = fields.optional("userinfoEndpoint", url);
        let scope = fields.optional("scope", printable);
        let map = fields.nested("fields", take_map);
        let domains = fields.texts("domains", MAX_DOMAINS, domain);
        let verified_only = fields.flag("verifiedOnly");
        let email_trust = fields.optional("emailTrust", EmailTrust::parse);

        let preset = preset?;
        let (team_id, key_id) = (team_id?, key_id?);
        let (authorize, token, userinfo) = (authorize?, token?, userinfo?);
        let issuer = issuer?;
        let takes_issuer = matches!(preset, Preset::Oidc | Preset::Gitlab | Preset::Microsoft);
        let takes_endpoints = preset == Preset::Oauth2;
        let is_apple = preset == Preset::Apple;
        let native_client_ids = native?;
        let private_key = private_key?;
        let given = [
            (
                "issuer",
                issuer.is_some(),
                preset == Preset::Oidc,
                takes_issuer,
            ),
            (
                "authorizationEndpoint",
                authorize.is_some(),
                takes_endpoints,
                takes_endpoints,
            ),
            (
                "tokenEndpoint",
                token.is_some(),
                takes_endpoints,
                takes_endpoints,
            ),
            (
                "userinfoEndpoint",
                userinfo.is_some(),
                takes_endpoints,
                takes_endpoints,
            ),
            (
                "nativeClientIds",
                !native_client_ids.is_empty(),
                false,
                preset.gives_id_tokens(),
            ),
            ("teamId", team_id.is_some(), is_apple, is_apple),
            ("keyId", key_id.is_some(), is_apple, is_apple),
            ("privateKey", private_key.is_some(), false, is_apple),
            (
                "clientSecret",
                client_secret.as_ref()?.is_some(),
                false,
                !is_apple,
            ),
        ];
        if !all_in_place(fields, preset, &given) {
            return None;
        }
        Some(Self {
            preset,
            title: title?,
            client_id: client_id?,
            native_client_ids,
            secret: client_secret?.or(private_key),
            apple: team_id
                .zip(key_id)
                .map(|(team_id, key_id)| AppleKey { team_id, key_id }),
            // Discovery puts a path behind it (OpenID Connect Discovery 1.0 §4).
            issuer,
            endpoints: authorize
                .zip(token)
                .zip(userinfo)
                .map(|((authorize, token), userinfo)| [authorize, token, userinfo]),
            scope: scope?,
            fields: map?,
            domains: domains?,
            verified_only: verified_only?,
            email_trust: email_trust?,
        })
    }

    /// The provider that it describes, in place of `read`.
    ///
    /// # Panics
    /// When a preset has a title that is none.
    #[must_use]
    pub fn provider(
        self,
        name: ProviderName,
        sealed_secret: Option<String>,
        read: Option<&Provider>,
        by: UserId,
        change: &Change,
    ) -> Provider {
        let preset = self.preset;
        let title = self.title.or_else(|| Name::parse(preset.title()).ok());
        // A secret is for who it was given to, and goes nowhere else.
        let kept = read.filter(|read| {
            read.client_id == self.client_id
                && read.preset == preset
                && read.issuer == self.issuer
                && read.endpoints == self.endpoints
        });
        let (sealed_secret, secret_set_at) = match (sealed_secret, kept) {
            (Some(sealed), _) => (Some(sealed), Some(change.at)),
            (None, Some(kept)) => (kept.sealed_secret.clone(), kept.secret_set_at),
            (None, None) => (None, None),
        };
        Provider {
            name,
            preset,
            title: title.expect("a preset has a title"),
            client_id: self.client_id,
            native_client_ids: self.native_client_ids,
            sealed_secret,
            secret_set_at,
            apple: self.apple,
            issuer: self.issuer,
            endpoints: self.endpoints,
            scope: self.scope.unwrap_or_else(|| preset.scope().to_owned()),
            fields: self.fields.unwrap_or_else(|| preset.fields()),
            domains: self.domains,
            verified_only: self.verified_only,
            email_trust: self.email_trust.unwrap_or(preset.email_trust()),
            user_id: by,
            created_at: read.map_or(change.at, |read| read.created_at),
            updated_at: change.at,
            removed_at: None,
            version: read.map_or(1, |read| read.version + 1),
        }
    }
}

fn take_map(fields: &mut Fields) -> Option<FieldMap> {
    let subject = fields.required("subject", printable);
    let mut optional = |name| fields.optional(name, printable);
    let email = optional("email");
    let email_verified = optional("emailVerified");
    let first_name = optional("firstName");
    let last_name = optional("lastName");
    let locale = optional("locale");
    Some(FieldMap {
        subject: subject?,
        email: email?,
        email_verified: email_verified?,
        first_name: first_name?,
        last_name: last_name?,
        locale: locale?,
    })
}

/// 1 to 2048 printable ASCII characters.
fn printable(input: &str) -> Result<String, FieldError> {
    let is_printable = |byte: u8| (0x20..0x7f).contains(&byte);
    if input.is_empty() || input.len() > MAX_BYTES || !input.bytes().all(is_printable) {
        let message = "This has 1 to 2048 printable ASCII characters.";
        return Err(FieldError::new("invalid_format", message));
    }
    Ok(input.to_owned())
}

/// The domain of an address.
fn domain(input: &str) -> Result<String, FieldError> {
    match Email::parse(&format!("a@{input}")) {
        Ok(email) => Ok(email.domain().to_owned()),
        Err(_) => Err(FieldError::new("invalid_format", "This is not a domain.")),
    }
}

/// Whether a preset has all settings that it must have, and none that it takes no notice of. Each is named, and said
/// to be there, to be needed and to be taken.
fn all_in_place(
    fields: &mut Fields,
    preset: Preset,
    given: &[(&'static str, bool, bool, bool)],
) -> bool {
    let mut is_whole = true;
    for &(name, is_there, must_be, may_be) in given {
        let (code, message) = match (is_there, must_be, may_be) {
            (true, _, false) => ("unknown", "takes no such setting"),
            (false, true, _) => ("required", "needs this"),
            _ => continue,
        };
        let message = format!("{} {message}.", preset.title());
        fields.reject(name, FieldError::new(code, message));
        is_whole = false;
    }
    is_whole
}
