//! Proving anew who is signed in: a step-up.

use latchkey::factor::Factor;
use latchkey::http::{self, Caller, StatusCode};
use serde_json::json;
use views::{Confirm, LocalPath, Notice, Way, paths};

use crate::flash::Flash;
use crate::part::Asked;
use crate::site::Shown;
use crate::visit::{Visit, body, ceremony};
use crate::{SecurityPage, own};

impl SecurityPage {
    pub(crate) async fn ask_proof(&self, visit: &Visit<'_>) -> Shown {
        let (caller, _) = visit.signed_in().await?;
        let page = Confirm {
            form: visit.flash.form(),
            ways: if self.site.has_mfa {
                ways(&caller)
            } else {
                Vec::new()
            },
            email: caller.user.email.as_str().to_owned(),
            next: visit.next(),
        };
        Ok(visit.own_page(&caller, page)?)
    }

    /// With the challenge of a sign-in it names the passkeys of the account; here the browser offers its own.
    pub(crate) async fn confirm_options(&self, visit: &Visit<'_>) -> Shown {
        visit.form().await?;
        let asked = Asked::post(json!({}));
        let options = self.start_passkey_sign_in.ask(visit.request, asked).await?;
        Ok(http::json(StatusCode::OK, &options)?)
    }

    pub(crate) async fn confirm(&self, visit: &Visit<'_>) -> Shown {
        let form = visit.form().await?;
        let bearer = own(visit).await?;
        let mut body = body(&form, &["password", "totp", "recoveryCode"]);
        if let Some(passkey) = ceremony(&form) {
            body["passkey"] = passkey;
        }
        let asked = Asked::post(body).by(bearer);
        let answered = self.step_up.ask(visit.request, asked).await;
        visit.done(answered, Flash::on(paths::CONFIRM)).await?;
        let next = visit.next();
        let path = next.as_ref().map_or(paths::ACCOUNT, LocalPath::as_str);
        // What was typed before is still there.
        let flash = Flash::waiting(&self.site.secrets, visit.request, visit.now).await?;
        let flash = flash.filter(|flash| flash.path == path);
        let flash = flash.unwrap_or_else(|| Flash::on(path));
        visit.show(flash.done(Notice::Confirmed)).await
    }
}

/// What this account can show: a second factor, where it has one.
pub(crate) fn ways(Caller { user, .. }: &Caller) -> Vec<Way> {
    let mut ways = Vec::new();
    if user.factors.contains(&Factor::Totp) {
        ways.push(Way::Totp);
    }
    if user.factors.passkeys().count() > 0 {
        ways.push(Way::Passkey);
    }
    if !ways.is_empty() {
        ways.push(Way::RecoveryCode);
    } else if !user.passwordless {
        ways.push(Way::Password);
    }
    ways
}
