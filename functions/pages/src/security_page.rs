//! Below `/account`: the factors, passkeys, trusted devices and identities of whoever is signed in, and the proof of
//! who they are that changing them takes.

use lambda_http::Error;
use lambda_http::http::Method;
use latchkey::http::{
    self, ApiError, ApiResult, Endpoint, ErrorCode, Operation, Parameters, Request, StatusCode,
};
use serde_json::{Value, json};
use views::{Notice, RecoveryCodes, SetUp, paths};

use crate::flash::Flash;
use crate::part::{Asked, Part};
use crate::pending::{Pending, Step};
use crate::site::{Shown, Site, Stop};
use crate::visit::{Visit, body, ceremony};
use crate::{app, own, recovery_codes, start_app};

/// The pages, and the operations that they do.
pub struct SecurityPage {
    pub(crate) site: Site,
    pub(crate) start_totp: Part<mfa::StartTotp>,
    pub(crate) confirm_totp: Part<mfa::ConfirmTotp>,
    pub(crate) delete_factor: Part<mfa::DeleteFactor>,
    pub(crate) renew_codes: Part<mfa::RenewRecoveryCodes>,
    pub(crate) start_passkey: Part<mfa::StartPasskey>,
    pub(crate) add_passkey: Part<mfa::AddPasskey>,
    pub(crate) rename_passkey: Part<mfa::RenamePasskey>,
    pub(crate) delete_passkey: Part<mfa::DeletePasskey>,
    pub(crate) forget_device: Part<mfa::ForgetDevice>,
    pub(crate) step_up: Part<mfa::StepUp>,
    pub(crate) start_passkey_sign_in: Part<mfa::StartPasskeySignIn>,
    pub(crate) unlink_identity: Part<oauth::UnlinkIdentity>,
}

impl Operation for SecurityPage {
    const ENDPOINT: Endpoint = http::taking_any().form();

    async fn from_env() -> Result<Self, Error> {
        Ok(Self {
            site: Site::from_env().await?,
            start_totp: Part::default(),
            confirm_totp: Part::default(),
            delete_factor: Part::default(),
            renew_codes: Part::default(),
            start_passkey: Part::default(),
            add_passkey: Part::default(),
            rename_passkey: Part::default(),
            delete_passkey: Part::default(),
            forget_device: Part::default(),
            step_up: Part::default(),
            start_passkey_sign_in: Part::default(),
            unlink_identity: Part::default(),
        })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        Box::pin(self.site.answer(&request, |visit| self.show(visit))).await
    }
}

const PASSKEY_OPTIONS: &str = "/account/passkeys/options";
const CONFIRM_OPTIONS: &str = "/account/confirm/options";

impl SecurityPage {
    async fn show(&self, visit: Visit<'_>) -> Shown {
        let visit = &visit;
        if visit.request.method() == Method::POST {
            return match visit.path() {
                paths::CONFIRM => self.confirm(visit).await,
                paths::LINK => self.link(visit).await,
                paths::UNLINK => self.unlink(visit).await,
                _ if !self.site.has_mfa => Err(ErrorCode::NotFound.into()),
                paths::TOTP => self.add_app(visit).await,
                paths::CODES => self.new_codes(visit).await,
                paths::REMOVE_FACTOR => self.remove_factor(visit).await,
                PASSKEY_OPTIONS => self.passkey_options(visit).await,
                paths::PASSKEYS => self.take_passkey(visit).await,
                paths::RENAME_PASSKEY => self.rename(visit).await,
                paths::REMOVE_PASSKEY => self.remove_passkey(visit).await,
                paths::FORGET_DEVICE => self.forget(visit).await,
                CONFIRM_OPTIONS => self.confirm_options(visit).await,
                _ => Err(ErrorCode::NotFound.into()),
            };
        }
        match visit.path() {
            paths::CONFIRM => self.ask_proof(visit).await,
            paths::TOTP if self.site.has_mfa => self.ask_app(visit).await,
            paths::CODES => show_codes(visit).await,
            _ => Err(ErrorCode::NotFound.into()),
        }
    }

    async fn ask_app(&self, visit: &Visit<'_>) -> Shown {
        let (caller, bearer) = visit.signed_in().await?;
        let asked = |body| Asked::post(body).by(bearer);
        let started = start_app(visit, &self.start_totp, asked, json!({})).await;
        let flash = match &started {
            // It is there already: it was set up by the same form, sent twice.
            Err(error) if error.code() == ErrorCode::FactorExists => Flash::on(paths::ACCOUNT),
            _ => Flash::on(paths::TOTP),
        };
        let started = visit.done(started, flash).await?;
        let page = SetUp::in_account(visit.flash.form(), app(&started));
        Ok(visit.own_page(&caller, page)?)
    }

    async fn add_app(&self, visit: &Visit<'_>) -> Shown {
        let form = visit.form().await?;
        let bearer = own(visit).await?;
        let asked = Asked::post(body(&form, &["pending", "code"])).by(bearer);
        let answered = self.confirm_totp.ask(visit.request, asked).await;
        let is_there = |error: &ApiError| error.code() == ErrorCode::FactorExists;
        if answered.as_ref().err().is_some_and(is_there) {
            // By the same form, sent twice: the codes that came with it are still to be shown.
            return Ok(http::see_other(paths::CODES));
        }
        let flash = Flash {
            app: form.get("pending").map(str::to_owned),
            ..Flash::on(paths::TOTP)
        };
        let answered = visit.done(answered, flash).await?;
        added(visit, &answered, Notice::AppAdded).await
    }

    async fn new_codes(&self, visit: &Visit<'_>) -> Shown {
        visit.form().await?;
        let bearer = own(visit).await?;
        let asked = Asked::post(json!({})).by(bearer);
        let answered = self.renew_codes.ask(visit.request, asked).await;
        let answered = visit.done(answered, Flash::on(paths::ACCOUNT)).await?;
        let flash = Flash {
            codes: recovery_codes(&answered),
            ..Flash::on(paths::CODES)
        };
        visit.show(flash).await
    }

    async fn remove_factor(&self, visit: &Visit<'_>) -> Shown {
        let form = visit.form().await?;
        let notice = Notice::FactorRemoved;
        self.remove(visit, &self.delete_factor, "fid", &form, notice)
            .await
    }

    async fn remove_passkey(&self, visit: &Visit<'_>) -> Shown {
        let form = visit.form().await?;
        let notice = Notice::PasskeyRemoved;
        self.remove(visit, &self.delete_passkey, "pid", &form, notice)
            .await
    }

    async fn forget(&self, visit: &Visit<'_>) -> Shown {
        let form = visit.form().await?;
        let notice = Notice::DeviceForgotten;
        self.remove(visit, &self.forget_device, "did", &form, notice)
            .await
    }

    async fn unlink(&self, visit: &Visit<'_>) -> Shown {
        let form = visit.form().await?;
        let notice = Notice::IdentityUnlinked;
        self.remove(visit, &self.unlink_identity, "iid", &form, notice)
            .await
    }

    /// Does away with what has this `id`.
    async fn remove<O: Operation>(
        &self,
        visit: &Visit<'_>,
        operation: &Part<O>,
        parameter: &'static str,
        form: &Parameters,
        notice: Notice,
    ) -> Shown {
        let bearer = own(visit).await?;
        let path = [
            ("id", "me"),
            (parameter, form.get("id").unwrap_or_default()),
        ];
        let asked = Asked::get().method(Method::DELETE).by(bearer).at(&path);
        let answered = operation.ask(visit.request, asked).await;
        visit.done(answered, Flash::on(paths::ACCOUNT)).await?;
        visit.say(paths::ACCOUNT, notice).await
    }

    async fn passkey_options(&self, visit: &Visit<'_>) -> Shown {
        visit.form().await?;
        let bearer = own(visit).await?;
        let asked = Asked::post(json!({})).by(bearer);
        let options = self.start_passkey.ask(visit.request, asked).await?;
        Ok(http::json(StatusCode::OK, &options)?)
    }

    /// Without what the browser has made, it says why none can be made.
    async fn take_passkey(&self, visit: &Visit<'_>) -> Shown {
        let form = visit.form().await?;
        let bearer = own(visit).await?;
        let flash = Flash::on(paths::ACCOUNT)
            .about("passkey", None)
            .typed(&form);
        let Some(mut body) = ceremony(&form) else {
            let asked = Asked::post(json!({})).by(bearer);
            let refused = self.start_passkey.ask(visit.request, asked).await;
            visit.done(refused, flash.clone()).await?;
            return visit.show(flash).await;
        };
        if let Some(name) = form.get("name").filter(|name| !name.is_empty()) {
            body["name"] = name.into();
        }
        let asked = Asked::post(body).by(bearer);
        let answered = self.add_passkey.ask(visit.request, asked).await;
        let answered = visit.done(answered, flash).await?;
        added(visit, &answered, Notice::PasskeyAdded).await
    }

    async fn rename(&self, visit: &Visit<'_>) -> Shown {
        let form = visit.form().await?;
        let bearer = own(visit).await?;
        let id = form.get("id").unwrap_or_default();
        let path = [("id", "me"), ("pid", id)];
        let asked = Asked::post(body(&form, &["name"])).method(Method::PATCH);
        let asked = asked.by(bearer).at(&path).when(form.get("version"));
        let answered = self.rename_passkey.ask(visit.request, asked).await;
        let flash = Flash::on(paths::ACCOUNT).about("rename", Some(id));
        visit.done(answered, flash.typed(&form)).await?;
        visit.say(paths::ACCOUNT, Notice::PasskeyRenamed).await
    }

    /// On to the provider, by a page that leads there: a form may not.
    async fn link(&self, visit: &Visit<'_>) -> Shown {
        let form = visit.form().await?;
        let (caller, _) = visit.signed_in().await?;
        if !self.site.has_oauth {
            return Err(ErrorCode::NotFound.into());
        }
        if let Err(error) = caller.require_recent_proof(visit.now) {
            return Err(visit.refused(error, Flash::on(paths::ACCOUNT)).await);
        }
        let provider = form.get("provider").unwrap_or_default().to_owned();
        let name: String = form_urlencoded::byte_serialize(provider.as_bytes()).collect();
        let reply = http::see_other(&format!("{}?provider={name}", paths::PROVIDER));
        let user = caller.user.id;
        let pending = Pending::new(Step::Link { provider, user }, None);
        Ok(visit.keep(&pending, reply).await?)
    }
}

/// Recovery codes, once.
async fn show_codes(visit: &Visit<'_>) -> Shown {
    let (caller, _) = visit.signed_in().await?;
    let codes = visit.flash.codes.clone();
    if codes.is_empty() {
        return Ok(http::see_other(paths::ACCOUNT));
    }
    Ok(visit.own_page(&caller, RecoveryCodes::new(codes, None))?)
}

/// A factor was set up: with the first one come recovery codes.
async fn added(visit: &Visit<'_>, answered: &Value, notice: Notice) -> Result<http::Reply, Stop> {
    let codes = recovery_codes(answered);
    if codes.is_empty() {
        return visit.say(paths::ACCOUNT, notice).await;
    }
    let flash = Flash {
        codes,
        ..Flash::on(paths::CODES)
    };
    visit.show(flash.done(notice)).await
}
