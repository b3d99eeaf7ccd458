//! Mailed codes of the accounts that the bench sends for, and accounts without a password that are to be completed.

use local::Error;
use local::event::HttpRequest;
use local::passkey::Passkey;
use local::queues::message;
use local::services::Letter;
use local::settings::TABLE;
use serde_json::{Value, json};

use crate::events::Account;
use crate::mail::bus_event;
use crate::setup::{Setup, invoke};

const START: &str = "/v1/auth/code";
const OPTIONS: &str = "/v1/auth/register/passkey/options";

/// The body that completes a sign-in or a registration, for each account.
pub async fn of(setup: &Setup, binary: &str, accounts: &[Account]) -> Result<Vec<Value>, Error> {
    let (start, path, letter) = match binary {
        "code-sign-in" => ("start-code-sign-in", START, "sign_in_code"),
        "register-with-passkey" => ("start-passkey-registration", OPTIONS, "registration_code"),
        _ => return Ok(Vec::new()),
    };
    let (start, send_mail) = (
        setup.function(start).await?,
        setup.function("send-mail").await?,
    );
    let mut bodies = Vec::with_capacity(accounts.len());
    for number in 0..accounts.len() {
        let email = if path == START {
            let email = format!("account{number}@example.com");
            admit(setup, &email)?;
            email
        } else {
            format!("new{number}@example.com")
        };
        let request = HttpRequest::new("POST", path).json(&json!({ "email": email }));
        let answer = invoke(&start, &request.event(path)).await?;
        let started: Value = serde_json::from_str(answer["body"].as_str().unwrap_or_default())?;
        let mut body = json!({
            "challenge": started["challenge"],
            "code": code(setup, &send_mail, &email, letter).await?,
        });
        if path == OPTIONS {
            let options = &started["options"];
            body["credential"] = Passkey::new(options).registration(options);
        }
        bodies.push(body);
    }
    Ok(bodies)
}

/// Makes an account one that codes sign in to.
fn admit(setup: &Setup, email: &str) -> Result<(), Error> {
    let mut user = item(setup, "user", email)?;
    for attribute in ["email_verified", "passwordless"] {
        user[attribute] = json!({ "BOOL": true });
    }
    let request = json!({ "TableName": TABLE, "Item": user });
    let _ = setup
        .engine
        .database()
        .put_item(serde_json::from_value(request)?)?;
    Ok(())
}

/// The code of the letter that was asked for last.
async fn code(
    setup: &Setup,
    send_mail: &local::function::Function,
    email: &str,
    letter: &str,
) -> Result<String, Error> {
    let request = item(setup, "mail_request", email)?;
    let after = json!({ "letter": letter, "email": email, "mailRequestId": request["id"]["S"] });
    let event = bus_event("mail.requested", request["user_id"]["S"].as_str(), &after);
    invoke(send_mail, &message(&event)).await?;
    let messages = setup.services.inbox().messages()?;
    let mut letters = messages.iter().rev().filter(|message| message.to == email);
    let code = letters.find_map(Letter::code);
    Ok(code.ok_or("no letter came")?.to_owned())
}

/// The item of this type about an address.
fn item(setup: &Setup, kind: &str, email: &str) -> Result<Value, Error> {
    let items = setup.engine.items()?;
    let is_it = |item: &&Value| item["type"]["S"] == kind && item["email"]["S"] == email;
    let found = items.iter().find(is_it);
    Ok(found
        .ok_or_else(|| format!("{email} has no {kind}"))?
        .clone())
}
