//! Users and tokens as clients see them.

use std::time::Duration;

use lambda_http::http::StatusCode;
use serde::Serialize;

use super::ApiResult;
use super::query::Projection;
use super::reply::Reply;
use crate::clock::{self, Timestamp};
use crate::keys::TokenPair;
use crate::locale::Locale;
use crate::name::Name;
use crate::token::access::AccessToken;
use crate::user::{Role, Status, User};

/// A user on the wire. What is not named here never leaves.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserResponse<'a> {
    id: String,
    email: &'a str,
    email_verified: bool,
    first_name: Option<&'a str>,
    last_name: Option<&'a str>,
    locale: Locale,
    role: Role,
    status: Status,
    suspension: Option<SuspensionResponse<'a>>,
    created_at: String,
    updated_at: String,
    version: u64,
}

/// A suspension on the wire.
#[derive(Serialize)]
struct SuspensionResponse<'a> {
    reason: Option<&'a str>,
    until: Option<String>,
}

impl UserResponse<'_> {
    /// The names of its properties: what `?fields=` may ask for.
    pub const FIELDS: [&'static str; 12] = [
        "id",
        "email",
        "emailVerified",
        "firstName",
        "lastName",
        "locale",
        "role",
        "status",
        "suspension",
        "createdAt",
        "updatedAt",
        "version",
    ];
}

impl<'a> UserResponse<'a> {
    /// A user as they are at `now`: a suspension that has ended by itself is not shown.
    #[must_use]
    pub fn new(user: &'a User, now: Timestamp) -> Self {
        let status = user.status_at(now);
        let User {
            id,
            email,
            email_verified,
            first_name,
            last_name,
            locale,
            invited: _,
            passwordless: _,
            factors: _,
            factors_version: _,
            identities: _,
            role,
            status: _,
            suspension,
            credential_version: _,
            session_epoch: _,
            created_at,
            updated_at,
            version,
        } = user;
        let suspension = suspension.as_ref();
        Self {
            id: id.to_string(),
            email: email.as_str(),
            email_verified: *email_verified,
            first_name: first_name.as_ref().map(Name::as_str),
            last_name: last_name.as_ref().map(Name::as_str),
            locale: *locale,
            role: *role,
            status,
            suspension: (status == Status::Suspended).then(|| SuspensionResponse {
                reason: suspension
                    .and_then(|suspension| Some(suspension.reason.as_ref()?.as_str())),
                until: suspension.and_then(|suspension| Some(suspension.until?.to_string())),
            }),
            created_at: created_at.to_string(),
            updated_at: updated_at.to_string(),
            version: *version,
        }
    }

    /// The answer that shows a user, with the properties that were asked for.
    ///
    /// # Errors
    /// `internal` when it has no JSON form.
    pub fn reply(user: &User, fields: &Projection) -> ApiResult {
        let now = clock::now();
        let body = UserResponse::new(user, now);
        let reply = Reply::projected(StatusCode::OK, &body, fields)?.etag(user.version);
        if user.status_at(now) == user.status {
            Ok(reply)
        } else {
            Ok(reply.always_sent())
        }
    }

    /// The answer to making a user.
    ///
    /// # Errors
    /// `internal` when it has no JSON form.
    pub fn created(user: &User) -> ApiResult {
        let body = UserResponse::new(user, user.created_at);
        Ok(super::json(StatusCode::CREATED, &body)?
            .etag(user.version)
            .location(&format!("/v1/users/{}", user.id)))
    }
}

/// What signing in and refreshing answer (RFC 6749 §5.1, in camelCase).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenResponse<'a> {
    access_token: &'a str,
    refresh_token: &'a str,
    token_type: &'static str,
    expires_in: u64,
    user: UserResponse<'a>,
}

impl<'a> TokenResponse<'a> {
    /// The tokens of a session, and whose they are.
    #[must_use]
    pub fn new(tokens: &'a TokenPair, user: &'a User, now: Timestamp) -> Self {
        Self {
            access_token: tokens.access.reveal(),
            refresh_token: tokens.refresh.reveal(),
            token_type: "Bearer",
            expires_in: tokens.expires_in.as_secs(),
            user: UserResponse::new(user, now),
        }
    }
}

/// What proving a session anew answers: an access token that says so. The refresh token stays.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessTokenResponse<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: u64,
}

impl<'a> AccessTokenResponse<'a> {
    /// A token, and how long it is valid.
    #[must_use]
    pub fn new(token: &'a AccessToken, lifetime: Duration) -> Self {
        Self {
            access_token: token.reveal(),
            token_type: "Bearer",
            expires_in: lifetime.as_secs(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::email::Email;
    use crate::profile::Profile;

    #[test]
    fn the_projectable_fields_are_the_properties() {
        let email = Email::parse("a@example.com").expect("valid");
        let user = User::register(
            email,
            Profile::default(),
            Role::User,
            Timestamp::from_seconds(1),
        );
        let value =
            serde_json::to_value(UserResponse::new(&user, user.created_at)).expect("serializes");
        let mut names: Vec<&String> = value.as_object().expect("an object").keys().collect();
        let mut fields = UserResponse::FIELDS.to_vec();
        names.sort();
        fields.sort_unstable();
        assert_eq!(names, fields);
    }
}
