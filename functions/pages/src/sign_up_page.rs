//! `/sign-up`: makes an account, and signs in to it.

use lambda_http::Error;
use lambda_http::http::Method;
use latchkey::config;
use latchkey::http::{self, ApiResult, Endpoint, ErrorCode, Operation, Request, StatusCode};
use views::{LocalPath, Sent, SignUp, paths};

use crate::check_mail;
use crate::flash::Flash;
use crate::part::{Asked, Part};
use crate::site::{Shown, Site};
use crate::visit::{Visit, body};

/// The page, and the operations that it does.
pub struct SignUpPage {
    site: Site,
    is_private: bool,
    register: Part<auth::Register>,
    login: Part<auth::Login>,
}

impl Operation for SignUpPage {
    const ENDPOINT: Endpoint = http::taking_any().form();

    async fn from_env() -> Result<Self, Error> {
        Ok(Self {
            site: Site::from_env().await?,
            is_private: config::registers_privately()?,
            register: Part::default(),
            login: Part::default(),
        })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        Box::pin(self.site.answer(&request, |visit| self.show(visit))).await
    }
}

impl SignUpPage {
    async fn show(&self, visit: Visit<'_>) -> Shown {
        let sends = visit.request.method() == Method::POST;
        match visit.path() {
            paths::SIGN_UP if sends => Box::pin(self.take(&visit)).await,
            paths::SIGN_UP => ask(&visit).await,
            _ => Err(ErrorCode::NotFound.into()),
        }
    }

    /// Whoever sends the form twice, or has an account already and knows its password, signs in.
    async fn take(&self, visit: &Visit<'_>) -> Shown {
        let form = visit.form().await?;
        let (request, next) = (visit.request, visit.next());
        let flash = Flash::on(paths::SIGN_UP).typed(&form);
        let account = body(&form, &["email", "password", "firstName", "lastName"]);
        let registered = self.register.ask(request, Asked::post(account)).await;
        let taken = match registered {
            Ok(_) => None,
            Err(error) if error.code() == ErrorCode::EmailTaken => Some(error),
            Err(error) => return Err(visit.refused(error, flash).await),
        };
        let sent = check_mail(visit, Sent::SignUp, &form, next.as_ref());
        if self.is_private {
            return sent.await;
        }
        let credentials = body(&form, &["email", "password"]);
        let answered = self.login.ask(request, Asked::post(credentials)).await;
        match (visit.go_on(answered, next.as_ref()).await, taken) {
            (Ok(reply), _) => Ok(reply),
            (Err(error), _) if error.code() == ErrorCode::EmailUnverified => sent.await,
            (Err(_), Some(taken)) => Err(visit.refused(taken, flash).await),
            // It was made all the same: the sign-in page says what is wrong.
            (Err(error), None) => {
                let flash = Flash::on(paths::SIGN_IN).typed(&form);
                Err(visit.refused(error, flash).await)
            }
        }
    }
}

/// Who is signed in goes on.
async fn ask(visit: &Visit<'_>) -> Shown {
    let next = visit.next();
    if visit.caller().await?.is_some() {
        let path = next.as_ref().map_or(paths::ACCOUNT, LocalPath::as_str);
        return Ok(http::see_other(path));
    }
    let page = SignUp {
        form: visit.flash.form(),
        next,
    };
    Ok(visit.page(StatusCode::OK, page)?)
}
