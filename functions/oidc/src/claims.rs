//! The tokens that clients get, and what they say (RFC 9068, OpenID Connect Core 1.0 §2, §5.1).

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use latchkey::clock::Timestamp;
use latchkey::keys::{KeyError, Mint};
use latchkey::locale::Locale;
use latchkey::name::Name;
use latchkey::session::SessionId;
use latchkey::token::TokenError;
use latchkey::token::access::MAX_LIFETIME;
use latchkey::token::jwt::{self, Kind};
use latchkey::token::key_ring::PublicKey;
use latchkey::user::{User, UserId};
use latchkey::uuid::Uuid;
use serde::{Deserialize, Serialize};

use crate::standing::Names;
use crate::{Client, ClientId, Grant, GrantId, Scope};

/// Media type of access tokens (RFC 9068 §2.1). Those of sessions have it, too: they differ by `aud`, and by the
/// claims.
const ACCESS: &str = "at+jwt";
/// Of ID tokens.
const ID: &str = "JWT";

/// The claims of a client's access token, all of which introspection tells. Times are whole seconds since the epoch.
#[derive(Debug, Serialize, Deserialize)]
pub struct AccessClaims {
    iss: String,
    /// The client's API, and userinfo.
    pub(crate) aud: Vec<String>,
    /// Id of the user.
    sub: String,
    client_id: String,
    pub(crate) scope: String,
    iat: u64,
    exp: u64,
    jti: String,
    /// Id of the session.
    sid: String,
    /// Id of the grant.
    grant_id: String,
    auth_time: u64,
    amr: Vec<String>,
    acr: String,
}

/// Who an authentic access token of a client speaks for, before the table was asked whether it still counts.
#[derive(Debug)]
pub struct ClientSubject {
    /// The user.
    pub user_id: UserId,
    /// The session.
    pub session_id: SessionId,
    /// The client.
    pub client_id: ClientId,
    /// The grant.
    pub grant_id: GrantId,
    /// What it is for.
    pub scopes: Vec<Scope>,
    /// All that it says.
    pub claims: AccessClaims,
}

impl ClientSubject {
    /// Whose the token is.
    #[must_use]
    pub const fn names(&self) -> Names<'_> {
        Names {
            user: &self.user_id,
            session: &self.session_id,
            client: &self.client_id,
            grant: &self.grant_id,
        }
    }
}

/// The claims of an ID token.
#[derive(Serialize)]
struct IdClaims<'a> {
    iss: &'a str,
    sub: String,
    aud: &'a str,
    exp: u64,
    iat: u64,
    auth_time: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    at_hash: String,
    sid: String,
    amr: Vec<&'static str>,
    acr: &'static str,
    #[serde(flatten)]
    profile: ProfileClaims<'a>,
}

/// What the scopes `profile` and `email` tell of a user (OpenID Connect Core 1.0 §5.4).
#[derive(Serialize)]
pub struct ProfileClaims<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    given_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    family_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<Locale>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_verified: Option<bool>,
}

/// Whether a scope is among these.
#[must_use]
pub fn has(scopes: &[Scope], name: &str) -> bool {
    scopes.iter().any(|scope| scope.as_str() == name)
}

/// Scopes as the protocol writes them (RFC 6749 §3.3).
#[must_use]
pub fn joined(scopes: &[Scope]) -> String {
    let names: Vec<&str> = scopes.iter().map(Scope::as_str).collect();
    names.join(" ")
}

/// What every access token of a client is for.
#[must_use]
pub fn userinfo_url(issuer: &str) -> String {
    format!("{issuer}/oauth2/userinfo")
}

impl<'a> ProfileClaims<'a> {
    /// Of a user, as far as these scopes tell it.
    #[must_use]
    pub fn of(user: &'a User, scopes: &[Scope]) -> Self {
        let (profile, email) = (has(scopes, "profile"), has(scopes, "email"));
        let given_name = user.first_name.as_ref().map(Name::as_str);
        let family_name = user.last_name.as_ref().map(Name::as_str);
        let names: Vec<&str> = given_name.into_iter().chain(family_name).collect();
        Self {
            name: (profile && !names.is_empty()).then(|| names.join(" ")),
            given_name: given_name.filter(|_| profile),
            family_name: family_name.filter(|_| profile),
            locale: profile.then_some(user.locale),
            updated_at: profile.then(|| user.updated_at.as_seconds()),
            email: email.then(|| user.email.as_str()),
            email_verified: email.then_some(user.email_verified),
        }
    }
}

/// A grant with those it concerns, as tokens are made of it.
pub struct Issuing<'a> {
    /// To whom.
    pub client: &'a Client,
    /// The grant.
    pub grant: &'a Grant,
    /// Whose account.
    pub user: &'a User,
    /// What the tokens are for.
    pub scopes: &'a [Scope],
    /// When.
    pub now: Timestamp,
}

impl Issuing<'_> {
    /// The access token.
    ///
    /// # Errors
    /// [`KeyError::Signing`].
    pub fn access_token(&self, mint: &Mint<'_>) -> Result<String, KeyError> {
        let proved = self.grant.proved;
        let mut aud: Vec<String> = self.client.audience.iter().cloned().collect();
        aud.push(userinfo_url(mint.issuer()));
        let claims = AccessClaims {
            iss: mint.issuer().to_owned(),
            aud,
            sub: self.user.id.to_string(),
            client_id: self.client.id.to_string(),
            scope: joined(self.scopes),
            iat: self.now.as_seconds(),
            exp: self.now.plus(mint.lifetime()).as_seconds(),
            jti: Uuid::new_v4().to_string(),
            sid: self.grant.session_id.to_string(),
            grant_id: self.grant.id.to_string(),
            auth_time: proved.latest().as_seconds(),
            amr: proved.methods().into_iter().map(str::to_owned).collect(),
            acr: proved.level().to_owned(),
        };
        mint.sign(ACCESS, &claims)
    }

    /// The ID token beside it.
    ///
    /// # Errors
    /// [`KeyError::Signing`].
    pub fn id_token(
        &self,
        mint: &Mint<'_>,
        access_token: &str,
        nonce: Option<&str>,
    ) -> Result<String, KeyError> {
        let proved = self.grant.proved;
        let claims = IdClaims {
            iss: mint.issuer(),
            sub: self.user.id.to_string(),
            aud: self.client.id.as_str(),
            exp: self.now.plus(mint.lifetime()).as_seconds(),
            iat: self.now.as_seconds(),
            auth_time: proved.latest().as_seconds(),
            nonce,
            at_hash: at_hash(access_token),
            sid: self.grant.session_id.to_string(),
            amr: proved.methods(),
            acr: proved.level(),
            profile: ProfileClaims::of(self.user, self.scopes),
        };
        mint.sign(ID, &claims)
    }
}

/// The left half of the hash of an access token (OpenID Connect Core 1.0 §3.1.3.6): our keys sign with SHA-256.
fn at_hash(access_token: &str) -> String {
    let hash = digest::digest(&digest::SHA256, access_token.as_bytes());
    URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16])
}

/// Who an access token of a client speaks for. No I/O.
///
/// # Errors
/// [`TokenError::UnknownKey`] when it names a key that is not in `keys`.
pub fn verify(
    keys: &[PublicKey],
    issuer: &str,
    token: &str,
    now: Timestamp,
) -> Result<ClientSubject, TokenError> {
    const INVALID: TokenError = TokenError::Invalid;
    let audience = userinfo_url(issuer);
    let kind = Kind {
        typ: ACCESS,
        issuer,
        audience: &audience,
    };
    let claims: AccessClaims = jwt::open(keys, kind, token)?;
    let longest = MAX_LIFETIME.as_secs();
    if !jwt::is_current(claims.iat, claims.exp, &[claims.auth_time], longest, now) {
        return Err(INVALID);
    }
    let scopes = claims.scope.split(' ').map(Scope::parse);
    Ok(ClientSubject {
        user_id: UserId::parse(&claims.sub).map_err(|_| INVALID)?,
        session_id: SessionId::parse(&claims.sid).map_err(|_| INVALID)?,
        client_id: ClientId::parse(&claims.client_id).map_err(|_| INVALID)?,
        grant_id: GrantId::parse(&claims.grant_id).map_err(|_| INVALID)?,
        scopes: scopes.collect::<Result<_, _>>().map_err(|_| INVALID)?,
        claims,
    })
}

/// Whom an ID token of this client was for, however old it is (`id_token_hint`, OpenID Connect Core 1.0 §3.1.2.1). No
/// I/O.
///
/// # Errors
/// [`TokenError::UnknownKey`] when it names a key that is not in `keys`.
pub fn hinted(
    keys: &[PublicKey],
    issuer: &str,
    client_id: &ClientId,
    token: &str,
) -> Result<UserId, TokenError> {
    #[derive(Deserialize)]
    struct Hint {
        sub: String,
    }
    let kind = Kind {
        typ: ID,
        issuer,
        audience: client_id.as_str(),
    };
    let hint: Hint = jwt::open(keys, kind, token)?;
    UserId::parse(&hint.sub).map_err(|_| TokenError::Invalid)
}
