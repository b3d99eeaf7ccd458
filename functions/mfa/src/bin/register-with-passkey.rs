//! `POST /v1/auth/register/passkey`: makes an account without a password, with the passkey that a browser has made and the
//! code of a letter. Whoever began it may call it. Its address is verified, and ten recovery codes are shown this once.

use factors::{FactorStore, NotEnrolled, Passkey, invalid_credential, relying_party};
use lambda_http::Error;
use latchkey::factor::{Factor, Factors};
use latchkey::http::{
    self, ApiError, ApiResult, ErrorCode, Fields, Limiter, Request, StatusCode, UserResponse,
};
use latchkey::keys::CachedSecrets;
use latchkey::profile::Profile;
use latchkey::secret::SecretSource;
use latchkey::store::{Change, Store};
use latchkey::telemetry;
use latchkey::token::mailed::{LetterProof, MailedCode};
use latchkey::user::{Role, User};
use mfa::{
    GUESS_ROUTE, PASSKEY_REGISTRATION, PasskeyRegistration, guess, new_codes, read_proof, refused,
    try_once,
};
use serde::Serialize;
use webauthn::{RegistrationResponse, RelyingParty, register};

/// What the function is made of.
struct Parts {
    guesses: Limiter,
    store: Store,
    mail: CachedSecrets,
    factors: CachedSecrets,
    relying_party: RelyingParty,
}

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

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let parts = Parts {
        guesses: Limiter::from_env(GUESS_ROUTE)?,
        relying_party: relying_party()?,
        store: Store::from_env().await?,
        mail: CachedSecrets::from_env(SecretSource::MAIL).await?,
        factors: CachedSecrets::from_env(SecretSource::FACTORS).await?,
    };
    http::serve(|request| register_with_passkey(&parts, request)).await
}

async fn register_with_passkey(parts: &Parts, request: Request) -> ApiResult {
    let input = read(&request)?;
    let change = http::change(&request, None);
    let opened = parts
        .mail
        .challenge(&PASSKEY_REGISTRATION, b"", &input.challenge, change.at);
    let begun: PasskeyRegistration = opened.await?;
    let passkey = passkey(parts, &begun, &input.response, &change)?;
    let user = User {
        id: begun.user_id,
        email_verified: true,
        passwordless: true,
        ..User::register(begun.email, input.profile, Role::User, change.at)
    };
    telemetry::name_account(user.id);

    let (store, proof, now) = (&parts.store, &input.proof, change.at);
    guess(&parts.guesses, store, &request, proof, &user.email, now).await?;
    try_once(store, &begun.request, now).await?;
    let is_right = parts.mail.made(now, |secrets| {
        MailedCode::is_shown(secrets, &begun.request, &user, proof)
    });
    if !is_right.await? {
        return Err(ErrorCode::InvalidFactor.into());
    }
    let change = Change {
        by: Some(user.id),
        ..change
    };
    let secrets = parts.factors.current(change.at).await?;
    let (kept, recovery_codes) = new_codes(&secrets, &user, &change);
    let user = User {
        factors: Factors::from_iter([Factor::Passkey(passkey.id)]),
        ..user
    };
    let store = FactorStore(parts.store.table());
    let made = store.register(&parts.store, &user, &passkey, &kept, &change);
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

/// What the browser has made, if it is what it was asked for.
fn passkey(
    parts: &Parts,
    begun: &PasskeyRegistration,
    response: &RegistrationResponse,
    change: &Change,
) -> Result<Passkey, ApiError> {
    let challenge = begun.ceremony.bytes();
    let registered = register(&parts.relying_party, response, &challenge, true);
    let registered = registered
        .map_err(|refused| ApiError::invalid_field("credential", invalid_credential(refused)))?;
    Ok(Passkey::new(registered, None, change.at))
}
