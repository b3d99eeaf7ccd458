//! `/account`: the account of whoever is signed in.

use lambda_http::Error;
use lambda_http::http::Method;
use latchkey::config;
use latchkey::http::{
    self, ApiError, ApiResult, Endpoint, ErrorCode, Operation, Request, StatusCode,
};
use latchkey::name::Name;
use serde_json::{Value, json};
use views::{DeleteAccount, Goodbye, Notice, paths};

use crate::browser;
use crate::flash::Flash;
use crate::part::{Asked, Part};
use crate::pending::Pending;
use crate::site::{Shown, Site};
use crate::visit::{Visit, body};
use crate::{GOODBYE, own};

/// The pages, and the operations that they do.
pub struct AccountPage {
    pub(crate) site: Site,
    pub(crate) update_user: Part<users::UpdateUser>,
    pub(crate) change_email: Part<users::ChangeEmail>,
    pub(crate) delete_user: Part<users::DeleteUser>,
    pub(crate) change_password: Part<auth::ChangePassword>,
    pub(crate) logout: Part<auth::Logout>,
    pub(crate) list_sessions: Part<sessions::ListSessions>,
    pub(crate) revoke_session: Part<sessions::RevokeSession>,
    pub(crate) list_factors: Part<mfa::ListFactors>,
    pub(crate) list_passkeys: Part<mfa::ListPasskeys>,
    pub(crate) list_devices: Part<mfa::ListDevices>,
    pub(crate) list_identities: Part<oauth::ListIdentities>,
    pub(crate) providers: Part<oauth::ListSignInProviders>,
    /// Where people sign in to applications.
    pub(crate) applications: Option<Applications>,
}

/// What is done about the applications that have access.
#[derive(Default)]
pub struct Applications {
    pub(crate) list: Part<oidc::ListGrants>,
    revoke: Part<oidc::RevokeGrant>,
}

impl Operation for AccountPage {
    const ENDPOINT: Endpoint = http::taking_any().form();

    async fn from_env() -> Result<Self, Error> {
        Ok(Self {
            site: Site::from_env().await?,
            update_user: Part::default(),
            change_email: Part::default(),
            delete_user: Part::default(),
            change_password: Part::default(),
            logout: Part::default(),
            list_sessions: Part::default(),
            revoke_session: Part::default(),
            list_factors: Part::default(),
            list_passkeys: Part::default(),
            list_devices: Part::default(),
            list_identities: Part::default(),
            providers: Part::default(),
            applications: config::is_on(config::OIDC)?.then(Applications::default),
        })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        Box::pin(self.site.answer(&request, |visit| self.show(visit))).await
    }
}

impl AccountPage {
    async fn show(&self, visit: Visit<'_>) -> Shown {
        let visit = &visit;
        if visit.request.method() == Method::POST {
            return match visit.path() {
                paths::PROFILE => self.save_profile(visit).await,
                paths::EMAIL => self.ask_email_change(visit).await,
                paths::PASSWORD => self.save_password(visit).await,
                paths::SIGN_OUT => self.sign_out(visit).await,
                paths::REVOKE_SESSION => self.end_session(visit).await,
                paths::GRANTS_REVOKE => self.remove_access(visit).await,
                paths::DELETE => self.delete(visit).await,
                _ => Err(ErrorCode::NotFound.into()),
            };
        }
        match visit.path() {
            "/" => Ok(http::see_other(paths::ACCOUNT)),
            paths::ACCOUNT => Box::pin(self.overview(visit)).await,
            paths::DELETE => ask_delete(visit).await,
            GOODBYE => Ok(visit.page(StatusCode::OK, Goodbye {})?),
            _ => Err(ErrorCode::NotFound.into()),
        }
    }

    /// Saving what is saved already is no conflict: a form can be sent twice.
    async fn save_profile(&self, visit: &Visit<'_>) -> Shown {
        let form = visit.form().await?;
        let (caller, bearer) = visit.signed_in().await?;
        // What was cleared is gone.
        let field = |name: &str| form.get(name).filter(|value| !value.is_empty());
        let profile = json!({
            "firstName": field("firstName"),
            "lastName": field("lastName"),
            "locale": field("locale"),
        });
        let user = &caller.user;
        let saved = json!({
            "firstName": user.first_name.as_ref().map(Name::as_str),
            "lastName": user.last_name.as_ref().map(Name::as_str),
            "locale": user.locale.code(),
        });
        if saved != profile {
            let asked = Asked::post(profile).method(Method::PATCH).by(bearer);
            let asked = asked.when(form.get("version"));
            let answered = self.update_user.ask(visit.request, asked).await;
            visit.done(answered, refused("profile", &form)).await?;
        }
        visit.say(paths::ACCOUNT, Notice::ProfileSaved).await
    }

    async fn ask_email_change(&self, visit: &Visit<'_>) -> Shown {
        let form = visit.form().await?;
        let bearer = own(visit).await?;
        let asked = Asked::post(body(&form, &["email"])).by(bearer);
        let answered = self.change_email.ask(visit.request, asked).await;
        visit.done(answered, refused("email", &form)).await?;
        let notice = Notice::EmailChangeRequested;
        visit.say(paths::ACCOUNT, notice).await
    }

    async fn save_password(&self, visit: &Visit<'_>) -> Shown {
        let form = visit.form().await?;
        let bearer = own(visit).await?;
        let asked = Asked::post(body(&form, &["currentPassword", "newPassword"]));
        let asked = asked.by(bearer);
        let answered = self.change_password.ask(visit.request, asked).await;
        visit.done(answered, refused("password", &form)).await?;
        visit.say(paths::ACCOUNT, Notice::PasswordChanged).await
    }

    /// Ends this session, all others, or all of them. It ends in the browser in any case.
    async fn sign_out(&self, visit: &Visit<'_>) -> Shown {
        let form = visit.form().await?;
        let scope = form.get("scope").unwrap_or("session");
        let answered = match visit.bearer {
            Some(bearer) => {
                let (path, query) = ([], [("scope", scope)]);
                let asked = Asked::get().method(Method::DELETE).by(bearer);
                let asked = asked.at(&path).query(&query);
                self.logout.ask(visit.request, asked).await
            }
            None => Ok(Value::Null),
        };
        let is_over = |error: &ApiError| error.code() == ErrorCode::InvalidToken;
        if answered.as_ref().err().is_none_or(|error| !is_over(error)) {
            visit.done(answered, Flash::on(paths::ACCOUNT)).await?;
        }
        let notice = match scope {
            "others" => return visit.say(paths::ACCOUNT, Notice::OthersSignedOut).await,
            "all" => Notice::SignedOutEverywhere,
            _ => Notice::SignedOut,
        };
        let reply = visit.say(paths::SIGN_IN, notice).await?;
        Ok(Pending::over(reply).cookie(&browser::SESSION.over()))
    }

    async fn end_session(&self, visit: &Visit<'_>) -> Shown {
        let form = visit.form().await?;
        let bearer = own(visit).await?;
        let path = [("id", "me"), ("sid", form.get("id").unwrap_or_default())];
        let asked = Asked::get().method(Method::DELETE).by(bearer).at(&path);
        let answered = self.revoke_session.ask(visit.request, asked).await;
        visit.done(answered, Flash::on(paths::ACCOUNT)).await?;
        visit.say(paths::ACCOUNT, Notice::SessionEnded).await
    }

    async fn remove_access(&self, visit: &Visit<'_>) -> Shown {
        let applications = self.applications.as_ref().ok_or(ErrorCode::NotFound)?;
        let form = visit.form().await?;
        let bearer = own(visit).await?;
        let client = form.get("client").unwrap_or_default();
        let path = [("id", "me"), ("clientId", client)];
        let asked = Asked::get().method(Method::DELETE).by(bearer).at(&path);
        let answered = applications.revoke.ask(visit.request, asked).await;
        visit.done(answered, Flash::on(paths::ACCOUNT)).await?;
        visit.say(paths::ACCOUNT, Notice::AccessRemoved).await
    }

    async fn delete(&self, visit: &Visit<'_>) -> Shown {
        visit.form().await?;
        let bearer = own(visit).await?;
        let asked = Asked::get().method(Method::DELETE).by(bearer);
        let answered = self.delete_user.ask(visit.request, asked).await;
        visit.done(answered, Flash::on(paths::DELETE)).await?;
        Ok(http::see_other(GOODBYE).cookie(&browser::SESSION.over()))
    }
}

/// Asks for the proof before the question: whoever answers it has given both.
async fn ask_delete(visit: &Visit<'_>) -> Shown {
    let (caller, _) = visit.signed_in().await?;
    if let Err(error) = caller.require_recent_proof(visit.now) {
        return Err(visit.refused(error, Flash::on(paths::DELETE)).await);
    }
    let page = DeleteAccount {
        form: visit.flash.form(),
        email: caller.user.email.as_str().to_owned(),
    };
    Ok(visit.own_page(&caller, page)?)
}

/// What the account page says of one of its parts.
fn refused(part: &str, form: &http::Parameters) -> Flash {
    Flash::on(paths::ACCOUNT).about(part, None).typed(form)
}
