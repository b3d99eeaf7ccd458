//! Who sets up a second factor: the owner of a session, or somebody whose sign-in takes one.

use lambda_http::Request;
use latchkey::http::{self, ApiError, Caller, Fields};
use latchkey::keys::{CachedSecrets, TokenVerifier};
use latchkey::proof::Begun;
use latchkey::session::Session;
use latchkey::sign_in::{NotSignedIn, challenge};
use latchkey::store::{Change, Store};
use latchkey::user::User;

/// Who sets up a second factor.
pub enum Owner {
    /// Somebody who has signed in, and proved it recently.
    SignedIn(Box<Caller>),
    /// Somebody whose sign-in lacks one, who has none: the account, and what was proved.
    SigningIn(Box<User>, Begun),
}

impl Owner {
    /// The one who asks: by the challenge of a sign-in where there is one, or by a bearer token. 1 RT, 1 to 2 RU.
    ///
    /// # Errors
    /// `missing_token`, `invalid_token`, `challenge_expired`, `forbidden` for another's account,
    /// `reauthentication_required` or `unavailable`.
    pub async fn of(
        request: &Request,
        challenge: Option<&str>,
        store: &Store,
        tokens: &TokenVerifier,
        secrets: &CachedSecrets,
        change: &Change,
    ) -> Result<Self, ApiError> {
        let path = http::user_id(request)?;
        let Some(challenge) = challenge else {
            let caller = tokens.authenticate(store, request).await?;
            caller.require_own(path)?;
            caller.require_recent_proof(change.at)?;
            return Ok(Self::SignedIn(Box::new(caller)));
        };
        let begun = challenge::open(secrets, challenge, change.at).await?;
        let user = store.get_user(&begun.user_id).await?;
        let user = user.filter(|user| begun.is_of(user) && path.resolve(user.id) == user.id);
        let user = user.ok_or(NotSignedIn::ChallengeOver)?;
        // Who has a factor shows it: what was proved so far does not do to set up another.
        if !user.factors.is_empty() {
            return Err(NotSignedIn::ChallengeOver.into());
        }
        Ok(Self::SigningIn(Box::new(user), begun))
    }

    /// The session in which it is set up, where there is one.
    #[must_use]
    pub fn session(&self) -> Option<&Session> {
        match self {
            Self::SignedIn(caller) => Some(&caller.session),
            Self::SigningIn(..) => None,
        }
    }

    /// The account.
    #[must_use]
    pub fn user(&self) -> &User {
        match self {
            Self::SignedIn(caller) => &caller.user,
            Self::SigningIn(user, _) => user,
        }
    }
}

/// The challenge of a sign-in in a body that has nothing else. Who has signed in, or has proved nothing yet, needs none.
///
/// # Errors
/// `malformed_request` or `invalid_fields`.
pub fn read_challenge(request: &Request) -> Result<Option<String>, ApiError> {
    if !http::has_body(request) {
        return Ok(None);
    }
    let mut fields = Fields::read(request)?;
    let challenge = fields.optional("challenge", |challenge| Ok(challenge.to_owned()));
    fields.finish(|| challenge)
}
