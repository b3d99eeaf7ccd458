//! `POST /v1/auth/continue`: goes on with a sign-in that lacked a second factor. Anybody who has its challenge may call
//! it, and the challenge works once.

use std::time::Duration;

use factors::{Checks, Presented, ROUTE, relying_party_if_usable};
use lambda_http::Error;
use latchkey::device::{self, DeviceToken, TrustedDevice};
use latchkey::http::{
    self, ApiError, ApiResult, Fields, Limiter, Operation, Request, StatusCode, TokenResponse,
};
use latchkey::keys::CachedSecrets;
use latchkey::proof::{Begun, Second};
use latchkey::secret::SecretSource;
use latchkey::sign_in::{NotSignedIn, Shown, SignIn, challenge};
use latchkey::store::{Change, Store};
use latchkey::table::{self, Key};
use latchkey::telemetry;
use latchkey::user::User;
use serde::Serialize;
use webauthn::RelyingParty;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SignedIn<'a> {
    #[serde(flatten)]
    tokens: TokenResponse<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_token: Option<String>,
}

/// The operation `continue`.
pub struct Continue {
    limiter: Limiter,
    store: Store,
    sign_in: SignIn,
    factors: CachedSecrets,
    relying_party: Option<RelyingParty>,
    trusts_for: Option<Duration>,
}

impl Operation for Continue {
    async fn from_env() -> Result<Self, Error> {
        let limiter = Limiter::from_env(ROUTE)?;
        let store = Store::from_env().await?;
        Ok(Self {
            limiter,
            relying_party: relying_party_if_usable(),
            trusts_for: device::lifetime()?,
            sign_in: SignIn::from_env(&store).await?,
            factors: CachedSecrets::from_env(SecretSource::FACTORS).await?,
            store,
        })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let (challenge, presented, remember) = read(&request)?;
        let change = http::change(&request, None);
        let ready = self.sign_in.ready(change.at).await?;
        let begun = challenge::open(self.sign_in.secrets(), &challenge, change.at).await?;
        let change = Change {
            by: Some(begun.user_id),
            ..change
        };
        telemetry::name_account(begun.user_id);

        let (user, shown) = match presented {
            Some(presented) => self.check(&request, &presented, &begun, &change).await?,
            // Nothing is lacking where a factor was set up meanwhile.
            None => (
                current(self.store.get_user(&begun.user_id).await?, &begun)?,
                None,
            ),
        };
        let client = http::client(&request);
        // Whoever has a challenge has seen that there is an account.
        let admitted = ready
            .admit(&user, change.at)
            .map_err(|refused| match refused {
                NotSignedIn::Unseen => NotSignedIn::ChallengeOver,
                refused => refused,
            })?;
        // Where nothing was lacking any more, nothing was shown that a device could stand in for.
        let has_shown = shown.is_some() || begun.proved.is_two();
        let trusts_for = self.trusts_for.filter(|_| remember && has_shown);
        let trusted = trusts_for.map(|lifetime| {
            let token = DeviceToken::generate(user.id, change.at);
            let client = client.clone();
            let device = TrustedDevice::new(&token, &user, client, lifetime, change.at);
            (token, device)
        });
        let device = trusted.as_ref().map(|(_, device)| device);
        let pair = admitted
            .go_on(begun, shown, device, client, &change)
            .await?;
        let signed_in = SignedIn {
            tokens: TokenResponse::new(&pair, &user, change.at),
            device_token: trusted.map(|(token, _)| token.reveal()),
        };
        http::json(StatusCode::OK, &signed_in)
    }
}

impl Continue {
    /// The account, and the factor that was presented for it, if it is right: what can be guessed is counted before it
    /// is looked at.
    async fn check(
        &self,
        request: &Request,
        presented: &Presented,
        begun: &Begun,
        change: &Change,
    ) -> Result<(User, Option<Shown<Second>>), ApiError> {
        let (store, user_id) = (&self.store, &begun.user_id);
        let attempt = self.limiter.attempt(store, request, user_id, change.at);
        let admitted = async {
            match presented {
                Presented::Typed(_) => attempt.admit().await,
                Presented::Passkey(_) => Ok(()),
            }
        };
        let (admitted, read) = tokio::join!(admitted, read_factor(store, presented, begun));
        admitted?;
        let (user, item) = read?;
        let user = current(user, begun)?;
        let shown = match presented {
            Presented::Typed(typed) => {
                let checked = typed.check(&user, item, store.table(), &self.factors, change);
                checked.await?
            }
            Presented::Passkey(assertion) => {
                let checks = Checks {
                    relying_party: self.relying_party.as_ref(),
                    secrets: self.sign_in.secrets(),
                    table: store.table(),
                };
                let passkey = item.map(table::read).transpose()?;
                let session = begun.session_id;
                let checked = assertion.second(checks, &user, passkey, session, change);
                checked.await?
            }
        };
        Ok((user, Some(shown)))
    }
}

/// The challenge, what is presented with it, and whether the device is to be trusted.
fn read(request: &Request) -> Result<(String, Option<Presented>, bool), ApiError> {
    let mut fields = Fields::read(request)?;
    let challenge = fields.required("challenge", |challenge| Ok(challenge.to_owned()));
    let presented = Presented::read(&mut fields);
    let remember = fields.flag("rememberDevice");
    fields.finish(|| Some((challenge?, presented?, remember?)))
}

/// The account, and the item that checks what is presented, in one read.
async fn read_factor(
    store: &Store,
    presented: &Presented,
    begun: &Begun,
) -> Result<(Option<User>, Option<table::RawItem>), ApiError> {
    let keys = [Key::user(&begun.user_id), presented.key(&begun.user_id)];
    let mut items = store
        .table()
        .batch_get("read factor", keys.to_vec())
        .await?;
    let user = table::take(&mut items, &keys[0])?;
    Ok((user, items.pop()))
}

/// The account, if it is as it was when the sign-in began.
fn current(user: Option<User>, begun: &Begun) -> Result<User, NotSignedIn> {
    user.filter(|user| begun.is_of(user))
        .ok_or(NotSignedIn::ChallengeOver)
}
