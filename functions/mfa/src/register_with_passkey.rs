//! `POST /v1/auth/register/passkey`: makes an account without a password, with the passkey that a browser has made and the
//! code of a letter. Whoever began it may call it. Its address is verified, and ten recovery codes are shown this once.

use factors::{FactorStore, NotEnrolled, Passkey, invalid_credential, relying_party};
use lambda_http::Error;
use latchkey::factor::{Factor, Factors};
use latchkey::http::{
    self, ApiError, ApiResult, ErrorCode, Fields, Limiter, Operation, Request, StatusCode,
    UserResponse,
};
use latchkey::keys::CachedSecrets;
use latchkey::profile::Profile;
use latchkey::secret::SecretSource;
use latchkey::store::{Change, Store};
use latchkey::telemetry;
use latchkey::token::mailed::{LetterProof, MailedCode};
use latchkey::user::{Role, User};
use serde::Serialize;
use webauthn::{RegistrationResponse, RelyingParty, register};

use crate::codes::{
    GUESS_ROUTE, PASSKEY_REGISTRATION, PasskeyRegistration, guess, read_proof, try_once,
};
use crate::enrolled::{new_codes, refused};

struct Input {
    challenge: String,
    proof: LetterProof,
    response: RegistrationResponse,
    profile: Profile,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Registered<'a> {
    user: UserResponse<'a>,
    recovery_codes: Vec<String>,
}

/// The operation `registerWithPasskey`.
pub struct RegisterWithPasskey {
    guesses: Limiter,
    store: Store,
    mail: CachedSecrets,
    factors: CachedSecrets,
    relying_party: RelyingParty,
}

impl Operation for RegisterWithPasskey {
    async fn from_env() -> Result<Self, Error> {
        Ok(Self {
            guesses: Limiter::from_env(GUESS_ROUTE)?,
            relying_party: relying_party()?,
            store: Store::from_env().await?,
            mail: CachedSecrets::from_env(SecretSource::MAIL).await?,
            factors: CachedSecrets::from_env(SecretSource::FACTORS).await?,
        })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let input = read(&request)?;
        let change = http::change(&request, None);
        let opened = self
            .mail
            .challenge(&PASSKEY_REGISTRATION, b"", &input.challenge, change.at);
        let begun: PasskeyRegistration = opened.await?;
        let passkey = self.passkey(&begun, &input.response, &change)?;
        let user = User {
            id: begun.user_id,
            email_verified: true,
            passwordless: true,
            ..User::register(begun.email, input.profile, Role::User, change.at)
        };
        telemetry::name_account(user.id);

        let (store, proof, now) = (&self.store, &input.proof, change.at);
        guess(&self.guesses, store, &request, proof, &user.email, now).await?;
        try_once(store, &begun.request, now).await?;
        let is_right = self.mail.made(now, |secrets| {
            MailedCode::is_shown(secrets, &begun.request, &user, proof)
        });
        if !is_right.await? {
            return Err(ErrorCode::InvalidFactor.into());
        }
        let change = Change {
            by: Some(user.id),
            ..change
        };
        let secrets = self.factors.current(change.at).await?;
        let (kept, recovery_codes) = new_codes(&secrets, &user, &change);
        let user = User {
            factors: Factors::from_iter([Factor::Passkey(passkey.id)]),
            ..user
        };
        let store = FactorStore(self.store.table());
        let made = store.register(&self.store, &user, &passkey, &kept, &change);
        made.await.map_err(|error| match error {
            NotEnrolled::Exists => ErrorCode::EmailTaken.into(),
            error => refused(error),
        })?;
        let registered = Registered {
            user: UserResponse::new(&user, change.at),
            recovery_codes,
        };
        Ok(http::json(StatusCode::CREATED, &registered)?
            .etag(user.version)
            .location(&format!("/v1/users/{}", user.id)))
    }
}

impl RegisterWithPasskey {
    /// What the browser has made, if it is what it was asked for.
    fn passkey(
        &self,
        begun: &PasskeyRegistration,
        response: &RegistrationResponse,
        change: &Change,
    ) -> Result<Passkey, ApiError> {
        let challenge = begun.ceremony.bytes();
        let registered = register(&self.relying_party, response, &challenge, true);
        let registered = registered.map_err(|refused| {
            ApiError::invalid_field("credential", invalid_credential(refused))
        })?;
        Ok(Passkey::new(registered, None, change.at))
    }
}

fn read(request: &Request) -> Result<Input, ApiError> {
    let mut fields = Fields::read(request)?;
    let challenge = fields.required("challenge", |challenge| Ok(challenge.to_owned()));
    let proof = read_proof(&mut fields);
    let response = fields.object("credential", |object| {
        RegistrationResponse::parse(object).map_err(invalid_credential)
    });
    let locale = http::accepted_locale(request).unwrap_or_default();
    let unset = Profile {
        locale,
        ..Profile::default()
    };
    let profile = fields.profile(unset, locale);
    fields.finish(|| {
        Some(Input {
            challenge: challenge?,
            proof: proof?,
            response: response?,
            profile: profile?,
        })
    })
}
