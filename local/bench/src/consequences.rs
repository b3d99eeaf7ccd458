//! What an operation causes after its answer: consumers of the stream, events, letters.

use std::collections::BTreeMap;

use harness::{Account, Bundle, Cost, HttpRequest, PASSWORD};
use local::Error;
use serde_json::{Value, json};

use crate::progress::bar;
use crate::setup::binary;

/// The operations that are priced, each by its function.
pub const OPERATIONS: [&str; 9] = [
    "register",
    "login",
    "refresh",
    "logout",
    "get-user",
    "update-user",
    "change-password",
    "forgot-password",
    "delete-user",
];

/// What followed one operation.
pub struct Consequence {
    /// How often each function was invoked.
    pub consumers: BTreeMap<String, usize>,
    /// Units that they took.
    pub cost: Cost,
    /// Events on the bus.
    pub bus_events: usize,
    /// Letters.
    pub letters: usize,
}

/// Does each operation once and lets everything follow.
pub async fn of_all() -> Result<Vec<(&'static str, Consequence)>, Error> {
    let path = binary("login")?;
    let bundle = Bundle::start(path.to_str().ok_or("the path is not UTF-8")?).await;
    let account = bundle.account().await;
    // Whose letters about new devices are considered.
    bundle.edit_user(&account.id, "email_verified", &json!({ "BOOL": true }));
    let bar = bar("what follows", OPERATIONS.len());
    let mut all = Vec::new();
    for name in OPERATIONS {
        // Most end sessions.
        let account = bundle.sign_in(&account.email).await;
        let request = request(name, &account);
        bundle.deliver().await;
        let (events, letters) = (bundle.bus_events().len(), bundle.letters().len());
        let answer = bundle.send(&request).await;
        if answer.status >= 300 {
            return Err(format!("{name} answered {}", answer.text).into());
        }
        let _ = (bundle.recorder().take(), bundle.take_delivered());
        bundle.deliver().await;
        let consequence = Consequence {
            consumers: bundle.take_delivered(),
            cost: Cost::of(&bundle.recorder().take()),
            bus_events: bundle.bus_events().len() - events,
            letters: bundle.letters().len() - letters,
        };
        all.push((name, consequence));
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(all)
}

fn request(name: &str, account: &Account) -> HttpRequest {
    let post = |path: &str, body: &Value| HttpRequest::new("POST", path).json(body);
    let own =
        |method: &str, path: &str| HttpRequest::new(method, path).bearer(&account.access_token);
    match name {
        "register" => post(
            "/v1/auth/register",
            &json!({ "email": "ada@example.com", "password": PASSWORD, "firstName": "Ada" }),
        ),
        "login" => post(
            "/v1/auth/login",
            &json!({ "email": account.email, "password": PASSWORD }),
        ),
        "refresh" => post(
            "/v1/auth/refresh",
            &json!({ "refreshToken": account.refresh_token }),
        ),
        "logout" => own("POST", "/v1/auth/logout"),
        "update-user" => own("PATCH", "/v1/users/me").json(&json!({ "firstName": "Ada" })),
        "change-password" => own("POST", "/v1/auth/change-password")
            .json(&json!({ "currentPassword": PASSWORD, "newPassword": PASSWORD })),
        "forgot-password" => post(
            "/v1/auth/forgot-password",
            &json!({ "email": account.email }),
        ),
        "delete-user" => own("DELETE", "/v1/users/me"),
        _ => own("GET", "/v1/users/me"),
    }
}
