//! `/sign-in` and what is below it: signs a browser in.

use lambda_http::Error;
use lambda_http::http::Method;
use latchkey::device;
use latchkey::http::{self, ApiResult, Endpoint, ErrorCode, Operation, Request};
use latchkey::token::mailed::CodeSignIn;
use views::paths;

use crate::part::Part;
use crate::site::{Shown, Site};
use crate::visit::Visit;
use crate::{RECOVERY_CODES, SIGNED_IN};

/// The pages of a sign-in, and the operations that they do.
pub struct SignInPage {
    pub(crate) site: Site,
    pub(crate) code_by_mail: bool,
    pub(crate) remember_days: Option<u32>,
    pub(crate) login: Part<auth::Login>,
    pub(crate) go_on: Part<mfa::Continue>,
    pub(crate) start_passkey_sign_in: Part<mfa::StartPasskeySignIn>,
    pub(crate) passkey_sign_in: Part<mfa::PasskeySignIn>,
    pub(crate) start_code_sign_in: Part<mfa::StartCodeSignIn>,
    pub(crate) code_sign_in: Part<mfa::CodeSignIn>,
    pub(crate) start_totp: Part<mfa::StartTotp>,
    pub(crate) confirm_totp: Part<mfa::ConfirmTotp>,
    pub(crate) start_passkey: Part<mfa::StartPasskey>,
    pub(crate) add_passkey: Part<mfa::AddPasskey>,
    pub(crate) providers: Part<oauth::ListSignInProviders>,
    pub(crate) start_oauth: Part<oauth::StartOauth>,
    pub(crate) exchange_oauth: Part<oauth::ExchangeOauth>,
    pub(crate) link_identity: Part<oauth::LinkIdentity>,
}

impl Operation for SignInPage {
    const ENDPOINT: Endpoint = http::taking_any().form();

    async fn from_env() -> Result<Self, Error> {
        let site = Site::from_env().await?;
        let lifetime = device::lifetime()?.filter(|_| site.has_mfa);
        let days = |lifetime: std::time::Duration| lifetime.as_secs() / (24 * 60 * 60);
        Ok(Self {
            code_by_mail: site.has_mfa && CodeSignIn::from_env()? == CodeSignIn::Everybody,
            remember_days: lifetime.and_then(|lifetime| u32::try_from(days(lifetime)).ok()),
            site,
            login: Part::default(),
            go_on: Part::default(),
            start_passkey_sign_in: Part::default(),
            passkey_sign_in: Part::default(),
            start_code_sign_in: Part::default(),
            code_sign_in: Part::default(),
            start_totp: Part::default(),
            confirm_totp: Part::default(),
            start_passkey: Part::default(),
            add_passkey: Part::default(),
            providers: Part::default(),
            start_oauth: Part::default(),
            exchange_oauth: Part::default(),
            link_identity: Part::default(),
        })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        Box::pin(self.site.answer(&request, |visit| self.show(visit))).await
    }
}

impl SignInPage {
    async fn show(&self, visit: Visit<'_>) -> Shown {
        let visit = &visit;
        let (looks, sends) = (visit.only_looks(), visit.request.method() == Method::POST);
        match visit.path() {
            paths::SIGN_IN if looks => self.ask_password(visit).await,
            paths::SIGN_IN if sends => self.take_password(visit).await,
            paths::PASSKEY if sends => self.take_passkey(visit).await,
            PASSKEY_OPTIONS if sends => self.passkey_options(visit).await,
            paths::CODE if looks => self.ask_code(visit).await,
            paths::CODE if sends => self.take_code(visit).await,
            paths::FACTOR if looks => self.ask_factor(visit).await,
            paths::FACTOR if sends => self.take_factor(visit).await,
            FACTOR_OPTIONS if sends => self.factor_options(visit).await,
            paths::SET_UP if looks => self.ask_set_up(visit).await,
            paths::SET_UP if sends => self.take_set_up(visit).await,
            SET_UP_OPTIONS if sends => self.set_up_options(visit).await,
            RECOVERY_CODES if looks => self.show_codes(visit).await,
            paths::PROVIDER if looks => self.to_provider(visit).await,
            SIGNED_IN if looks => self.back_from_provider(visit).await,
            _ => Err(ErrorCode::NotFound.into()),
        }
    }
}

const PASSKEY_OPTIONS: &str = "/sign-in/passkey/options";
const FACTOR_OPTIONS: &str = "/sign-in/factor/options";
const SET_UP_OPTIONS: &str = "/sign-in/set-up/options";
