//! The pages, black-box: real binaries, embedded engine, events as API Gateway makes them, and a browser without a
//! script.

mod applications;
mod budgets;
mod csrf;
mod exposure;
mod factors;
mod forms;
mod life;
mod markup;
mod passkeys;
mod providers;
mod redirects;
mod scenes;
mod sessions;

use harness::{Bundle, Contract, Operation};
use serde_json::Value;

/// Letters lead to the pages.
async fn bundle() -> Bundle {
    let bundle = Bundle::start(env!("CARGO_BIN_EXE_sign-in-page")).await;
    bundle.set("APP_URL", "");
    bundle
}

/// The page that the link of a letter leads to, with its token.
async fn link(bundle: &Bundle, email: &str, letter: &str) -> (String, String) {
    let letter = bundle.letter(email, letter).await;
    let token = letter.token().expect("a link");
    let (before, _) = letter.text.split_once("?token=").expect("a link to a page");
    let (_, path) = before
        .rsplit_once("http://127.0.0.1:9000")
        .expect("a page of ours");
    (format!("{path}?token={token}"), token)
}

/// What stands between two marks, each time.
fn between<'a>(text: &'a str, before: &str, after: &str) -> Vec<&'a str> {
    let found = text.split(before).skip(1);
    found
        .filter_map(|rest| Some(rest.split_once(after)?.0))
        .collect()
}

/// The account with this address.
fn user(bundle: &Bundle, email: &str) -> Value {
    let users = bundle.items_of_type("user").into_iter();
    let mut found = users.filter(|user| user["email"]["S"] == *email);
    found.next().unwrap_or_default()
}

/// The operations of all pages that take this method. What an application sends comes from no page of ours: the tests of
/// the provider look at that.
fn pages(method: &str) -> Vec<Operation> {
    let mut operations = Contract::load().operations();
    operations.retain(|page| page.function.ends_with("-page") && page.method == method);
    operations.retain(|page| page.path != "/oauth2/authorize" || page.method == "GET");
    assert!(operations.len() > 10, "{operations:?}");
    operations
}
