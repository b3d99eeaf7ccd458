//! A second factor.

use latchkey::http::{self, StatusCode};
use serde_json::json;
use views::{LocalPath, RecoveryCodes, SecondFactor, Way, paths};

use super::password::refuse;
use crate::SignInPage;
use crate::flash::Flash;
use crate::part::Asked;
use crate::pending::Step;
use crate::site::{Shown, Stop};
use crate::visit::{Visit, body, ceremony};

/// A sign-in that lacks a factor.
pub(super) struct Lacking {
    pub challenge: String,
    pub factors: Vec<String>,
    pub enrollable: Vec<String>,
    pub next: Option<LocalPath>,
}

impl SignInPage {
    /// The sign-in of this browser that lacks a factor; without one it begins anew.
    pub(super) async fn lacking(&self, visit: &Visit<'_>) -> Result<Lacking, Stop> {
        match visit.pending().await? {
            Some((
                Step::Factor {
                    challenge,
                    factors,
                    enrollable,
                },
                next,
            )) => Ok(Lacking {
                challenge,
                factors,
                enrollable,
                next,
            }),
            _ => Err(http::see_other(paths::SIGN_IN).into()),
        }
    }

    pub(crate) async fn ask_factor(&self, visit: &Visit<'_>) -> Shown {
        let lacking = self.lacking(visit).await?;
        let page = SecondFactor {
            form: visit.flash.form(),
            challenge: None,
            ways: ways(&lacking.factors),
            remember_days: self.remember_days,
            next: lacking.next,
        };
        Ok(visit.page(StatusCode::OK, page)?)
    }

    pub(crate) async fn factor_options(&self, visit: &Visit<'_>) -> Shown {
        visit.form().await?;
        let lacking = self.lacking(visit).await?;
        let asked = Asked::post(json!({ "challenge": lacking.challenge }));
        let options = self.start_passkey_sign_in.ask(visit.request, asked).await?;
        Ok(http::json(StatusCode::OK, &options)?)
    }

    /// Takes a factor; none, where one was just set up.
    pub(crate) async fn take_factor(&self, visit: &Visit<'_>) -> Shown {
        let form = visit.form().await?;
        let lacking = self.lacking(visit).await?;
        let mut body = body(&form, &["totp", "recoveryCode"]);
        if let Some(passkey) = ceremony(&form) {
            body["passkey"] = passkey;
        }
        if form.get("rememberDevice").is_some() {
            body["rememberDevice"] = true.into();
        }
        body["challenge"] = lacking.challenge.into();
        let answered = self.go_on.ask(visit.request, Asked::post(body)).await;
        match visit.go_on(answered, lacking.next.as_ref()).await {
            Ok(reply) => Ok(reply),
            Err(error) => Err(refuse(visit, Flash::on(paths::FACTOR).typed(&form), error).await),
        }
    }

    /// Recovery codes of a factor that was set up during the sign-in, once.
    pub(crate) async fn show_codes(&self, visit: &Visit<'_>) -> Shown {
        let lacking = self.lacking(visit).await?;
        let codes = visit.flash.codes.clone();
        if codes.is_empty() {
            return Ok(http::see_other(paths::SIGN_IN));
        }
        let page = RecoveryCodes::during_sign_in(codes, None, lacking.next);
        Ok(visit.page(StatusCode::OK, page)?)
    }
}

/// The ways that a page offers, by their names in the contract.
pub(super) fn ways(names: &[String]) -> Vec<Way> {
    let way = |name: &String| match name.as_str() {
        "totp" => Some(Way::Totp),
        "recovery_code" => Some(Way::RecoveryCode),
        "passkey" => Some(Way::Passkey),
        _ => None,
    };
    names.iter().filter_map(way).collect()
}
