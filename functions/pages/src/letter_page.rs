//! The pages that letters lead to, and those that ask for letters.

use lambda_http::Error;
use lambda_http::http::Method;
use latchkey::http::{
    self, ApiError, ApiResult, Endpoint, ErrorCode, Operation, Request, StatusCode,
};
use serde_json::{Value, json};
use views::{
    CheckMail, ConfirmEmailChange, Forgot, Invitation, Notice, Resend, Reset, Sent, VerifyEmail,
    View, paths,
};

use crate::flash::Flash;
use crate::letter::Letter;
use crate::part::{Asked, Part};
use crate::site::{Shown, Site};
use crate::visit::{Visit, body};
use crate::{CHECK_MAIL, check_mail};

/// The pages, and the operations that they do.
pub struct LetterPage {
    site: Site,
    forgot_password: Part<auth::ForgotPassword>,
    reset_password: Part<auth::ResetPassword>,
    verify_email: Part<auth::VerifyEmail>,
    resend_verification: Part<auth::ResendVerification>,
    confirm_email_change: Part<users::ConfirmEmailChange>,
}

impl Operation for LetterPage {
    const ENDPOINT: Endpoint = http::taking_any().form();

    async fn from_env() -> Result<Self, Error> {
        Ok(Self {
            site: Site::from_env().await?,
            forgot_password: Part::default(),
            reset_password: Part::default(),
            verify_email: Part::default(),
            resend_verification: Part::default(),
            confirm_email_change: Part::default(),
        })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        Box::pin(self.site.answer(&request, |visit| self.show(visit))).await
    }
}

impl LetterPage {
    async fn show(&self, visit: Visit<'_>) -> Shown {
        let visit = &visit;
        if visit.request.method() == Method::POST {
            return match visit.path() {
                paths::FORGOT => self.forgot(visit).await,
                paths::RESEND => self.resend(visit).await,
                paths::RESET | paths::INVITATION => self.reset(visit).await,
                paths::VERIFY => self.verify(visit).await,
                paths::CONFIRM_EMAIL => self.confirm(visit).await,
                _ => Err(ErrorCode::NotFound.into()),
            };
        }
        match visit.path() {
            CHECK_MAIL => mail_is_there(visit),
            paths::FORGOT | paths::RESEND => ask_for_letter(visit),
            paths::RESET | paths::INVITATION | paths::VERIFY | paths::CONFIRM_EMAIL => {
                opened(visit).await
            }
            _ => Err(ErrorCode::NotFound.into()),
        }
    }

    async fn forgot(&self, visit: &Visit<'_>) -> Shown {
        let form = visit.form().await?;
        let asked = Asked::post(body(&form, &["email"]));
        let answered = self.forgot_password.ask(visit.request, asked).await;
        let flash = Flash::on(paths::FORGOT).typed(&form);
        visit.done(answered, flash).await?;
        check_mail(visit, Sent::Reset, &form, visit.next().as_ref()).await
    }

    /// Of whoever is signed in, the address is known.
    async fn resend(&self, visit: &Visit<'_>) -> Shown {
        let form = visit.form().await?;
        let own = form.get("email").is_none();
        let (body, flash) = if own {
            let (caller, _) = visit.signed_in().await?;
            let body = json!({ "email": caller.user.email.as_str() });
            (body, Flash::on(paths::ACCOUNT))
        } else {
            (
                body(&form, &["email"]),
                Flash::on(paths::RESEND).typed(&form),
            )
        };
        let asked = Asked::post(body);
        let answered = self.resend_verification.ask(visit.request, asked).await;
        visit.done(answered, flash).await?;
        if own {
            return visit.say(paths::ACCOUNT, Notice::LetterSent).await;
        }
        check_mail(visit, Sent::Verification, &form, visit.next().as_ref()).await
    }

    async fn reset(&self, visit: &Visit<'_>) -> Shown {
        let form = visit.form().await?;
        let asked = Asked::post(body(&form, &["token", "password"]));
        let answered = self.reset_password.ask(visit.request, asked).await;
        self.over(visit, answered, paths::SIGN_IN, Notice::PasswordReset)
            .await
    }

    /// Whoever is signed in to the account needs no password.
    async fn verify(&self, visit: &Visit<'_>) -> Shown {
        let form = visit.form().await?;
        let asked = Asked::post(body(&form, &["token", "password"]));
        let by_password = form.get("password").is_some();
        let (asked, path) = match visit.bearer.filter(|_| !by_password) {
            Some(bearer) => (asked.by(bearer), paths::ACCOUNT),
            None => (asked, paths::SIGN_IN),
        };
        let answered = self.verify_email.ask(visit.request, asked).await;
        self.over(visit, answered, path, Notice::EmailVerified)
            .await
    }

    async fn confirm(&self, visit: &Visit<'_>) -> Shown {
        let form = visit.form().await?;
        let (_, bearer) = visit.signed_in().await?;
        let asked = Asked::post(body(&form, &["token"])).by(bearer);
        let answered = self.confirm_email_change.ask(visit.request, asked).await;
        self.over(visit, answered, paths::ACCOUNT, Notice::EmailChanged)
            .await
    }

    /// A link is used up, or its page says why not.
    async fn over(
        &self,
        visit: &Visit<'_>,
        answered: Result<Value, ApiError>,
        path: &str,
        notice: Notice,
    ) -> Shown {
        visit.done(answered, Flash::on(visit.path())).await?;
        let flash = Flash::on(path).done(notice);
        Ok(Letter::over(visit.show(flash).await?))
    }
}

/// The page of a link. Without one there is nothing to show, but where it may be asked for.
async fn opened(visit: &Visit<'_>) -> Shown {
    if let Some(reply) = Letter::arrives(visit).await? {
        return Ok(reply);
    }
    let Some(token) = Letter::read(visit).await? else {
        return Err(ErrorCode::InvalidActionToken.into());
    };
    let form = visit.flash.form();
    let page: View = match visit.path() {
        paths::RESET => Reset { form, token }.into(),
        paths::INVITATION => Invitation { form, token }.into(),
        paths::VERIFY => {
            let caller = visit.caller().await?;
            let needs_password = caller.is_none();
            let page = VerifyEmail {
                form,
                token,
                needs_password,
            };
            return Ok(match caller {
                Some(caller) => visit.own_page(&caller, page)?,
                None => visit.page(StatusCode::OK, page)?,
            });
        }
        _ => {
            let (caller, _) = visit.signed_in().await?;
            return Ok(visit.own_page(&caller, ConfirmEmailChange { form, token })?);
        }
    };
    Ok(visit.page(StatusCode::OK, page)?)
}

fn ask_for_letter(visit: &Visit<'_>) -> Shown {
    let (form, next) = (visit.flash.form(), visit.next());
    let page: View = match visit.path() {
        paths::FORGOT => Forgot { form, next }.into(),
        _ => Resend { form, next }.into(),
    };
    Ok(visit.page(StatusCode::OK, page)?)
}

/// Says which letter to look for. It is told by the form before; nothing is asked of the table.
fn mail_is_there(visit: &Visit<'_>) -> Shown {
    let Some((sent, _)) = &visit.flash.part else {
        return Ok(http::see_other(paths::SIGN_IN));
    };
    let sent = match sent.as_str() {
        "sign_up" => Sent::SignUp,
        "verification" => Sent::Verification,
        _ => Sent::Reset,
    };
    let page = CheckMail {
        sent,
        email: visit.flash.values.get("email").cloned(),
        next: visit.next(),
    };
    Ok(visit.page(StatusCode::OK, page)?)
}
