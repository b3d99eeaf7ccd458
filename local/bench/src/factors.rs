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
}

/// A factor for each account, where a function takes one.
pub async fn of(setup: &Setup, binary: &str, accounts: &[Account]) -> Result<Vec<Factor>, Error> {
    if ![
        "confirm-totp",
        "continue",
        "delete-factor",
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
        factors.push(factor);
    }
    Ok(factors)
}

fn body(answer: &Value) -> Result<Value, Error> {
    Ok(serde_json::from_str(
        answer["body"].as_str().unwrap_or_default(),
    )?)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
