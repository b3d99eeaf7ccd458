//! `POST /v1/users/{id}/passkeys`: adds the passkey that a browser has made. For whoever may start it. With the first
//! factor come ten recovery codes, shown this once.

use factors::{
    Creation, Enrolment, FactorStore, NewFactor, Owner, Passkey, invalid_credential, relying_party,
};
use lambda_http::Error;
use latchkey::factor::Factor;
use latchkey::http::{
    self, ApiError, ApiResult, ErrorCode, Fields, Operation, Request, StatusCode,
};
use latchkey::keys::{CachedSecrets, TokenVerifier};
use latchkey::name::Name;
use latchkey::secret::SecretSource;
use latchkey::store::{Change, Store};
use latchkey::user::User;
use serde::Serialize;
use webauthn::{Registered, RegistrationResponse, RelyingParty, register};

use crate::enrolled::{first_codes, go_on, refused};
use crate::passkeys::PasskeyResponse;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AddedPasskey {
    #[serde(flatten)]
    passkey: PasskeyResponse,
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery_codes: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    challenge: Option<String>,
}

struct Input {
    challenge: Option<String>,
    ceremony: String,
    response: RegistrationResponse,
    name: Option<Name>,
}

/// The operation `addPasskey`.
pub struct AddPasskey {
    store: Store,
    tokens: TokenVerifier,
    sessions: CachedSecrets,
    factors: CachedSecrets,
    relying_party: RelyingParty,
}

impl Operation for AddPasskey {
    async fn from_env() -> Result<Self, Error> {
        let relying_party = relying_party()?;
        let store = Store::from_env().await?;
        Ok(Self {
            relying_party,
            tokens: TokenVerifier::from_env(&store).await?,
            sessions: CachedSecrets::from_env(SecretSource::SESSION).await?,
            factors: CachedSecrets::from_env(SecretSource::FACTORS).await?,
            store,
        })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let input = read(&request)?;
        let change = http::change(&request, None);
        let (store, tokens, sessions) = (&self.store, &self.tokens, &self.sessions);
        let challenge = input.challenge.as_deref();
        let owner = Owner::of(&request, challenge, store, tokens, sessions, &change).await?;
        let user = owner.user();
        let change = Change {
            by: Some(user.id),
            ..change
        };

        let registered = self.registered(user, &input, &change).await?;
        let passkey = Passkey::new(registered, input.name, change.at);
        if user.factors.contains(&Factor::Passkey(passkey.id)) {
            return Err(ErrorCode::FactorExists.into());
        }
        let secrets = self.factors.current(change.at).await?;
        let (kept, recovery_codes) = first_codes(&secrets, user, &change).unzip();
        let factor = NewFactor::Passkey(&passkey);
        let enrolment = Enrolment {
            user,
            factor,
            codes: kept.as_ref(),
            session: owner.session(),
        };
        FactorStore(store.table())
            .enrol(enrolment, &change)
            .await
            .map_err(refused)?;
        http::json(
            StatusCode::CREATED,
            &AddedPasskey {
                passkey: PasskeyResponse::from(&passkey),
                recovery_codes,
                challenge: go_on(owner, factor.shown(), sessions, &change).await?,
            },
        )
    }
}

impl AddPasskey {
    /// What the browser has made, if it is what it was asked for.
    async fn registered(
        &self,
        user: &User,
        input: &Input,
        change: &Change,
    ) -> Result<Registered, ApiError> {
        let creation = Creation::open(&self.sessions, &input.ceremony, user, change.at).await?;
        let challenge = creation.challenge.bytes();
        register(&self.relying_party, &input.response, &challenge, true)
            .map_err(|refused| ApiError::invalid_field("credential", invalid_credential(refused)))
    }
}

fn read(request: &Request) -> Result<Input, ApiError> {
    let mut fields = Fields::read(request)?;
    let challenge = fields.optional("challenge", |challenge| Ok(challenge.to_owned()));
    let ceremony = fields.required("ceremony", |ceremony| Ok(ceremony.to_owned()));
    let response = fields.object("credential", |object| {
        RegistrationResponse::parse(object).map_err(invalid_credential)
    });
    let name = fields.optional("name", Name::parse);
    fields.finish(|| {
        Some(Input {
            challenge: challenge?,
            ceremony: ceremony?,
            response: response?,
            name: name?,
        })
    })
}
