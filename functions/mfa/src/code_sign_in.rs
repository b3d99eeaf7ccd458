//! `POST /v1/auth/code/verify`: signs in with the code or the link of a letter, and the challenge of whoever asked for it.
//! Anybody may call it.
//!
//! Unknown address, account that is mailed none and wrong code cost the same: the limits and two reads.

use std::time::Duration;

use lambda_http::Error;
use latchkey::clock;
use latchkey::device::{self, DeviceToken};
use latchkey::http::{
    self, ApiError, ApiResult, ErrorCode, Fields, Limiter, Operation, Request, StatusCode,
    TokenResponse,
};
use latchkey::keys::CachedSecrets;
use latchkey::proof::First;
use latchkey::secret::SecretSource;
use latchkey::sign_in::SignIn;
use latchkey::store::Store;
use latchkey::telemetry;
use latchkey::token::mailed::{self, LetterProof, MailedCode};
use latchkey::user::UserId;

use crate::codes::{CODE_CHALLENGE, CodeChallenge, GUESS_ROUTE, guess, read_proof, try_once};

struct Input {
    challenge: String,
    proof: LetterProof,
    device_token: Option<DeviceToken>,
}

/// The operation `codeSignIn`.
pub struct CodeSignIn {
    guesses: Limiter,
    store: Store,
    sign_in: SignIn,
    mail: CachedSecrets,
    codes: mailed::CodeSignIn,
    trusts_for: Option<Duration>,
}

impl Operation for CodeSignIn {
    async fn from_env() -> Result<Self, Error> {
        let guesses = Limiter::from_env(GUESS_ROUTE)?;
        let store = Store::from_env().await?;
        Ok(Self {
            guesses,
            codes: mailed::CodeSignIn::from_env()?,
            trusts_for: device::lifetime()?,
            sign_in: SignIn::from_env(&store).await?,
            mail: CachedSecrets::from_env(SecretSource::MAIL).await?,
            store,
        })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let input = read(&request)?;
        let now = clock::now();
        let ready = self.sign_in.ready(now).await?;
        let opened = self
            .mail
            .challenge(&CODE_CHALLENGE, b"", &input.challenge, now);
        let begun: CodeChallenge = opened.await?;

        let (store, proof) = (&self.store, &input.proof);
        let (guessed, holder) = tokio::join!(
            guess(&self.guesses, store, &request, proof, &begun.email, now),
            store.find_user_id(&begun.email)
        );
        guessed?;
        let device_token = input.device_token.as_ref();
        let holder = holder?.unwrap_or(UserId::NOBODY);
        let (tried, read) = tokio::join!(
            try_once(store, &begun.request, now),
            store.get_user_with_device(&holder, device_token)
        );
        tried?;
        let (user, device) = read?;
        let user = user.filter(|user| self.codes.admits(user));
        let is_right = self.mail.made(now, |secrets| {
            let is_shown = |user| MailedCode::is_shown(secrets, &begun.request, user, proof);
            user.as_ref().is_some_and(is_shown)
        });
        let is_right = is_right.await?;
        let Some(user) = user.filter(|_| is_right) else {
            return Err(ErrorCode::InvalidFactor.into());
        };
        telemetry::name_account(user.id);
        let change = http::change(&request, Some(user.id));
        let admitted = ready.admit(&user, change.at)?;
        let trusted = device::confirmed(
            device_token,
            device.as_ref(),
            self.trusts_for,
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
}

fn read(request: &Request) -> Result<Input, ApiError> {
    let mut fields = Fields::read(request)?;
    let challenge = fields.required("challenge", |challenge| Ok(challenge.to_owned()));
    let proof = read_proof(&mut fields);
    let device_token = fields.optional("deviceToken", DeviceToken::parse);
    fields.finish(|| {
        Some(Input {
            challenge: challenge?,
            proof: proof?,
            device_token: device_token?,
        })
    })
}
