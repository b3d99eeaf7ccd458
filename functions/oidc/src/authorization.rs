//! Whether a browser is sent back with a code, and what is lacking otherwise.

use std::time::Duration;

use latchkey::clock::Timestamp;
use latchkey::http::{ApiError, Caller};
use latchkey::keys::CachedSecrets;
use latchkey::secret::Purpose;
use latchkey::token::sealed::Kind;

use crate::request::{AuthorizationRequest, Refusal};
use crate::{AuthorizationCode, Client, Consent, GrantId, Scope};

/// How long somebody may take to sign in.
const ASKED_LIFETIME: Duration = Duration::from_mins(30);

const ASKED_AT: Kind = Kind {
    prefix: "lkaa_",
    purpose: Purpose::AskedAt,
};

/// The parameter that says since when a request is asked: it comes back with the visitor from a page that shows
/// something.
pub const ASKED: &str = "asked";

/// What is to happen with a request.
#[derive(Debug)]
pub enum Decision {
    /// The client is told that it is none.
    Refuse(Refusal),
    /// The visitor signs in first, or as somebody else.
    SignIn,
    /// The visitor proves anew who they are.
    Confirm,
    /// The visitor is asked what the client may have.
    Ask,
    /// The client gets a code for this much.
    Grant(Vec<Scope>),
}

/// Seals since when a request is asked, so that a sign-in before it does not count as one after it.
///
/// # Errors
/// `unavailable`.
pub async fn seal_asked(
    secrets: &CachedSecrets,
    query: &str,
    now: Timestamp,
) -> Result<String, ApiError> {
    let current = secrets.current(now).await?;
    let sealed = ASKED_AT.seal(&current, query.as_bytes(), &now, now.plus(ASKED_LIFETIME));
    Ok(sealed.map_err(latchkey::keys::KeyError::from)?)
}

/// Since when this request is asked, if it was before.
pub async fn opened_asked(
    secrets: &CachedSecrets,
    query: &str,
    sealed: &str,
    now: Timestamp,
) -> Option<Timestamp> {
    secrets
        .open(&ASKED_AT, query.as_bytes(), sealed, now)
        .await
        .ok()
}

/// Decides. `asked` is since when the request is asked, where a page came between.
#[must_use]
pub fn decide(
    request: &AuthorizationRequest,
    client: &Client,
    visitor: Option<&Caller>,
    consent: Option<&Consent>,
    asked: Option<Timestamp>,
    now: Timestamp,
) -> Decision {
    let consent = consent.filter(|consent| consent.counts_for(client));
    let prompt = request.prompt;
    let unless_silent = |decision, error, description| {
        if prompt.none {
            return Decision::Refuse(request.refused(error, description));
        }
        decision
    };
    let login_required = "somebody has to sign in";
    let Some(visitor) = visitor else {
        return unless_silent(Decision::SignIn, "login_required", login_required);
    };
    let expected = request
        .expects
        .is_none_or(|expected| expected == visitor.user.id);
    if !expected {
        return unless_silent(Decision::SignIn, "login_required", login_required);
    }
    let session = &visitor.session;
    let shown_at = session.proved().latest();
    let since = |at: Timestamp| asked.is_some_and(|asked| at >= asked);
    if prompt.select_account && !since(session.created_at) {
        return Decision::SignIn;
    }
    let is_too_old = match request.max_age {
        // A proof that was given for this request is as good as one of this moment.
        Some(longest) => now.since(shown_at).as_secs() > longest && !since(shown_at),
        None => false,
    };
    if (prompt.login && !since(shown_at)) || is_too_old {
        return unless_silent(Decision::Confirm, "login_required", login_required);
    }
    let could_show_two = !visitor.user.factors.is_empty();
    let strongest = session.proved().strongest(&visitor.user.factors);
    if request.wants_two && could_show_two && strongest.is_none() {
        let description = "a second factor has to be shown";
        return unless_silent(Decision::Confirm, "login_required", description);
    }
    if client.first_party {
        return Decision::Grant(request.scopes.clone());
    }
    let is_covered = consent.is_some_and(|consent| consent.covers(&request.scopes));
    let asks_anew = prompt.consent && !consent.is_some_and(|consent| since(consent.updated_at));
    if !is_covered || asks_anew {
        let description = "somebody has to agree";
        return unless_silent(Decision::Ask, "consent_required", description);
    }
    let allowed = consent.map(|consent| consent.allowed(&request.scopes));
    match allowed.filter(|allowed| !allowed.is_empty()) {
        Some(allowed) => Decision::Grant(allowed),
        None => unless_silent(Decision::Ask, "consent_required", "nothing was agreed to"),
    }
}

/// The code for a visitor.
#[must_use]
pub fn code(
    request: &AuthorizationRequest,
    client: &Client,
    visitor: &Caller,
    consent: Option<&Consent>,
    scopes: Vec<Scope>,
    now: Timestamp,
) -> AuthorizationCode {
    let consent = consent.filter(|_| !client.first_party);
    AuthorizationCode {
        client_id: client.id.clone(),
        redirect_uri: request.return_to.redirect_uri.clone(),
        user_id: visitor.user.id,
        session_id: visitor.session.id,
        grant_id: GrantId::generate(now),
        consent_id: consent.map(|consent| consent.id),
        scopes,
        nonce: request.nonce.clone(),
        code_challenge: request.code_challenge.clone(),
        proved: visitor.session.proved(),
        issued_at: now,
    }
}
