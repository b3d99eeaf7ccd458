//! `GET` and `POST /oauth2/userinfo`: what a client may know of who has signed in (OpenID Connect Core 1.0 §5.3).
//! Whoever holds an access token of a client with the scope `openid` may call it. `OPTIONS` is what a browser asks
//! before a script of another origin does.

use lambda_http::Error;
use lambda_http::http::Method;
use latchkey::clock;
use latchkey::http::{self, ApiResult, Endpoint, Operation, Reply, Request, StatusCode};
use latchkey::keys::{TokenVerifier, VerifyError};
use latchkey::store::Store;
use serde::Serialize;

use crate::claims::{self, ClientSubject, ProfileClaims};
use crate::oauth_error::{Failed, OauthError, OauthErrorCode};
use crate::standing::Found;

const NO_TOKEN: OauthError = OauthErrorCode::MissingToken.because("the access token is missing");
const WRONG_TOKEN: OauthError =
    OauthErrorCode::InvalidToken.because("the access token is wrong, expired or revoked");

#[derive(Serialize)]
struct UserinfoResponse<'a> {
    sub: String,
    #[serde(flatten)]
    profile: ProfileClaims<'a>,
}

/// The operation `userinfo`.
pub struct Userinfo {
    store: Store,
    tokens: TokenVerifier,
}

impl Operation for Userinfo {
    const ENDPOINT: Endpoint = http::taking_any().form();

    async fn from_env() -> Result<Self, Error> {
        let store = Store::from_env().await?;
        let tokens = TokenVerifier::from_env(&store).await?;
        Ok(Self { store, tokens })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        if request.method() == Method::OPTIONS {
            return Ok(http::no_content().preflight("GET, POST"));
        }
        match self.tell(&request).await {
            Ok(reply) => Ok(reply),
            Err(failed) => failed.reply(),
        }
    }
}

impl Userinfo {
    async fn tell(&self, request: &Request) -> Result<Reply, Failed> {
        let now = clock::now();
        let token = http::bearer_token(request)
            .map_err(|_| WRONG_TOKEN)?
            .ok_or(NO_TOKEN)?;
        let issuer = self.tokens.issuer();
        let open = |keys: &[_]| claims::verify(keys, issuer, token, now);
        let subject: ClientSubject = match self.tokens.open(now, open).await {
            Ok(subject) => subject,
            Err(VerifyError::Invalid) => return Err(WRONG_TOKEN.into()),
            Err(VerifyError::Keys(error)) => return Err(error.into()),
        };
        let found = Found::read(&self.store, subject.names(), &subject.client_id).await?;
        let (_, user, mut scopes) = found.live(now).ok_or(WRONG_TOKEN)?;
        scopes.retain(|scope| subject.scopes.contains(scope));
        if !claims::has(&scopes, "openid") {
            let description = "the access token is not for this";
            return Err(OauthErrorCode::InsufficientScope
                .because(description)
                .into());
        }
        let response = UserinfoResponse {
            sub: user.id.to_string(),
            profile: ProfileClaims::of(user, &scopes),
        };
        Ok(http::json(StatusCode::OK, &response)?.for_every_origin())
    }
}
