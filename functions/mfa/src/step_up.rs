//! `POST /v1/auth/step-up`: proves anew who has signed in, for what takes a recent proof: with a second factor where the
//! account has one, and with the password where it has none. For the owner of a session, which goes on.

use factors::{Checks, Presented, ROUTE, relying_party_if_usable};
use lambda_http::Error;
use latchkey::field::FieldError;
use latchkey::http::{
    self, AccessTokenResponse, ApiError, ApiResult, Caller, ErrorCode, Fields, Limiter, Operation,
    Request, StatusCode,
};
use latchkey::keys::{CachedSecrets, TokenVerifier};
use latchkey::limit::PASSWORD_ROUTE;
use latchkey::password::{Match, Password};
use latchkey::proof::{First, Proved};
use latchkey::secret::SecretSource;
use latchkey::sign_in::{Fresh, Shown, SignIn, require_strongest};
use latchkey::store::{Change, Store};
use latchkey::table;
use webauthn::RelyingParty;

/// What somebody proves it with.
enum Proof {
    Password(Password),
    Factor(Presented),
}

/// The operation `stepUp`.
pub struct StepUp {
    passwords: Limiter,
    guesses: Limiter,
    store: Store,
    tokens: TokenVerifier,
    sign_in: SignIn,
    factors: CachedSecrets,
    relying_party: Option<RelyingParty>,
}

impl Operation for StepUp {
    async fn from_env() -> Result<Self, Error> {
        let [passwords, guesses] = [PASSWORD_ROUTE, ROUTE].map(Limiter::from_env);
        let store = Store::from_env().await?;
        Ok(Self {
            relying_party: relying_party_if_usable(),
            passwords: passwords?,
            guesses: guesses?,
            tokens: TokenVerifier::from_env(&store).await?,
            sign_in: SignIn::from_env(&store).await?,
            factors: CachedSecrets::from_env(SecretSource::FACTORS).await?,
            store,
        })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let proof = read(&request)?;
        let bearer = self.tokens.bearer(&request).await?;
        let change = http::change(&request, None);
        let ready = self.sign_in.ready(change.at).await?;
        let (caller, item) = match &proof {
            Proof::Password(_) => (bearer.authenticate(&self.store).await?, None),
            Proof::Factor(presented) => {
                let key = presented.key(&bearer.user_id());
                let read = bearer.authenticate_beside(&self.store, vec![key.clone()]);
                let (caller, mut beside) = read.await?;
                (caller, beside.take_raw(&key))
            }
        };
        let change = Change {
            by: Some(caller.user.id),
            ..change
        };
        let fresh = match proof {
            Proof::Password(password) => {
                // Where none is enough, none is tried.
                let proved = Proved::first(First::Password, change.at);
                require_strongest(&caller.user, &proved, change.at)?;
                self.check_password(&request, &caller, password, &change)
                    .await?;
                Fresh::First(Shown::again(First::Password))
            }
            Proof::Factor(Presented::Typed(typed)) => {
                let (store, user) = (&self.store, &caller.user);
                let attempt = self.guesses.attempt(store, &request, &user.id, change.at);
                attempt.admit().await?;
                let shown = typed.check(user, item, store.table(), &self.factors, &change);
                Fresh::Second(shown.await?)
            }
            // With its user verified: as much as a whole sign-in.
            Proof::Factor(Presented::Passkey(assertion)) => {
                let checks = Checks {
                    relying_party: self.relying_party.as_ref(),
                    secrets: self.sign_in.secrets(),
                    table: self.store.table(),
                };
                let passkey = item.map(table::read).transpose()?;
                let shown = assertion.first(checks, Some(&caller.user), passkey, &change);
                Fresh::First(shown.await?)
            }
        };
        let token = ready
            .step_up(&caller.user, &caller.session, fresh, &change)
            .await?;
        http::json(
            StatusCode::OK,
            &AccessTokenResponse::new(&token, ready.lifetime()),
        )
    }
}

impl StepUp {
    /// Whether this is the password of the caller: counted with all guesses of it, and as much work for a wrong one.
    async fn check_password(
        &self,
        request: &Request,
        caller: &Caller,
        password: Password,
        change: &Change,
    ) -> Result<(), ApiError> {
        let (store, user) = (&self.store, &caller.user);
        let attempt = self
            .passwords
            .attempt(store, request, &user.email.canonical(), change.at);
        let (admitted, credential) =
            tokio::join!(attempt.admit(), store.get_credential(&user.email));
        admitted?;
        let credential = credential?.filter(|credential| {
            credential.user_id == user.id
                && credential.credential_version == caller.session.credential_version
        });
        let hash = credential.and_then(|credential| credential.password_hash);
        if password.matches(hash.as_ref())? == Match::No {
            return Err(ErrorCode::InvalidCredentials.into());
        }
        Ok(())
    }
}

fn read(request: &Request) -> Result<Proof, ApiError> {
    let mut fields = Fields::read(request)?;
    let password = fields.optional("password", Password::parse);
    let presented = Presented::read(&mut fields);
    match (&password, &presented) {
        (Some(None), Some(None)) => {
            let message = "One of password, totp, recoveryCode and passkey is required.";
            fields.reject("password", FieldError::new("required", message));
        }
        (Some(Some(_)), Some(Some(_))) => {
            let message = "One proof is enough: this, or a factor.";
            fields.reject("password", FieldError::new("invalid_value", message));
        }
        _ => {}
    }
    fields.finish(|| {
        let presented = presented?.map(Proof::Factor);
        presented.or(password?.map(Proof::Password))
    })
}
