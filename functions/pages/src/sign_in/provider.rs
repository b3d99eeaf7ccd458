//! Signing in at another provider, and linking an identity there.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use latchkey::http::{ApiError, ErrorCode, StatusCode};
use serde_json::{Value, json};
use views::{Leave, LocalPath, Notice, paths};

use super::password::{refuse, with_device};
use crate::flash::Flash;
use crate::part::Asked;
use crate::pending::{Pending, Step};
use crate::site::{Shown, Stop};
use crate::visit::Visit;
use crate::{SIGNED_IN, SignInPage};

impl SignInPage {
    /// On the way to a provider. Whoever was sent here by the account page links an identity; whoever comes by a link
    /// of the sign-in page signs in.
    pub(crate) async fn to_provider(&self, visit: &Visit<'_>) -> Shown {
        if !self.site.has_oauth {
            return Err(ErrorCode::NotFound.into());
        }
        let name = visit.parameter("provider").unwrap_or_default();
        let links = match visit.pending().await? {
            Some((Step::Link { provider, user }, _)) if provider == name => Some(user),
            _ => None,
        };
        let back = if links.is_some() {
            paths::ACCOUNT
        } else {
            paths::SIGN_IN
        };
        let verifier = verifier()?;
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
        let redirect_to = format!("{}{SIGNED_IN}", self.site.origin);
        let path = [("provider", name.as_str())];
        let query = [
            ("redirectTo", redirect_to.as_str()),
            ("codeChallenge", challenge.as_str()),
        ];
        let asked = Asked::get().at(&path).query(&query);
        let (started, providers) = tokio::join!(
            self.start_oauth.reply(visit.request, asked),
            self.providers(visit)
        );
        let started = match started {
            Ok(started) => started,
            Err(error) => return Err(refuse(visit, Flash::on(back), error).await),
        };
        let title = providers?.into_iter().find(|known| known.name == name);
        let title = title.map_or(name, |known| known.title);
        let url = started.location_url().unwrap_or_default().to_owned();
        let leave = Leave::new(title, url, LocalPath::parse(back));
        let leave = leave.ok_or(ErrorCode::ProviderFailed)?;
        let mut reply = visit.page(StatusCode::OK, leave)?;
        for cookie in started.cookies() {
            reply = reply.cookie(cookie);
        }
        let step = Step::Provider { verifier, links };
        let pending = Pending::new(step, visit.next().as_ref());
        Ok(visit.keep(&pending, reply).await?)
    }

    /// Back from a provider, with a code that this browser alone can use, or with what went wrong.
    pub(crate) async fn back_from_provider(&self, visit: &Visit<'_>) -> Shown {
        let Some((Step::Provider { verifier, links }, next)) = visit.pending().await? else {
            return Err(refuse(visit, Flash::default(), ErrorCode::ChallengeExpired.into()).await);
        };
        let path = if links.is_some() {
            paths::ACCOUNT
        } else {
            paths::SIGN_IN
        };
        let Some(code) = visit.parameter("code") else {
            let flash = Flash {
                problem: refusal(visit),
                ..Flash::on(path)
            };
            return Ok(Pending::over(visit.show(flash).await?));
        };
        let mut body = json!({ "code": code, "codeVerifier": verifier });
        if links.is_some() {
            return self.link(visit, links, body).await;
        }
        with_device(&mut body, visit);
        let answered = self.exchange_oauth.ask(visit.request, Asked::post(body));
        match visit.go_on(answered.await, next.as_ref()).await {
            Ok(reply) => Ok(reply),
            Err(error) => Err(refuse(visit, Flash::on(path), error).await),
        }
    }

    async fn link(
        &self,
        visit: &Visit<'_>,
        links: Option<latchkey::user::UserId>,
        body: Value,
    ) -> Shown {
        let bearer = visit
            .bearer
            .filter(|bearer| links == Some(bearer.user_id()));
        let Some(bearer) = bearer else {
            return Err(visit.sign_in_first().await);
        };
        let asked = Asked::post(body).by(bearer);
        let answered = self.link_identity.ask(visit.request, asked).await;
        visit
            .done(answered, Flash::on(paths::ACCOUNT))
            .await
            .map_err(|stop| match stop {
                Stop::Elsewhere(reply) => Pending::over(*reply).into(),
                failed @ Stop::Failed(_) => failed,
            })?;
        let said = visit.say(paths::ACCOUNT, Notice::IdentityLinked).await?;
        Ok(Pending::over(said))
    }
}

/// Why the provider sent nobody back: a code of the contract. None, where whoever was there has changed their mind.
fn refusal(visit: &Visit<'_>) -> Option<String> {
    if visit.parameter("error").as_deref() == Some("access_denied") {
        return None;
    }
    let described = visit.parameter("error_description").unwrap_or_default();
    let known = ErrorCode::ALL.iter().find(|code| code.code() == described);
    let code = known.copied().unwrap_or(ErrorCode::ProviderFailed);
    Some(code.code().to_owned())
}

/// 256 bits that only this browser's cookie has (RFC 7636 §4.1).
fn verifier() -> Result<String, ApiError> {
    let mut bits = [0; 32];
    rand::fill(&mut bits).map_err(|_| ApiError::caused_by(ErrorCode::Internal, "no randomness"))?;
    Ok(URL_SAFE_NO_PAD.encode(bits))
}
