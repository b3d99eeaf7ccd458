//! Users and tokens as clients see them.

use serde::Serialize;

use crate::clock::Timestamp;
use crate::keys::TokenPair;
use crate::name::Name;
use crate::token::access;
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
    role: Role,
    status: Status,
    created_at: String,
    updated_at: String,
    version: u64,
}

impl UserResponse<'_> {
    /// The names of its properties: what `?fields=` may ask for.
    pub const FIELDS: [&'static str; 10] = [
        "id",
        "email",
        "emailVerified",
        "firstName",
        "lastName",
        "role",
        "status",
        "createdAt",
        "updatedAt",
        "version",
    ];
}

impl<'a> From<&'a User> for UserResponse<'a> {
    fn from(user: &'a User) -> Self {
        Self {
            id: user.id.to_string(),
            email: user.email.as_str(),
            email_verified: user.email_verified,
            first_name: user.first_name.as_ref().map(Name::as_str),
            last_name: user.last_name.as_ref().map(Name::as_str),
            role: user.role,
            status: user.status,
            created_at: Timestamp::to_string(&user.created_at),
            updated_at: Timestamp::to_string(&user.updated_at),
            version: user.version,
        }
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
    pub fn new(tokens: &'a TokenPair, user: &'a User) -> Self {
        Self {
            access_token: tokens.access.reveal(),
            refresh_token: tokens.refresh.reveal(),
            token_type: "Bearer",
            expires_in: access::LIFETIME.as_secs(),
            user: UserResponse::from(user),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::email::Email;

    #[test]
    fn the_projectable_fields_are_the_properties() {
        let email = Email::parse("a@example.com").expect("valid");
        let user = User::register(email, None, None, Role::User, Timestamp::from_seconds(1));
        let value = serde_json::to_value(UserResponse::from(&user)).expect("serializes");
        let mut names: Vec<&String> = value.as_object().expect("an object").keys().collect();
        let mut fields = UserResponse::FIELDS.to_vec();
        names.sort();
        fields.sort_unstable();
        assert_eq!(names, fields);
    }
}
