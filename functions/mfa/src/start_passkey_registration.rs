//! `POST /v1/auth/register/passkey/options`: begins an account without a password: asks for a letter with a code, and
//! gives what a browser needs to make a passkey. Anybody may call it, and the answer is the same for every address after
//! the same work.

use factors::{CEREMONY_LIFETIME, CeremonyChallenge, relying_party};
use lambda_http::Error;
use latchkey::clock;
use latchkey::config;
use latchkey::email::Email;
use latchkey::http::{self, ApiError, ApiResult, Fields, Limiter, Operation, Request, StatusCode};
use latchkey::keys::{CachedSecrets, KeyError};
use latchkey::letters::Letter;
use latchkey::limit::REGISTER_ROUTE;
use latchkey::secret::SecretSource;
use latchkey::store::{MailRequest, Store};
use latchkey::token::mailed::LIFETIME;
use latchkey::user::UserId;
use serde::Serialize;
use webauthn::{CreationOptions, NewCredential, RelyingParty, UserVerification, creation_options};

use crate::codes::{PASSKEY_REGISTRATION, PasskeyRegistration};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StartedRegistration {
    challenge: String,
    options: CreationOptions,
    expires_in: u64,
}

/// The operation `startPasskeyRegistration`.
pub struct StartPasskeyRegistration {
    limiter: Limiter,
    store: Store,
    secrets: CachedSecrets,
    relying_party: RelyingParty,
    app_name: String,
}

impl Operation for StartPasskeyRegistration {
    async fn from_env() -> Result<Self, Error> {
        Ok(Self {
            limiter: Limiter::from_env(REGISTER_ROUTE)?,
            relying_party: relying_party()?,
            app_name: config::required(config::APP_NAME)?,
            store: Store::from_env().await?,
            secrets: CachedSecrets::from_env(SecretSource::MAIL).await?,
        })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let mut fields = Fields::read(&request)?;
        let email = fields.required("email", Email::parse);
        let email = fields.finish(|| email)?;

        let now = clock::now();
        // Read first: no letter goes out for an answer that cannot be given.
        let secrets = self.secrets.current(now).await?;
        let (store, change) = (&self.store, http::change(&request, None));
        let attempt = self
            .limiter
            .attempt(store, &request, &email.canonical(), now);
        attempt.admit().await?;
        let user_id = UserId::generate(now);
        let letter = MailRequest {
            user_id: Some(user_id),
            locale: http::accepted_locale(&request),
            ..MailRequest::new(Letter::RegistrationCode, email.clone(), now)
        };
        store.request_mail(&letter, &change).await?;

        let ceremony = CeremonyChallenge::generate();
        let options = creation_options(
            &self.relying_party,
            &NewCredential {
                application: &self.app_name,
                user_handle: *user_id.as_bytes(),
                name: email.as_str(),
                display_name: email.as_str(),
                challenge: &ceremony.bytes(),
                exclude: &[],
                user_verification: UserVerification::Required,
                timeout: CEREMONY_LIFETIME,
            },
        );
        let registration = PasskeyRegistration {
            request: letter.id,
            email,
            user_id,
            ceremony,
        };
        let challenge = PASSKEY_REGISTRATION.seal(&secrets, b"", &registration, now.plus(LIFETIME));
        let challenge = challenge.map_err(KeyError::from).map_err(ApiError::from)?;
        let expires_in = LIFETIME.as_secs();
        http::json(
            StatusCode::ACCEPTED,
            &StartedRegistration {
                challenge,
                options,
                expires_in,
            },
        )
    }
}
