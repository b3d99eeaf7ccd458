//! Second factors of the accounts that the bench sends for.

use local::Error;
use local::authenticator::Authenticator;
use local::event::HttpRequest;
use serde_json::{Value, json};

use crate::events::{Account, PASSWORD};
use crate::setup::{Setup, invoke};

const PATH: &str = "/v1/users/me/factors/totp";
const ROUTE: &str = "/v1/users/{id}/factors/totp";

/// The second factor of an account: pending, or set up.
#[derive(Default)]
pub struct Factor {
    /// What is to be confirmed.
    pub pending: String,
    /// With this code.
    pub code: String,
    /// Its id, once it is set up.
    pub id: String,
    /// The codes that came with it.
    pub recovery_codes: Vec<String>,
    /// Of a sign-in that lacks it.
    pub challenge: String,
    /// The id of a device on which it was shown.
    pub device: String,
}

/// A factor for each account, where a function takes one.
pub async fn of(setup: &Setup, binary: &str, accounts: &[Account]) -> Result<Vec<Factor>, Error> {
    if ![
        "confirm-totp",
        "continue",
        "delete-factor",
        "forget-device",
        "renew-recovery-codes",
    ]
    .contains(&binary)
    {
        return Ok(Vec::new());
    }
    let [start, confirm, login] = ["start-totp", "confirm-totp", "login"];
    let start = setup.function(start).await?;
    let confirm = setup.function(confirm).await?;
    let login = setup.function(login).await?;
    let mut factors = Vec::with_capacity(accounts.len());
    for (number, account) in accounts.iter().enumerate() {
        let bearer = |path: &str| HttpRequest::new("POST", path).bearer(&account.access_token);
        let started = body(&invoke(&start, &bearer(PATH).event(ROUTE)).await?)?;
        let app = Authenticator::new(&text(&started["secret"]));
        let mut factor = Factor {
            pending: text(&started["pending"]),
            code: app.next().await,
            ..Factor::default()
        };
        if binary != "confirm-totp" {
            let request = bearer(&format!("{PATH}/confirm"));
            let request = request.json(&json!({ "pending": factor.pending, "code": factor.code }));
            let event = request.event(&format!("{ROUTE}/confirm"));
            let confirmed = body(&invoke(&confirm, &event).await?)?;
            factor.id = text(&confirmed["id"]);
            let codes = confirmed["recoveryCodes"].as_array().into_iter().flatten();
            factor.recovery_codes = codes.map(text).collect();
            let credentials =
                json!({ "email": format!("account{number}@example.com"), "password": PASSWORD });
            let request = HttpRequest::new("POST", "/v1/auth/login").json(&credentials);
            // Refused with what the second factor is brought back with.
            let needed = login.invoke(&request.event("/v1/auth/login")).await;
            let needed = body(&needed.map_err(|error| error.0)?)?;
            factor.challenge = text(&needed["challenge"]);
        }
        if binary == "forget-device" {
            factor.device = trusted(setup, account, &factor).await?;
        }
        factors.push(factor);
    }
    Ok(factors)
}

/// Goes on with the challenge, and trusts the device: its id.
async fn trusted(setup: &Setup, account: &Account, factor: &Factor) -> Result<String, Error> {
    let path = "/v1/auth/continue";
    let trust = json!({
        "challenge": factor.challenge,
        "recoveryCode": factor.recovery_codes[0],
        "rememberDevice": true,
    });
    let go_on = setup.function("continue").await?;
    let event = HttpRequest::new("POST", path).json(&trust).event(path);
    invoke(&go_on, &event).await?;
    let list = setup.function("list-devices").await?;
    let request = HttpRequest::new("GET", "/v1/users/me/devices");
    let request = request.bearer(&account.access_token);
    let listed = body(&invoke(&list, &request.event("/v1/users/{id}/devices")).await?)?;
    Ok(text(&listed["data"][0]["id"]))
}

fn body(answer: &Value) -> Result<Value, Error> {
    Ok(serde_json::from_str(
        answer["body"].as_str().unwrap_or_default(),
    )?)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
