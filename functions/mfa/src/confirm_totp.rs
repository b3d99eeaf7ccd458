//! `POST /v1/users/{id}/factors/totp/confirm`: sets up an authenticator app that has shown a code. For whoever may
//! start it. With the first factor come ten recovery codes, shown this once.

use factors::{Code, Enrolment, FactorStore, NewFactor, Owner, ROUTE, TotpFactor};
use lambda_http::Error;
use latchkey::factor::Factor;
use latchkey::http::{
    self, ApiError, ApiResult, ErrorCode, Fields, Limiter, Operation, Request, StatusCode,
};
use latchkey::keys::{CachedSecrets, KeyError, TokenVerifier};
use latchkey::secret::SecretSource;
use latchkey::store::{Change, Store};
use serde::Serialize;

use crate::enrolled::{first_codes, go_on, refused};
use crate::pending::Pending;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ConfirmedTotp {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery_codes: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    challenge: Option<String>,
}

struct Input {
    challenge: Option<String>,
    pending: String,
    code: Code,
}

/// The operation `confirmTotp`.
pub struct ConfirmTotp {
    limiter: Limiter,
    store: Store,
    tokens: TokenVerifier,
    sessions: CachedSecrets,
    factors: CachedSecrets,
}

impl Operation for ConfirmTotp {
    async fn from_env() -> Result<Self, Error> {
        let limiter = Limiter::from_env(ROUTE)?;
        let store = Store::from_env().await?;
        Ok(Self {
            limiter,
            tokens: TokenVerifier::from_env(&store).await?,
            sessions: CachedSecrets::from_env(SecretSource::SESSION).await?,
            factors: CachedSecrets::from_env(SecretSource::FACTORS).await?,
            store,
        })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let input = read(&request)?;
        let change = http::change(&request, None);
        let owner = self.owner(&request, &input, &change).await?;
        let user = owner.user();
        if user.factors.contains(&Factor::Totp) {
            return Err(ErrorCode::FactorExists.into());
        }
        let change = Change {
            by: Some(user.id),
            ..change
        };
        let attempt = self
            .limiter
            .attempt(&self.store, &request, &user.id, change.at);
        attempt.admit().await?;

        let secret = Pending::open(&self.sessions, user, &input.pending, change.at).await?;
        let step = secret.find(&input.code, None, change.at);
        let step = step.ok_or(ErrorCode::InvalidFactor)?;
        let secrets = self.factors.current(change.at).await?;
        let totp = TotpFactor::new(&secrets, &user.id, &secret, step, change.at);
        let totp = totp.map_err(KeyError::from)?;
        let (kept, recovery_codes) = first_codes(&secrets, user, &change).unzip();
        let factor = NewFactor::Totp(&totp);
        let enrolment = Enrolment {
            user,
            factor,
            codes: kept.as_ref(),
            session: owner.session(),
        };
        FactorStore(self.store.table())
            .enrol(enrolment, &change)
            .await
            .map_err(refused)?;
        http::json(
            StatusCode::CREATED,
            &ConfirmedTotp {
                id: totp.id.to_string(),
                recovery_codes,
                challenge: go_on(owner, factor.shown(), &self.sessions, &change).await?,
            },
        )
    }
}

impl ConfirmTotp {
    async fn owner(
        &self,
        request: &Request,
        input: &Input,
        change: &Change,
    ) -> Result<Owner, ApiError> {
        let challenge = input.challenge.as_deref();
        let (store, tokens) = (&self.store, &self.tokens);
        Owner::of(request, challenge, store, tokens, &self.sessions, change).await
    }
}

fn read(request: &Request) -> Result<Input, ApiError> {
    let mut fields = Fields::read(request)?;
    let challenge = fields.optional("challenge", |challenge| Ok(challenge.to_owned()));
    let pending = fields.required("pending", |pending| Ok(pending.to_owned()));
    let code = fields.required("code", Code::parse);
    fields.finish(|| {
        Some(Input {
            challenge: challenge?,
            pending: pending?,
            code: code?,
        })
    })
}
