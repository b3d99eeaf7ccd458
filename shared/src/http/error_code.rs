//! The catalogue of failures that a client can see: one enum, one status each.

use lambda_http::http::StatusCode;

macro_rules! error_codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $status:ident, $title:literal;)+) => {
        /// The catalogue of failures. Codes are stable: clients branch on them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ErrorCode {
            $($(#[$doc])* $variant,)+
        }

        impl ErrorCode {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)+
                }
            }

            /// The HTTP status.
            #[must_use]
            pub const fn status(self) -> StatusCode {
                match self {
                    $(Self::$variant => StatusCode::$status,)+
                }
            }

            /// One sentence for a person, the same for every occurrence.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self {
                    $(Self::$variant => $title,)+
                }
            }
        }
    };
}

error_codes! {
    /// The body is not a JSON object, or the request itself is malformed.
    MalformedRequest = "malformed_request", BAD_REQUEST, "The request cannot be read.";
    /// One or more fields are wrong; `errors` names them all.
    InvalidFields = "invalid_fields", BAD_REQUEST, "Some fields are not valid.";
    /// The token of a letter is malformed, forged, expired, used or another's; which, is not told.
    InvalidActionToken = "invalid_action_token", BAD_REQUEST, "This link is not valid, or not any more.";
    /// Address or password is wrong; which one is not told.
    InvalidCredentials = "invalid_credentials", UNAUTHORIZED, "The email address or the password is wrong.";
    /// The second factor is wrong, or was used before; which, is not told.
    InvalidFactor = "invalid_factor", UNAUTHORIZED, "This factor is not valid.";
    /// The account that it names has this passkey no more; `unknownCredential` is what a browser's `signalUnknownCredential()` takes.
    UnknownCredential = "unknown_credential", UNAUTHORIZED, "The account has this passkey no more.";
    /// What a sign-in has proved so far is forged, expired or used, or the account has changed since.
    ChallengeExpired = "challenge_expired", UNAUTHORIZED, "This sign-in is over; begin again.";
    /// There is no bearer token.
    MissingToken = "missing_token", UNAUTHORIZED, "This needs a bearer token.";
    /// The token is malformed, forged, expired or revoked; which, is not told.
    InvalidToken = "invalid_token", UNAUTHORIZED, "The token is not valid.";
    /// The caller may not do this.
    Forbidden = "forbidden", FORBIDDEN, "You may not do this.";
    /// The password was right, but the account is suspended.
    AccountSuspended = "account_suspended", FORBIDDEN, "This account is suspended.";
    /// The password was right, but the address is not verified and has to be.
    EmailUnverified = "email_unverified", FORBIDDEN, "Confirm your email address first.";
    /// What was proved is right, and not enough; `factors` says what is missing.
    FactorRequired = "factor_required", FORBIDDEN, "This takes a second factor.";
    /// The strongest of what the account has was not shown recently enough for this.
    ReauthenticationRequired = "reauthentication_required", FORBIDDEN, "Sign in again, or prove anew who you are, to do this.";
    /// The account has no such factor.
    FactorNotFound = "factor_not_found", NOT_FOUND, "There is no such factor.";
    /// The account trusts no such device.
    DeviceNotFound = "device_not_found", NOT_FOUND, "There is no such device.";
    /// The account has such a factor already.
    FactorExists = "factor_exists", CONFLICT, "The account has this factor already.";
    /// The account has ten passkeys.
    TooManyPasskeys = "too_many_passkeys", CONFLICT, "The account has ten passkeys; remove one first.";
    /// The account must have a second factor, and this is its last.
    LastFactor = "last_factor", CONFLICT, "The account cannot do without it; set up another one first.";
    /// There is no such provider.
    ProviderNotFound = "provider_not_found", NOT_FOUND, "There is no such provider.";
    /// There is no such client.
    ClientNotFound = "client_not_found", NOT_FOUND, "There is no such client.";
    /// The account has given an application no access, or has taken it back.
    GrantNotFound = "grant_not_found", NOT_FOUND, "The account has given this client no access.";
    /// The ID token is forged, expired, old, for another application or of another nonce, or its provider gives none.
    InvalidIdToken = "invalid_id_token", UNAUTHORIZED, "This ID token is not valid here.";
    /// The provider says who it is, and that is not enough here.
    IdentityRefused = "identity_refused", FORBIDDEN, "This identity may not sign in here.";
    /// The account has no such identity.
    IdentityNotFound = "identity_not_found", NOT_FOUND, "There is no such identity.";
    /// The identity signs in to another account.
    IdentityTaken = "identity_taken", CONFLICT, "This identity belongs to another account.";
    /// The address of the identity has an account: `linkToken` links the two, for whoever signs in to that.
    LinkRequired = "link_required", CONFLICT, "This address has an account; sign in to it, and link the two.";
    /// The account has ten identities.
    TooManyIdentities = "too_many_identities", CONFLICT, "The account has ten identities; unlink one first.";
    /// Nothing else signs in to the account.
    LastWayIn = "last_way_in", CONFLICT, "Nothing else signs in to the account; set up another way first.";
    /// The provider did not answer, or not as it should.
    ProviderFailed = "provider_failed", BAD_GATEWAY, "The provider did not answer as it should.";
    /// There is no such page.
    NotFound = "not_found", NOT_FOUND, "There is no such page.";
    /// There is no such user.
    UserNotFound = "user_not_found", NOT_FOUND, "There is no such user.";
    /// There is no such session of this user.
    SessionNotFound = "session_not_found", NOT_FOUND, "There is no such session.";
    /// The address belongs to an account.
    EmailTaken = "email_taken", CONFLICT, "This email address is taken.";
    /// The idempotency key was sent with another body before.
    IdempotencyKeyReused = "idempotency_key_reused", CONFLICT, "This Idempotency-Key belongs to another request.";
    /// The account changed while this request was at work.
    Conflict = "conflict", CONFLICT, "The account was changed by another request; read it and try again.";
    /// The last admin cannot be removed.
    LastAdmin = "last_admin", CONFLICT, "The last active admin stays.";
    /// `If-Match` names another version, or `If-None-Match` this one.
    PreconditionFailed = "precondition_failed", PRECONDITION_FAILED, "The account is at another version.";
    /// The body is over 16 KiB.
    BodyTooLarge = "body_too_large", PAYLOAD_TOO_LARGE, "The body is over 16 KiB.";
    /// The body is not of a type that the operation takes, or is encoded.
    UnsupportedMediaType = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE, "The body is of a type or in a coding that this does not take.";
    /// Too many requests of this kind; the headers say when the next one is let through.
    RateLimited = "rate_limited", TOO_MANY_REQUESTS, "Too many requests; wait and try again.";
    /// A fault of ours. Never with details.
    Internal = "internal", INTERNAL_SERVER_ERROR, "Something went wrong.";
    /// The table, the keys or the time ran out; trying again helps.
    Unavailable = "unavailable", SERVICE_UNAVAILABLE, "The service cannot answer right now.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_snake_case() {
        let mut codes: Vec<&str> = ErrorCode::ALL.iter().map(|code| code.code()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), ErrorCode::ALL.len());
        for code in codes {
            assert!(
                code.bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
                "{code}"
            );
        }
    }
}
