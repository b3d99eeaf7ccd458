//! Setting up a second factor, where a sign-in must have one.

use latchkey::http::{self, Reply, StatusCode};
use serde_json::{Value, json};
use views::{SetUp, paths};

use super::factor::Lacking;
use super::password::refuse;
use crate::flash::Flash;
use crate::part::Asked;
use crate::pending::{Pending, Step};
use crate::site::{Shown, Stop};
use crate::visit::{Visit, body, ceremony};
use crate::{RECOVERY_CODES, SignInPage, app, recovery_codes, start_app};

impl SignInPage {
    pub(crate) async fn ask_set_up(&self, visit: &Visit<'_>) -> Shown {
        let lacking = self.lacking(visit).await?;
        let asked = |body| Asked::post(body).at(&[("id", "me")]);
        let body = json!({ "challenge": lacking.challenge });
        let started = start_app(visit, &self.start_totp, asked, body).await;
        let started = visit.done(started, Flash::on(paths::SIGN_IN)).await?;
        let form = visit.flash.form();
        let passkey = lacking.enrollable.iter().any(|name| name == "passkey");
        let page = SetUp::during_sign_in(form, app(&started), None, passkey, lacking.next);
        Ok(visit.page(StatusCode::OK, page)?)
    }

    pub(crate) async fn set_up_options(&self, visit: &Visit<'_>) -> Shown {
        visit.form().await?;
        let lacking = self.lacking(visit).await?;
        let asked = Asked::post(json!({ "challenge": lacking.challenge })).at(&[("id", "me")]);
        let options = self.start_passkey.ask(visit.request, asked).await?;
        Ok(http::json(StatusCode::OK, &options)?)
    }

    pub(crate) async fn take_set_up(&self, visit: &Visit<'_>) -> Shown {
        let form = visit.form().await?;
        let lacking = self.lacking(visit).await?;
        let challenge = lacking.challenge.as_str();
        let answered = if let Some(mut body) = ceremony(&form) {
            body["challenge"] = challenge.into();
            let asked = Asked::post(body).at(&[("id", "me")]);
            self.add_passkey.ask(visit.request, asked).await
        } else {
            let mut body = body(&form, &["pending", "code"]);
            body["challenge"] = challenge.into();
            let asked = Asked::post(body).at(&[("id", "me")]);
            self.confirm_totp.ask(visit.request, asked).await
        };
        match answered {
            Ok(answered) => Ok(self.set_up(visit, lacking, &answered).await?),
            Err(error) => {
                let flash = Flash {
                    app: form.get("pending").map(str::to_owned),
                    ..Flash::on(paths::SET_UP)
                };
                Err(refuse(visit, flash, error).await)
            }
        }
    }

    /// Shows the codes that came with the first factor, and goes on.
    async fn set_up(
        &self,
        visit: &Visit<'_>,
        lacking: Lacking,
        answered: &Value,
    ) -> Result<Reply, Stop> {
        let challenge = answered["challenge"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let step = Step::Factor {
            challenge,
            factors: Vec::new(),
            enrollable: Vec::new(),
        };
        let pending = Pending::new(step, lacking.next.as_ref());
        let flash = Flash {
            codes: recovery_codes(answered),
            ..Flash::on(RECOVERY_CODES)
        };
        let reply = visit.show(flash).await?;
        Ok(visit.keep(&pending, reply).await?)
    }
}
