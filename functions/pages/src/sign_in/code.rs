//! A code by mail, or the link beside it.

use latchkey::http::{self, ErrorCode, StatusCode};
use views::{AskCode, EnterCode, paths};

use super::password::{refuse, with_device};
use crate::SignInPage;
use crate::flash::Flash;
use crate::letter::Letter;
use crate::part::Asked;
use crate::pending::{Pending, Step};
use crate::site::Shown;
use crate::visit::{Visit, body, with_next};

impl SignInPage {
    /// Asks for the address; once it has it, for the code, or for a click where the link of the letter was opened in
    /// the same browser. With `again` it asks for the address once more.
    pub(crate) async fn ask_code(&self, visit: &Visit<'_>) -> Shown {
        self.require_mfa()?;
        if let Some(reply) = Letter::arrives(visit).await? {
            return Ok(reply);
        }
        let pending = visit.pending().await?;
        let again = visit.parameter("again").is_some();
        let Some((Step::Code { email, .. }, next)) = pending.filter(|_| !again) else {
            let page = AskCode {
                form: visit.flash.form(),
                next: visit.next(),
            };
            return Ok(visit.page(StatusCode::OK, page)?);
        };
        let form = visit.flash.form();
        let page = match Letter::read(visit).await? {
            Some(token) => EnterCode::by_link(form, None, token, next),
            None => EnterCode::new(form, None, Some(email), next),
        };
        Ok(visit.page(StatusCode::OK, page)?)
    }

    /// Takes the address, or the code.
    pub(crate) async fn take_code(&self, visit: &Visit<'_>) -> Shown {
        self.require_mfa()?;
        let form = visit.form().await?;
        if form.get("email").is_some() {
            return self.mail_code(visit).await;
        }
        let Some((Step::Code { challenge, .. }, next)) = visit.pending().await? else {
            return Err(refuse(visit, Flash::default(), ErrorCode::ChallengeExpired.into()).await);
        };
        let mut body = body(&form, &["code", "token"]);
        body["challenge"] = challenge.into();
        with_device(&mut body, visit);
        let answered = self.code_sign_in.ask(visit.request, Asked::post(body));
        match visit.go_on(answered.await, next.as_ref()).await {
            Ok(reply) => Ok(Letter::over(reply)),
            Err(error) => Err(refuse(visit, Flash::on(paths::CODE), error).await),
        }
    }

    async fn mail_code(&self, visit: &Visit<'_>) -> Shown {
        let form = visit.form().await?;
        let asked = Asked::post(body(&form, &["email"]));
        let answered = self.start_code_sign_in.ask(visit.request, asked).await;
        let answered = visit
            .done(answered, Flash::on(paths::CODE).typed(&form))
            .await?;
        let step = Step::Code {
            challenge: answered["challenge"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            email: form.get("email").unwrap_or_default().to_owned(),
        };
        let next = visit.next();
        let path = match &next {
            Some(next) => with_next(paths::CODE, next.as_str()),
            None => paths::CODE.to_owned(),
        };
        let pending = Pending::new(step, next.as_ref());
        Ok(visit.keep(&pending, http::see_other(&path)).await?)
    }

    /// Refuses where the stack has no such way.
    pub(super) fn require_mfa(&self) -> Result<(), ErrorCode> {
        self.site.has_mfa.then_some(()).ok_or(ErrorCode::NotFound)
    }
}
