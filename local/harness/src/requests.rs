//! Requests that the tests of several areas send.

use std::sync::atomic::{AtomicU32, Ordering};

use local::event::HttpRequest;
use serde_json::{Value, json};

use crate::{Account, PASSWORD};

/// `POST` with JSON.
#[must_use]
pub fn post(path: &str, body: &Value) -> HttpRequest {
    HttpRequest::new("POST", path).json(body)
}

/// A request of an account, without a body.
#[must_use]
pub fn by(account: &Account, method: &str, path: &str) -> HttpRequest {
    HttpRequest::new(method, path).bearer(&account.access_token)
}

/// A sign-in.
#[must_use]
pub fn sign_in(email: &str, password: &str) -> HttpRequest {
    post(
        "/v1/auth/login",
        &json!({ "email": email, "password": password }),
    )
}

/// A registration with the [`PASSWORD`] of all accounts.
#[must_use]
pub fn register(email: &str) -> HttpRequest {
    post(
        "/v1/auth/register",
        &json!({ "email": email, "password": PASSWORD }),
    )
}

/// An address that nobody has used before.
#[must_use]
pub fn new_email() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("new{}@example.com", NEXT.fetch_add(1, Ordering::Relaxed))
}
