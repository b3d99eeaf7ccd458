//! `GET` and `POST /v1/auth/oauth/{provider}/callback`: where a provider sends the browser back to. Finds out who it is, and
//! sends the browser on with a code for the application, never with a token. Nothing is written.

use std::time::Duration;

use lambda_http::Error;
use latchkey::clock::{self, Timestamp};
use latchkey::http::{
    self, ApiResult, Endpoint, ErrorCode, Limiter, Operation, Parameters, Request,
};
use latchkey::identity::ProviderName;
use latchkey::keys::{CachedSecrets, VerifyError};
use latchkey::secret::SecretSource;
use latchkey::session::SessionId;
use latchkey::store::Store;
use outbound::Client;
use serde::Deserialize;

use crate::call::{ProviderFailed, identify};
use crate::code::IdentityCode;
use crate::flow::Flow;
use crate::{Directory, Identified, Preset, Provider, ProviderStore, ROUTE};

/// Longest wait for all that a provider is asked: the browser is to be sent back in any case.
const PATIENCE: Duration = Duration::from_secs(8);

/// Why the application gets no code: `error` as RFC 6749 §4.1.2.1 has it, and which of ours it is.
struct Refused {
    error: &'static str,
    code: ErrorCode,
    cause: String,
}

impl From<ProviderFailed> for Refused {
    fn from(failed: ProviderFailed) -> Self {
        Self {
            error: "temporarily_unavailable",
            code: ErrorCode::ProviderFailed,
            cause: failed.to_string(),
        }
    }
}

/// The operations `finishOauth` and `finishOauthPost`.
pub struct FinishOauth {
    limiter: Limiter,
    store: Store,
    secrets: CachedSecrets,
    directory: Directory,
}

impl Operation for FinishOauth {
    // Providers bring parameters of their own.
    const ENDPOINT: Endpoint = http::taking_any().form();

    async fn from_env() -> Result<Self, Error> {
        Ok(Self {
            limiter: Limiter::from_env(ROUTE)?,
            directory: Directory::new(Client::from_env()?),
            store: Store::from_env().await?,
            secrets: CachedSecrets::from_env(SecretSource::PROVIDERS).await?,
        })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let name = http::path_parameter(&request, "provider", ProviderName::parse)?;
        let parameters = Parameters::read(&request);
        let now = clock::now();
        let state = parameters.get("state").unwrap_or_default();
        let flow = Flow::open(&self.secrets, &request, &name, state, now).await;
        let flow = flow.map_err(|error| match error {
            VerifyError::Invalid => ErrorCode::ChallengeExpired.into(),
            VerifyError::Keys(error) => latchkey::http::ApiError::from(error),
        })?;
        let attempt = self.limiter.attempt(&self.store, &request, &name, now);
        let providers = ProviderStore(self.store.table());
        let (admitted, provider) = tokio::join!(attempt.admit(), providers.get(&name));
        admitted?;
        let provider = provider?.filter(|provider| provider.version == flow.provider_version);
        let came_back = match provider {
            Some(provider) => {
                let came_back = self.come_back(&provider, &flow, &parameters, now);
                let in_time = tokio::time::timeout(PATIENCE, came_back).await;
                in_time.unwrap_or_else(|_| Err(ProviderFailed::from("it took too long").into()))
            }
            None => Err(Refused {
                error: "temporarily_unavailable",
                code: ErrorCode::ProviderNotFound,
                cause: "it was changed or removed meanwhile".to_owned(),
            }),
        };
        let url = match came_back {
            Ok(identified) => {
                let code = IdentityCode {
                    identified,
                    code_challenge: flow.code_challenge.clone(),
                    session_id: SessionId::generate(now),
                };
                let code = code.seal(&self.secrets, now).await?;
                flow.redirect(&[("code", &code)])
            }
            Err(Refused { error, code, cause }) => {
                tracing::warn!(provider = %name, code = code.code(), cause, "no sign-in came of it");
                flow.redirect(&[("error", error), ("error_description", code.code())])
            }
        };
        Ok(http::see_other(&url).cookie(&flow.expired_cookie()))
    }
}

impl FinishOauth {
    /// Who has come back from a provider.
    async fn come_back(
        &self,
        provider: &Provider,
        flow: &Flow,
        parameters: &Parameters,
        now: Timestamp,
    ) -> Result<Identified, Refused> {
        let endpoints = self.directory.endpoints(provider, now).await?;
        // Another provider's answer, which an attacker has sent here (RFC 9207 §2.4).
        let named = parameters.get("iss");
        let is_named = match named {
            // Where its tokens name one of many, those are looked at; one of OAuth 2 that is not known has no name.
            Some(issuer) => {
                issuer == endpoints.issuer
                    || endpoints.issuer.contains("{tenantid}")
                    || provider.preset == Preset::Oauth2
            }
            None => !endpoints.names_itself,
        };
        if !is_named {
            return Err(ProviderFailed::from("another has answered in its place").into());
        }
        let Some(code) = parameters.get("code") else {
            let error = parameters.get("error").unwrap_or_default();
            // Whoever does not want to is no failure of anybody.
            if [
                "access_denied",
                "user_cancelled_authorize",
                "user_cancelled_login",
            ]
            .contains(&error)
            {
                return Err(Refused {
                    error: "access_denied",
                    code: ErrorCode::IdentityRefused,
                    cause: "it was not wanted there".to_owned(),
                });
            }
            return Err(ProviderFailed::from("it gave no code").into());
        };
        let secrets = &self.secrets;
        let identified = identify(
            &self.directory,
            provider,
            secrets,
            &endpoints,
            flow,
            code,
            now,
        );
        let identified = with_names(identified.await?, parameters);
        if !provider.takes(identified.email.as_ref(), identified.is_verified) {
            return Err(Refused {
                error: "access_denied",
                code: ErrorCode::IdentityRefused,
                cause: "its address does not sign in here".to_owned(),
            });
        }
        Ok(identified)
    }
}

/// With what Apple tells beside its token, the first time alone ("Configuring your webpage for Sign in with Apple").
fn with_names(identified: Identified, parameters: &Parameters) -> Identified {
    #[derive(Default, Deserialize)]
    #[serde(default, rename_all = "camelCase")]
    struct Names {
        first_name: Option<String>,
        last_name: Option<String>,
    }
    #[derive(Deserialize)]
    struct AppleUser {
        name: Names,
    }
    let user = parameters.get("user");
    let user = user.and_then(|user| serde_json::from_str::<AppleUser>(user).ok());
    let Some(AppleUser { name }) = user else {
        return identified;
    };
    identified.with_names(name.first_name.as_deref(), name.last_name.as_deref())
}
