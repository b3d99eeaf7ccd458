//! `POST /v1/auth/code/verify`: signs in with the code or the link of a letter, and the challenge of whoever asked for it.
//! Anybody may call it.
//!
//! Unknown address, account that is mailed none and wrong code cost the same: the limits and two reads.

use std::time::Duration;

use factors::ROUTE;
use lambda_http::Error;
use latchkey::clock;
use latchkey::device::{self, DeviceToken};
use latchkey::http::{
    self, ApiError, ApiResult, ErrorCode, Fields, Limiter, Request, StatusCode, TokenResponse,
};
use latchkey::keys::CachedSecrets;
use latchkey::proof::First;
use latchkey::secret::SecretSource;
use latchkey::sign_in::SignIn;
use latchkey::store::Store;
use latchkey::telemetry;
use latchkey::token::mailed::{self, MailedCode, Shown};
use latchkey::user::UserId;
use mfa::{CODE_SIGN_IN, CodeSignIn, read_shown, try_once};

/// What the function is made of.
struct Parts {
    guesses: Limiter,
    store: Store,
    sign_in: SignIn,
    mail: CachedSecrets,
    codes: mailed::CodeSignIn,
    trusts_for: Option<Duration>,
}

struct Input {
    challenge: String,
    shown: Shown,
    device_token: Option<DeviceToken>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let guesses = Limiter::from_env(ROUTE)?;
    let store = Store::from_env().await?;
    let parts = Parts {
        guesses,
        codes: mailed::CodeSignIn::from_env()?,
        trusts_for: device::lifetime()?,
        sign_in: SignIn::from_env(&store).await?,
        mail: CachedSecrets::from_env(SecretSource::MAIL).await?,
        store,
    };
    http::serve(|request| code_sign_in(&parts, request)).await
}

async fn code_sign_in(parts: &Parts, request: Request) -> ApiResult {
    let input = read(&request)?;
    let now = clock::now();
    let ready = parts.sign_in.ready(now).await?;
    let secrets = parts.sign_in.secrets();
    let opened = secrets.challenge(&CODE_SIGN_IN, b"", &input.challenge, now);
    let begun: CodeSignIn = opened.await?;

    let store = &parts.store;
    let (tried, holder) = tokio::join!(
        try_once(store, &begun.request, now),
        store.find_user_id(&begun.email)
    );
    tried?;
    let device_token = input.device_token.as_ref();
    let holder = holder?.unwrap_or(UserId::NOBODY);
    let (user, device) = store.get_user_with_device(&holder, device_token).await?;
    let user = user.filter(|user| parts.codes.admits(user));
    // Counted with all guesses at its factors, where the account is one that a code signs in to: a stranger's guesses at
    // any other count for nothing there.
    let account = match &user {
        Some(user) => user.id.to_string(),
        None => begun.email.canonical(),
    };
    let attempt = parts.guesses.attempt(store, &request, &account, now);
    attempt.admit().await?;

    let secrets = parts.mail.current(now).await?;
    let is_shown = |user: &_| MailedCode::is_shown(&secrets, &begun.request, user, &input.shown);
    let user = user.filter(is_shown).ok_or(ErrorCode::InvalidFactor)?;
    telemetry::name_account(user.id);
    let change = http::change(&request, Some(user.id));
    let admitted = ready.admit(&user, change.at)?;
    let trusted = device::confirmed(
        device_token,
        device.as_ref(),
        parts.trusts_for,
        &user,
        change.at,
    );
    let client = http::client(&request);
    let session_id = begun.session_id;
    let pair = admitted
        .start_once(session_id, First::Mail, trusted, client, &change)
        .await?;
    http::json(StatusCode::OK, &TokenResponse::new(&pair, &user, change.at))
}

fn read(request: &Request) -> Result<Input, ApiError> {
    let mut fields = Fields::read(request)?;
    let challenge = fields.required("challenge", |challenge| Ok(challenge.to_owned()));
    let shown = read_shown(&mut fields);
    let device_token = fields.optional("deviceToken", DeviceToken::parse);
    fields.finish(|| {
        Some(Input {
            challenge: challenge?,
            shown: shown?,
            device_token: device_token?,
        })
    })
}
