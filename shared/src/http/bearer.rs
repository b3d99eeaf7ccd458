//! Who is asking: the bearer token, and one strongly consistent read behind it.

use std::future::Future;

use lambda_http::Request;
use lambda_http::http::header::AUTHORIZATION;

use super::error::ApiError;
use super::error_code::ErrorCode;
use super::query::PathUser;
use crate::clock::{self, Timestamp};
use crate::keys::TokenVerifier;
use crate::permission::{Denied, Permission, Reach};
use crate::session::{RECENT_SIGN_IN, Session, SessionId};
use crate::store::{Beside, Store, StoreError};
use crate::table::Key;
use crate::telemetry;
use crate::token::access::Subject;
use crate::user::{Role, User, UserId};

/// The authenticated caller of a request, as the table knows them now.
#[derive(Debug)]
pub struct Caller {
    /// The account.
    pub user: User,
    /// The session the token belongs to.
    pub session: Session,
}

impl Caller {
    /// Refuses when the path is about somebody else's account.
    ///
    /// # Errors
    /// `forbidden`.
    pub fn require_own(&self, path: PathUser) -> Result<(), ApiError> {
        let is_own = path.resolve(self.user.id) == self.user.id;
        is_own.then_some(()).ok_or(ErrorCode::Forbidden.into())
    }

    /// Refuses when the strongest of what the account has was last shown more than five minutes ago, at the sign-in or
    /// by a step-up, or never in this session.
    ///
    /// # Errors
    /// `reauthentication_required`.
    pub fn require_recent_proof(&self, now: Timestamp) -> Result<(), ApiError> {
        let shown_at = self.session.proved().strongest(&self.user.factors);
        if shown_at.is_none_or(|at| now.since(at) > RECENT_SIGN_IN) {
            return Err(ErrorCode::ReauthenticationRequired.into());
        }
        Ok(())
    }

    /// The caller in what was read, if the session counts.
    ///
    /// # Errors
    /// `invalid_token`.
    pub fn from_read(
        user: Option<User>,
        session: Option<Session>,
        now: Timestamp,
    ) -> Result<Self, ApiError> {
        match (user, session) {
            (Some(user), Some(session)) if session.is_live(&user, now) => {
                telemetry::name_account(user.id);
                Ok(Self { user, session })
            }
            _ => Err(ErrorCode::InvalidToken.into()),
        }
    }
}

/// Who an authentic token speaks for, before the table was asked whether it still counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bearer {
    subject: Subject,
    now: Timestamp,
}

impl TokenVerifier {
    /// Verifies the token of a request, offline. A [`Bearer`] in its extensions goes before: nothing of what clients send
    /// comes there, only what a page has put there itself.
    ///
    /// # Errors
    /// `missing_token`, `invalid_token`, or `unavailable` when the keys cannot be read.
    pub async fn bearer(&self, request: &Request) -> Result<Bearer, ApiError> {
        if let Some(bearer) = request.extensions().get::<Bearer>() {
            return Ok(*bearer);
        }
        let now = clock::now();
        let token = bearer_token(request)?.ok_or(ErrorCode::MissingToken)?;
        let subject = self.verify(token, now).await?;
        Ok(Bearer { subject, now })
    }

    /// Authenticates the caller of a request: the token offline, then account and session in one read.
    /// So sign-out, suspension, a change of role and deletion act on the very next call.
    ///
    /// # Errors
    /// `missing_token`, `invalid_token` or `unavailable`.
    pub async fn authenticate(&self, store: &Store, request: &Request) -> Result<Caller, ApiError> {
        self.bearer(request).await?.authenticate(store).await
    }

    /// Authenticates, and reads the user a request is about in the same round trip.
    ///
    /// # Errors
    /// As [`authenticate`](Self::authenticate).
    pub async fn authenticate_with(
        &self,
        store: &Store,
        request: &Request,
        target: PathUser,
    ) -> Result<(Caller, UserId, Option<User>), ApiError> {
        let bearer = self.bearer(request).await?;
        let id = bearer.resolve(target);
        let (caller, user) = bearer.authenticate_with(store, id).await?;
        Ok((caller, id, user))
    }
}

impl Bearer {
    /// Who a session speaks for that needs no token: a page knows it by the cookie of its browser, once that is opened. In
    /// the extensions of a request it stands in for the token ([`TokenVerifier::bearer`]); whether the session still counts,
    /// the table says all the same.
    #[must_use]
    pub const fn of_session(
        user_id: UserId,
        session_id: SessionId,
        role: Role,
        now: Timestamp,
    ) -> Self {
        let subject = Subject {
            user_id,
            session_id,
            role,
        };
        Self { subject, now }
    }

    /// The id that a path is about.
    #[must_use]
    pub const fn resolve(&self, target: PathUser) -> UserId {
        target.resolve(self.subject.user_id)
    }

    /// Whose token it is.
    #[must_use]
    pub const fn user_id(&self) -> UserId {
        self.subject.user_id
    }

    /// Whether the role in the token reaches everybody with this permission. It may be as old as the token:
    /// it tells what is worth beginning, never what is allowed.
    #[must_use]
    pub const fn expects_all(&self, permission: Permission) -> bool {
        matches!(permission.reach(self.subject.role), Reach::All)
    }

    /// Reads whether the session counts, and whose it is.
    ///
    /// # Errors
    /// `invalid_token` or `unavailable`.
    pub async fn authenticate(&self, store: &Store) -> Result<Caller, ApiError> {
        let (caller, _) = self.authenticate_beside(store, Vec::new()).await?;
        Ok(caller)
    }

    /// Reads that and another user in the same round trip.
    ///
    /// # Errors
    /// As [`authenticate`](Self::authenticate).
    pub async fn authenticate_with(
        &self,
        store: &Store,
        id: UserId,
    ) -> Result<(Caller, Option<User>), ApiError> {
        let (caller, user, _) = self.authenticate_with_beside(store, id, Vec::new()).await?;
        Ok((caller, user))
    }

    /// Reads that, another user, and the items with these keys in the same round trip.
    ///
    /// # Errors
    /// As [`authenticate`](Self::authenticate).
    pub async fn authenticate_with_beside(
        &self,
        store: &Store,
        id: UserId,
        mut keys: Vec<Key>,
    ) -> Result<(Caller, Option<User>, Beside), ApiError> {
        let key = Key::user(&id);
        keys.push(key.clone());
        let (caller, mut beside) = self.authenticate_beside(store, keys).await?;
        let user = if caller.user.id == id {
            Some(caller.user.clone())
        } else {
            beside.take(&key)?
        };
        Ok((caller, user, beside))
    }

    /// Reads whether the session counts, and the items with these keys in the same round trip. What else an area
    /// keeps of an account costs an authenticated request no round trip more. The caller's own account and session
    /// are in the [`Caller`], and not beside it.
    ///
    /// # Errors
    /// As [`authenticate`](Self::authenticate).
    pub async fn authenticate_beside(
        &self,
        store: &Store,
        keys: Vec<Key>,
    ) -> Result<(Caller, Beside), ApiError> {
        let (caller, beside) = self.find_beside(store, keys).await?;
        Ok((caller?, beside))
    }

    /// The same, with the rest also where the session does not count: then the caller is `invalid_token`.
    ///
    /// # Errors
    /// `unavailable`.
    pub async fn find_beside(
        &self,
        store: &Store,
        keys: Vec<Key>,
    ) -> Result<(Result<Caller, ApiError>, Beside), ApiError> {
        let Subject {
            user_id,
            session_id,
            ..
        } = &self.subject;
        let read = store
            .read_for_authentication(user_id, session_id, keys)
            .await?;
        let caller = Caller::from_read(read.caller, read.session, self.now);
        Ok((caller, read.beside))
    }
}

/// Runs `work` beside the authentication where it is expected to be allowed, and behind it otherwise: who
/// may not have the result cannot make the table work for it. Its outcome counts only after `authorize`.
///
/// # Errors
/// The first of what `authenticate`, `authorize` and `work` say, in this order.
pub async fn authorize_beside<A, B>(
    expected: bool,
    authenticate: impl Future<Output = Result<A, ApiError>>,
    authorize: impl FnOnce(A) -> Result<B, Denied>,
    work: impl Future<Output = Result<(), StoreError>>,
) -> Result<B, ApiError> {
    if expected {
        let (authenticated, done) = tokio::join!(authenticate, work);
        let authorized = authorize(authenticated?)?;
        done?;
        return Ok(authorized);
    }
    let authorized = authorize(authenticate.await?)?;
    work.await?;
    Ok(authorized)
}

/// The token of the `Authorization` header (RFC 6750 §2.1): one header, any case of `Bearer`, spaces, the
/// token. Nothing when there is no such header; a token in the query or the body is never looked at.
///
/// # Errors
/// `invalid_token` when the header says anything else.
pub fn bearer_token(request: &Request) -> Result<Option<&str>, ApiError> {
    let mut values = request.headers().get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let invalid = || ApiError::from(ErrorCode::InvalidToken);
    if values.next().is_some() {
        return Err(invalid());
    }
    let (scheme, token) = value
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '))
        .ok_or_else(invalid)?;
    let token = token.trim_matches(' ');
    // RFC 6750 §2.1 b68token. API Gateway joins repeated headers with a comma, which is not part of it.
    let is_b68 = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    if !scheme.eq_ignore_ascii_case("Bearer") || token.is_empty() || !token.bytes().all(is_b68) {
        return Err(invalid());
    }
    Ok(Some(token))
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::config::BehaviorVersion;

    use super::*;
    use crate::token::access::Parties;

    fn with_headers(values: &[&str]) -> Request {
        let mut request = Request::default();
        for value in values {
            request
                .headers_mut()
                .append(AUTHORIZATION, value.parse().expect("a header value"));
        }
        request
    }

    #[test]
    fn bug_51_exactly_one_well_formed_bearer_header_counts() {
        for accepted in ["Bearer abc", "bearer abc", "BEARER  abc", "bEaReR abc "] {
            let request = with_headers(&[accepted]);
            assert_eq!(
                bearer_token(&request).ok(),
                Some(Some("abc")),
                "{accepted:?}"
            );
        }
        for refused in [
            "abc",
            "Bearer",
            "Bearer ",
            "Bearer\tabc",
            "Basic abc",
            "Bearer a b",
            "Bearer a,Bearer b",
            "Bearer ä",
        ] {
            assert!(
                bearer_token(&with_headers(&[refused])).is_err(),
                "{refused:?}"
            );
        }
        assert!(bearer_token(&with_headers(&["Bearer a", "Bearer a"])).is_err());
        assert_eq!(bearer_token(&with_headers(&[])).ok(), Some(None));
    }

    #[tokio::test]
    async fn a_session_that_a_page_knows_stands_in_for_the_token() {
        let config = aws_sdk_dynamodb::Config::builder();
        let config = config.behavior_version(BehaviorVersion::latest()).build();
        let client = aws_sdk_dynamodb::Client::from_conf(config);
        let parties = Parties {
            issuer: String::new(),
            audience: String::new(),
        };
        let tokens = TokenVerifier::new(Store::new(client, "table".to_owned()), parties);
        let now = Timestamp::from_seconds(1_700_000_000);
        let (user_id, session_id) = (UserId::generate(now), SessionId::generate(now));
        let bearer = Bearer::of_session(user_id, session_id, Role::User, now);

        // Whatever its headers say.
        for values in [&[][..], &["Bearer a b"]] {
            let mut request = with_headers(values);
            assert!(tokens.bearer(&request).await.is_err(), "{values:?}");
            request.extensions_mut().insert(bearer);
            let found = tokens.bearer(&request).await;
            assert_eq!(found.ok(), Some(bearer), "{values:?}");
        }
    }
}
