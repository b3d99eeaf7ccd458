//! Address and password.

use latchkey::http::{self, ApiError, ErrorCode, StatusCode};
use serde_json::Value;
use views::{LocalPath, Provider, SignIn, paths};

use crate::SignInPage;
use crate::browser;
use crate::flash::Flash;
use crate::part::Asked;
use crate::site::{Shown, Stop};
use crate::visit::{Visit, body};

impl SignInPage {
    /// Who is signed in goes on, unless it is to be somebody else.
    pub(crate) async fn ask_password(&self, visit: &Visit<'_>) -> Shown {
        let next = visit.next();
        let (caller, providers) = tokio::join!(visit.caller(), self.providers(visit));
        if caller?.is_some() && visit.parameter("another").is_none() {
            let path = next.as_ref().map_or(paths::ACCOUNT, LocalPath::as_str);
            return Ok(http::see_other(path));
        }
        let page = SignIn {
            form: visit.flash.form(),
            next,
            providers: providers?,
            code_by_mail: self.code_by_mail,
            passkeys: self.site.has_mfa,
            sign_up: true,
            unknown_credential: visit.flash.unknown_credential.clone(),
        };
        Ok(visit.page(StatusCode::OK, page)?)
    }

    pub(crate) async fn take_password(&self, visit: &Visit<'_>) -> Shown {
        let form = visit.form().await?;
        let mut body = body(&form, &["email", "password"]);
        with_device(&mut body, visit);
        let answered = self.login.ask(visit.request, Asked::post(body)).await;
        let next = visit.next();
        match visit.go_on(answered, next.as_ref()).await {
            Ok(reply) => Ok(reply),
            Err(error) => {
                let flash = Flash::on(paths::SIGN_IN).typed(&form);
                Err(refuse(visit, flash, error).await)
            }
        }
    }

    /// The providers that a sign-in can go to.
    pub(crate) async fn providers(&self, visit: &Visit<'_>) -> Result<Vec<Provider>, ApiError> {
        if !self.site.has_oauth {
            return Ok(Vec::new());
        }
        let listed = self.providers.ask(visit.request, Asked::get()).await?;
        Ok(crate::providers(&listed))
    }
}

/// Shows what the browser has to show that it is trusted, where it has it.
pub(super) fn with_device(body: &mut Value, visit: &Visit<'_>) {
    if let Some(token) = browser::device_token(visit.request) {
        body["deviceToken"] = token.into();
    }
}

/// To the page that says why a sign-in was refused. One that took too long begins again.
pub(super) async fn refuse(visit: &Visit<'_>, flash: Flash, error: ApiError) -> Stop {
    let flash = if error.code() == ErrorCode::ChallengeExpired {
        Flash::on(paths::SIGN_IN)
    } else {
        flash
    };
    let flash = Flash {
        unknown_credential: error.forgotten_credential(),
        ..flash
    };
    visit.refused(error, flash).await
}
