//! Passkeys of the accounts that the bench sends for.

use local::Error;
use local::event::HttpRequest;
use local::passkey::Passkey;
use serde_json::{Value, json};

use crate::events::Account;
use crate::setup::{Setup, invoke};

const PATH: &str = "/v1/users/me/passkeys";
const ROUTE: &str = "/v1/users/{id}/passkeys";
const OPTIONS: &str = "/v1/auth/passkey/options";

/// What an account has of a passkey.
pub struct Prepared {
    /// Its id, once it is added.
    pub id: String,
    /// The body of what is to be served.
    pub body: Value,
}

/// A passkey for each account, where a function takes one: to be added, or added and to sign in with.
pub async fn of(setup: &Setup, binary: &str, accounts: &[Account]) -> Result<Vec<Prepared>, Error> {
    if ![
        "add-passkey",
        "list-passkeys",
        "rename-passkey",
        "delete-passkey",
        "passkey-sign-in",
    ]
    .contains(&binary)
    {
        return Ok(Vec::new());
    }
    let start = setup.function("start-passkey").await?;
    let add = setup.function("add-passkey").await?;
    let start_sign_in = setup.function("start-passkey-sign-in").await?;
    let mut prepared = Vec::with_capacity(accounts.len());
    for account in accounts {
        let bearer = |path: &str| HttpRequest::new("POST", path).bearer(&account.access_token);
        let request = bearer(&format!("{PATH}/options"));
        let event = request.event(&format!("{ROUTE}/options"));
        let started = body(&invoke(&start, &event).await?)?;
        let passkey = Passkey::new(&started["options"]);
        let credential = passkey.registration(&started["options"]);
        let registration = json!({ "ceremony": started["ceremony"], "credential": credential });
        if binary == "add-passkey" {
            prepared.push(Prepared {
                id: String::new(),
                body: registration,
            });
            continue;
        }
        let request = bearer(PATH).json(&registration);
        let added = body(&invoke(&add, &request.event(ROUTE)).await?)?;
        let request = HttpRequest::new("POST", OPTIONS);
        let started = body(&invoke(&start_sign_in, &request.event(OPTIONS)).await?)?;
        let credential = passkey.assertion(&started["options"]);
        prepared.push(Prepared {
            id: added["id"].as_str().unwrap_or_default().to_owned(),
            body: json!({ "ceremony": started["ceremony"], "credential": credential }),
        });
    }
    Ok(prepared)
}

fn body(answer: &Value) -> Result<Value, Error> {
    Ok(serde_json::from_str(
        answer["body"].as_str().unwrap_or_default(),
    )?)
}
