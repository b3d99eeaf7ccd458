//! `POST /v1/users/{id}/passkeys/options`: what a browser needs to make a passkey. For the owner, within five minutes of
//! a proof, or by the challenge of a sign-in that takes a second factor. Nothing is written.

use factors::{
    CEREMONY_LIFETIME, Creation, FactorStore, MAX_PASSKEYS, Owner, Passkey, read_challenge,
    relying_party,
};
use lambda_http::Error;
use latchkey::config;
use latchkey::http::{self, ApiError, ApiResult, ErrorCode, Operation, Request, StatusCode};
use latchkey::keys::{CachedSecrets, TokenVerifier};
use latchkey::name::Name;
use latchkey::secret::SecretSource;
use latchkey::store::Store;
use latchkey::user::User;
use webauthn::{NewCredential, RelyingParty, UserVerification, creation_options};

use crate::passkeys::StartedCeremony;

/// The operation `startPasskey`.
pub struct StartPasskey {
    store: Store,
    tokens: TokenVerifier,
    sessions: CachedSecrets,
    relying_party: RelyingParty,
    app_name: String,
}

impl Operation for StartPasskey {
    async fn from_env() -> Result<Self, Error> {
        let relying_party = relying_party()?;
        let store = Store::from_env().await?;
        Ok(Self {
            relying_party,
            tokens: TokenVerifier::from_env(&store).await?,
            sessions: CachedSecrets::from_env(SecretSource::SESSION).await?,
            app_name: config::required(config::APP_NAME)?,
            store,
        })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let challenge = read_challenge(&request)?;
        let change = http::change(&request, None);
        let (store, tokens, sessions) = (&self.store, &self.tokens, &self.sessions);
        let challenge = challenge.as_deref();
        let owner = Owner::of(&request, challenge, store, tokens, sessions, &change).await?;
        let user = owner.user();
        if user.factors.passkeys().count() >= MAX_PASSKEYS {
            return Err(ErrorCode::TooManyPasskeys.into());
        }
        let others = FactorStore(store.table()).passkeys(user).await?;

        let creation = Creation::new(user);
        let exclude: Vec<_> = others.iter().map(Passkey::descriptor).collect();
        let options = creation_options(
            &self.relying_party,
            &NewCredential {
                application: &self.app_name,
                user_handle: *user.id.as_bytes(),
                name: user.email.as_str(),
                display_name: &display_name(user),
                challenge: &creation.challenge.bytes(),
                exclude: &exclude,
                user_verification: UserVerification::Required,
                timeout: CEREMONY_LIFETIME,
            },
        );
        let secrets = sessions.current(change.at).await?;
        let ceremony = creation.seal(&secrets, user, change.at);
        let ceremony = ceremony.map_err(ApiError::from)?;
        http::json(StatusCode::OK, &StartedCeremony::new(ceremony, options))
    }
}

/// What a password manager may show for the account: the name of the person, or the address.
fn display_name(user: &User) -> String {
    let profile = user.profile();
    let names: Vec<&str> = profile.names().map(Name::as_str).collect();
    if names.is_empty() {
        return user.email.as_str().to_owned();
    }
    names.join(" ")
}
