//! Access tokens: JWTs of a quarter of an hour (RFC 9068).

use std::fmt;
use std::time::Duration;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

use super::TokenError;
use super::jwt::{self, Kind};
use super::key_ring::{PublicKey, SigningKey};
use crate::clock::Timestamp;
use crate::session::{Session, SessionId};
use crate::user::{Role, User, UserId};

/// The longest an access token can be valid; how long it is, `ACCESS_TOKEN_MINUTES` says.
pub const MAX_LIFETIME: Duration = Duration::from_hours(1);
/// Media type in the header (RFC 9068 §2.1): no other JWT of ours passes as an access token.
const TYPE: &str = "at+jwt";

/// The claims of an access token (RFC 7519, RFC 9068). Times are whole seconds since the epoch; a claim
/// of any other JSON type is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The `ISSUER` setting.
    pub iss: String,
    /// The `AUDIENCE` setting.
    pub aud: String,
    /// Id of the user.
    pub sub: String,
    /// Id of the session.
    pub sid: String,
    /// The user's role when the token was made. Latchkey itself reads the role from the table.
    #[serde(deserialize_with = "role_name")]
    pub role: Role,
    /// When it was made.
    pub iat: u64,
    /// When it expires.
    pub exp: u64,
    /// When it begins. Ours begin at once and do not have it.
    #[serde(default, skip_serializing)]
    pub nbf: u64,
    /// Unique per token.
    pub jti: String,
    /// When the user last proved to be themselves.
    pub auth_time: u64,
    /// How the user did (RFC 8176).
    pub amr: Vec<String>,
    /// How much that proves; tokens of earlier releases do not say.
    #[serde(default)]
    pub acr: String,
    /// Whether the address was verified when the token was made.
    pub email_verified: bool,
}

/// Who an authentic access token speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// The user.
    pub user_id: UserId,
    /// The session.
    pub session_id: SessionId,
    /// The user's role when the token was made; what they may do now, the table knows.
    pub role: Role,
}

/// Who makes tokens and for whom: the two settings every token carries.
#[derive(Clone, Debug)]
pub struct Parties {
    /// `iss`.
    pub issuer: String,
    /// `aud`.
    pub audience: String,
}

/// An access token on its way to a client. It cannot be printed by accident.
pub struct AccessToken(String);

impl fmt::Debug for AccessToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AccessToken(…)")
    }
}

pub use super::jwt::SigningFailed;

impl AccessToken {
    /// Makes the access token of a session.
    ///
    /// # Errors
    /// [`SigningFailed`].
    pub fn issue(
        key: &SigningKey,
        parties: &Parties,
        user: &User,
        session: &Session,
        lifetime: Duration,
        now: Timestamp,
    ) -> Result<Self, SigningFailed> {
        let proved = session.proved();
        let claims = Claims {
            iss: parties.issuer.clone(),
            aud: parties.audience.clone(),
            sub: user.id.to_string(),
            sid: session.id.to_string(),
            role: user.role,
            iat: now.as_seconds(),
            exp: now.plus(lifetime).as_seconds(),
            nbf: 0,
            jti: Uuid::new_v4().to_string(),
            auth_time: proved.latest().as_seconds(),
            amr: proved.methods().into_iter().map(str::to_owned).collect(),
            acr: proved.level().to_owned(),
            email_verified: user.email_verified,
        };
        Ok(Self(jwt::sign(key, TYPE, &claims)?))
    }

    /// The text for the client.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// Verifies an access token against the published keys. No I/O.
///
/// # Errors
/// [`TokenError::UnknownKey`] when it names a key that is not in `keys`.
pub fn verify(
    keys: &[PublicKey],
    parties: &Parties,
    token: &str,
    now: Timestamp,
) -> Result<Subject, TokenError> {
    const INVALID: TokenError = TokenError::Invalid;
    let kind = Kind {
        typ: TYPE,
        issuer: &parties.issuer,
        audience: &parties.audience,
    };
    let claims: Claims = jwt::open(keys, kind, token)?;
    let began = [claims.nbf, claims.auth_time];
    let longest = MAX_LIFETIME.as_secs();
    if !jwt::is_current(claims.iat, claims.exp, &began, longest, now) {
        return Err(INVALID);
    }
    let subject = Subject {
        user_id: UserId::parse(&claims.sub).map_err(|_| INVALID)?,
        session_id: SessionId::parse(&claims.sid).map_err(|_| INVALID)?,
        role: claims.role,
    };
    // Claims are compared as they are spelt (RFC 7519 §2, StringOrURI), and ours are spelt one way.
    let is_ours =
        subject.user_id.to_string() == claims.sub && subject.session_id.to_string() == claims.sid;
    is_ours.then_some(subject).ok_or(INVALID)
}

/// A role as its name: serde would read `{"admin":null}` as well.
fn role_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Role, D::Error> {
    let name = String::deserialize(deserializer)?;
    Role::parse(&name).map_err(|_| D::Error::custom("no role"))
}

#[cfg(test)]
#[path = "access_tests.rs"]
mod tests;
