//! The pages that a browser sees. Each does what the operations of the JSON API do, in process; what it adds is HTML, a
//! session that a cookie carries, and forms that only its own pages can send. How it looks is in `shared/views`.

mod account_page;
mod authorize_page;
mod browser;
mod confirm;
mod cookie;
mod flash;
mod form;
mod get_asset;
mod letter;
mod letter_page;
mod overview;
mod part;
mod pending;
mod security_page;
mod sign_in;
mod sign_in_page;
mod sign_up_page;
mod site;
mod visit;
mod who;

use latchkey::http::{ApiError, Bearer, ErrorCode, Parameters};
use serde_json::Value;
use views::{App, LocalPath, Provider, Sent};

use flash::Flash;
use part::{Asked, Part};
use site::{Shown, Stop};
use visit::Visit;

pub use account_page::AccountPage;
pub use authorize_page::AuthorizePage;
pub use get_asset::GetAsset;
pub use letter_page::LetterPage;
pub use security_page::SecurityPage;
pub use sign_in_page::SignInPage;
pub use sign_up_page::SignUpPage;

/// Says which letter to look for.
const CHECK_MAIL: &str = "/check-mail";
/// After an account is deleted.
const GOODBYE: &str = "/goodbye";
/// Shows recovery codes during a sign-in.
const RECOVERY_CODES: &str = "/sign-in/recovery-codes";
/// Where a sign-in at a provider comes back.
const SIGNED_IN: &str = "/sign-in/signed-in";

/// Whoever is signed in, as far as the cookie says. The operation that is asked reads whether that still counts.
async fn own(visit: &Visit<'_>) -> Result<Bearer, Stop> {
    match visit.bearer {
        Some(bearer) => Ok(bearer),
        None => Err(visit.sign_in_first().await),
    }
}

/// Goes to the page that says which letter to look for.
async fn check_mail(
    visit: &Visit<'_>,
    sent: Sent,
    form: &Parameters,
    next: Option<&LocalPath>,
) -> Shown {
    let sent = match sent {
        Sent::SignUp => "sign_up",
        Sent::Verification => "verification",
        Sent::Reset => "reset",
    };
    let flash = Flash {
        next: next.map(|next| next.as_str().to_owned()),
        ..Flash::on(CHECK_MAIL).about(sent, None).typed(form)
    };
    visit.show(flash).await
}

/// The providers in the answer of `list-sign-in-providers`.
fn providers(listed: &Value) -> Vec<Provider> {
    let rows = listed["data"].as_array().into_iter().flatten();
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    rows.map(|row| Provider {
        name: text(row, "name"),
        title: text(row, "title"),
    })
    .collect()
}

/// Starts to set up an authenticator app; after a wrong code the same one, which was scanned already.
async fn start_app(
    visit: &Visit<'_>,
    start_totp: &Part<mfa::StartTotp>,
    asked: impl Fn(Value) -> Asked<'static>,
    body: Value,
) -> Result<Value, ApiError> {
    if let Some(pending) = &visit.flash.app {
        let mut body = body.clone();
        body["pending"] = pending.as_str().into();
        let started = start_totp.ask(visit.request, asked(body)).await;
        match started {
            // It took too long.
            Err(error) if error.code() == ErrorCode::InvalidFields => {}
            started => return started,
        }
    }
    start_totp.ask(visit.request, asked(body)).await
}

/// What an authenticator app needs, out of the answer of `start-totp`.
fn app(started: &Value) -> App {
    let text = |name: &str| started[name].as_str().unwrap_or_default().to_owned();
    App::new(text("secret"), text("uri"), text("qrCode"), text("pending"))
}

/// The recovery codes in an answer, if it has any.
fn recovery_codes(answered: &Value) -> Vec<String> {
    let codes = answered["recoveryCodes"].as_array().into_iter().flatten();
    codes
        .filter_map(|code| code.as_str().map(str::to_owned))
        .collect()
}
