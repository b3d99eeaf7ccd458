//! A passkey alone.

use latchkey::http::{self, ErrorCode, StatusCode};
use serde_json::json;
use views::paths;

use super::password::refuse;
use crate::SignInPage;
use crate::flash::Flash;
use crate::part::Asked;
use crate::site::Shown;
use crate::visit::{Visit, ceremony};

impl SignInPage {
    pub(crate) async fn passkey_options(&self, visit: &Visit<'_>) -> Shown {
        visit.form().await?;
        let asked = Asked::post(json!({}));
        let options = self.start_passkey_sign_in.ask(visit.request, asked).await?;
        Ok(http::json(StatusCode::OK, &options)?)
    }

    pub(crate) async fn take_passkey(&self, visit: &Visit<'_>) -> Shown {
        let form = visit.form().await?;
        let flash = Flash::on(paths::SIGN_IN);
        let Some(body) = ceremony(&form) else {
            return Err(refuse(visit, flash, ErrorCode::InvalidFactor.into()).await);
        };
        let answered = self.passkey_sign_in.ask(visit.request, Asked::post(body));
        let next = visit.next();
        match visit.go_on(answered.await, next.as_ref()).await {
            Ok(reply) => Ok(reply),
            Err(error) => Err(refuse(visit, flash, error).await),
        }
    }
}
