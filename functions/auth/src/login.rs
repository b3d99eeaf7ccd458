//! `POST /v1/auth/login`: signs in with address and password. Anybody may call it.
//!
//! Unknown address, wrong password, suspended and unverified account cost the same: the limits, two reads and one
//! hash.

use std::time::Duration;

use lambda_http::Error;
use latchkey::clock;
use latchkey::device::{self, DeviceToken, TrustedDevice};
use latchkey::email::Email;
use latchkey::http::{
    self, ApiError, ApiResult, Attempt, ErrorCode, Fields, Limiter, Near, Operation, Request,
    StatusCode, TokenResponse,
};
use latchkey::limit::PASSWORD_ROUTE;
use latchkey::password::{Match, Password};
use latchkey::proof::First;
use latchkey::sign_in::{Shown, SignIn};
use latchkey::store::{Change, Credential, Store};
use latchkey::telemetry;
use latchkey::user::{User, UserId};

/// The operation `login`.
pub struct Login {
    store: Store,
    sign_in: SignIn,
    limiter: Limiter,
    trusts_for: Option<Duration>,
}

impl Operation for Login {
    async fn from_env() -> Result<Self, Error> {
        let limiter = Limiter::from_env(PASSWORD_ROUTE)?;
        let store = Store::from_env().await?;
        let sign_in = SignIn::from_env(&store).await?;
        let trusts_for = device::lifetime()?;
        Ok(Self {
            store,
            sign_in,
            limiter,
            trusts_for,
        })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let Self {
            store,
            sign_in,
            limiter,
            ..
        } = self;
        let (email, password, device_token) = read_credentials(&request)?;
        let device_token = device_token.as_ref();

        let now = clock::now();
        let ready = sign_in.ready(now).await?;
        let attempt = limiter.attempt(store, &request, &email.canonical(), now);
        let (near, credential, user, device) =
            admit_and_read(store, &attempt, &email, device_token).await?;

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
        let admitted = ready.admit(&user, change.at)?;
        if found == Match::YesButOutdated {
            // The password was right: that its hash stays old for now is no reason to refuse it.
            if let Err(error) = rehash(store, &email, &credential, password, &change).await {
                tracing::warn!(
                    code = error.code().code(),
                    "a hash was not brought up to date"
                );
            }
        }

        let trusted = device::confirmed(
            device_token,
            device.as_ref(),
            self.trusts_for,
            &user,
            change.at,
        );
        let client = http::client(&request);
        let version = credential.credential_version;
        // Where more is asked for than the password, who knows it has not signed in yet.
        let remember = async {
            if user.factors.is_empty() || trusted.is_some() {
                attempt.signed_in(&near, &credential).await;
            }
        };
        let (pair, ()) = tokio::join!(
            admitted.start(
                version,
                Shown::again(First::Password),
                trusted,
                client,
                &change
            ),
            remember
        );
        http::json(
            StatusCode::OK,
            &TokenResponse::new(&pair?, &user, change.at),
        )
    }
}

/// What is known of an address: whether the client was seen there, the credential, the account, and a device of it.
type Read = (
    Near,
    Option<Credential>,
    Option<User>,
    Option<TrustedDevice>,
);

/// Counts the attempt, and reads the account of the address meanwhile: as much work for an address that has none.
async fn admit_and_read(
    store: &Store,
    attempt: &Attempt<'_>,
    email: &Email,
    device_token: Option<&DeviceToken>,
) -> Result<Read, ApiError> {
    let (near, credential) = tokio::join!(attempt.admit_near(), store.get_credential(email));
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
        store.get_user_with_device(&user_id, device_token)
    );
    admitted?;
    let (user, device) = user?;
    Ok((near, credential, user, device))
}

fn read_credentials(request: &Request) -> Result<(Email, Password, Option<DeviceToken>), ApiError> {
    let mut fields = Fields::read(request)?;
    let email = fields.required("email", Email::parse);
    let password = fields.required("password", Password::parse);
    let device_token = fields.optional("deviceToken", DeviceToken::parse);
    fields.finish(|| Some((email?, password?, device_token?)))
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
