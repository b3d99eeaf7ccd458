//! `POST /v1/auth/passkey`: signs in with a passkey that has verified its user. Anybody may call it.

use factors::{Assertion, Checks, Passkey, relying_party};
use lambda_http::Error;
use latchkey::clock;
use latchkey::http::{
    self, ApiError, ApiResult, ErrorCode, Fields, Limiter, Operation, Request, StatusCode,
    TokenResponse,
};
use latchkey::limit::Route;
use latchkey::sign_in::{NotSignedIn, SignIn};
use latchkey::store::Store;
use latchkey::table::{self, Key};
use latchkey::telemetry;
use latchkey::user::{User, UserId};
use webauthn::RelyingParty;

/// Sign-ins with a passkey. Nobody guesses one: what is limited is the work.
const ROUTE: Route = Route {
    name: "passkey",
    default_limits: "address=100/5m",
};

/// The operation `passkeySignIn`.
pub struct PasskeySignIn {
    limiter: Limiter,
    store: Store,
    sign_in: SignIn,
    relying_party: RelyingParty,
}

impl Operation for PasskeySignIn {
    async fn from_env() -> Result<Self, Error> {
        let (limiter, relying_party) = (Limiter::from_env(ROUTE)?, relying_party()?);
        let store = Store::from_env().await?;
        let sign_in = SignIn::from_env(&store).await?;
        Ok(Self {
            limiter,
            store,
            sign_in,
            relying_party,
        })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let assertion = read(&request)?;
        let now = clock::now();
        let ready = self.sign_in.ready(now).await?;
        // Who it is for, the passkey says itself; without that it signs in nobody (Web Authentication §7.2, step 6).
        let user_id = assertion.user_id().ok_or(ErrorCode::InvalidFactor)?;
        let (store, limiter) = (&self.store, &self.limiter);
        let attempt = limiter.attempt(store, &request, &user_id, now);
        let (admitted, read) =
            tokio::join!(attempt.admit(), read_account(store, &assertion, &user_id));
        admitted?;
        let (user, passkey) = read?;
        if let Some(user) = &user {
            telemetry::name_account(user.id);
        }

        let change = http::change(&request, Some(user_id));
        let checks = Checks {
            relying_party: Some(&self.relying_party),
            secrets: self.sign_in.secrets(),
            table: store.table(),
        };
        let shown = assertion.first(checks, user.as_ref(), passkey, &change);
        let shown = shown.await?;
        let user = user.ok_or(ErrorCode::InvalidFactor)?;
        let admitted = ready.admit(&user, change.at).map_err(unseen)?;
        let client = http::client(&request);
        let pair = admitted
            .start(user.credential_version, shown, None, client, &change)
            .await?;
        http::json(StatusCode::OK, &TokenResponse::new(&pair, &user, change.at))
    }
}

fn read(request: &Request) -> Result<Assertion, ApiError> {
    let mut fields = Fields::read(request)?;
    let assertion = Assertion::read(&mut fields);
    fields.finish(|| assertion)
}

/// The account and its passkey, in one read.
async fn read_account(
    store: &Store,
    assertion: &Assertion,
    user_id: &UserId,
) -> Result<(Option<User>, Option<Passkey>), ApiError> {
    let keys = [Key::user(user_id), assertion.key(user_id)];
    let read = store.table().batch_get("read passkey", keys.to_vec());
    let mut items = read.await?;
    let user = table::take(&mut items, &keys[0])?;
    let passkey = table::take(&mut items, &keys[1])?;
    Ok((user, passkey))
}

/// Where nobody is to learn that an account is not verified.
fn unseen(refused: NotSignedIn) -> ApiError {
    match refused {
        NotSignedIn::Unseen => ErrorCode::InvalidFactor.into(),
        other => other.into(),
    }
}
