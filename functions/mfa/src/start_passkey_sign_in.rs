//! `POST /v1/auth/passkey/options`: what a browser needs to sign in with a passkey. Anybody may call it, and it says the
//! same to everybody. With the challenge of a sign-in that lacks a second factor it names the passkeys of that account.
//! Nothing is written.

use factors::{Assertable, CEREMONY_LIFETIME, FactorStore, Passkey, read_challenge, relying_party};
use lambda_http::Error;
use latchkey::http::{self, ApiError, ApiResult, ErrorCode, Operation, Request, StatusCode};
use latchkey::keys::CachedSecrets;
use latchkey::secret::SecretSource;
use latchkey::session::SessionId;
use latchkey::sign_in::{NotSignedIn, challenge};
use latchkey::store::{Change, Store};
use webauthn::{RelyingParty, UserVerification, request_options};

use crate::passkeys::StartedCeremony;

/// The operation `startPasskeySignIn`.
pub struct StartPasskeySignIn {
    store: Store,
    secrets: CachedSecrets,
    relying_party: RelyingParty,
}

impl Operation for StartPasskeySignIn {
    async fn from_env() -> Result<Self, Error> {
        let relying_party = relying_party()?;
        let store = Store::from_env().await?;
        let secrets = CachedSecrets::from_env(SecretSource::SESSION).await?;
        Ok(Self {
            store,
            secrets,
            relying_party,
        })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let Self {
            store,
            secrets,
            relying_party,
        } = self;
        let challenge = read_challenge(&request)?;
        let change = http::change(&request, None);
        let (session, passkeys) = match challenge {
            Some(challenge) => {
                let (session, passkeys) = begun(store, secrets, &challenge, &change).await?;
                (Some(session), passkeys)
            }
            None => (None, Vec::new()),
        };

        let request = Assertable::new(session);
        let allow: Vec<_> = passkeys.iter().map(Passkey::descriptor).collect();
        // Beside a password the passkey itself is enough.
        let verification = match session {
            Some(_) => UserVerification::Preferred,
            None => UserVerification::Required,
        };
        let bytes = request.challenge.bytes();
        let options = request_options(
            relying_party,
            &bytes,
            &allow,
            verification,
            CEREMONY_LIFETIME,
        );
        let secrets = secrets.current(change.at).await?;
        let ceremony = request.seal(&secrets, change.at);
        let ceremony = ceremony.map_err(ApiError::from)?;
        http::json(StatusCode::OK, &StartedCeremony::new(ceremony, options))
    }
}

/// The session to come of a sign-in that has begun, and the passkeys of its account.
async fn begun(
    store: &Store,
    secrets: &CachedSecrets,
    challenge: &str,
    change: &Change,
) -> Result<(SessionId, Vec<Passkey>), ApiError> {
    let begun = challenge::open(secrets, challenge, change.at).await?;
    let user = store.get_user(&begun.user_id).await?;
    let user = user.filter(|user| begun.is_of(user));
    let user = user.ok_or(NotSignedIn::ChallengeOver)?;
    let passkeys = FactorStore(store.table()).passkeys(&user).await?;
    if passkeys.is_empty() {
        return Err(ErrorCode::FactorNotFound.into());
    }
    Ok((begun.session_id, passkeys))
}
