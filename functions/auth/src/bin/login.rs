//! `POST /v1/auth/login`: signs in with address and password. Anybody may call it.
//!
//! Unknown address, wrong password, suspended and unverified account cost the same: the limits, two reads and one
//! hash.

use lambda_http::Error;
use latchkey::clock;
use latchkey::config;
use latchkey::email::Email;
use latchkey::http::{
    self, ApiError, ApiResult, ErrorCode, Fields, Limiter, Request, StatusCode, TokenResponse,
};
use latchkey::keys::TokenIssuer;
use latchkey::password::{Match, Password};
use latchkey::session::{Session, SessionLifetimes};
use latchkey::store::{Change, Credential, Store};
use latchkey::telemetry;
use latchkey::user::{Status, UserId};

/// What an operator chooses.
#[derive(Clone, Copy)]
struct Settings {
    lifetimes: SessionLifetimes,
    requires_verified_email: bool,
    /// Then not even who knows the password learns that an account is not verified: they may have made it to
    /// find out whether the address was free.
    registers_privately: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let settings = Settings {
        lifetimes: SessionLifetimes::from_env()?,
        requires_verified_email: config::requires_verified_email()?,
        registers_privately: config::registers_privately()?,
    };
    let limiter = Limiter::from_env(auth::LOGIN_ROUTE)?;
    let store = Store::from_env().await?;
    let tokens = TokenIssuer::from_env(&store).await?;
    http::serve(|request| login(&store, &tokens, &limiter, settings, request)).await
}

async fn login(
    store: &Store,
    tokens: &TokenIssuer,
    limiter: &Limiter,
    settings: Settings,
    request: Request,
) -> ApiResult {
    let (email, password) = read_credentials(&request)?;

    let now = clock::now();
    let mint = tokens.mint(now).await?;
    let attempt = limiter.attempt(store, &request, &email.canonical(), now);
    let (near, credential) = tokio::join!(attempt.admit_near(), store.get_credential(&email));
    let credential = credential?;
    let user_id = credential
        .as_ref()
        .map_or(UserId::NOBODY, |credential| credential.user_id);
    if credential.is_some() {
        telemetry::name_account(user_id);
    }
    let near = near?;
    let (admitted, user) = tokio::join!(
        attempt.admit_account(&near, credential.as_ref()),
        store.get_user(&user_id)
    );
    admitted?;
    let user = user?;

    let hash = credential
        .as_ref()
        .and_then(|credential| credential.password_hash.as_ref());
    let found = password.matches(hash)?;
    let (Some(credential), Some(user)) = (credential, user) else {
        return Err(ErrorCode::InvalidCredentials.into());
    };
    if found == Match::No {
        return Err(ErrorCode::InvalidCredentials.into());
    }
    let change = http::change(&request, Some(user.id));
    if user.status_at(change.at) == Status::Suspended {
        return Err(ErrorCode::AccountSuspended.into());
    }
    if settings.registers_privately && !user.email_verified {
        return Err(ErrorCode::InvalidCredentials.into());
    }
    if settings.requires_verified_email && !user.email_verified {
        return Err(ErrorCode::EmailUnverified.into());
    }

    if found == Match::YesButOutdated {
        // The password was right: that its hash stays old for now is no reason to refuse it.
        if let Err(error) = rehash(store, &email, &credential, password, &change).await {
            tracing::warn!(
                code = error.code().code(),
                "a hash was not brought up to date"
            );
        }
    }
    let address = http::client_address(&request);
    let agent = http::client_user_agent(&request);
    let session = Session::start(
        &user,
        credential.credential_version,
        address,
        agent,
        settings.lifetimes,
        change.at,
    );
    let (stored, ()) = tokio::join!(
        store.put_session(&session, &change),
        attempt.signed_in(&near, &credential)
    );
    stored?;
    let pair = mint.issue(&user, &session)?;
    http::json(StatusCode::OK, &TokenResponse::new(&pair, &user, change.at))
}

fn read_credentials(request: &Request) -> Result<(Email, Password), ApiError> {
    let mut fields = Fields::read(request)?;
    let email = fields.required("email", Email::parse);
    let password = fields.required("password", Password::parse);
    fields.finish(|| Some((email?, password?)))
}

/// Brings an old hash up to date, unless the password has changed meanwhile.
async fn rehash(
    store: &Store,
    email: &Email,
    credential: &Credential,
    password: Password,
    change: &Change,
) -> Result<(), ApiError> {
    let hash = password.hash()?;
    Ok(store.rehash(email, credential, &hash, change).await?)
}
