//! The endpoints of `mfa`, black-box: real binaries, embedded engine, events as API Gateway makes them.

mod budgets;
mod code_guesses;
mod codes;
mod conditional;
mod devices;
mod enrolment;
mod factors;
mod go_on;
mod passkey_sign_in;
mod passkeys;
mod passwordless;
mod races;
mod required;
mod reset;
mod scenes;
mod step_up;
mod table;

use harness::Bundle;
use serde_json::Value;

async fn bundle() -> Bundle {
    Bundle::start(env!("CARGO_BIN_EXE_continue")).await
}

/// The claims of an access token.
fn claims(token: &str) -> Value {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let payload = token.split('.').nth(1).unwrap_or_default();
    let payload = URL_SAFE_NO_PAD.decode(payload).expect("base64url");
    serde_json::from_slice(&payload).expect("claims")
}
