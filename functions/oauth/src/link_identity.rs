//! `POST /v1/users/{id}/identities`: links an identity at a provider, which signs in to the account from then on. For the
//! owner, who has shown within five minutes the strongest that the account has.

use lambda_http::Error;
use latchkey::field::FieldError;
use latchkey::http::{
    self, ApiError, ApiResult, ErrorCode, Fields, Operation, Request, StatusCode,
};
use latchkey::identity::MAX_IDENTITIES;
use latchkey::keys::{CachedSecrets, TokenVerifier};
use latchkey::secret::SecretSource;
use latchkey::store::{Identity, Store};
use latchkey::table::Key;

use crate::code::{IdentityCode, IdentityLink, code_verifier};
use crate::{Identified, IdentityResponse};

/// What shows whose identity it is.
enum Shown {
    /// The code that a sign-in at the provider has ended in, and its verifier.
    Code(String, String),
    /// What came with `link_required`.
    LinkToken(String),
}

/// The operation `linkIdentity`.
pub struct LinkIdentity {
    store: Store,
    tokens: TokenVerifier,
    secrets: CachedSecrets,
}

impl Operation for LinkIdentity {
    async fn from_env() -> Result<Self, Error> {
        let store = Store::from_env().await?;
        Ok(Self {
            tokens: TokenVerifier::from_env(&store).await?,
            secrets: CachedSecrets::from_env(SecretSource::PROVIDERS).await?,
            store,
        })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let path = http::user_id(&request)?;
        let shown = read(&request)?;
        let bearer = self.tokens.bearer(&request).await?;
        let change = http::change(&request, Some(bearer.user_id()));
        let identified = self.identified(&shown, &bearer.user_id(), &change).await;
        // Who may not link is told that first, whatever they show.
        let keys = identified
            .iter()
            .map(|identified| Key::identity(&identified.id()));
        let (caller, mut beside) = bearer
            .authenticate_beside(&self.store, keys.collect())
            .await?;
        caller.require_own(path)?;
        caller.require_recent_proof(change.at)?;
        let (user, identified) = (&caller.user, identified?);

        let found: Option<Identity> = beside.take(&Key::identity(&identified.id()))?;
        if let Some(found) = found {
            if found.user_id == user.id {
                return http::json(StatusCode::OK, &IdentityResponse::from(&found));
            }
            return Err(ErrorCode::IdentityTaken.into());
        }
        if user.identities.len() >= MAX_IDENTITIES {
            return Err(ErrorCode::TooManyIdentities.into());
        }
        let identity = identified.of(user.id, &change);
        self.store.link_identity(user, &identity, &change).await?;
        http::json(StatusCode::CREATED, &IdentityResponse::from(&identity))
    }
}

impl LinkIdentity {
    async fn identified(
        &self,
        shown: &Shown,
        user_id: &latchkey::user::UserId,
        change: &latchkey::store::Change,
    ) -> Result<Identified, ApiError> {
        let secrets = &self.secrets;
        match shown {
            Shown::Code(code, verifier) => {
                let code = IdentityCode::open(secrets, code, verifier, change.at).await?;
                Ok(code.identified)
            }
            Shown::LinkToken(token) => IdentityLink::open(secrets, token, user_id, change.at).await,
        }
    }
}

fn read(request: &Request) -> Result<Shown, ApiError> {
    let mut fields = Fields::read(request)?;
    let code = fields.optional("code", |code| Ok(code.to_owned()));
    let verifier = fields.optional("codeVerifier", code_verifier);
    let link_token = fields.optional("linkToken", |token| Ok(token.to_owned()));
    let shown = match (code, verifier, link_token) {
        (Some(Some(code)), Some(Some(verifier)), Some(None)) => Some(Shown::Code(code, verifier)),
        (Some(None), Some(None), Some(Some(token))) => Some(Shown::LinkToken(token)),
        (Some(_), Some(_), Some(_)) => {
            let message = "Send code and codeVerifier, or linkToken alone.";
            fields.reject("code", FieldError::new("required", message));
            None
        }
        _ => None,
    };
    fields.finish(|| shown)
}
